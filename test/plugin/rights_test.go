package plugin_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/cluster"
)

// newEdge creates an EdgeIngress.
func newEdge(t *testing.T, name string) *v1alpha1.EdgeIngress {
	t.Helper()
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: name}}
	edge.Spec.Nodes.Names = []string{"edge-1"}
	if err := admin.Create(t.Context(), edge); err != nil {
		t.Fatal(err)
	}
	return edge
}

// attempts are what the account must not do. Each succeeds for an administrator.
func attempts(edge *v1alpha1.EdgeIngress, report *v1alpha1.SourceIPReport) map[string]func(context.Context, client.Client) error {
	merge := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}}}`))
	namespaced := metav1.ObjectMeta{Name: "attempt", Namespace: "default"}
	return map[string]func(context.Context, client.Client) error{
		"list Secrets":    func(ctx context.Context, c client.Client) error { return c.List(ctx, &corev1.SecretList{}) },
		"list ConfigMaps": func(ctx context.Context, c client.Client) error { return c.List(ctx, &corev1.ConfigMapList{}) },
		"list Services":   func(ctx context.Context, c client.Client) error { return c.List(ctx, &corev1.ServiceList{}) },
		"list pods":       func(ctx context.Context, c client.Client) error { return c.List(ctx, &corev1.PodList{}) },
		"list nodes":      func(ctx context.Context, c client.Client) error { return c.List(ctx, &corev1.NodeList{}) },
		"list namespaces": func(ctx context.Context, c client.Client) error { return c.List(ctx, &corev1.NamespaceList{}) },
		"list roles":      func(ctx context.Context, c client.Client) error { return c.List(ctx, &rbacv1.ClusterRoleList{}) },
		"create a ConfigMap": func(ctx context.Context, c client.Client) error {
			return c.Create(ctx, &corev1.ConfigMap{ObjectMeta: namespaced}, client.DryRunAll)
		},
		"create a namespace": func(ctx context.Context, c client.Client) error {
			return c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "attempt"}}, client.DryRunAll)
		},
		"create an EdgeIngress": func(ctx context.Context, c client.Client) error {
			other := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "attempt"}, Spec: edge.Spec}
			return c.Create(ctx, other, client.DryRunAll)
		},
		"replace an EdgeIngress": func(ctx context.Context, c client.Client) error {
			return c.Update(ctx, edge.DeepCopy(), client.DryRunAll)
		},
		"change an EdgeIngress": func(ctx context.Context, c client.Client) error {
			return c.Patch(ctx, edge.DeepCopy(), merge, client.DryRunAll)
		},
		"delete an EdgeIngress": func(ctx context.Context, c client.Client) error {
			return c.Delete(ctx, edge.DeepCopy(), client.DryRunAll)
		},
		"write the status of an EdgeIngress": func(ctx context.Context, c client.Client) error {
			return c.Status().Update(ctx, edge.DeepCopy(), client.DryRunAll)
		},
		"change a report by a patch": func(ctx context.Context, c client.Client) error {
			return c.Patch(ctx, report.DeepCopy(), merge, client.DryRunAll)
		},
		"delete a report": func(ctx context.Context, c client.Client) error {
			return c.Delete(ctx, report.DeepCopy(), client.DryRunAll)
		},
		"delete all reports": func(ctx context.Context, c client.Client) error {
			return c.DeleteAllOf(ctx, &v1alpha1.SourceIPReport{}, client.DryRunAll)
		},
	}
}

func TestTheVerifiersRoleIsEnoughAndNoMore(t *testing.T) {
	edge := newEdge(t, "rights")
	plugin, err := cluster.New(asVerifier)
	if err != nil {
		t.Fatal(err)
	}
	seen := v1alpha1.SourceIPReportStatus{ServiceUID: "uid", Sights: []v1alpha1.Sight{{
		Address: "203.0.113.10", Port: 80, Scheme: v1alpha1.SchemeHTTP, Family: "IPv4", Seen: v1alpha1.SeenOwn, Time: metav1.Now()}}}
	save := func() error {
		return plugin.Save(t.Context(), edge, "rights-outside", func(v1alpha1.SourceIPReportStatus) v1alpha1.SourceIPReportStatus { return seen })
	}
	if err := save(); err == nil || !strings.Contains(err.Error(), cluster.VerifierRole) {
		t.Errorf("without any role, saving says %v: it has to name the role", err)
	}
	grant(t)
	// The API server takes up a new role after a moment.
	err = wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
		_, err := plugin.Reports(ctx, edge.Name)
		return err == nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, round := range []string{"the first time", "again"} {
		if err := save(); err != nil {
			t.Errorf("saving %s: %v", round, err)
		}
	}
	report := &v1alpha1.SourceIPReport{}
	if err := admin.Get(t.Context(), client.ObjectKey{Name: "rights-outside"}, report); err != nil {
		t.Fatal(err)
	}
	if len(report.Status.Sights) != 1 || report.OwnerReferences[0].UID != edge.UID || report.Labels[v1alpha1.OwnerLabel] != edge.Name {
		t.Errorf("the report is %+v", report)
	}
	if _, read, err := plugin.Nodes(t.Context()); read || err != nil {
		t.Errorf("nodes were read: %v, %v", read, err)
	}
	if drift := time.Since(plugin.Now()).Abs(); drift > 5*time.Second {
		t.Errorf("the API server's clock is %s away", drift)
	}
	if _, err := plugin.EdgeIngress(t.Context(), "right"); err == nil || !strings.Contains(err.Error(), "write one of these names: rights") {
		t.Errorf("for a name that does not exist, the error is %v", err)
	}
	all := attempts(edge, report)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if err := all[name](t.Context(), admin); err != nil {
			t.Errorf("an administrator cannot %s, so the attempt shows nothing: %v", name, err)
		}
		if err := all[name](t.Context(), verifier); !apierrors.IsForbidden(err) {
			t.Errorf("the account may %s: %v", name, err)
		}
	}
}
