#!/bin/sh
# Build the image of a Bento and print its name. Settings are environment variables:
#   BENTO   tag of a Bento in the store           default: build one now, with the promoted run
#   NAME    name of the image, without a tag       default: localhost/tagline
#   BASE    base image                             default: the official slim Python, by digest
#   ENGINE  docker, podman, or what answers alike  default: deploy/podman
set -eu
deploy=$(CDPATH= cd "$(dirname "$0")" && pwd)
project=$(dirname "$deploy")
: "${NAME:=localhost/tagline}" "${ENGINE:=$deploy/podman}"
PATH="$project/.venv/bin:$PATH"
cd "$project"

bento=${BENTO:-$(bentoml build --output tag | sed -n 's/^__tag__://p')}
version=${bento#*:}

context=$project/.cache/image/context
rm -rf "$context" && mkdir -p "$context"
# `bentoml export` needs an absolute path; it puts the run into the archive, which the store's
# folder of the Bento only names.
bentoml export "$bento" "$context.tar" >&2
tar -x -f "$context.tar" -C "$context" && rm "$context.tar"
cp "$deploy/start.py" "$context/"
chmod -R a+rX,go-w "$context"
run=$(cat "$context/models/tagline/latest")

revision=$(git rev-parse HEAD)
[ -z "$(git status --porcelain -- service.py tagger runners app requirements bentofile.yaml deploy ':!deploy/results')" ] || revision="$revision-changed"

# How this machine reaches its package index, for the one step that needs it.
set --
for file in "${PIP_CONFIG_FILE:-}" "$HOME/.config/pip/pip.conf" /etc/pip.conf; do
  [ -f "$file" ] && set -- "$@" --secret "id=pip.conf,src=$file" && break
done
[ -f "${PIP_CERT:-}" ] && set -- "$@" --secret "id=certificates,src=$PIP_CERT"

"$ENGINE" build --network=host --file "$deploy/Dockerfile" "$@" \
  ${BASE:+--build-arg "BASE=$BASE"} \
  --build-arg "VERSION=$version" --build-arg "RUN=$run" \
  --build-arg "REVISION=$revision" --build-arg "CREATED=$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
  --tag "$NAME:$version" --tag "$NAME:latest" "$context" >&2
echo "$NAME:$version"
