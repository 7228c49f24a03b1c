package cgroup

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

const mountinfo = `23 28 0:21 / /proc rw,nosuid - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 /outer /sys/fs/cgroup/memory rw,relatime master:3 - cgroup cgroup rw,memory
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,xattr,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`

func TestTheOwnGroupIsFoundInEachHierarchy(t *testing.T) {
	for name, c := range map[string]struct {
		membership string
		want       Group
	}{
		"in the root groups": {
			membership: "3:cpu,cpuacct:/\n2:cpuset:/\n1:name=systemd:/\n0::/\n",
			want:       Group{"cpu,cpuacct": "/sys/fs/cgroup/cpu,cpuacct", "cpuset": "/sys/fs/cgroup/cpuset", "name=systemd": "/sys/fs/cgroup/systemd"},
		},
		"in groups of its own": {
			membership: "3:cpu,cpuacct:/a\n1:name=systemd:/user/b c\n",
			want:       Group{"cpu,cpuacct": "/sys/fs/cgroup/cpu,cpuacct/a", "name=systemd": "/sys/fs/cgroup/systemd/user/b c"},
		},
		"where only a part of the hierarchy is mounted": {membership: "4:memory:/outer/inner\n", want: Group{"memory": "/sys/fs/cgroup/memory/inner"}},
		"at the root of a mounted part":                 {membership: "4:memory:/outer\n", want: Group{"memory": "/sys/fs/cgroup/memory"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := parse(c.membership, mountinfo)
			if err != nil || !maps.Equal(got, c.want) {
				t.Errorf("found %v (error %v), want %v", got, err, c.want)
			}
		})
	}
}

func TestAGroupThatCannotBeFoundIsAnError(t *testing.T) {
	for name, membership := range map[string]string{
		"a hierarchy that is not mounted":       "5:blkio:/\n",
		"a group outside of the mounted part":   "4:memory:/other\n",
		"a group beside one of a similar name":  "4:memory:/outermost\n",
		"a line that is not one of this format": "memory\n",
	} {
		t.Run(name, func(t *testing.T) {
			if group, err := parse(membership, mountinfo); err == nil || errors.Is(err, ErrVersion2) {
				t.Errorf("found %v, error %v", group, err)
			}
		})
	}
}

func TestAMachineWithVersion2OnlyIsRefused(t *testing.T) {
	for name, membership := range map[string]string{"version 2 alone": "0::/user.slice\n", "beside systemd's own": "1:name=systemd:/\n0::/\n"} {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(membership, mountinfo); !errors.Is(err, ErrVersion2) {
				t.Errorf("the error is %v, want ErrVersion2", err)
			}
		})
	}
}

func TestAGroupThatLacksControllersOrCannotBeChangedIsUnusable(t *testing.T) {
	writable := t.TempDir()
	all := Group{"cpu,cpuacct": writable, "cpuset": writable, "devices": writable, "memory": writable, "pids": writable, "name=systemd": writable}
	if err := all.Usable(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(Group){
		"version 1 for memory":  func(g Group) { delete(g, "memory") },
		"version 1 for cpuacct": func(g Group) { delete(g, "cpu,cpuacct") },
		"can be made in /proc":  func(g Group) { g["pids"] = "/proc/no-such-directory" },
	} {
		t.Run(want, func(t *testing.T) {
			group := maps.Clone(all)
			change(group)
			if err := group.Usable(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// newGroup makes a group below our own, or skips the test.
func newGroup(t *testing.T) Group {
	t.Helper()
	own, err := Own()
	if os.Geteuid() != 0 || err != nil {
		t.Skipf("making a control group takes root and version 1 (%v)", err)
	}
	group := own.Child("lab-test-" + strconv.Itoa(os.Getpid()))
	if err := group.Make(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := group.Remove(); err != nil {
			t.Error(err)
		}
	})
	return group
}

func TestAGroupIsRemovedWithThoseBelowItWhenItsProcessesHaveGone(t *testing.T) {
	group := newGroup(t)
	inner := group.Child("inner")
	if err := inner.Make(); err != nil {
		t.Fatal(err)
	}
	// The shell joins by itself, as a node does; its end is what Remove waits for.
	var script strings.Builder
	for _, dir := range inner {
		script.WriteString("echo $$ > " + filepath.Join(dir, "cgroup.procs") + " && ")
	}
	shell := exec.CommandContext(t.Context(), "/bin/sh", "-c", script.String()+"echo joined && read line")
	stdin, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, len("joined"))); err != nil {
		t.Fatal(err)
	}
	if err := group.removeOnce(); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("removing a group with a process in it: %v, want EBUSY", err)
	}
	go func() { _ = stdin.Close() }()
	if err := group.Remove(); err != nil {
		t.Error(err)
	}
	_ = shell.Wait()
	for _, dir := range group {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s is still there", dir)
		}
	}
	if err := group.Remove(); err != nil {
		t.Errorf("removing what is gone: %v", err)
	}
}
