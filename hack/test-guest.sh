#!/usr/bin/env bash
# Shows real nodes on control groups of version 2, in a Debian 13 that QEMU runs: the nodes' own tests, and a node of a control plane that runs on this
# machine. It needs root, a Debian with about 4 GB of disk below bin/guest and 4 GB of memory, and, without KVM, patience: docs/real-packets.md says how long.
#
# The guest reaches nothing but the API server on this machine, through its ssh connection, and is reached on a port of the loopback interface only.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=${SUITE:-trixie}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
guest=bin/guest/$suite
port=${GUEST_PORT:-22522}
cluster=guest
say() { echo "--- $(date +%T) $*"; }

[ "$(id -u)" = 0 ] || { echo "The guest's file system can only be made by root: run make test-guest as root." >&2; exit 1; }
packages=()
need() { command -v "$1" >/dev/null || packages+=("$2"); }
need mmdebstrap mmdebstrap
need qemu-system-x86_64 qemu-system-x86
need ssh openssh-client
need mke2fs e2fsprogs
if [ ${#packages[@]} -gt 0 ]; then
	say "installing the Debian packages ${packages[*]}"
	apt-get update -qq
	DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# The system of the guest, made once. hack/e2e-deps.sh asks for the same packages.
make_system() {
	local root=$guest/root unit
	say "making a Debian $suite"
	rm -rf "$guest"
	mkdir -p "$guest"
	ssh-keygen -q -t ed25519 -N "" -C test-guest -f "$guest/key"
	mmdebstrap --quiet --variant=minbase --skip=check/empty --aptopt='APT::Install-Recommends "false"' \
		--include=systemd-sysv,dbus,udev,libpam-systemd,openssh-server,iproute2,kmod,procps,util-linux,mount,dpkg,tar,curl,linux-image-cloud-amd64 \
		--include=containerd,runc,containernetworking-plugins,iptables,nftables,haproxy "$suite" "$root" "$mirror"
	cp "$root"/boot/vmlinuz-* "$guest/vmlinuz"
	cp "$root"/boot/initrd.img-* "$guest/initrd.img"
	echo guest >"$root/etc/hostname"
	printf '/dev/vda / ext4 defaults 0 1\n/dev/vdb /data ext4 defaults 0 2\n' >"$root/etc/fstab"
	printf '[Match]\nType=ether\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/ether.network"
	echo br_netfilter >"$root/etc/modules-load.d/nodes.conf"
	mkdir -p "$root/data"
	install -D -m 600 "$guest/key.pub" "$root/root/.ssh/authorized_keys"
	mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
	ln -s /usr/lib/systemd/system/systemd-networkd.service "$root/etc/systemd/system/multi-user.target.wants/systemd-networkd.service"
	# Nodes start their own.
	for unit in containerd.service haproxy.service apt-daily.timer apt-daily-upgrade.timer; do ln -s /dev/null "$root/etc/systemd/system/$unit"; done
	truncate --size=4G "$guest/root.img"
	mke2fs -q -t ext4 -d "$root" "$guest/root.img"
	rm -rf "$root"
	touch "$guest/made"
}

# What the guest gets of the repository: programs, images, and the files from which their keys are computed.
make_data() {
	local data=$guest/data file programs="etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy"
	say "building the tests, programs and images"
	go build -C test/lab -buildvcs=false -o "$PWD/bin/cluster" .
	# shellcheck disable=SC2086 # a list
	bin/cluster build $programs >/dev/null
	bin/cluster images build pause echo >/dev/null
	rm -rf "$data"
	mkdir -p "$data/bin/images" "$data/bin/k8s" "$data/hack" "$data/test/lab/real/cgroup"
	for package in real real/cgroup; do
		CGO_ENABLED=0 go test -C test/lab -c -buildvcs=false -o "$PWD/$data/test/lab/$package/tests" "./$package"
	done
	cp -r test/lab/real/testdata "$data/test/lab/real"
	cp -r test/lab/real/cgroup/testdata "$data/test/lab/real/cgroup"
	cp bin/cluster "$data/bin"
	for file in $programs; do cp "bin/k8s/$file" "bin/k8s/.$file.built" "$data/bin/k8s"; done
	cp -r bin/images/programs bin/images/{pause,echo}.{tar,json} "$data/bin/images"
	cp hack/e2e-deps.sh "$data/hack"
	for file in $(cd test/lab && find modules echo images/pause -name '*.go' -o -name go.mod -o -name go.sum); do
		install -D -m 644 "test/lab/$file" "$data/test/lab/$file"
	done
	cp test/lab/go.mod test/lab/go.sum "$data/test/lab"
}

in_guest() {
	ssh -q -p "$port" -i "$guest/key" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=30 \
		-o ServerAliveInterval=30 -o ServerAliveCountMax=20 "$@"
}

qemu=
stop_all() {
	trap - EXIT
	if [ -n "$qemu" ]; then
		kill "$qemu" 2>/dev/null || true
		wait "$qemu" 2>/dev/null || true
	fi
	bin/cluster down --name $cluster 2>/dev/null || true
}

start_guest() {
	# A virtual machine may have the device without the processor's help.
	local accel=tcg,thread=multi
	if [ -w /dev/kvm ] && grep -qwE 'vmx|svm' /proc/cpuinfo; then accel=kvm; fi
	rm -f "$guest/data.img"
	truncate --size=2G "$guest/data.img"
	mke2fs -q -t ext4 -d "$guest/data" "$guest/data.img"
	say "starting the guest ($accel)"
	nice -n 10 qemu-system-x86_64 -name test-guest -accel $accel -cpu max -smp "${GUEST_CPUS:-2}" -m 4096 -nographic -no-reboot -snapshot \
		-kernel "$guest/vmlinuz" -initrd "$guest/initrd.img" -append "root=/dev/vda rw console=ttyS0 mitigations=off tsc=reliable ${GUEST_KERNEL:-}" \
		-drive file="$guest/root.img",format=raw,if=virtio,cache=unsafe -drive file="$guest/data.img",format=raw,if=virtio,cache=unsafe \
		-netdev user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:"$port"-:22 -device virtio-net-pci,netdev=net,romfile= \
		-object rng-random,id=random,filename=/dev/urandom -device virtio-rng-pci,rng=random \
		-serial file:"$guest/serial.log" -monitor none -display none 2>"$guest/qemu.log" &
	qemu=$!
	until in_guest root@127.0.0.1 true 2>/dev/null; do
		kill -0 $qemu 2>/dev/null || { tail -20 "$guest/serial.log" "$guest/qemu.log" >&2; exit 1; }
		sleep 3
	done
}

[ -e "$guest/made" ] || make_system
make_data
trap stop_all EXIT
trap 'exit 1' HUP INT TERM
say "starting a control plane on this machine"
bin/cluster down --name $cluster 2>/dev/null
connection=$(bin/cluster up --name $cluster)
dir=$(sed 's/.*"dir":"\([^"]*\)".*/\1/' <<<"$connection")
server=$(sed 's/.*"server":"https:\/\/\([^"]*\)".*/\1/' <<<"$connection")
mkdir -p "$guest/data/control-plane"
cp "$dir/admin.kubeconfig" "$(find "$dir" -name ca.crt -path '*certificates*')" "$(find "$dir" -name ca.key -path '*certificates*')" "$guest/data/control-plane"
start_guest
say "the guest runs"
# ssh forwards the address of the API server to this machine's own.
in_guest -R "$server:$server" root@127.0.0.1 bash -s <hack/test-guest-inside.sh
say "shown"
