package cgroup

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// newRoot returns the root of version 2, which a machine may have beside version 1, or skips the
// test. It needs a controller, whichever that is.
func newRoot(t *testing.T) Group {
	t.Helper()
	m, controllers, err := read()
	if err != nil {
		t.Fatal(err)
	}
	used := slices.ContainsFunc(controllers, func(c string) bool { return slices.Contains(usedControllers, c) })
	if os.Geteuid() != 0 || m.root == "" || !used || writable(m.root) != nil {
		t.Skipf("changing control groups of version 2 takes root, and a controller in %q (there are %v)", m.root, controllers)
	}
	return Group{unified: m.root}
}

// changes are what this package changes in a group, the controllers in alphabetical order.
type changes struct{ enabled, marked, processes, leaf string }

func changesOf(t *testing.T, group Group) changes {
	t.Helper()
	dir, _ := group.Version2()
	enabled, err := words(dir, enabledFile)
	if err != nil {
		t.Fatal(err)
	}
	controllers, err := marked(dir)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(enabled)
	slices.Sort(controllers)
	c := changes{enabled: strings.Join(enabled, " "), marked: strings.Join(controllers, " ")}
	if _, err := os.Stat(filepath.Join(dir, typeFile)); err == nil {
		processes, err := words(dir, processesFile)
		if err != nil {
			t.Fatal(err)
		}
		c.processes = strings.Join(processes, " ")
	}
	if processes, err := words(filepath.Join(dir, leaf), processesFile); err == nil {
		c.leaf = strings.Join(processes, " ")
	}
	return c
}

func TestControllersAreEnabledWhileAnyGroupNeedsThem(t *testing.T) {
	root := newRoot(t)
	before := changesOf(t, root)
	first := makeGroup(t, root.Child("test-first-"+strconv.Itoa(os.Getpid())))
	during := changesOf(t, root)
	if during.enabled == "" {
		t.Error("no controller is enabled")
	}
	second := makeGroup(t, root.Child("test-second-"+strconv.Itoa(os.Getpid())))
	if err := first.Remove(); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(t, root); got != during {
		t.Errorf("with one of two groups left there is %+v, want %+v", got, during)
	}
	// What another process would do that knows the group only.
	dir, _ := second.Version2()
	if err := (Group{unified: dir}).Remove(); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(t, root); got != before {
		t.Errorf("the root was %+v and is %+v", before, got)
	}
}

func TestWhatACrashLeftIsTakenBackWithTheNextGroup(t *testing.T) {
	root := newRoot(t)
	before := changesOf(t, root)
	group := makeGroup(t, root.Child("test-"+strconv.Itoa(os.Getpid())))
	dir, _ := group.Version2()
	if err := unix.Rmdir(dir); err != nil { // and nobody called Remove
		t.Fatal(err)
	}
	if err := group.Make(); err != nil {
		t.Fatal(err)
	}
	if err := group.Remove(); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(t, root); got != before {
		t.Errorf("the root was %+v and is %+v", before, got)
	}
}

func TestProcessesMakeRoomForGroupsAndComeBack(t *testing.T) {
	outer := makeGroup(t, newRoot(t).Child("test-"+strconv.Itoa(os.Getpid())))
	process, _ := startIn(t, outer)
	before := changesOf(t, outer)
	if want := (changes{processes: strconv.Itoa(process)}); before != want {
		t.Fatalf("the group is %+v, want %+v", before, want)
	}
	inner := makeGroup(t, outer.Child("inner"))
	if got := changesOf(t, outer); got.processes != "" || got.leaf != strconv.Itoa(process) || got.enabled == "" || got.marked != got.enabled {
		t.Errorf("with a group below it is %+v", got)
	}
	if err := inner.Remove(); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(t, outer); got != before {
		t.Errorf("the group was %+v and is %+v", before, got)
	}
	dir, _ := outer.Version2()
	if _, err := os.Stat(filepath.Join(dir, leaf)); err == nil {
		t.Error("the group of its processes is still there")
	}
}

func TestProcessesThatSettledCanHaveGroupsBesideThem(t *testing.T) {
	group := makeGroup(t, newRoot(t).Child("test-"+strconv.Itoa(os.Getpid())))
	process, end := startIn(t, group)
	if err := group.Settle(); err != nil {
		t.Fatal(err)
	}
	if got := changesOf(t, group); got.leaf != strconv.Itoa(process) || got.processes != "" || got.enabled == "" {
		t.Errorf("the group is %+v", got)
	}
	dir, _ := group.Version2()
	pods := filepath.Join(dir, "kubepods")
	if err := os.Mkdir(pods, 0o755); err != nil {
		t.Fatal(err)
	}
	if controllers, err := words(pods, controllersFile); err != nil || len(controllers) == 0 {
		t.Errorf("a group of pods has the controllers %v, error %v", controllers, err)
	}
	end()
	if err := group.Remove(); err != nil {
		t.Error(err)
	}
}

func TestAGroupOfVersion2ThatLacksControllersOrCannotBeChangedIsUnusable(t *testing.T) {
	dir := t.TempDir()
	group := Group{unified: dir}
	write := func(controllers string) {
		if err := os.WriteFile(filepath.Join(dir, controllersFile), []byte(controllers+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := group.Usable(); err == nil {
		t.Error("a directory that is no group is usable")
	}
	write("cpuset cpu io memory hugetlb pids rdma misc")
	if err := group.Usable(); err != nil {
		t.Error(err)
	}
	write("memory pids")
	err := group.Usable()
	for _, part := range []string{"no controller cpu:", "no controller cpuset:", "--privileged"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("the error %v does not contain %q", err, part)
		}
	}
	if err := writable("/proc/no-such-directory"); err == nil || !strings.Contains(err.Error(), "--privileged") {
		t.Errorf("the error is %v", err)
	}
}
