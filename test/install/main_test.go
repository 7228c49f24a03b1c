// Package install_test installs the operator in each way that docs/install.md describes, with the real kubectl and the
// real Helm, at a real API server. The nodes are simulated, so the operator's pods are Ready and run nothing.
package install_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/programs"
)

const (
	release           = "edge-ingress-operator"
	operatorNamespace = "edge-ingress-operator-system"
	proberNamespace   = "edge-ingress-verification"
	// otherNamespace is one that no manifest names.
	otherNamespace = "operators"
	edgeIngress    = `{"apiVersion": "edgeingress.dev/v1alpha1", "kind": "EdgeIngress", "metadata": {"name": "public"}, "spec": {"nodes": {"names": ["edge-1"]}}}`
)

// where everything is that the tests use.
var where struct {
	// repository is the root of the repository, and chart the chart in it.
	repository, chart string
	// scratch is removed in the end. installYAML is a file in it, and archive the packed chart.
	scratch, installYAML, archive string
	// programs are kubectl, helm and kustomize.
	programs *programs.Programs
}

func TestMain(m *testing.M) {
	ctx, stop := context.WithCancel(context.Background())
	code := testcluster.Run(m, testcluster.Options{Controllers: true}, func(started *testcluster.Cluster) error {
		where.scratch = filepath.Join(started.Dir, "install-test")
		if err := prepare(ctx, started.Kubeconfig); err != nil {
			return err
		}
		for _, name := range []string{"worker-1", "worker-2"} {
			if err := started.AddNode(ctx, testcluster.Node{Name: name}); err != nil {
				return err
			}
		}
		go finishDeletions(ctx)
		return nil
	})
	stop()
	os.Exit(code)
}

// finishDeletions changes definitions that are being deleted, until the context ends. An API server that fails to delete
// the objects of a definition, because their storage just initializes, sometimes tries again only after a change (seen
// with Kubernetes 1.37). These tests delete definitions moments after they changed them.
func finishDeletions(ctx context.Context) {
	const deleted = `jsonpath={range .items[?(@.metadata.deletionTimestamp)]}{.metadata.name}{"\n"}{end}`
	for round := 0; ; round++ {
		select {
		case <-ctx.Done():
			return
		case <-time.After(3 * time.Second):
		}
		names, err := output(ctx, "", "kubectl", "get", "crd", "--output="+deleted)
		if err != nil {
			continue // The next round asks again, and a test that waits has a time-out of its own.
		}
		for name := range strings.FieldsSeq(names) {
			_, _ = output(ctx, "", "kubectl", "annotate", "--overwrite", "crd", name, fmt.Sprintf("lab.test/round=%d", round))
		}
	}
}

// prepare finds the programs and makes what a release has: install.yaml, self-service.yaml and the packed chart.
func prepare(ctx context.Context, kubeconfig string) error {
	var err error
	if where.repository, err = filepath.Abs(filepath.Join("..", "..")); err != nil {
		return fmt.Errorf("finding the repository: %w", err)
	}
	where.chart = filepath.Join(where.repository, "config", "chart")
	if err := os.MkdirAll(where.scratch, 0o755); err != nil {
		return fmt.Errorf("making a scratch directory: %w", err)
	}
	if where.programs, err = programs.Find(where.repository, where.scratch, kubeconfig, "helm", "kustomize"); err != nil {
		return err
	}
	where.installYAML = filepath.Join(where.scratch, "install.yaml")
	for file, directory := range map[string]string{where.installYAML: "config/default", filepath.Join(where.scratch, "self-service.yaml"): "config/self-service"} {
		if err := where.programs.Build(ctx, directory, file); err != nil {
			return err
		}
	}
	if _, err := output(ctx, "", "helm", "package", where.chart, "--destination="+where.scratch); err != nil {
		return err
	}
	archives, err := filepath.Glob(filepath.Join(where.scratch, release+"-*.tgz"))
	if err != nil || len(archives) != 1 {
		return fmt.Errorf("helm made the archives %v: want one: %w", archives, err)
	}
	where.archive = archives[0]
	return nil
}

// output runs a program in the repository, and returns its standard output. An error has what it complained about.
func output(ctx context.Context, input, name string, arguments ...string) (string, error) {
	return where.programs.Output(ctx, input, name, arguments...)
}

// must runs a program that has to succeed.
func must(t *testing.T, name string, arguments ...string) string {
	t.Helper()
	return where.programs.Must(t, name, arguments...)
}

// refused runs a program that has to fail with these words.
func refused(t *testing.T, words []string, name string, arguments ...string) {
	t.Helper()
	where.programs.Refused(t, words, name, arguments...)
}

// field returns a field of an object, as kubectl's jsonpath writes it.
func field(t *testing.T, path string, object ...string) string {
	t.Helper()
	return where.programs.Field(t, path, object...)
}

// exists reports whether an object exists.
func exists(t *testing.T, object ...string) bool {
	t.Helper()
	return where.programs.Exists(t, object...)
}

// createEdgeIngress creates an EdgeIngress and returns its uid.
func createEdgeIngress(t *testing.T) string {
	t.Helper()
	if _, err := output(t.Context(), edgeIngress, "kubectl", "create", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	return uidOfEdgeIngress(t)
}

func uidOfEdgeIngress(t *testing.T) string {
	t.Helper()
	return field(t, "{.metadata.uid}", "edgeingress", "public")
}

// emptyAfterwards removes everything that a test installs, when it ends.
func emptyAfterwards(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if err := removeAll(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func removeAll(ctx context.Context) error {
	listed, problems := output(ctx, "", "helm", "list", "--all-namespaces", "--all", "--output=json")
	var releases []struct{ Name, Namespace string }
	problems = errors.Join(problems, json.Unmarshal([]byte(listed), &releases))
	for _, found := range releases {
		_, err := output(ctx, "", "helm", "uninstall", found.Name, "--namespace="+found.Namespace)
		problems = errors.Join(problems, err)
	}
	_, err := output(ctx, "", "kubectl", "delete", "--ignore-not-found", "-f", where.installYAML)
	problems = errors.Join(problems, err)
	_, err = output(ctx, "", "kubectl", "delete", "--ignore-not-found", "namespace", operatorNamespace, proberNamespace, otherNamespace)
	return errors.Join(problems, err)
}

// objectsOf reads the objects of a stream of YAML documents by their kinds, namespaces and names.
func objectsOf(t *testing.T, documents string) map[string]*unstructured.Unstructured {
	t.Helper()
	objects := map[string]*unstructured.Unstructured{}
	for _, object := range decode(t, documents) {
		objects[object.GetKind()+" "+object.GetNamespace()+"/"+object.GetName()] = object
	}
	return objects
}
