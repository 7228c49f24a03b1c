#!/usr/bin/env bash
# Installs the Debian packages that a local cluster with real nodes needs, those that are missing only, and lets apt-get start no service of theirs. With
# the argument --check it installs nothing, says what is missing, and exits 1 if anything is.
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
ip                     iproute2
nsenter                util-linux
unshare                util-linux
mount                  mount
modprobe               kmod
pkill                  procps
dpkg-deb               dpkg
tar                    tar
/usr/lib/cni/bridge    containernetworking-plugins
/usr/lib/cni/portmap   containernetworking-plugins
"
# A setting of the kernel that exists only with br_netfilter, the one module that is not loaded by its first use. Without it, connections between pods of one
# node to a Service fail.
bridge_setting=/proc/sys/net/bridge/bridge-nf-call-iptables

PATH=$PATH:/usr/sbin:/sbin
missing=()
packages=()
while read -r what package; do
	[ -n "$what" ] || continue
	case $what in
	/*) [ ! -e "$what" ] || continue ;;
	modprobe) if [ -e $bridge_setting ] || command -v modprobe >/dev/null; then continue; fi ;;
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

if [ "${1:-}" = --check ]; then
	[ -e $bridge_setting ] || missing+=("the kernel module br_netfilter")
	[ ${#missing[@]} = 0 ] || stop "Missing for real nodes: ${missing[*]}. To install it: make e2e-deps"
	exit 0
fi

# Debian starts a service as soon as it is installed, unless this file forbids it; nodes start their own.
policy=/usr/sbin/policy-rc.d
policy_mark="# Made by hack/e2e-deps.sh of the edge ingress operator while it runs. What is left of a run that was killed can be removed."

# What a killed run left would keep every other package's services from starting.
remove_policy() {
	if grep -qsxF "$policy_mark" $policy; then rm -f $policy; fi
}

# In one step, so that the file is never there without its mark. One that somebody else made stays: it is asked instead.
forbid_services() {
	[ ! -e $policy ] || return 0
	printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" >$policy.edge-ingress
	chmod 755 $policy.edge-ingress
	mv -n $policy.edge-ingress $policy
}

# What apt-get did about services, as far as it can be known.
services_said() {
	if grep -qsxF "$policy_mark" $policy; then
		echo "no service was started"
	else
		echo "$policy was there before and decided whether services were started"
	fi
}

# Ubuntu has some of the packages in a component that can be switched off.
about_ubuntu() {
	if [ -r /etc/os-release ] && grep -qsE '^(ID|ID_LIKE)=.*ubuntu' /etc/os-release; then
		echo " On Ubuntu, containernetworking-plugins and haproxy may need: add-apt-repository universe"
	fi
}

install_packages() {
	local log said
	if ! command -v apt-get >/dev/null; then
		stop "Missing for real nodes: ${missing[*]}. This script knows the packages of Debian and Ubuntu only: ${packages[*]}"
	fi
	mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
	log=$(mktemp)
	echo "installing Debian packages: ${packages[*]}"
	forbid_services
	if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends --no-remove "${packages[@]}"; } >"$log" 2>&1; then
		tail -20 "$log" >&2
		rm -f "$log"
		stop "apt-get could not install them; its last lines are above.$(about_ubuntu)"
	fi
	rm -f "$log"
	said=$(services_said)
	echo "installed; $said"
}

# The ingress-nginx image is made of packages that are downloaded, not installed; Debian's lists must know the versions that its mirrors still have.
refresh_lists() {
	command -v apt-get >/dev/null || return 0
	if [ -n "$(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -1 -print -quit 2>/dev/null)" ]; then
		return
	fi
	echo "reading Debian's package lists"
	apt-get update -qq
}

# The module would have the machine's own bridges filtered from then on, which nobody asked for: only nodes switch that on, each for itself.
load_bridge_filter() {
	local setting
	[ ! -e $bridge_setting ] || return 0
	echo "loading the kernel module br_netfilter"
	if ! modprobe br_netfilter; then
		if [ ! -d "/lib/modules/$(uname -r)" ]; then
			stop "Missing for real nodes: the kernel module br_netfilter, and all others of the running kernel $(uname -r). After an update of the kernel, start the machine again; in a container, load the module on its machine."
		fi
		stop "Missing for real nodes: the kernel module br_netfilter, which this kernel (or whoever runs this container) has to bring."
	fi
	for setting in /proc/sys/net/bridge/bridge-nf-call-{iptables,ip6tables,arptables}; do
		[ ! -e "$setting" ] || echo 0 >"$setting"
	done
}

# Of two at once, one would take away the other's file. An apt-get that outlived its script is waited for, too.
if command -v flock >/dev/null; then
	exec 9<"$0"
	flock 9
fi
trap remove_policy EXIT
# bash runs the trap for EXIT only where it does not die of the signal.
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
remove_policy
if [ ${#missing[@]} = 0 ]; then refresh_lists; else install_packages; fi
load_bridge_filter
echo "everything that real nodes need is installed"
