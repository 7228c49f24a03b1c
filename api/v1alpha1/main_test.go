package v1alpha1_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

var (
	cluster *testcluster.Cluster
	// strict refuses unknown fields, as kubectl does.
	strict client.Client
)

func TestMain(m *testing.M) {
	os.Exit(testcluster.Run(m, testcluster.Options{}, func(started *testcluster.Cluster) error {
		cluster = started
		scheme := runtime.NewScheme()
		if err := v1alpha1.AddToScheme(scheme); err != nil {
			return fmt.Errorf("registering the API: %w", err)
		}
		c, err := client.New(cluster.Config, client.Options{Scheme: scheme})
		if err != nil {
			return fmt.Errorf("making a client: %w", err)
		}
		strict = client.WithFieldValidation(c, metav1.FieldValidationStrict)
		return cluster.InstallCRDs(filepath.Join(root, "config", "crd", "bases"))
	}))
}

// someNodes is the part of a spec that no EdgeIngress can do without.
const someNodes = "nodes: {names: [edge-1]}"

// edgeIngress is the object that a user writes: as text, so that nothing is added or left out by Go types.
func edgeIngress(t *testing.T, name, spec string) *unstructured.Unstructured {
	t.Helper()
	return manifest(t, fmt.Sprintf("metadata: {name: %q}\nspec:\n%s", name, indent(spec)))
}

func manifest(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.UnmarshalStrict([]byte(text), &object.Object); err != nil {
		t.Fatalf("reading the row's YAML: %v\n%s", err, text)
	}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("EdgeIngress"))
	return object
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}

// create makes a real object, which is gone after the test.
func create(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if err := strict.Create(t.Context(), object); err != nil {
		t.Fatalf("creating %q: %v", object.GetName(), err)
	}
	t.Cleanup(func() {
		// The test's own context has ended when its clean-up runs.
		if err := client.IgnoreNotFound(strict.Delete(context.Background(), object)); err != nil {
			t.Errorf("deleting %q: %v", object.GetName(), err)
		}
	})
}
