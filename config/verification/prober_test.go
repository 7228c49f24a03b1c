package verification_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/prober"
)

// TestTheProberReportsWhatTheOperatorLeadsToTheWitness runs the prober with its own account.
func TestTheProberReportsWhatTheOperatorLeadsToTheWitness(t *testing.T) {
	connection := connectionOf(t, proberNamespace, proberName)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- prober.Run(ctx, prober.Options{Config: connection, Node: "edge-1", WitnessNamespace: operatorNamespace, Log: slog.New(slog.DiscardHandler)})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	reported := func() (found []v1alpha1.SourceIPReport) {
		list := &v1alpha1.SourceIPReportList{}
		if err := root.List(t.Context(), list, client.HasLabels{v1alpha1.OwnerLabel}); err != nil {
			t.Fatal(err)
		}
		return list.Items
	}
	// This one asks to be measured, and the operator does not do it.
	refused := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "refused"}, Spec: v1alpha1.EdgeIngressSpec{
		Nodes: v1alpha1.NodesSpec{Names: []string{"edge-9"}}, Verification: &v1alpha1.VerificationSpec{Probes: v1alpha1.Enabled},
	}}
	if err := root.Create(t.Context(), refused); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Delete(context.WithoutCancel(t.Context()), refused) })
	backend := &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: witnessName, Port: networkingv1.ServiceBackendPort{Number: 80}}}
	ingress := &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: names.WitnessIngress("web"), Namespace: operatorNamespace, Labels: names.Labels("web")},
		Spec:       networkingv1.IngressSpec{DefaultBackend: backend},
	}
	if err := root.Create(t.Context(), ingress); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Delete(context.WithoutCancel(t.Context()), ingress) })
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 20*time.Second, true, func(context.Context) (bool, error) {
		found := reported()
		return len(found) == 1 && found[0].Spec.EdgeIngress == "web" && found[0].Status.Problem != "" && found[0].Status.Problem != v1alpha1.ReportNotRead, nil
	})
	if err != nil {
		t.Fatalf("with the Ingress there is %+v: %v", reported(), err)
	}
}
