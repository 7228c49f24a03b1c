package images

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
)

// startContainerd runs a containerd for the test, in its own mount namespace, and returns a
// function that calls its ctr.
func startContainerd(t *testing.T) (ctr func(arguments ...string) string) {
	t.Helper()
	dir := t.TempDir()
	socket := filepath.Join(dir, "socket")
	writeFile(t, filepath.Join(dir, "config.toml"), "version = 2\nroot = \""+dir+"/root\"\nstate = \""+dir+"/state\"\n"+
		"disabled_plugins = [\"io.containerd.grpc.v1.cri\", \"io.containerd.internal.v1.opt\"]\n[grpc]\naddress = \""+socket+"\"\n[ttrpc]\naddress = \""+socket+".ttrpc\"\n")
	// t.Context ends before cleanups run; the process has to live until then and is killed there.
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "containerd", "--config", filepath.Join(dir, "config.toml")) //nolint:noctx // see above
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("containerd's log:\n%s", log.String())
		}
	})
	call := func(arguments ...string) (string, error) {
		output, err := exec.CommandContext(t.Context(), "ctr", append([]string{"--address", socket, "--namespace", "k8s.io"}, arguments...)...).CombinedOutput()
		return string(output), err
	}
	waitFor(t, func() bool { _, err := call("version"); return err == nil })
	return func(arguments ...string) string {
		t.Helper()
		output, err := call(arguments...)
		if err != nil {
			t.Fatalf("ctr %s: %v\n%s", strings.Join(arguments, " "), err, output)
		}
		return output
	}
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatal("containerd does not answer")
		case <-tick.C:
		}
	}
}

func TestTheRuntimeOfRealNodesKnowsImagesByTagAndByDigest(t *testing.T) {
	if os.Getenv("LAB_REAL_NODES") != "1" {
		t.Skip("LAB_REAL_NODES is not 1: this needs root, containerd, and the network for the first time")
	}
	repository, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	store := Store{
		Dir: filepath.Join(repository, "bin", "images"), Repository: repository, Progress: os.Stderr,
		Programs: binaries.Store{
			Dir: filepath.Join(repository, "bin", "k8s"), ModulesDir: filepath.Join(repository, "test", "lab", "modules"), Progress: os.Stderr,
		},
	}
	archives, err := store.Ensure(t.Context(), Names()...)
	if err != nil {
		t.Fatal(err)
	}
	ctr := startContainerd(t)
	for _, archive := range archives {
		ctr("images", "import", archive.File)
	}
	known := map[string]string{}
	for line := range strings.Lines(ctr("images", "list")) {
		if fields := strings.Fields(line); len(fields) > 2 {
			known[fields[0]] = fields[2]
		}
	}
	for _, archive := range archives {
		for _, name := range []string{archive.Reference, Repository(archive.Name) + "@" + archive.Digest} {
			if known[name] != archive.Digest {
				t.Errorf("%s is %q, want %s", name, known[name], archive.Digest)
			}
		}
	}
	checkRootFileSystem(t, ctr)
}

// checkRootFileSystem looks at what containerd unpacked of an image with owners and a file capability.
func checkRootFileSystem(t *testing.T, ctr func(...string) string) {
	t.Helper()
	dir := t.TempDir()
	ctr("images", "mount", Reference(IngressNGINX), dir)
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	var attribute [64]byte
	n, err := syscall.Getxattr(dir+"/usr/sbin/nginx", "security.capability", attribute[:])
	if err != nil || n != 20 {
		t.Errorf("nginx has a capability attribute of %d bytes (error %v), want 20", n, err)
	}
	info, err := os.Stat(dir + "/etc/nginx/template")
	if err != nil {
		t.Fatal(err)
	}
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != 101 || stat.Gid != 82 {
		t.Errorf("the template belongs to %+v, want 101:82", info.Sys())
	}
}
