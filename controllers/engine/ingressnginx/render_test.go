package ingressnginx

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/enginetest"
)

func TestConformance(t *testing.T) {
	enginetest.Run(t, Engine{}, "testdata")
}

func TestNoSettingIsWrittenThatTheEngineDoesNotKnow(t *testing.T) {
	for name, edge := range goldenInputs(t) {
		data, _ := Engine{}.Configure(edge, nil)
		for key := range data {
			if _, known := settings()[key]; !known {
				t.Errorf("%s: the ConfigMap has %q, which the engine does not know", name, key)
			}
		}
	}
}

func TestConfigMapRead(t *testing.T) {
	container := func(name string, args ...string) corev1.Container { return corev1.Container{Name: name, Args: args} }
	tests := map[string]struct {
		containers []corev1.Container
		want       string
	}{
		"none at all":                    {containers: nil, want: ""},
		"no such argument":               {containers: []corev1.Container{container("controller", "--election-id=x")}, want: ""},
		"named":                          {containers: []corev1.Container{container("controller", "--configmap=a/b")}, want: "a/b"},
		"the last counts":                {containers: []corev1.Container{container("controller", "--configmap=a/b", "--configmap=c/d")}, want: "c/d"},
		"another container's is nothing": {containers: []corev1.Container{container("sidecar", "--configmap=a/b")}, want: ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: test.containers}}
			if got := (Engine{}).ConfigMapRead(template); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// goldenInputs are the EdgeIngress objects of the golden cases, as a user writes them, without the
// API server's defaults.
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
	settings, _ := Engine{}.Configure(edge, nil)
	objects, err := Engine{}.Render(engine.Input{EdgeIngress: edge, Settings: settings})
	if err != nil {
		t.Fatal(err)
	}
	return objects
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

func BenchmarkRender(b *testing.B) {
	for name, edge := range map[string]*v1alpha1.EdgeIngress{"DaemonSet": goldenInputs(b)["minimal"], "Deployment": goldenInputs(b)["deployment"]} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				render(b, edge)
			}
		})
	}
}

func BenchmarkConfig(b *testing.B) {
	edge := goldenInputs(b)["settings"]
	b.ReportAllocs()
	for b.Loop() {
		Engine{}.Configure(edge, nil)
	}
}
