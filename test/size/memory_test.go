// Package size measures the operator, as it is shipped, in a large cluster.
package size

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

const (
	nodes, edgeNodes = 5000, 1000
	// rest is how long the operator rests before its memory is read, so that the garbage of its
	// start is collected.
	rest = 20 * time.Second
	// patience is how long the nodes may take.
	patience = 3 * time.Minute
)

// BenchmarkMemory prints the resident MiB of the operator's process: in a cluster without nodes,
// and with 5,000 nodes, of which 1,000 are edge nodes. The difference is the cost of the caches,
// including garbage. Run it with -run '^$' -bench Memory -benchtime 1x.
func BenchmarkMemory(b *testing.B) {
	if testing.Short() {
		b.Skip("it makes 5,000 nodes")
	}
	cluster, admin := start(b)
	program := build(b, "../..")
	operator := func() *exec.Cmd {
		return exec.CommandContext(b.Context(), program, "--kubeconfig="+cluster.Kubeconfig, "--metrics-bind-address=0", "--health-probe-bind-address=0")
	}
	for b.Loop() {
		empty, _ := memoryOf(b, operator(), func() bool { return true })
		addNodes(b, admin, nodes)
		edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "large"}}
		edge.Spec.Nodes.Selector = &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"example.com/edge": "true"}}
		if err := admin.Create(b.Context(), edge); err != nil {
			b.Fatal(err)
		}
		full, most := memoryOf(b, operator(), func() bool { return areEdgeNodes(b, admin) })
		b.ReportMetric(empty, "empty-MiB")
		b.ReportMetric(full, "full-MiB")
		b.ReportMetric(full-empty, "caches-MiB")
		b.ReportMetric(most, "most-MiB")
	}
}

// start starts a cluster with the CRDs and without nodes, and returns an administrator's client with it. The
// cluster stops at the end of the benchmark.
func start(b *testing.B) (*testcluster.Cluster, client.Client) {
	b.Helper()
	cluster, err := testcluster.Start(b.Context(), testcluster.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			b.Error(err)
		}
	})
	if err := cluster.InstallCRDs(filepath.Join("..", "..", "config", "crd", "bases")); err != nil {
		b.Fatal(err)
	}
	admin, err := client.New(cluster.Config, client.Options{Scheme: controllers.NewScheme()})
	if err != nil {
		b.Fatal(err)
	}
	return cluster, admin
}

// addNodes adds nodes with the images that a kubelet reports, which make up most of a node.
func addNodes(b *testing.B, admin client.Client, count int) {
	b.Helper()
	var images []corev1.ContainerImage
	for i := range 50 {
		image := fmt.Sprintf("registry.example.com/team/application-%d", i)
		images = append(images, corev1.ContainerImage{Names: []string{image + "@sha256:" + strings.Repeat("6f2e5a3d", 8), image + ":v1.2.3"}, SizeBytes: 123456789})
	}
	var group errgroup.Group
	group.SetLimit(16)
	for i := range count {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("node-%04d", i), Labels: map[string]string{"example.com/edge": strconv.FormatBool(i < edgeNodes)}}}
		node.Status.Images = images
		node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: fmt.Sprintf("10.0.%d.%d", i/250, i%250)}}
		node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
		group.Go(func() error { return admin.Create(b.Context(), node) })
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
}

// areEdgeNodes reports whether all edge nodes are labelled and tainted.
func areEdgeNodes(b *testing.B, admin client.Client) bool {
	b.Helper()
	list := &corev1.NodeList{}
	if err := admin.List(b.Context(), list, client.HasLabels{v1alpha1.NodeLabel("large")}); err != nil {
		b.Fatal(err)
	}
	done := 0
	for _, node := range list.Items {
		if node.Annotations[v1alpha1.TaintAnnotation("large")] != "" {
			done++
		}
	}
	return done == edgeNodes
}

// build builds the program in a directory.
func build(b *testing.B, directory string) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "program")
	if output, err := exec.CommandContext(b.Context(), "go", "build", "-o", program, directory).CombinedOutput(); err != nil {
		b.Fatalf("building %s: %v\n%s", directory, err, output)
	}
	return program
}

// memoryOf runs a program until it is done and at rest, and returns the resident MiB then, and the
// maximum.
func memoryOf(b *testing.B, command *exec.Cmd, done func() bool) (resident, most float64) {
	b.Helper()
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	}()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for began := time.Now(); !done(); <-look.C {
		if time.Since(began) > patience {
			b.Fatalf("the program was not done after %v:\n%s", patience, output.String())
		}
	}
	<-time.After(rest)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", command.Process.Pid))
	if err != nil {
		b.Fatalf("reading the program's memory: %v\n%s", err, output.String())
	}
	return mebibytes(b, status, "VmRSS:"), mebibytes(b, status, "VmHWM:")
}

func mebibytes(b *testing.B, status []byte, field string) float64 {
	b.Helper()
	for line := range strings.Lines(string(status)) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == field {
			kib, err := strconv.ParseFloat(words[1], 64)
			if err != nil {
				b.Fatalf("reading %s: %v", field, err)
			}
			return kib / 1024
		}
	}
	b.Fatalf("%s is not in the status of the process", field)
	return 0
}
