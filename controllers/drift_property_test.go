package controllers_test

import (
	"encoding/json"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift/drifttest"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
)

// fewestChanges is how many changes of a pod template the API server must accept for the test to
// mean something.
const fewestChanges = 60

// TestTheAPIServerTakesEveryRepair changes every field of the DaemonSet's pods, one at a time,
// where the API server accepts that. It repairs each change with what package drift returns. The
// simulated merge in drift's own tests does not know which fields exclude each other.
func TestTheAPIServerTakesEveryRepair(t *testing.T) {
	t.Parallel()
	s := newStory(t, "every-repair")
	s.createNamespace()
	for name, exposure := range map[string]v1alpha1.ExposureType{"load-balancer": v1alpha1.ExposureLoadBalancer, "host-network": v1alpha1.ExposureHostNetwork} {
		t.Run(name, func(t *testing.T) {
			wanted := s.wantedDaemonSet(name, exposure)
			s.applyAs(wanted, v1alpha1.FieldManager)
			live := &appsv1.DaemonSet{}
			live.Name, live.Namespace = wanted.GetName(), wanted.GetNamespace()
			s.mustRead(live)
			taken := 0
			for _, mutation := range drifttest.OfPodSpec(live.Spec.Template.Spec) {
				s.mustRead(live)
				live.Spec.Template.Spec = mutation.Spec
				if admin.Update(s.Context(), live, client.FieldOwner("kubectl-edit")) != nil {
					continue // The API server does not take it.
				}
				taken++
				differences := drift.Find(s.encoded(live), wanted)
				s.setBack(live, wanted, differences)
				s.mustRead(live)
				if left := drift.Find(s.encoded(live), wanted); len(left) > 0 {
					t.Errorf("%s: the repair of %v leaves %v", mutation.Name, drift.Fields(differences), drift.Fields(left))
				}
			}
			t.Logf("the API server took %d changes", taken)
			if taken < fewestChanges {
				t.Errorf("the API server took only %d changes", taken)
			}
		})
	}
}

func (s *story) wantedDaemonSet(name string, exposure v1alpha1.ExposureType) *unstructured.Unstructured {
	s.Helper()
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: name}}
	edge.Spec.Namespace, edge.Spec.Exposure.Type = s.namespace(), exposure
	runs := registry.All()[0]
	settings, _ := runs.Configure(edge, nil)
	objects, err := runs.Render(engine.Input{EdgeIngress: edge, Settings: settings})
	if err != nil {
		s.Fatal(err)
	}
	for _, object := range objects {
		if object.GetKind() == "DaemonSet" {
			// Without the label it is no business of the operator that runs.
			labels := object.GetLabels()
			delete(labels, v1alpha1.OwnerLabel)
			object.SetLabels(labels)
			return object
		}
	}
	s.Fatal("there is no DaemonSet")
	return nil
}

func (s *story) encoded(live *appsv1.DaemonSet) *unstructured.Unstructured {
	s.Helper()
	live.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("DaemonSet"))
	content, err := json.Marshal(live)
	if err != nil {
		s.Fatal(err)
	}
	encoded := &unstructured.Unstructured{}
	if err := encoded.UnmarshalJSON(content); err != nil {
		s.Fatal(err)
	}
	return encoded
}

// setBack sends what the operator sends.
func (s *story) setBack(live *appsv1.DaemonSet, wanted *unstructured.Unstructured, differences []drift.Difference) {
	s.Helper()
	if operations := drift.Removals(differences); len(operations) > 0 {
		patch, err := json.Marshal(operations)
		if err != nil {
			s.Fatal(err)
		}
		if err := admin.Patch(s.Context(), live.DeepCopy(), client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
			s.Errorf("%s: %v", patch, err)
		}
	}
	if drift.NeedsApply(differences) {
		s.applyAs(wanted, v1alpha1.FieldManager)
	}
}

func (s *story) applyAs(wanted *unstructured.Unstructured, manager string) {
	s.Helper()
	object := client.ApplyConfigurationFromUnstructured(wanted.DeepCopy())
	if err := admin.Apply(s.Context(), object, client.FieldOwner(manager), client.ForceOwnership); err != nil {
		s.Errorf("applying: %v", err)
	}
}
