#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what Debian 12 has and this machine lacks; the newest versions, so that security updates of the libraries we
# link come with it. Done once a day: the stamp says when. Arguments: further packages (tests ask for more than try).
set -eu

packages="build-essential cmake ninja-build pkg-config python3 ca-certificates
libevent-dev libcurl4-openssl-dev libjansson-dev libpq-dev libsystemd-dev libxml2-dev libre2-dev libfyaml-dev
libpsl-dev libidn2-dev libunistring-dev libcsv-dev libssl-dev libsmartcols-dev libncurses-dev
publicsuffix tzdata postgresql-15 postgresql-client-15 $*"

stamp="${XDG_CACHE_HOME:-/var/cache}/whynow-packages"
missing=""
for p in $packages; do
	dpkg-query -W -f='${db:Status-Status}' "$p" 2>/dev/null | grep -q '^installed$' || missing="$missing $p"
done
if [ -z "$missing" ] && [ -n "$(find "$stamp" -mtime -1 2>/dev/null)" ]; then
	exit 0
fi

sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
echo "packages:${missing:- all there, looking for updates}"
export DEBIAN_FRONTEND=noninteractive
# A new PostgreSQL package would start a cluster of its own; we only want the programs.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
	$sudo mkdir -p /etc/postgresql-common
	echo "create_main_cluster = false" | $sudo tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
log=$(mktemp)
if $sudo apt-get -o DPkg::Lock::Timeout=300 update -qq >"$log" 2>&1 &&
	$sudo apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $packages >>"$log" 2>&1; then
	$sudo touch "$stamp" 2>/dev/null || true
elif [ -z "$missing" ]; then
	echo "packages: no updates could be had (apt-get failed); going on with what is installed"
else
	cat "$log" >&2
	echo "packages: apt-get could not install:$missing" >&2
	rm -f "$log"
	exit 1
fi
rm -f "$log"
