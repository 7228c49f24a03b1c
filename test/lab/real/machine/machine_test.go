package machine

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// children is the one reaper of this test binary. It takes every process that ends, so no test may
// start any by other means.
var children = newReaper()

func TestHierarchiesAreMountedWhereEverybodyLooksForThem(t *testing.T) {
	for hierarchy, want := range map[string]struct {
		target, options string
		links           []string
	}{
		"memory":       {target: "/sys/fs/cgroup/memory", options: "memory", links: nil},
		"cpu,cpuacct":  {target: "/sys/fs/cgroup/cpu,cpuacct", options: "cpu,cpuacct", links: []string{"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpuacct"}},
		"name=systemd": {target: "/sys/fs/cgroup/systemd", options: "none,name=systemd", links: nil},
	} {
		m, links := hierarchyMount(hierarchy)
		if m.target != want.target || m.options != want.options || !slices.Equal(links, want.links) {
			t.Errorf("%s is mounted on %s with %q, links %v", hierarchy, m.target, m.options, links)
		}
	}
}

func TestAPlanSurvivesItsFile(t *testing.T) {
	plan := Plan{
		HostName: "edge1", Group: map[string]string{"memory": "/sys/fs/cgroup/memory/x"}, Directories: map[string]string{"/a": "/b"},
		Runtime: Program{Name: "containerd", Path: "containerd", Args: []string{"--config", "c"}}, Archives: []string{"a.tar"},
	}
	file := filepath.Join(t.TempDir(), "plan")
	if err := plan.Save(file); err != nil {
		t.Fatal(err)
	}
	if got, err := loadPlan(file); err != nil || !reflect.DeepEqual(got, plan) {
		t.Errorf("got %+v, error %v, want %+v", got, err, plan)
	}
}

func TestWithoutAPlanNothingBoots(t *testing.T) {
	if err := Boot(strings.NewReader("")); err == nil {
		t.Error("a node booted whose starter was killed before it handed over the plan")
	}
}

func TestTheEndOfAProgramIsAnnouncedWithItsStatus(t *testing.T) {
	for script, want := range map[string]string{"exit 0": "exit status 0", "exit 7": "exit status 7", "kill -KILL $$": "ended by signal: killed"} {
		ended, err := children.start(Program{Name: "program", Path: "sh", Args: []string{"-c", script}}, filepath.Join(t.TempDir(), "log"))
		if err != nil {
			t.Fatal(err)
		}
		if got := describe(<-ended); got != want {
			t.Errorf("%q: %s, want %s", script, got, want)
		}
	}
}

func TestOrphansAreTakenCareOf(t *testing.T) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	log := filepath.Join(t.TempDir(), "log")
	// The outer shell ends after the inner one has said which process it is, and orphans it.
	ended, err := children.start(Program{Name: "parent", Path: "sh", Args: []string{"-c", "sh -c 'echo $$; exec sleep 0.1' & while ! [ -s " + log + " ]; do :; done"}}, log)
	if err != nil {
		t.Fatal(err)
	}
	<-ended
	content, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	awaitRemoval(t, "/proc/"+strings.TrimSpace(string(content)))
}

func awaitRemoval(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s is still there", path)
		case <-ticker.C:
		}
	}
}

func TestAProgramThatFailsIsQuoted(t *testing.T) {
	if err := children.run("sh", "-c", "echo fine"); err != nil {
		t.Error(err)
	}
	err := children.run("sh", "-c", "echo no such rule >&2; exit 1")
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), "no such rule") {
		t.Errorf("the error is %v", err)
	}
	if err := children.run("no-such-program"); err == nil {
		t.Error("a program that does not exist ran")
	}
}

func TestAnArchiveIsImportedOnceUnlessItChanges(t *testing.T) {
	images := Images{Socket: "/run/socket", ImportedDir: t.TempDir()}
	archive := filepath.Join(t.TempDir(), "image.tar")
	write := func(content string) {
		if err := os.WriteFile(archive, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var imports int
	result := errors.New("no space")
	run := func(string, ...string) error { imports++; return result }
	write("one")
	if err := images.importWith(run, archive); !errors.Is(err, result) || !strings.Contains(err.Error(), archive) {
		t.Errorf("a failed import returned %v", err)
	}
	result = nil
	for range 2 {
		if err := images.importWith(run, archive); err != nil {
			t.Fatal(err)
		}
	}
	if imports != 2 {
		t.Errorf("one archive was imported %d times, want one that failed and one more", imports)
	}
	write("another")
	if err := images.importWith(run, archive); err != nil || imports != 3 {
		t.Errorf("after a change there were %d imports, error %v, want 3", imports, err)
	}
}
