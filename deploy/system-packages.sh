#!/bin/sh
# What the tests and benchmarks need beside Python: a browser, node, and the load generator wrk.
set -eu
packages="python3-venv chromium wrk procps"
# A node from elsewhere conflicts with the distribution's own package.
command -v npm >/dev/null || packages="$packages nodejs npm"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
