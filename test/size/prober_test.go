package size

import (
	"os/exec"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// BenchmarkProberMemory prints the resident MiB of the prober's process with few and with 5,000 nodes, which
// have the images that a kubelet reports. There is one EdgeIngress, which nobody serves. Run it with
// -run '^$' -bench ProberMemory -benchtime 1x.
func BenchmarkProberMemory(b *testing.B) {
	if testing.Short() {
		b.Skip("it makes 5,000 nodes")
	}
	cluster, admin := start(b)
	edge := &v1alpha1.EdgeIngress{}
	edge.Name = "large"
	edge.Spec.Nodes.Selector = &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"example.com/edge": "true"}}
	if err := admin.Create(b.Context(), edge); err != nil {
		b.Fatal(err)
	}
	const operatorNamespace = "edge-ingress-operator-system"
	if err := admin.Create(b.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: operatorNamespace}}); err != nil {
		b.Fatal(err)
	}
	toWitness := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: operatorNamespace, Name: names.WitnessIngress(edge.Name), Labels: names.Labels(edge.Name)}}
	toWitness.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: names.Witness, Port: networkingv1.ServiceBackendPort{Number: 80}}}
	if err := admin.Create(b.Context(), toWitness); err != nil {
		b.Fatal(err)
	}
	program := build(b, "../../verification")
	prober := func() *exec.Cmd {
		command := exec.CommandContext(b.Context(), program, "prober", "--kubeconfig="+cluster.Kubeconfig, "--node=node-0000")
		command.Env = append(command.Environ(), "GOMEMLIMIT=48MiB", "GOGC=30") // As in config/verification/prober_deployment.yaml.
		return command
	}
	for b.Loop() {
		addNodes(b, admin, 100)
		few, fewMost := memoryOf(b, prober(), hasReported(b, admin))
		if err := admin.DeleteAllOf(b.Context(), &corev1.Node{}); err != nil {
			b.Fatal(err)
		}
		addNodes(b, admin, nodes)
		many, manyMost := memoryOf(b, prober(), hasReported(b, admin))
		b.ReportMetric(few, "MiB-100-nodes")
		b.ReportMetric(fewMost, "most-MiB-100-nodes")
		b.ReportMetric(many, "MiB-5000-nodes")
		b.ReportMetric(manyMost, "most-MiB-5000-nodes")
	}
}

// hasReported deletes the report, and returns whether the prober wrote another one.
func hasReported(b *testing.B, admin client.Client) func() bool {
	b.Helper()
	if err := admin.DeleteAllOf(b.Context(), &v1alpha1.SourceIPReport{}); err != nil {
		b.Fatal(err)
	}
	return func() bool {
		list := &v1alpha1.SourceIPReportList{}
		if err := admin.List(b.Context(), list); err != nil {
			b.Fatal(err)
		}
		return len(list.Items) == 1 && list.Items[0].Status.Problem == v1alpha1.ReportNoServingNode
	}
}
