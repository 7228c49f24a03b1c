package chart

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestGolden renders testdata/<case>.in.yaml and compares with testdata/<case>.out.yaml, which begins with the problems as comments.
func TestGolden(t *testing.T) {
	for name, edge := range goldenInputs(t) {
		t.Run(name, func(t *testing.T) {
			config, problems := Config(edge)
			objects := render(t, edge)
			var out bytes.Buffer
			for _, p := range problems {
				fmt.Fprintf(&out, "# %s %s: %s\n", p.Kind, p.Key, p.Message)
			}
			for _, object := range objects {
				out.WriteString("---\n")
				out.Write(must(yaml.Marshal(object.Object)))
			}
			file := filepath.Join("testdata", name+".out.yaml")
			if *update {
				if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(must(os.ReadFile(file))), out.String()); diff != "" {
				t.Errorf("differs from %s (run go test ./controllers/chart -update, and look at the change):\n%s", file, diff)
			}
			for key := range config {
				if _, known := settings()[key]; !known {
					t.Errorf("the ConfigMap has %q, which the engine does not know", key)
				}
			}
		})
	}
}

func TestEveryRenderedObject(t *testing.T) {
	for name, edge := range goldenInputs(t) {
		t.Run(name, func(t *testing.T) {
			seen := map[string]bool{}
			lastPosition := -1
			for _, object := range render(t, edge) {
				for label, value := range objectLabels(edge.Name) {
					if object.GetLabels()[label] != value {
						t.Errorf("%s: label %s is %q, want %q", object.GetKind(), label, object.GetLabels()[label], value)
					}
				}
				if _, has := object.Object["status"]; has || len(object.GetOwnerReferences()) > 0 {
					t.Errorf("%s has a status or owner references", object.GetKind())
				}
				if seen[object.GetKind()] {
					t.Errorf("%s occurs twice", object.GetKind())
				}
				seen[object.GetKind()] = true
				if position := applyPosition(object.GetKind()); position <= lastPosition {
					t.Errorf("%s is out of the order of Kinds", object.GetKind())
				} else {
					lastPosition = position
				}
				if strings.Contains(string(must(object.MarshalJSON())), "creationTimestamp") {
					t.Errorf("%s has a creationTimestamp", object.GetKind())
				}
			}
		})
	}
}

func TestGoldenCasesMakeEveryKind(t *testing.T) {
	made := map[string]bool{}
	for _, edge := range goldenInputs(t) {
		for _, object := range render(t, edge) {
			made[object.GroupVersionKind().String()] = true
		}
	}
	for _, gvk := range Kinds() {
		if !made[gvk.String()] {
			t.Errorf("no golden case makes a %s", gvk)
		}
	}
}

func TestPartsFitTogether(t *testing.T) {
	for name, edge := range goldenInputs(t) {
		t.Run(name, func(t *testing.T) {
			byKind := map[string]*unstructured.Unstructured{}
			for _, object := range render(t, edge) {
				byKind[object.GetKind()] = object
			}
			template, selector := workloadOf(t, byKind)
			config := byKind["ConfigMap"]
			if got, want := ConfigMapRead(template), config.GetNamespace()+"/"+config.GetName(); got != want {
				t.Errorf("the controller reads %q, the ConfigMap is %q", got, want)
			}
			if !contains(template.Labels, selector) {
				t.Errorf("the workload's selector %v does not select its pods %v", selector, template.Labels)
			}
			if template.Spec.ServiceAccountName != byKind["ServiceAccount"].GetName() {
				t.Errorf("pods run as %q", template.Spec.ServiceAccountName)
			}
			if service := byKind["Service"]; service != nil {
				wanted, _, err := unstructured.NestedStringMap(service.Object, "spec", "selector")
				if err != nil || len(wanted) == 0 || !contains(template.Labels, wanted) {
					t.Errorf("the Service selects %v (%v), pods carry %v", wanted, err, template.Labels)
				}
			}
			if _, of := selector["edgeingress.dev/workload"]; !of {
				t.Errorf("the workload's selector %v does not tell the kinds apart", selector)
			}
		})
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	for name, edge := range goldenInputs(t) {
		if diff := cmp.Diff(render(t, edge), render(t, edge)); diff != "" {
			t.Errorf("%s: two renderings differ:\n%s", name, diff)
		}
	}
}

func TestHealthCheckNodePortIsAskedForWhereKubernetesAllowsIt(t *testing.T) {
	tests := map[string]struct {
		exposure v1alpha1.ExposureType
		asked    int32
		want     any
	}{
		"load balancer, a port known": {v1alpha1.ExposureLoadBalancer, 31234, int64(31234)},
		"load balancer, none known":   {v1alpha1.ExposureLoadBalancer, 0, nil},
		"node port, a port left over": {v1alpha1.ExposureNodePort, 31234, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			edge := edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = test.exposure })
			objects, err := Render(Input{EdgeIngress: edge, ControllerClusterRole: "a", ElectionClusterRole: "b", HealthCheckNodePort: test.asked})
			if err != nil {
				t.Fatal(err)
			}
			i := slices.IndexFunc(objects, func(o *unstructured.Unstructured) bool { return o.GetKind() == "Service" })
			got, _, err := unstructured.NestedFieldNoCopy(objects[i].Object, "spec", "healthCheckNodePort")
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("healthCheckNodePort is %v (%v), want %v", got, err, test.want)
			}
		})
	}
}

func TestConfigMapRead(t *testing.T) {
	container := func(name string, args ...string) corev1.Container { return corev1.Container{Name: name, Args: args} }
	tests := map[string]struct {
		containers []corev1.Container
		want       string
	}{
		"none at all":                    {nil, ""},
		"no such argument":               {[]corev1.Container{container("controller", "--election-id=x")}, ""},
		"named":                          {[]corev1.Container{container("controller", "--configmap=a/b")}, "a/b"},
		"the last counts":                {[]corev1.Container{container("controller", "--configmap=a/b", "--configmap=c/d")}, "c/d"},
		"another container's is nothing": {[]corev1.Container{container("sidecar", "--configmap=a/b")}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: test.containers}}
			if got := ConfigMapRead(template); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// goldenInputs are the EdgeIngress objects of the golden cases, as a user writes them, without the API server's defaults.
func goldenInputs(t testing.TB) map[string]*v1alpha1.EdgeIngress {
	t.Helper()
	paths := must(filepath.Glob("testdata/*.in.yaml"))
	if len(paths) < 12 {
		t.Fatalf("only %d golden cases were found", len(paths))
	}
	inputs := map[string]*v1alpha1.EdgeIngress{}
	for _, path := range paths {
		edge := &v1alpha1.EdgeIngress{}
		if err := yaml.UnmarshalStrict(must(os.ReadFile(path)), edge); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		inputs[strings.TrimSuffix(filepath.Base(path), ".in.yaml")] = edge
	}
	return inputs
}

func render(t testing.TB, edge *v1alpha1.EdgeIngress) []*unstructured.Unstructured {
	t.Helper()
	config, _ := Config(edge)
	objects, err := Render(Input{EdgeIngress: edge, Config: config, ControllerClusterRole: "controller", ElectionClusterRole: "election"})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func workloadOf(t *testing.T, byKind map[string]*unstructured.Unstructured) (corev1.PodTemplateSpec, map[string]string) {
	t.Helper()
	if object := byKind["DaemonSet"]; object != nil {
		var typed appsv1.DaemonSet
		fromUnstructured(t, object, &typed)
		return typed.Spec.Template, typed.Spec.Selector.MatchLabels
	}
	var typed appsv1.Deployment
	fromUnstructured(t, byKind["Deployment"], &typed)
	return typed.Spec.Template, typed.Spec.Selector.MatchLabels
}

func fromUnstructured(t *testing.T, object *unstructured.Unstructured, typed any) {
	t.Helper()
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
		t.Fatal(err)
	}
}

func contains(labels, wanted map[string]string) bool {
	for key := range maps.Keys(wanted) {
		if labels[key] != wanted[key] {
			return false
		}
	}
	return true
}

func edgeIngress(change func(*v1alpha1.EdgeIngress)) *v1alpha1.EdgeIngress {
	edge := &v1alpha1.EdgeIngress{}
	edge.Name = "public"
	edge.Spec.Nodes.Names = []string{"node-1"}
	if change != nil {
		change(edge)
	}
	return edge
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
