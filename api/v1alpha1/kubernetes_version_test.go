package v1alpha1_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// The range of supported Kubernetes versions. The tests run against its ends (KUBERNETES=oldest or
// newest).
const (
	oldestKubernetes = "1.32"
	newestKubernetes = "1.37"
)

var root = filepath.Join("..", "..")

// The version comes from the API server itself: a test that names a version and runs against
// another one proves nothing.
func TestTheAPIServerIsOfTheVersionThatWasAskedFor(t *testing.T) {
	asked := testcluster.Kubernetes(os.Getenv(testcluster.KubernetesVariable))
	if asked == "" && os.Getenv("KUBEBUILDER_ASSETS") != "" {
		t.Skip("KUBEBUILDER_ASSETS chooses the API server, and no version was asked for")
	}
	want := newestKubernetes
	if asked == testcluster.Oldest {
		want = oldestKubernetes
	}
	info, err := discovery.NewDiscoveryClientForConfigOrDie(cluster.Config).ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(info.GitVersion, "v"+want+".") {
		t.Errorf("the API server reports %s, want v%s", info.GitVersion, want)
	}
}

// The oldest version refuses a rule with a function that it does not know. So a test that runs
// against it finds such a rule among the real ones.
func TestTheAPIServerRefusesRulesThatAreNewerThanItself(t *testing.T) {
	for name, row := range map[string]struct {
		rule string
		// since is the first version that knows the function.
		since string
	}{
		"a function that the oldest version knows": {rule: `!format.dns1123Label().validate(self).hasValue()`, since: oldestKubernetes},
		"a function of the library semver":         {rule: `isSemver(self)`, since: "1.34"},
		"a function that no version knows":         {rule: `isNoFunction(self)`, since: "1.99"},
	} {
		t.Run(name, func(t *testing.T) {
			err := strict.Create(t.Context(), definitionWithRule(row.rule), client.DryRunAll)
			info, asking := discovery.NewDiscoveryClientForConfigOrDie(cluster.Config).ServerVersion()
			if asking != nil {
				t.Fatal(asking)
			}
			known := "1."+strings.TrimSuffix(info.Minor, "+") >= row.since
			if accepted := err == nil; accepted != known {
				t.Errorf("%s accepted the rule: %t (%v), want %t", info.GitVersion, accepted, err, known)
			}
			if err != nil && !strings.Contains(err.Error(), "undeclared reference") {
				t.Errorf("it was refused for another reason: %v", err)
			}
		})
	}
}

// definitionWithRule is a CustomResourceDefinition with one rule on a string.
func definitionWithRule(rule string) *unstructured.Unstructured {
	schema := map[string]any{"type": "object", "properties": map[string]any{"value": map[string]any{
		"type": "string", "maxLength": int64(64), "x-kubernetes-validations": []any{map[string]any{"rule": rule, "message": "refused"}},
	}}}
	definition := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"group": "rules.test", "scope": "Cluster",
		"names": map[string]any{"plural": "samples", "singular": "sample", "kind": "Sample", "listKind": "SampleList"},
		"versions": []any{map[string]any{
			"name": "v1", "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": schema},
		}},
	}}}
	definition.SetAPIVersion("apiextensions.k8s.io/v1")
	definition.SetKind("CustomResourceDefinition")
	definition.SetName("samples.rules.test")
	return definition
}

// Everything that users, Helm and OLM read names the same oldest version.
func TestAllPlacesNameTheSameOldestKubernetes(t *testing.T) {
	for file, pattern := range map[string]string{
		"README.md": `Kubernetes (1\.\d+) or newer`,
		"config/manifests/bases/edge-ingress-operator.clusterserviceversion.yaml": `minKubeVersion: (1\.\d+)\.0`,
		"bundle/manifests/edge-ingress-operator.clusterserviceversion.yaml":       `minKubeVersion: (1\.\d+)\.0`,
		"config/chart/Chart.yaml":                   `kubeVersion: '>=(1\.\d+)\.0-0'`,
		"docs/install.md":                           `Kubernetes (1\.\d+) or newer`,
		find(t, "test", "kubernetes-oldest/go.mod"): `k8s\.io/kubernetes v(1\.\d+)\.`,
		find(t, "controllers", "Chart.yaml"):        `kubeVersion: ">=(1\.\d+)\.0-0"`,
	} {
		expectVersion(t, file, pattern, oldestKubernetes)
	}
	for file, pattern := range map[string]string{
		"README.md":                                  `tested with Kubernetes 1\.\d+ and (1\.\d+)`,
		"docs/install.md":                            `Kubernetes \| 1\.\d+ to (1\.\d+)`,
		"hack/tools/crd-ref-docs/config.yaml":        `kubernetesVersion: "(1\.\d+)"`,
		find(t, "test", "modules/kubernetes/go.mod"): `k8s\.io/kubernetes v(1\.\d+)\.`,
	} {
		expectVersion(t, file, pattern, newestKubernetes)
	}
}

func expectVersion(t *testing.T, file, pattern, want string) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	matches := regexp.MustCompile(pattern).FindAllSubmatch(content, -1)
	if len(matches) == 0 {
		t.Errorf("%s names no version (%s)", file, pattern)
	}
	for _, match := range matches {
		if string(match[1]) != want {
			t.Errorf("%s names Kubernetes %s, want %s", file, match[1], want)
		}
	}
}

// find returns the one file below a directory of the repository with this suffix, as a path from
// the root of the repository.
func find(t *testing.T, dir, suffix string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(filepath.Join(root, dir), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, string(filepath.Separator)+suffix) {
			found = append(found, strings.TrimPrefix(path, root+string(filepath.Separator)))
		}
		return err
	})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v below %s, want one %s (error %v)", found, dir, suffix, err)
	}
	return found[0]
}
