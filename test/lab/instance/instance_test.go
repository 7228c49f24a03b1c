package instance

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

func claim(t *testing.T, root Root, name string) string {
	t.Helper()
	dir, err := root.Claim(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// crash makes a cluster look as if its supervisor had been another process with our
// number, which ended.
func crash(t *testing.T, dir string) {
	t.Helper()
	self, err := process.Identify(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	self.StartTicks--
	if err := self.Save(filepath.Join(dir, supervisorFile)); err != nil {
		t.Fatal(err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func TestARunningClusterIsNotClaimedASecondTime(t *testing.T) {
	root := Root(t.TempDir())
	dir := claim(t, root, "dev")
	if _, err := root.Claim(t.Context(), "dev"); !errors.Is(err, ErrExists) {
		t.Errorf("the second claim returned %v, want ErrExists", err)
	}
	left, err := filepath.Glob(filepath.Join(string(root), "*dev*"))
	if err != nil || len(left) != 1 || left[0] != dir {
		t.Errorf("the root holds %v (error %v), want only %s", left, err, dir)
	}
}

func TestNamesThatWouldLeaveTheRootAreRefused(t *testing.T) {
	for _, name := range []string{"", ".", "..", "../dev", "a/b", "/dev", ".hidden"} {
		if _, err := Root(t.TempDir()).Claim(t.Context(), name); err == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestWhatACrashedClusterLeftIsRemovedByTheNextOfTheSameName(t *testing.T) {
	root := Root(t.TempDir())
	dir := claim(t, root, "dev")
	remains := filepath.Join(dir, "remains")
	if err := os.WriteFile(remains, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	crash(t, dir)
	claim(t, root, "dev")
	if exists(remains) {
		t.Error("the new cluster found remains of the crashed one")
	}
}

func TestSweepRemovesCrashedClustersAndSparesRunningOnes(t *testing.T) {
	root := Root(t.TempDir())
	running, crashed := claim(t, root, "running"), claim(t, root, "crashed")
	crash(t, crashed)
	if err := root.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !exists(running) || exists(crashed) {
		t.Errorf("running is there: %t, crashed is there: %t", exists(running), exists(crashed))
	}
}

func TestRemoveEndsProgramsThatOutlivedTheirSupervisor(t *testing.T) {
	root := Root(t.TempDir())
	dir := claim(t, root, "dev")
	identity := startOrphan(t, dir)
	crash(t, dir)
	if found, err := root.Down(t.Context(), "dev"); err != nil || !found {
		t.Fatalf("down found the cluster: %t, error %v", found, err)
	}
	if identity.Alive() {
		t.Error("the program still runs")
	}
	if exists(dir) {
		t.Error("the directory is still there")
	}
}

func startOrphan(t *testing.T, dir string) process.Identity {
	t.Helper()
	supervisor, err := process.NewSupervisor(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := supervisor.Stop(); err != nil {
			t.Error(err)
		}
	})
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Start(process.Spec{Name: "orphan", Path: sleep, Args: []string{"600"}, Grace: time.Minute}); err != nil {
		t.Fatal(err)
	}
	identity, err := process.LoadIdentity(filepath.Join(process.IdentityDir(dir), "orphan.json"))
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func TestDownOfAClusterThatDoesNotExistFindsNothing(t *testing.T) {
	if found, err := Root(t.TempDir()).Down(t.Context(), "dev"); err != nil || found {
		t.Errorf("found: %t, error: %v", found, err)
	}
}

func TestListTellsRunningFromCrashed(t *testing.T) {
	root := Root(t.TempDir())
	dir := claim(t, root, "running")
	crash(t, claim(t, root, "crashed"))
	if err := SaveConnection(Connection{Name: "running", Dir: dir, Server: "https://127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	states, err := root.List()
	if err != nil || len(states) != 2 {
		t.Fatalf("listed %v, error %v", states, err)
	}
	crashed, running := states[0], states[1]
	if crashed.Running || crashed.Connection.Server != "" {
		t.Errorf("the crashed cluster is listed as %+v", crashed)
	}
	if !running.Running || running.Connection.Server != "https://127.0.0.1:1" {
		t.Errorf("the running cluster is listed as %+v", running)
	}
}
