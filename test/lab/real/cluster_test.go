package real

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/controlplane"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns/netnstest"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/network"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/cgroup"
)

const (
	// enableVariable allows the tests that run nodes. They need root, the packages of
	// `make e2e-deps` and the programs of `make real-cluster`.
	enableVariable = "LAB_REAL_NODES"
	// superviseVariable makes this test binary play a supervisor with one node, in the directory
	// that the variable names.
	superviseVariable = "REAL_TEST_SUPERVISOR_DIR"
	// deadline only ends a test that would hang.
	deadline = 2 * time.Minute
	// leastProcesses are a node's process 1, containerd, kubelet, kube-proxy and the process that started it.
	leastProcesses = 5
)

var apiServer = net.JoinHostPort(network.ControlPlane.String(), "6443")

func needRealCluster(t *testing.T) {
	t.Helper()
	if os.Getenv(enableVariable) == "" {
		t.Skipf("running nodes takes root and programs: set %s=1", enableVariable)
	}
	if err := CheckMachine(); err != nil {
		t.Fatal(err)
	}
}

// stores are where the programs and images of this project are.
func stores() (binaries.Store, images.Store, error) {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	programs := binaries.Store{
		Dir: filepath.Join(root, "bin", "k8s"), ModulesDir: filepath.Join(root, "test", "lab", "modules"), Progress: os.Stderr,
	}
	return programs, images.Store{Dir: filepath.Join(root, "bin", "images"), Repository: root, Programs: programs, Progress: os.Stderr}, err
}

func programs(ctx context.Context) (binaries.Paths, error) {
	store, _, err := stores()
	if err != nil {
		return nil, err
	}
	return store.Ensure(ctx, append(Programs(), controlplane.AllComponents.Programs()...)...)
}

// archive returns the archive of an image.
func archive(ctx context.Context, name string) (string, error) {
	_, store, err := stores()
	if err != nil {
		return "", err
	}
	archives, err := store.Ensure(ctx, name)
	if err != nil {
		return "", err
	}
	return archives[0].File, nil
}

// testConfig is a node on a machine of the network.
func testConfig(ctx context.Context, dir, name string, machine network.Node, authority *pki.Authority) (Config, error) {
	paths, err := programs(ctx)
	if err != nil {
		return Config{}, err
	}
	pause, err := archive(ctx, images.Pause)
	return Config{
		Name: name, Dir: filepath.Join(dir, "nodes", name), NetNS: machine.Namespace.Path(),
		Address: machine.Address, Pods: machine.Pods, ClusterPods: network.Pods, ProxyMode: NFTables,
		Server: "https://" + apiServer, Authority: authority,
		Labels: map[string]string{"pool": "edge"}, Archives: []string{pause}, Programs: paths,
	}, err
}

// superviseForEver starts a node without any control plane, prints the file of its network
// namespace, and waits until it is killed.
func superviseForEver(dir string) {
	ctx := context.Background()
	err := func() error {
		made, err := network.New(ctx)
		if err != nil {
			return err
		}
		machine, err := made.AddNode("edge1")
		if err != nil {
			return err
		}
		authority, err := pki.NewAuthority("test")
		if err != nil {
			return err
		}
		config, err := testConfig(ctx, dir, "edge1", machine, authority)
		if err != nil {
			return err
		}
		supervisor, err := process.NewSupervisor(dir)
		if err != nil {
			return err
		}
		_, err = Start(ctx, supervisor, config)
		return err
	}()
	fmt.Println("started", err)
	select {}
}

// processesOf returns all processes that are in a namespace of the node with that process 1.
func processesOf(t *testing.T, init int) []process.Identity {
	t.Helper()
	node := map[string]bool{}
	for _, link := range namespacesOf(init) {
		node[link] = true
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var found []process.Identity
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || !slices.ContainsFunc(namespacesOf(pid), func(link string) bool { return node[link] }) {
			continue
		}
		if identity, err := process.Identify(pid); err == nil {
			found = append(found, identity)
		}
	}
	return found
}

// namespacesOf are the namespaces of a process that a node has of its own.
func namespacesOf(pid int) []string {
	var links []string
	for _, kind := range []string{"net", "mnt", "uts", "ipc", "pid", "cgroup"} {
		if link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/%s", pid, kind)); err == nil {
			links = append(links, link)
		}
	}
	return links
}

func TestAKilledSupervisorTakesAllOfItsRealNodeAlong(t *testing.T) {
	needRealCluster(t)
	dir := t.TempDir()
	supervisor := exec.CommandContext(t.Context(), os.Args[0])
	supervisor.Env = append(os.Environ(), superviseVariable+"="+dir)
	supervisor.Stderr = os.Stderr
	output, err := supervisor.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := supervisor.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func() {
		_ = supervisor.Process.Kill()
		_ = supervisor.Wait()
	}
	t.Cleanup(kill)
	started := make([]byte, 4096)
	length, err := output.Read(started)
	if got := string(started[:length]); err != nil || got != "started <nil>\n" {
		t.Fatalf("the supervisor said %q, error %v", got, err)
	}
	init, err := process.LoadIdentity(layout{filepath.Join(dir, "nodes", "edge1")}.identity())
	if err != nil {
		t.Fatal(err)
	}
	processes := processesOf(t, init.PID)
	if len(processes) < leastProcesses {
		t.Fatalf("only %v run in the node", processes)
	}
	awaitRemovalOfNetwork := netnstest.Watch(t, fmt.Sprintf("/proc/%d/ns/net", init.PID))
	kill()
	for _, p := range processes {
		if !p.GoneWithin(deadline) {
			t.Errorf("process %d of the node has survived its supervisor", p.PID)
		}
	}
	awaitRemovalOfNetwork()
	if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), dir) {
		t.Errorf("the node's mounts have reached the machine (error %v):\n%s", err, mounts)
	}
	nodes := filepath.Join(dir, "nodes")
	group, err := loadGroup(filepath.Join(nodes, "edge1", groupFile))
	if err != nil || len(group) == 0 {
		t.Fatalf("the record of control groups is %v, error %v", group, err)
	}
	if err := Sweep(nodes); err != nil {
		t.Error(err)
	}
	mustBeGone(t, group)
}

func mustBeGone(t *testing.T, group cgroup.Group) {
	t.Helper()
	for _, dir := range group {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("control group %s is still there (%v)", dir, err)
		}
	}
}

func TestARealNodeThatLosesAProgramEndsAndSaysWhich(t *testing.T) {
	needRealCluster(t)
	config, supervisor := configWithoutControlPlane(t)
	config.Programs[binaries.Proxy] = writeScript(t, "echo no more addresses; exit 3")
	_, err := Start(t.Context(), supervisor, config)
	if err == nil {
		// The program may end just after the node counts as started.
		err = <-supervisor.Failed()
	}
	for _, part := range []string{"kube-proxy has ended (exit status 3)", "no more addresses"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not contain %q: %v", part, err)
		}
	}
}

func TestARealNodeThatCannotStartLeavesNothing(t *testing.T) {
	needRealCluster(t)
	config, supervisor := configWithoutControlPlane(t)
	config.Archives = []string{filepath.Join(t.TempDir(), "missing.tar")}
	if _, err := Start(t.Context(), supervisor, config); err == nil || !strings.Contains(err.Error(), "missing.tar") {
		t.Errorf("the error is %v", err)
	}
	group, err := loadGroup(filepath.Join(config.Dir, groupFile))
	if err != nil {
		t.Fatal(err)
	}
	mustBeGone(t, group)
	config.Archives = nil
	if node, err := Start(t.Context(), supervisor, config); err != nil {
		t.Errorf("another try: %v", err)
	} else if _, err := Start(t.Context(), supervisor, config); err == nil || !strings.Contains(err.Error(), "it is running") {
		t.Errorf("starting node %s twice: %v", node.Name(), err)
	}
}

// configWithoutControlPlane is for what happens before a node reaches the API server.
func configWithoutControlPlane(t *testing.T) (Config, *process.Supervisor) {
	t.Helper()
	dir := t.TempDir()
	made, err := network.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	machine, err := made.AddNode("edge1")
	if err != nil {
		t.Fatal(err)
	}
	authority, err := pki.NewAuthority("test")
	if err != nil {
		t.Fatal(err)
	}
	config, err := testConfig(t.Context(), dir, "edge1", machine, authority)
	if err != nil {
		t.Fatal(err)
	}
	supervisor, err := process.NewSupervisor(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(supervisor.Stop(), Sweep(filepath.Dir(config.Dir)), made.Close()); err != nil {
			t.Error(err)
		}
	})
	return config, supervisor
}

func writeScript(t *testing.T, script string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "script")
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return file
}
