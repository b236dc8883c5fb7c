#!/bin/sh
# Save the image as an OCI archive and list all that it holds beside it, as CycloneDX, in dist/.
#   NAME    image     default: localhost/tagline:latest
#   ENGINE  podman or what answers alike; with docker the archive is docker's own kind
set -eu
deploy=$(CDPATH= cd "$(dirname "$0")" && pwd)
project=$(dirname "$deploy")
: "${NAME:=localhost/tagline:latest}" "${ENGINE:=$deploy/podman}"
archive=$project/dist/tagline.tar
mkdir -p "$project/dist"
rm -f "$archive"

case $ENGINE in
  *docker) kind=docker-archive; "$ENGINE" save --output "$archive" "$NAME" ;;
  *) kind=oci-archive; "$ENGINE" save --quiet --format oci-archive --output "$archive" "$NAME" ;;
esac
version=$("$ENGINE" image inspect --format '{{index .Config.Labels "org.opencontainers.image.version"}}' "$NAME")

SYFT_CHECK_FOR_APP_UPDATE=false "$project/.cache/image-test/bin/syft" scan --quiet \
  --source-name tagline --source-version "$version" \
  "$kind:$archive" --output "cyclonedx-json=$project/dist/tagline.cdx.json"
echo "dist/tagline.tar and dist/tagline.cdx.json"
