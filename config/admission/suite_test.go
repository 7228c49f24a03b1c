// Package admission_test writes EdgeIngress objects in every way and as each role, at a real API server to which this
// directory is applied.
package admission_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// The operator's ServiceAccount, as config/rbac names it.
const (
	operatorNamespace = "edge-ingress-operator-system"
	operatorAccount   = "edge-ingress-operator"
)

var (
	cluster *testcluster.Cluster
	// root is an administrator's client. No role limits it, but admission policies do.
	root client.Client
)

func TestMain(m *testing.M) {
	ctrllog.SetLogger(logr.Discard())
	os.Exit(configfiles.Run(m, testcluster.Options{Controllers: true}, func(ctx context.Context, started *testcluster.Cluster, administrator client.Client) error {
		cluster, root = started, administrator
		return install(ctx)
	}))
}

// install applies this directory and the roles, makes people, and returns when the policy is in force.
func install(ctx context.Context) error {
	if err := configfiles.ApplyFiles(ctx, root, filepath.Join("..", "manager", "namespace.yaml")); err != nil {
		return err
	}
	for _, directory := range []string{filepath.Join("..", "rbac"), "."} {
		if err := configfiles.ApplyDirectory(ctx, root, directory); err != nil {
			return err
		}
	}
	for _, object := range slices.Concat(aggregated(), people()) {
		if err := root.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %s: %w", object.GetName(), err)
		}
	}
	return awaitPolicy(ctx)
}

// aggregated are the roles that OLM makes for a CRD of its bundle, with its rules and labels (operator-lifecycle-manager,
// pkg/controller/operators/olm/operatorgroup.go). OLM makes them for reports as well.
func aggregated() (roles []client.Object) {
	for suffix, verbs := range map[string][]string{"admin": {"*"}, "edit": {"create", "update", "patch", "delete"}, "view": {"get", "list", "watch"}} {
		for _, resource := range []string{"edgeingresses", "sourceipreports"} {
			roles = append(roles, &rbacv1.ClusterRole{
				ObjectMeta: metav1.ObjectMeta{
					Name:   resource + ".edgeingress.dev-v1alpha1-" + suffix,
					Labels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-" + suffix: "true"},
				},
				Rules: []rbacv1.PolicyRule{{APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{resource}, Verbs: verbs}},
			})
		}
	}
	return roles
}

// The people, each with the role of this name in the whole cluster.
const (
	editor, aggregatedAdmin, clusterAdmin = "edit", "admin", "cluster-admin"
	administrator                         = "edge-ingress-operator-edgeingress-admin"
	verifier                              = "edge-ingress-operator-edgeingress-verifier"
)

func people() (bindings []client.Object) {
	for _, role := range []string{editor, aggregatedAdmin, clusterAdmin, administrator, verifier} {
		bindings = append(bindings, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "person-" + role},
			Subjects:   []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: "person-" + role}},
			RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		})
	}
	return bindings
}

// as is the client of the person with this role.
func as(role string) (client.Client, error) {
	return configfiles.Client(configfiles.ConnectionOfPerson(cluster.Config, "person-"+role))
}

func person(t *testing.T, role string) client.Client {
	t.Helper()
	c, err := as(role)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// account is the client of the operator's ServiceAccount.
func account(t *testing.T) client.Client {
	t.Helper()
	c, err := configfiles.Client(cluster.ServiceAccountConfig(operatorNamespace, operatorAccount))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// awaitPolicy returns when the roles are aggregated and the policy is in force: both come a little later.
func awaitPolicy(ctx context.Context) error {
	c, err := as(editor)
	if err != nil {
		return err
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := c.List(ctx, &v1alpha1.EdgeIngressList{}) // By the role view, which is part of edit.
		if err == nil {
			err = client.NewDryRunClient(c).Create(ctx, edgeIngress("probe-of-the-policy"))
			return refusedByPolicy(err), nil
		}
		return false, nil
	})
	if err != nil {
		return fmt.Errorf("waiting for the roles and the admission policy: %w", err)
	}
	return nil
}

func edgeIngress(name string) *v1alpha1.EdgeIngress {
	return &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.EdgeIngressSpec{Nodes: v1alpha1.NodesSpec{Names: []string{"edge-1"}}}}
}

// existing is an EdgeIngress that ends with the test.
func existing(t *testing.T, name string) *v1alpha1.EdgeIngress {
	t.Helper()
	e := edgeIngress(name)
	e.Labels = map[string]string{"test": name}
	if err := root.Create(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		gone := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))
		_ = root.Patch(ctx, e.DeepCopy(), gone)
		if err := client.IgnoreNotFound(root.Delete(ctx, e)); err != nil {
			t.Errorf("deleting EdgeIngress %s: %v", name, err)
		}
	})
	return e
}

// refusedByPolicy reports whether the policy refused, and not RBAC.
func refusedByPolicy(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), "ValidatingAdmissionPolicy 'edge-ingress-administrators'")
}
