package instance

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

// startForeign starts a process that no supervisor knows.
func startForeign(t *testing.T, ownGroup bool) (pid int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sleep", "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: ownGroup}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the context has killed it by then
	return cmd.Process.Pid
}

func claimReady(t *testing.T, root Root) (dir string) {
	t.Helper()
	dir = claim(t, root, "dev")
	if _, err := process.NewSupervisor(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAnAttachedProcessEndsWithTheCluster(t *testing.T) {
	root := Root(t.TempDir())
	dir := claimReady(t, root)
	pid := startForeign(t, true)
	if err := root.Attach("dev", "foreign", pid); err != nil {
		t.Fatal(err)
	}
	identity, err := process.Identify(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if identity.Alive() {
		t.Error("the process still runs")
	}
}

func TestProcessesThatCannotBeEndedSafelyAreNotAttached(t *testing.T) {
	root := Root(t.TempDir())
	claimReady(t, root)
	leader, follower := startForeign(t, true), startForeign(t, false)
	const nobody = 1 << 30
	for _, row := range []struct {
		name, cluster, program string
		pid                    int
	}{
		{name: "a cluster that does not run", cluster: "other", program: "p", pid: leader},
		{name: "a process that does not exist", cluster: "dev", program: "p", pid: nobody},
		{name: "a process in a group of somebody else", cluster: "dev", program: "p", pid: follower},
		{name: "a name that leaves the directory", cluster: "dev", program: "../p", pid: leader},
		{name: "no name", cluster: "dev", program: "", pid: leader},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := root.Attach(row.cluster, row.program, row.pid); err == nil {
				t.Error("it was attached")
			}
		})
	}
}
