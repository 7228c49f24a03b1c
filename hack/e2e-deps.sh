#!/usr/bin/env bash
# Installs the Debian packages that a local cluster with real nodes needs, those that are missing only, and starts no service of theirs. With the
# argument --check it installs nothing, says what is missing, and exits 1 if anything is.
#
# A machine that has Docker has its containerd already, from another package; nothing that is installed is ever replaced or removed.
set -euo pipefail

# What has to be there (a program, or a file), and the package that brings it.
needs="
containerd             containerd
ctr                    containerd
runc                   runc
iptables               iptables
nft                    nftables
haproxy                haproxy
curl                   curl
nsenter                util-linux
pkill                  procps
dpkg-deb               dpkg
/usr/lib/cni/bridge    containernetworking-plugins
/usr/lib/cni/portmap   containernetworking-plugins
"

PATH=$PATH:/usr/sbin:/sbin
missing=()
packages=()
while read -r what package; do
	[ -n "$what" ] || continue
	case $what in
	/*) [ ! -e "$what" ] || continue ;;
	*) ! command -v "$what" >/dev/null || continue ;;
	esac
	missing+=("$what")
	packages+=("$package")
done <<<"$needs"

stop() {
	echo "$1" >&2
	echo "Without real nodes there are still make demo with simulated nodes, and make test." >&2
	exit 1
}

if [ "$(id -u)" != 0 ]; then
	stop "Real nodes are namespaces, cgroups and mounts, which only root can make. As root: make ${MAKE_GOAL:-e2e-deps}"
fi
# The ingress-nginx image is made of packages that are downloaded, not installed; Debian's lists must know the versions that its mirrors still have.
refresh_lists() {
	if [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -1 -print -quit 2>/dev/null)" ]; then
		return
	fi
	echo "reading Debian's package lists"
	apt-get update -qq
}

if [ ${#missing[@]} = 0 ]; then
	if [ "${1:-}" != --check ]; then
		if command -v apt-get >/dev/null; then refresh_lists; fi
		echo "everything that real nodes need is installed"
	fi
	exit 0
fi
if [ "${1:-}" = --check ]; then
	stop "Missing for real nodes: ${missing[*]}. To install it: make e2e-deps"
fi
if ! command -v apt-get >/dev/null; then
	stop "Missing for real nodes: ${missing[*]}. This script knows Debian's packages only: ${packages[*]}"
fi

# Debian starts a service as soon as it is installed, unless this file forbids it; nodes start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	printf '#!/bin/sh\nexit 101\n' >$policy
	chmod 755 $policy
fi

mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
log=$(mktemp)
echo "installing Debian packages: ${packages[*]}"
if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --no-remove "${packages[@]}"; } >"$log" 2>&1; then
	tail -20 "$log" >&2
	rm -f "$log"
	stop "apt-get could not install them; its last lines are above."
fi
rm -f "$log"
echo "installed; no service was started"
