# What hack/test-guest.sh runs as root in its guest, on standard input.
set -euo pipefail
cd /data
say() { echo "--- $(date +%T) $*"; }

# Every control group, and which controllers each enables below it, apart from those that systemd makes and removes for its own units at any time.
groups() {
	(cd /sys/fs/cgroup && find . -type d -name 'lab-*' && for dir in . system.slice; do echo "$dir: $(cat $dir/cgroup.subtree_control)"; done)
}

# A scope ends a moment after its last process.
expect_unchanged() {
	local _
	for _ in $(seq 60); do
		[ "$(groups)" != "$before" ] || { say "control groups are as before"; return; }
		sleep 1
	done
	echo "control groups were" "$before" "and are" "$(groups)" >&2
	exit 1
}

run_tests() {
	say "$1"
	shift
	"$@"
	expect_unchanged
}

say "$(. /etc/os-release && echo "$PRETTY_NAME"), Linux $(uname -r), systemd $(systemctl --version | sed -n 's/^systemd \([0-9]*\).*/\1/p'), $(containerd --version | cut -d' ' -f3), runc $(runc --version | sed -n 's/^runc version //p')"
say "control groups: $(stat -fc %T /sys/fs/cgroup), controllers $(cat /sys/fs/cgroup/cgroup.controllers), own group $(cat /proc/self/cgroup)"
grep cgroup /proc/self/mountinfo
before=$(groups)
echo "$before"
hack/e2e-deps.sh --check
bin/cluster check
say "bin/cluster check has no complaint"

cd test/lab/real/cgroup
run_tests "the tests of package cgroup" ./tests -test.count=1 -test.v
cd ..
export LAB_REAL_NODES=1 LAB_CONTROL_PLANE=/data/control-plane
run_tests "real nodes in a scope of systemd" ./tests -test.count=1 -test.v -test.run RealNode
run_tests "real nodes in a scope that was delegated before" systemd-run --quiet --scope --property=Delegate=yes ./tests -test.count=1 -test.v -test.run ARealNodeRunsAPod
# Where this directory is missing, systemd counts as not running. A container with --privileged has a root that is not the machine's.
run_tests "real nodes in a cgroup namespace" systemd-run --quiet --scope unshare --cgroup --mount sh -c \
	'mount -t tmpfs tmpfs /run/systemd && mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec ./tests -test.count=1 -test.v -test.run AKilledSupervisor'
run_tests "real nodes below the root" unshare --mount sh -c 'mount -t tmpfs tmpfs /run/systemd && exec ./tests -test.count=1 -test.v -test.run RealNode'
