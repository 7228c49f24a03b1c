// Package enginetest holds the tests that every engine must pass before the operator may run it. An
// engine's package calls [Run] from a test of its own, with golden cases in its folder testdata.
package enginetest

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// fewestCases is how many golden cases an engine needs at least: every kind of workload, exposure and
// trust is among that many.
const fewestCases = 12

// Run runs all tests on the engine. directory holds its golden pairs: CASE.in.yaml is an EdgeIngress
// as a user writes it, CASE.out.yaml the result.
func Run(t *testing.T, tested engine.Engine, directory string) {
	t.Helper()
	s := suite{engine: tested, directory: directory, cases: cases(t, directory)}
	t.Run("golden pairs", s.goldenPairs)
	t.Run("rendered objects", s.renderedObjects)
	t.Run("every kind is made", s.everyKind)
	t.Run("parts fit together", s.partsFit)
	t.Run("rendering is deterministic", s.deterministic)
	t.Run("health-check port", s.healthCheckPort)
	t.Run("nobody is trusted unasked", s.nobodyUnasked)
	t.Run("beliefs are those that were written", s.beliefs)
	t.Run("settings do not change beliefs", s.settingsKeepBeliefs)
	t.Run("a witness changes no pod", s.witnessChangesNoPod)
	t.Run("the witness is published", s.witnessPublished)
	t.Run("the witness is informed", s.witnessInformed)
	t.Run("rollout order", s.rolloutOrder)
	t.Run("beginning", s.beginning)
	t.Run("order of the end", s.orderOfTheEnd)
	t.Run("images", s.images)
}

type suite struct {
	engine    engine.Engine
	directory string
	// cases are the EdgeIngress objects of the golden pairs, by name.
	cases map[string]*v1alpha1.EdgeIngress
}

func cases(t *testing.T, directory string) map[string]*v1alpha1.EdgeIngress {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(directory, "*.in.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < fewestCases {
		t.Fatalf("%s has %d golden cases, want at least %d", directory, len(paths), fewestCases)
	}
	found := map[string]*v1alpha1.EdgeIngress{}
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		edge := &v1alpha1.EdgeIngress{}
		if err := yaml.UnmarshalStrict(content, edge); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		found[strings.TrimSuffix(filepath.Base(path), ".in.yaml")] = edge
	}
	return found
}

func (s suite) render(t *testing.T, edge *v1alpha1.EdgeIngress) []*unstructured.Unstructured {
	t.Helper()
	return s.renderWith(t, edge, witnessFor(edge))
}

func (s suite) renderWith(t *testing.T, edge *v1alpha1.EdgeIngress, witness *engine.Witness) []*unstructured.Unstructured {
	t.Helper()
	settings, _ := s.engine.Configure(edge, witness)
	objects, err := s.engine.Render(engine.Input{EdgeIngress: edge, Settings: settings, Witness: witness})
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// witnessFor returns the witness of a golden case that asks to be measured, and nil for any other.
func witnessFor(edge *v1alpha1.EdgeIngress) *engine.Witness {
	if !edge.Measured(false) {
		return nil
	}
	return &engine.Witness{Namespace: "operator-system", Service: names.Witness, Port: 80}
}

// rendered holds the objects that an engine rendered, by kind.
type rendered map[string]*unstructured.Unstructured

func (s suite) byKind(t *testing.T, edge *v1alpha1.EdgeIngress) rendered {
	t.Helper()
	byKind := rendered{}
	for _, object := range s.render(t, edge) {
		byKind[object.GetKind()] = object
	}
	return byKind
}

// workload is the part that both kinds of workload share.
type workload struct {
	kind           v1alpha1.WorkloadKind
	template       corev1.PodTemplateSpec
	selector       map[string]string
	minReady       int32
	surge, missing int
}

func (r rendered) workload(t *testing.T) workload {
	t.Helper()
	if object := r["DaemonSet"]; object != nil {
		var ds appsv1.DaemonSet
		convert(t, object, &ds)
		update := ds.Spec.UpdateStrategy.RollingUpdate
		return workload{
			kind: v1alpha1.WorkloadDaemonSet, template: ds.Spec.Template, selector: ds.Spec.Selector.MatchLabels, minReady: ds.Spec.MinReadySeconds,
			surge: update.MaxSurge.IntValue(), missing: update.MaxUnavailable.IntValue(),
		}
	}
	var d appsv1.Deployment
	convert(t, r["Deployment"], &d)
	update := d.Spec.Strategy.RollingUpdate
	return workload{
		kind: v1alpha1.WorkloadDeployment, template: d.Spec.Template, selector: d.Spec.Selector.MatchLabels, minReady: d.Spec.MinReadySeconds,
		surge: update.MaxSurge.IntValue(), missing: update.MaxUnavailable.IntValue(),
	}
}

func convert(t *testing.T, object *unstructured.Unstructured, typed any) {
	t.Helper()
	if object == nil {
		t.Fatalf("no %T was rendered", typed)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, typed); err != nil {
		t.Fatal(err)
	}
}
