package install_test

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/controllers/guardrails"
)

func decode(t *testing.T, documents string) []*unstructured.Unstructured {
	t.Helper()
	var objects []*unstructured.Unstructured
	for reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(documents))); ; {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return objects
		}
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict(document, &object.Object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}

// rendered are the objects that the chart renders into a namespace, without what is Helm's alone.
func rendered(t *testing.T, namespace string, arguments ...string) map[string]*unstructured.Unstructured {
	t.Helper()
	objects := objectsOf(t, must(t, "helm", append([]string{"template", release, where.chart, "--skip-tests", "--namespace=" + namespace}, arguments...)...))
	for _, object := range objects {
		labels, annotations := object.GetLabels(), object.GetAnnotations()
		for _, label := range []string{"app.kubernetes.io/instance", "app.kubernetes.io/managed-by", "helm.sh/chart"} {
			if labels[label] == "" {
				t.Errorf("%s %s lacks the label %s", object.GetKind(), object.GetName(), label)
			}
			delete(labels, label)
		}
		delete(annotations, "helm.sh/resource-policy")
		object.SetLabels(orNone(labels))
		object.SetAnnotations(orNone(annotations))
	}
	return objects
}

// orNone is nil for an empty map, so that the field is missing.
func orNone(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

// built are the objects of kustomizations, without the namespace that Helm creates.
func built(t *testing.T, directories ...string) map[string]*unstructured.Unstructured {
	t.Helper()
	objects := map[string]*unstructured.Unstructured{}
	for _, directory := range directories {
		maps.Copy(objects, objectsOf(t, must(t, "kustomize", "build", filepath.Join("config", directory))))
	}
	delete(objects, "Namespace /"+operatorNamespace)
	return objects
}

// withoutKinds removes the objects whose kind begins so.
func withoutKinds(prefix string, objects map[string]*unstructured.Unstructured) map[string]*unstructured.Unstructured {
	maps.DeleteFunc(objects, func(_ string, object *unstructured.Unstructured) bool {
		return prefix != "" && strings.HasPrefix(object.GetKind(), prefix)
	})
	return objects
}

func compare(t *testing.T, got, want map[string]*unstructured.Unstructured) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] == nil {
			t.Errorf("the chart lacks %s", name)
			continue
		}
		if difference := cmp.Diff(want[name].Object, got[name].Object); difference != "" {
			t.Errorf("%s differs from config/ (-), the chart has (+):\n%s", name, difference)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if want[name] == nil {
			t.Errorf("the chart has %s, and config/ has not", name)
		}
	}
}

func TestTheChartInstallsTheSameObjectsAsConfig(t *testing.T) {
	for name, test := range map[string]struct {
		values      string
		directories []string
		// without is how the kinds begin that are not installed.
		without string
	}{
		"the defaults are config/default": {
			values: "global.any=value", directories: []string{"default"}},
		"without measuring it is config/without-verification": {
			values: "measuring.enabled=false", directories: []string{"without-verification"}},
		"without policies nothing but these is missing": {
			values: "measuring.enabled=false,policies.enabled=false", directories: []string{"without-verification"}, without: "ValidatingAdmissionPolicy"},
		"without CRDs nothing but these is missing": {
			values: "crds.install=false", directories: []string{"default"}, without: "CustomResourceDefinition"},
		"with a ServiceMonitor it has config/prometheus, too": {
			values: "metrics.serviceMonitor.enabled=true", directories: []string{"default", "prometheus"}},
		"with NetworkPolicies it has config/network-policy, too": {
			values: "networkPolicies.enabled=true", directories: []string{"default", "network-policy"}},
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, rendered(t, operatorNamespace, "--set="+test.values), withoutKinds(test.without, built(t, test.directories...)))
		})
	}
}

// TestTheChartFollowsItsNamespace installs nothing: in each namespace the objects are those of config/ with this namespace.
func TestTheChartFollowsItsNamespace(t *testing.T) {
	all := []string{"--set=metrics.serviceMonitor.enabled=true,networkPolicies.enabled=true"}
	for name, namespace := range map[string]string{
		"another namespace":                 otherNamespace,
		"a namespace that is also a number": "1234",
		"a namespace that is also a word":   "true",
		"a long namespace":                  strings.Repeat("n", 63),
		"the usual namespace and more":      operatorNamespace + "-2",
	} {
		t.Run(name, func(t *testing.T) {
			text := ""
			for _, object := range built(t, "default", "prometheus", "network-policy") {
				document, err := yaml.Marshal(object.Object)
				if err != nil {
					t.Fatal(err)
				}
				if object.GetKind() != "CustomResourceDefinition" {
					document = []byte(strings.ReplaceAll(string(document), operatorNamespace, namespace))
					// Outside of strings it needs quotes where it looks like something else.
					document = []byte(strings.ReplaceAll(string(document), "namespace: "+namespace+"\n", "namespace: \""+namespace+"\"\n"))
				}
				text += "---\n" + string(document)
			}
			compare(t, rendered(t, namespace, all...), objectsOf(t, text))
		})
	}
}

func TestPoliciesNameTheOperatorInItsNamespace(t *testing.T) {
	found := false
	for name, object := range rendered(t, otherNamespace) {
		if object.GetKind() != "ValidatingAdmissionPolicy" {
			continue
		}
		text, err := yaml.Marshal(object.Object)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), operatorNamespace) {
			t.Errorf("%s still names %s:\n%s", name, operatorNamespace, text)
		}
		found = found || strings.Contains(string(text), "system:serviceaccount:"+otherNamespace+":edge-ingress-operator")
	}
	if !found {
		t.Error("no policy names the operator's ServiceAccount")
	}
}

// The operator accepts the policies that Helm renders, in each namespace and with each list of images.
func TestTheOperatorRecognizesTheChartsPolicies(t *testing.T) {
	for name, values := range map[string][]string{
		"the defaults":                nil,
		"other image repositories":    {"--set", "allowedImageRepositories={registry.example.com/a,registry.example.com/b}"},
		"nothing measures":            {"--set", "measuring.enabled=false"},
		"other names and many copies": {"--set", "operator.replicas=3,image.repository=registry.example.com/operator"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, namespace := range []string{operatorNamespace, otherNamespace, "default"} {
				objects := rendered(t, namespace, values...)
				for _, guard := range guardrails.Guards() {
					policy, binding := &admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}
					into(t, objects["ValidatingAdmissionPolicy /"+guard], policy)
					into(t, objects["ValidatingAdmissionPolicyBinding /"+guard], binding)
					if !guardrails.IsInForce(policy, binding, namespace) {
						t.Errorf("in the namespace %s, the operator does not recognize %s", namespace, guard)
					}
				}
			}
		})
	}
}

func into(t *testing.T, object *unstructured.Unstructured, typed any) {
	t.Helper()
	if object == nil {
		t.Fatal("the chart does not have it")
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
		t.Fatal(err)
	}
}
