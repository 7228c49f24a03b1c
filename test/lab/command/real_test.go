package command

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// enableVariable with a value runs the tests that need root and the packages of `make e2e-deps`.
const enableVariable = "LAB_REAL_NODES"

// realRun is a `cluster run --real-nodes` that has announced itself.
type realRun struct {
	running
	t    *testing.T
	root string
}

// realRoot returns the root of a repository for clusters with real nodes.
func realRoot(t *testing.T) string {
	t.Helper()
	if os.Getenv(enableVariable) == "" {
		t.Skipf("real nodes need root and programs: set %s=1", enableVariable)
	}
	repository, err := (&settings{}).repository()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(repository, imagesPath), 0o755); err != nil {
		t.Fatal(err)
	}
	return linkedRoot(t, repository, "hack", "test", "go.mod", "go.sum", programsPath, imagesPath)
}

// command runs a command that must succeed and returns what it prints.
func (r realRun) command(arguments ...string) string {
	r.t.Helper()
	output, err := r.try(arguments...)
	if err != nil {
		r.t.Fatalf("%v: %v\n%s", arguments, err, output)
	}
	return output
}

// try runs a command and returns what it prints, errors included.
func (r realRun) try(arguments ...string) (string, error) {
	r.t.Helper()
	// Before the arguments of a program, which follow "--".
	arguments = append([]string{arguments[0], "--root=" + r.root}, arguments[1:]...)
	cmd := &exec.Cmd{Path: os.Args[0], Args: append([]string{os.Args[0]}, arguments...), Env: append(os.Environ(), commandVariable+"=1")}
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func (r realRun) client() *corev1client.CoreV1Client {
	r.t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", r.Kubeconfig)
	if err != nil {
		r.t.Fatal(err)
	}
	client, err := corev1client.NewForConfig(config)
	if err != nil {
		r.t.Fatal(err)
	}
	return client
}

func (r realRun) nodes() map[string]corev1.Node {
	r.t.Helper()
	list, err := r.client().Nodes().List(r.t.Context(), metav1.ListOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	nodes := map[string]corev1.Node{}
	for _, node := range list.Items {
		nodes[node.Name] = node
	}
	return nodes
}

// groups returns the control groups of nodes whose names match a pattern.
func (r realRun) groups(pattern string) []string {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.Dir, "nodes", pattern, "group.json"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("found records of control groups %v, error %v", files, err)
	}
	var groups []string
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			r.t.Fatal(err)
		}
		var group map[string]string
		if err := json.Unmarshal(content, &group); err != nil {
			r.t.Fatal(err)
		}
		for _, dir := range group {
			if _, err := os.Stat(dir); err != nil {
				r.t.Error(err)
			}
			groups = append(groups, dir)
		}
	}
	return groups
}

// expectNoGroups also means that no process is left: one that is gone has none in it.
func (r realRun) expectNoGroups(groups []string) {
	r.t.Helper()
	for _, group := range groups {
		if _, err := os.Stat(group); !errors.Is(err, fs.ErrNotExist) {
			r.t.Errorf("control group %s is still there (%v)", group, err)
		}
	}
}

func (r realRun) expectNothingLeft(groups []string) {
	r.t.Helper()
	expectNothingLeft(r.t, r.Dir)
	r.expectNoGroups(groups)
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		r.t.Fatal(err)
	}
	if bytes.Contains(mounts, []byte(r.Dir)) {
		r.t.Errorf("something of the cluster is still mounted:\n%s", mounts)
	}
}

// One cluster serves all checks, because a cluster takes time. A test of realcluster checks that a
// stopped cluster removes itself.
func TestRealNodesObeyAndLeaveTheMachineAsItWas(t *testing.T) {
	root := realRoot(t)
	settings := machineSettings(t)
	cmd, written := watchWrites(t, clusterCommand(root, "run", "--real-nodes", "--name=r"))
	r := realRun{t: t, root: root, running: announced(t, cmd)}
	r.expectToAddAndEnterNodes()
	r.expectToCrashRestartAndRemoveNodes()
	r.runPod()
	r.expectToLeaveNothingWhenKilled()
	if paths := written(); len(paths) > 0 {
		t.Errorf("the machine's directories were changed: %v", paths)
	}
	for name, before := range settings {
		if after := machineSettings(t)[name]; after != before {
			t.Errorf("%s were\n%s\nand are\n%s", name, before, after)
		}
	}
}

func (r realRun) expectToAddAndEnterNodes() {
	t := r.t
	t.Helper()
	r.command("nodes", "add", "--cluster=r", "--name=edge1", "--name=edge2", "--zone=z", "--label=pool=edge", "--label=node-role.kubernetes.io/edge=")
	if output, err := r.try("nodes", "add", "--cluster=r", "--name=worker1", "--proxy-mode=ipvs"); err == nil || !strings.Contains(output, "nftables") {
		t.Errorf("an unknown mode printed %q, error %v", output, err)
	}
	// Nothing of the failure is in the way.
	r.command("nodes", "add", "--cluster=r", "--name=worker1", "--proxy-mode=nftables")
	nodes := r.nodes()
	for _, name := range []string{"edge1", "edge2"} {
		for label, want := range map[string]string{corev1.LabelTopologyZone: "z", "pool": "edge", "node-role.kubernetes.io/edge": ""} {
			if got, found := nodes[name].Labels[label]; !found || got != want {
				t.Errorf("label %s of %s is %q (present: %t), want %q", label, name, got, found, want)
			}
		}
	}
	if output, err := r.try("nodes", "add", "--cluster=r", "--name=edge1"); err == nil {
		t.Errorf("a node was added twice: %s", output)
	}
	if name := strings.TrimSpace(r.command("exec", "--cluster=r", "edge1", "--", "hostname")); name != "edge1" {
		t.Errorf("the host name of edge1 is %q", name)
	}
	if route := r.command("exec", "--cluster=r", "client", "--", "ip", "route"); !strings.Contains(route, "default via 203.0.113.1") {
		t.Errorf("the client routes\n%s", route)
	}
}

func (r realRun) expectToCrashRestartAndRemoveNodes() {
	t := r.t
	t.Helper()
	before, groups := r.nodes()["edge1"], r.groups("edge1")
	r.command("nodes", "crash", "--cluster=r", "--name=edge1")
	r.expectNoGroups(groups)
	if output, err := r.try("exec", "--cluster=r", "edge1", "--", "true"); err == nil || !strings.Contains(output, "edge2") {
		t.Errorf("entering a crashed node printed %q, error %v", output, err)
	}
	r.command("nodes", "restart", "--cluster=r", "--name=edge1")
	if after := r.nodes()["edge1"]; before.UID != after.UID || before.Status.NodeInfo.BootID == after.Status.NodeInfo.BootID {
		t.Errorf("the node was not started again: %+v", after.Status.NodeInfo)
	}
	r.command("nodes", "remove", "--cluster=r", "--name=edge2")
	if left := r.nodes(); len(left) != 2 {
		t.Errorf("%d nodes are left, want 2", len(left))
	}
}

func (r realRun) expectToLeaveNothingWhenKilled() {
	r.t.Helper()
	groups := r.groups("*")
	if err := r.cmd.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	_ = r.cmd.Wait()
	r.command("down", "--name=r")
	r.expectNothingLeft(groups)
}

func TestWishesThatNoClusterFulfilsAreExplained(t *testing.T) {
	root := t.TempDir()
	for _, row := range []struct {
		arguments []string
		want      string
	}{
		{arguments: []string{"nodes", "add", "--name=n"}, want: "kubeconfig cluster"},
		{arguments: []string{"nodes", "crash", "--name=n"}, want: "cluster"},
		{arguments: []string{"nodes", "crash", "--name=n", "--cluster=nobody"}, want: "no running cluster"},
		{arguments: []string{"images", "load", "--cluster=nobody", "pause"}, want: "no running cluster"},
		{arguments: []string{"exec", "--cluster=nobody", "client", "true"}, want: "no running cluster"},
		{arguments: []string{"run", "--real-nodes", "--components=apiserver"}, want: "--components=all"},
		{arguments: []string{"run", "--real-nodes", "--simulated-nodes"}, want: "simulated-nodes"},
	} {
		t.Run(strings.Join(row.arguments, " "), func(t *testing.T) {
			output, err := realRun{t: t, root: root}.try(row.arguments...)
			if err == nil || !strings.Contains(output, row.want) {
				t.Errorf("it printed %q, error %v, want %q", output, err, row.want)
			}
		})
	}
}
