#!/bin/sh
# Make a base image from Debian's packages, for machines without a container registry, and print
# its name. It stands for the official slim Python of the same Debian: make image BASE="$(deploy/base-image.sh)"
# An image that is there already is used again; --fresh makes it anew, with today's packages.
set -eu
deploy=$(CDPATH= cd "$(dirname "$0")" && pwd)
name=localhost/tagline-base:bookworm

if [ "${1:-}" != "--fresh" ] && "$deploy/podman" image exists "$name"; then
  echo "$name"
  exit
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The hook merges /usr as the official image does; without it Debian merges it by a Perl of 60 MB.
# /usr/bin/python and an open site-packages are what the official image has and Debian has not.
mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates,netbase,tzdata \
  --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-include=/usr/share/doc/*/copyright' \
  --customize-hook='ln -s python3 "$1/usr/bin/python"' \
  --customize-hook='rm -f "$1"/usr/lib/python3*/EXTERNALLY-MANAGED' \
  bookworm "$work/base.tar" >&2

"$deploy/podman" import --quiet \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
  --change 'CMD ["python3"]' \
  "$work/base.tar" "$name" >&2
echo "$name"
