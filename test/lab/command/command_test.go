package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/machine"
)

// commandVariable makes this test binary be the command, so that the tests can kill it.
const commandVariable = "CLUSTER_TEST_COMMAND"

// deadline only ends a test that would hang; nothing is measured by it.
const deadline = 2 * time.Minute

func TestMain(m *testing.M) {
	if os.Getenv(commandVariable) != "" || isNodeProcess() {
		os.Exit(Execute())
	}
	os.Exit(m.Run())
}

// isNodeProcess reports whether this is a process of a real node, which a supervisor starts from
// its own program without any variables.
func isNodeProcess() bool {
	return len(os.Args) > 1 && slices.Contains([]string{machine.ShimCommand, machine.BootCommand}, os.Args[1])
}

// newRepository returns a root with the real programs and modules, and with clusters
// of its own.
func newRepository(t *testing.T) string {
	t.Helper()
	repository, err := (&settings{}).repository()
	if err != nil {
		t.Fatal(err)
	}
	store, err := (&settings{root: repository}).store(binaries.Newest)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Ensure(t.Context(), (&shape{components: "all", simulatedNodes: true}).programs()...); err != nil {
		t.Fatal(err)
	}
	return linkedRoot(t, repository, modulesPath, programsPath)
}

// linkedRoot returns the root of a repository that has parts of another one.
func linkedRoot(t *testing.T, repository string, paths ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, path := range paths {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, path)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(filepath.Join(repository, path), filepath.Join(root, path)); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func clusterCommand(root string, arguments ...string) *exec.Cmd {
	return &exec.Cmd{
		Path:   os.Args[0],
		Args:   append(append([]string{os.Args[0]}, arguments...), "--root="+root),
		Env:    append(os.Environ(), commandVariable+"=1"),
		Stderr: os.Stderr,
	}
}

// running is a `cluster run` that has announced itself.
type running struct {
	instance.Connection
	cmd   *exec.Cmd
	stdin io.Closer
}

func startRun(t *testing.T, arguments ...string) running {
	t.Helper()
	return startRunIn(t, newRepository(t), arguments...)
}

func startRunIn(t *testing.T, root string, arguments ...string) running {
	t.Helper()
	return announced(t, clusterCommand(root, append([]string{"run"}, arguments...)...))
}

// announced starts a command that runs a cluster, and returns when that is ready.
func announced(t *testing.T, cmd *exec.Cmd) running {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := running{cmd: cmd, stdin: stdin}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadBytes('\n'); err != nil {
		t.Fatal(err)
	} else if err := json.Unmarshal(line, &r.Connection); err != nil {
		t.Fatal(err)
	}
	return r
}

// processesOf returns the numbers of the processes with the directory on their
// command line.
func processesOf(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if content, err := os.ReadFile(file); err == nil && strings.Contains(string(content), dir+"/") {
			found = append(found, filepath.Base(filepath.Dir(file)))
		}
	}
	return found
}

func expectProcesses(t *testing.T, dir string, want int) {
	t.Helper()
	if got := processesOf(t, dir); len(got) != want {
		t.Fatalf("processes %v belong to the cluster, want %d", got, want)
	}
}

func expectNothingLeft(t *testing.T, dir string) {
	t.Helper()
	expectProcesses(t, dir, 0)
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the cluster's directory is still there (%v)", err)
	}
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waiting for %s: %v", what, ctx.Err())
		case <-ticker.C:
		}
	}
}

func TestRunEndsWithItsStandardInput(t *testing.T) {
	r := startRun(t, "--components=apiserver")
	expectProcesses(t, r.Dir, 2)
	if err := r.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("run ended with %v", err)
	}
	expectNothingLeft(t, r.Dir)
}

func TestRunEndsWithSIGTERM(t *testing.T) {
	r := startRun(t, "--components=apiserver")
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("run ended with %v", err)
	}
	expectNothingLeft(t, r.Dir)
}

func TestAKilledRunTakesItsProgramsAlongAndTheNextOneRemovesTheRest(t *testing.T) {
	r := startRun(t, "--components=apiserver")
	expectProcesses(t, r.Dir, 2)
	if err := r.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = r.cmd.Wait()
	eventually(t, "the programs to die", func() bool { return len(processesOf(t, r.Dir)) == 0 })
	if err := instance.Root(filepath.Dir(r.Dir)).Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectNothingLeft(t, r.Dir)
}

func TestRunEndsWithAnErrorWhenAProgramDies(t *testing.T) {
	r := startRun(t, "--components=apiserver")
	victim, err := os.ReadFile(filepath.Join(r.Dir, "processes", "etcd.json"))
	if err != nil {
		t.Fatal(err)
	}
	var etcd struct{ PID int }
	if err := json.Unmarshal(victim, &etcd); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(etcd.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := r.cmd.Wait(); !errors.As(err, &exit) {
		t.Errorf("run ended with %v, want an exit code", err)
	}
	expectNothingLeft(t, r.Dir)
}

func TestUpListAndDown(t *testing.T) {
	root := newRepository(t)
	t.Cleanup(func() { _ = clusterCommand(root, "down", "--name=kept").Run() })
	output, err := clusterCommand(root, "up", "--name=kept", "--components=apiserver").Output()
	if err != nil {
		t.Fatal(err)
	}
	var connection instance.Connection
	if err := json.Unmarshal(output, &connection); err != nil {
		t.Fatal(err)
	}
	expectProcesses(t, connection.Dir, 2)
	table, err := clusterCommand(root, "list").Output()
	if err != nil || !strings.Contains(string(table), "kept   running   "+connection.Server) {
		t.Errorf("list prints (error %v)\n%s", err, table)
	}
	if listed, err := clusterCommand(root, "list", "--output=json").Output(); err != nil || string(listed) != string(output) {
		t.Errorf("list prints %s (error %v), up printed %s", listed, err, output)
	}
	if err := clusterCommand(root, "up", "--name=kept", "--components=apiserver").Run(); err == nil {
		t.Error("a second cluster of the same name was started")
	}
	expectProcesses(t, connection.Dir, 2)
	if err := clusterCommand(root, "down", "--name=kept").Run(); err != nil {
		t.Fatal(err)
	}
	expectNothingLeft(t, connection.Dir)
	if visible, err := filepath.Glob(filepath.Join(root, instancesPath, "[^.]*")); err != nil || len(visible) != 0 {
		t.Errorf("down left %v (error %v)", visible, err)
	}
}
