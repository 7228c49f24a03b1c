package controllers_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/test/configfiles"
)

// TestTheAPIServerTakesWhatTheChartRenders sends every golden case of the chart and every kind of
// workload and exposure to the API server as a dry run.
func TestTheAPIServerTakesWhatTheChartRenders(t *testing.T) {
	t.Parallel()
	s := newStory(t, "rendered")
	s.createNamespace()
	for name, edge := range s.renderedVariants() {
		runs, err := registry.For(edge)
		if err != nil {
			t.Fatal(err)
		}
		var witness *engine.Witness
		if edge.Measured(false) {
			witness = &engine.Witness{Namespace: s.namespace(), Service: names.Witness, Port: 80}
		}
		settings, _ := runs.Configure(edge, witness)
		edge.Spec.Namespace = s.namespace()
		objects, err := runs.Render(engine.Input{
			EdgeIngress: edge, Settings: settings, HealthCheckNodePort: 32767, Witness: witness,
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, object := range objects {
			if err := admin.Create(t.Context(), object, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// longestDrain is the longest drainDelay that the schema takes.
const longestDrain = 10 * time.Minute

// renderedVariants are EdgeIngress objects as the API server completes them.
func (s *story) renderedVariants() map[string]*v1alpha1.EdgeIngress {
	s.Helper()
	all := map[string]*v1alpha1.EdgeIngress{}
	files, err := filepath.Glob(filepath.Join("engine", "ingressnginx", "testdata", "*.in.yaml"))
	if err != nil || len(files) == 0 {
		s.Fatalf("finding the chart's golden cases: %d files, %v", len(files), err)
	}
	for _, file := range files {
		edge := &v1alpha1.EdgeIngress{}
		if err := configfiles.Read(file, edge); err != nil {
			s.Fatal(err)
		}
		all[filepath.Base(file)] = edge
	}
	for _, workload := range []v1alpha1.WorkloadKind{v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment} {
		for _, exposure := range []v1alpha1.ExposureType{
			v1alpha1.ExposureLoadBalancer, v1alpha1.ExposureNodePort, v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort,
		} {
			for _, drain := range []time.Duration{0, longestDrain} {
				edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "shape"}}
				edge.Spec.Nodes.Names = []string{"a"}
				edge.Spec.Controller.Kind, edge.Spec.Exposure.Type = workload, exposure
				edge.Spec.Exposure.DrainDelay = &metav1.Duration{Duration: drain}
				all[fmt.Sprintf("%s with %s, draining for %s", workload, exposure, drain)] = edge
			}
		}
	}
	for name, edge := range all {
		// The test cluster has no IPv6.
		edge.Spec.Exposure.IPFamilyPolicy, edge.Spec.Exposure.IPFamilies = nil, nil
		err := admin.Create(s.Context(), edge, client.DryRunAll)
		refused := apierrors.IsInvalid(err) && slices.Contains(refusedCases, name)
		if err != nil && !refused {
			s.Errorf("%s: %v", name, err)
		}
	}
	return all
}

// refusedCases render objects that the API refuses today.
var refusedCases = []string{"trust-refused.in.yaml", "cdn-behind-proxy-protocol.in.yaml"}
