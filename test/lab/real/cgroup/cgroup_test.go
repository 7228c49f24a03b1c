package cgroup

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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
		"of version 2 where that is all":                {membership: "1:name=systemd:/\n0::/a\n", want: Group{"": "/sys/fs/cgroup/unified/a"}},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := parse(c.membership, mountinfo)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := m.group([]string{"hugetlb"}); err != nil || !maps.Equal(got, c.want) {
				t.Errorf("found %v (error %v), want %v", got, err, c.want)
			}
		})
	}
}

func TestAGroupThatCannotBeFoundIsAnError(t *testing.T) {
	for name, membership := range map[string]string{
		"a hierarchy that is not mounted":                   "5:blkio:/\n",
		"a group outside of the mounted part":               "4:memory:/other\n",
		"a group beside one of a similar name":              "4:memory:/outermost\n",
		"a group of version 2 outside of the own namespace": "0::/../other\n",
		"a line that is not one of this format":             "memory\n",
	} {
		t.Run(name, func(t *testing.T) {
			m, err := parse(membership, mountinfo)
			if err == nil {
				_, err = m.group(nil)
			}
			if err == nil {
				t.Errorf("found %+v", m)
			}
		})
	}
}

// Systems are directories of testdata. Each has the files cgroup and mountinfo (the lines about
// control groups) of /proc/self, and controllers, which is the root's cgroup.controllers of version
// 2. testdata/README.md says where they are from.
func TestTheVersionAndTheGroupAreRightOnEachSystem(t *testing.T) {
	const top = "/sys/fs/cgroup"
	for system, want := range map[string]struct {
		// parent is where nodes get their groups if nobody delegates another one.
		parent Group
		// delegated is the group that is used where it is marked as delegated, "" if there is none.
		delegated string
	}{
		"debian-12-version1": {parent: Group{
			"name=systemd": top + "/systemd/user.slice/user-0.slice/session-1.scope", "cpu,cpuacct": top + "/cpu,cpuacct/user.slice", "cpuset": top + "/cpuset",
			"devices": top + "/devices/user.slice", "memory": top + "/memory/user.slice/user-0.slice/session-1.scope", "blkio": top + "/blkio/user.slice",
			"pids": top + "/pids/user.slice/user-0.slice/session-1.scope", "freezer": top + "/freezer", "hugetlb": top + "/hugetlb",
			"net_cls,net_prio": top + "/net_cls,net_prio", "perf_event": top + "/perf_event", "rdma": top + "/rdma", "misc": top + "/misc",
		}},
		"small-machine-version1": {parent: Group{
			"name=systemd": top + "/systemd", "pids": top + "/pids", "blkio": top + "/blkio", "freezer": top + "/freezer", "devices": top + "/devices",
			"memory": top + "/memory/jobs/1", "cpuset": top + "/cpuset", "cpuacct": top + "/cpuacct", "cpu": top + "/cpu",
		}},
		"debian-12":                   {parent: Group{"": top}, delegated: top + "/user.slice/user-0.slice/session-1.scope"},
		"debian-13":                   {parent: Group{"": top}, delegated: top + "/system.slice/ssh.service"},
		"debian-13-session":           {parent: Group{"": top}, delegated: top + "/user.slice/user-0.slice/session-1.scope"},
		"debian-13-scope":             {parent: Group{"": top}, delegated: top + "/system.slice/lab-1.scope"},
		"debian-13-supervisor":        {parent: Group{"": top}, delegated: top + "/system.slice/lab-1.scope"},
		"ubuntu-24.04":                {parent: Group{"": top}, delegated: top + "/user.slice/user-1000.slice/session-3.scope"},
		"debian-13-net-cls-version1":  {parent: Group{"": top}, delegated: top + "/user.slice/user-0.slice/session-1.scope"},
		"container":                   {parent: Group{"": top}},
		"container-supervisor":        {parent: Group{"": top}},
		"container-of-host-namespace": {parent: Group{"": top}, delegated: top + "/system.slice/docker-0123.scope"},
		"wsl2":                        {parent: Group{"": top}, delegated: top + "/init.scope"},
	} {
		t.Run(system, func(t *testing.T) {
			m, controllers := readSystem(t, system)
			own, err := m.group(controllers)
			if err != nil {
				t.Fatal(err)
			}
			if _, version2 := own.Version2(); !version2 {
				if !maps.Equal(own, want.parent) {
					t.Errorf("nodes get groups below %v, want %v", own, want.parent)
				}
				return
			}
			if got := (Group{unified: m.root}); !maps.Equal(got, want.parent) {
				t.Errorf("nodes get groups below %v, want %v", got, want.parent)
			}
			if _, found := m.delegated(func(string) bool { return false }); found {
				t.Error("a group counts as delegated that is not marked")
			}
			// In a container the own group is the root, which needs no mark.
			if got, found := m.delegated(func(string) bool { return true }); found != (want.delegated != "") || found && got != want.delegated {
				t.Errorf("the delegated group is %q (found: %t), want %q", got, found, want.delegated)
			}
		})
	}
}

func readSystem(t *testing.T, system string) (m membership, controllers []string) {
	t.Helper()
	dir := filepath.Join("testdata", system)
	files := map[string]string{}
	for _, name := range []string{"cgroup", "mountinfo", "controllers"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(content)
	}
	m, err := parse(files["cgroup"], files["mountinfo"])
	if err != nil {
		t.Fatal(err)
	}
	return m, strings.Fields(files["controllers"])
}

// A kernel whose version 1 has no memory cannot have nodes while version 1 has the others.
func TestAMachineWithItsControllersInBothVersionsIsRefusedWithTheRemedy(t *testing.T) {
	m, controllers := readSystem(t, "wsl2-both-versions")
	own, err := m.group(controllers)
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Usable(); err == nil || !strings.Contains(err.Error(), "version 1 for memory") || !strings.Contains(err.Error(), "cgroup_no_v1=all") {
		t.Errorf("the error is %v", err)
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

// newGroup makes a group where nodes get theirs, or skips the test.
func newGroup(t *testing.T) Group {
	t.Helper()
	if err := Check(); os.Geteuid() != 0 || err != nil {
		t.Skipf("making a control group takes root and the right to (%v)", err)
	}
	parent, err := Parent(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return makeGroup(t, parent.Child("test-"+strconv.Itoa(os.Getpid())))
}

func makeGroup(t *testing.T, group Group) Group {
	t.Helper()
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

// startIn starts a shell that joins a group by itself, as a node does, and ends with the function
// that is returned.
func startIn(t *testing.T, group Group) (process int, end func()) {
	t.Helper()
	var script strings.Builder
	for _, dir := range group {
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
	end = sync.OnceFunc(func() {
		_ = stdin.Close()
		_ = shell.Wait()
	})
	t.Cleanup(end)
	return shell.Process.Pid, end
}

func TestAGroupIsRemovedWithThoseBelowItWhenItsProcessesHaveGone(t *testing.T) {
	group := newGroup(t)
	inner := group.Child("inner")
	if err := inner.Make(); err != nil {
		t.Fatal(err)
	}
	_, end := startIn(t, inner)
	if err := group.removeOnce(); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("removing a group with a process in it: %v, want EBUSY", err)
	}
	go end() // which is what Remove waits for
	if err := group.Remove(); err != nil {
		t.Error(err)
	}
	for _, dir := range group {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s is still there", dir)
		}
	}
	if err := group.Remove(); err != nil {
		t.Errorf("removing what is gone: %v", err)
	}
}
