#!/bin/sh
# What building and testing the image needs, from Debian's or Ubuntu's packages: an engine for
# containers with its network, mmdebstrap for a base where there is no registry, and haproxy, which
# stands for a Service in the test of a rolling update.
set -eu
packages="podman runc netavark aardvark-dns catatonit iptables mmdebstrap haproxy"
as_root=""
[ "$(id -u)" = 0 ] || as_root="sudo"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages
