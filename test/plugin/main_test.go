// Package plugin_test runs the kubectl plugin's client against a real API server, with the rights that its
// ClusterRole gives.
package plugin_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/cluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

const account = "outside"

var (
	admin    client.Client
	verifier client.Client
	// asVerifier is the configuration of the account.
	asVerifier *rest.Config
)

func TestMain(m *testing.M) {
	os.Exit(testcluster.Run(m, testcluster.Options{}, func(started *testcluster.Cluster) error {
		scheme := runtime.NewScheme()
		err := errors.Join(v1alpha1.AddToScheme(scheme), corev1.AddToScheme(scheme), rbacv1.AddToScheme(scheme))
		if err != nil {
			return fmt.Errorf("registering the API: %w", err)
		}
		if admin, err = client.New(started.Config, client.Options{Scheme: scheme}); err != nil {
			return fmt.Errorf("making a client: %w", err)
		}
		asVerifier = rest.CopyConfig(started.Config)
		asVerifier.Impersonate = rest.ImpersonationConfig{UserName: account}
		if verifier, err = client.New(asVerifier, client.Options{Scheme: scheme}); err != nil {
			return fmt.Errorf("making a client: %w", err)
		}
		return started.InstallCRDs(filepath.Join("..", "..", "config", "crd", "bases"))
	}))
}

// grant gives the account the ClusterRole of the repository.
func grant(t *testing.T) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "rbac", "edgeingress_verifier_role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(text, role); err != nil {
		t.Fatal(err)
	}
	if role.Name != cluster.VerifierRole {
		t.Errorf("the plugin names the role %s, and it is %s", cluster.VerifierRole, role.Name)
	}
	binding := &rbacv1.ClusterRoleBinding{RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: account}}}
	binding.Name = role.Name
	for _, object := range []client.Object{role, binding} {
		if err := admin.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
	}
}
