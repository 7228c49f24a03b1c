package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// newNetNS makes a network namespace that lives as long as the test, and returns
// its file.
func newNetNS(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("making a network namespace takes root")
	}
	holder := exec.CommandContext(t.Context(), "/bin/sleep", "600")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	return netNSOf(holder.Process.Pid)
}

func netNSOf(pid int) string { return fmt.Sprintf("/proc/%d/ns/net", pid) }

func readNetNS(t *testing.T, pid int) string {
	t.Helper()
	link, err := os.Readlink(netNSOf(pid))
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func TestAChildIsInItsNetworkNamespaceAndTheNextOneInOurs(t *testing.T) {
	file := newNetNS(t)
	want, err := os.Readlink(file)
	if err != nil {
		t.Fatal(err)
	}
	s := newSupervisor(t)
	spec := sleeper("inside")
	spec.NetNS = file
	if got := readNetNS(t, start(t, s, spec).PID); got != want {
		t.Errorf("the child is in %s, want %s", got, want)
	}
	if got, ours := readNetNS(t, start(t, s, sleeper("outside")).PID), readNetNS(t, os.Getpid()); got != ours {
		t.Errorf("the next child is in %s, want ours, %s", got, ours)
	}
}

func TestANamespaceThatCannotBeEnteredIsAnErrorAndChangesNothing(t *testing.T) {
	plainFile := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(plainFile, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := newSupervisor(t)
	spec := sleeper("lost")
	spec.NetNS = plainFile
	if err := s.Start(spec); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("a plain file as namespace: %v, want EINVAL", err)
	}
	spec.NetNS = plainFile + "-missing"
	if err := s.Start(spec); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing namespace: %v, want fs.ErrNotExist", err)
	}
	if got, ours := readNetNS(t, start(t, s, sleeper("next")).PID), readNetNS(t, os.Getpid()); got != ours {
		t.Errorf("the next child is in %s, want ours, %s", got, ours)
	}
}
