// Package verification_test tries out, at a real API server, what the accounts of the prober, the witness and
// people may do once this directory is applied.
package verification_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

const (
	operatorNamespace = "edge-ingress-operator-system"
	proberNamespace   = "edge-ingress-verification"
	proberName        = "edge-ingress-prober"
	witnessName       = "edge-ingress-witness"
	// person has the admin role, and namesake the prober's role without being the prober.
	person   = "jane"
	namesake = "default"
)

var (
	cluster *testcluster.Cluster
	// root is an administrator's client. No role limits it, but admission policies do.
	root client.Client
)

func TestMain(m *testing.M) {
	os.Exit(configfiles.Run(m, testcluster.Options{}, func(ctx context.Context, started *testcluster.Cluster, administrator client.Client) error {
		cluster, root = started, administrator
		return install(ctx)
	}))
}

// install applies this directory and what it needs of the others, and returns when the policy is in force.
func install(ctx context.Context) error {
	files := []string{filepath.Join("..", "manager", "namespace.yaml"), filepath.Join("..", "rbac", "edgeingress_admin_role.yaml"), "prober_namespace.yaml"}
	if err := configfiles.ApplyFiles(ctx, root, files...); err != nil {
		return err
	}
	if err := configfiles.ApplyDirectory(ctx, root, "."); err != nil {
		return err
	}
	for _, object := range []client.Object{
		clusterBinding("people", "edge-ingress-operator-edgeingress-admin", rbacv1.Subject{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: person}),
		clusterBinding("namesake", proberName, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: namesake, Name: proberName}),
		&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namesake, Name: proberName}},
		&v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: v1alpha1.EdgeIngressSpec{Nodes: v1alpha1.NodesSpec{Selector: &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"pool": "edge"}}}}},
		&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "edge-1"}},
	} {
		if err := root.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %s: %w", object.GetName(), err)
		}
	}
	return awaitPolicy(ctx)
}

// awaitPolicy returns when the API server refuses what the policy forbids: it learns of a policy a little later.
func awaitPolicy(ctx context.Context) error {
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := client.NewDryRunClient(root).Create(ctx, report("probe-of-the-policy", v1alpha1.VantageInside))
		if err != nil && !apierrors.IsForbidden(err) {
			return false, err
		}
		return err != nil, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the admission policy: %w", err)
	}
	return nil
}

func clusterBinding(name, role string, subject rbacv1.Subject) *rbacv1.ClusterRoleBinding {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Subjects: []rbacv1.Subject{subject},
		RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
	}
}

// report is a report of an EdgeIngress that exists.
func report(name string, vantage v1alpha1.Vantage) *v1alpha1.SourceIPReport {
	r := &v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.SourceIPReportSpec{EdgeIngress: "web", Vantage: vantage}}
	if vantage == v1alpha1.VantageInside {
		r.Spec.Node = "edge-1"
	}
	return r
}

// asPerson is the client of somebody with the admin role.
func asPerson(t *testing.T) client.Client {
	t.Helper()
	return newClient(t, configfiles.ConnectionOfPerson(cluster.Config, person))
}

// asAccount is the client of a pod with this ServiceAccount.
func asAccount(t *testing.T, namespace, name string) client.Client {
	t.Helper()
	return newClient(t, connectionOf(t, namespace, name))
}

// connectionOf is that of a pod with this ServiceAccount.
func connectionOf(t *testing.T, namespace, name string) *rest.Config {
	t.Helper()
	connection, err := configfiles.ConnectionOfPod(t.Context(), root, cluster.Config, namespace, name)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}

func newClient(t *testing.T, connection *rest.Config) client.Client {
	t.Helper()
	c, err := configfiles.Client(connection)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// written creates a report as its rightful writer, and removes it with the test.
func written(t *testing.T, name string, vantage v1alpha1.Vantage) *v1alpha1.SourceIPReport {
	t.Helper()
	writer := asPerson(t)
	if vantage == v1alpha1.VantageInside {
		writer = asAccount(t, proberNamespace, proberName)
	}
	r := report(name, vantage)
	if err := writer.Create(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Delete(context.WithoutCancel(t.Context()), r); err != nil && !apierrors.IsNotFound(err) {
			t.Errorf("deleting the report %s: %v", name, err)
		}
	})
	return r
}
