package desired

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// pruned are the objects that a state deletes.
func pruned(state State) (refs []snapshot.Ref) {
	for _, change := range state.Changes {
		if change.Kind == Delete {
			refs = append(refs, change.Ref)
		}
	}
	return refs
}

// asWanted is a snapshot in which every object is live as it is wanted.
func asWanted(t *testing.T, e *v1alpha1.EdgeIngress) snapshot.Snapshot {
	t.Helper()
	s := seen(e)
	s.Namespace.Exists = true
	s.Live = map[snapshot.Ref]snapshot.Live{}
	for _, object := range compute(t, s).Objects {
		s.Live[RefOf(object)] = snapshot.Live{Object: object}
	}
	return s
}

// onLive changes the live object of a kind.
func onLive(kind string, change func(*unstructured.Unstructured)) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		for ref, live := range s.Live {
			if ref.Kind == kind {
				change(live.Object)
			}
		}
	}
}

func instead(kind string, live snapshot.Live) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) {
		for ref := range s.Live {
			if ref.Kind == kind {
				s.Live[ref] = live
			}
		}
	}
}

func setLive(t *testing.T, value any, path ...string) func(*unstructured.Unstructured) {
	t.Helper()
	return func(live *unstructured.Unstructured) {
		if err := unstructured.SetNestedField(live.Object, value, path...); err != nil {
			t.Fatal(err)
		}
	}
}

func anotherDigest(live *unstructured.Unstructured) {
	annotations := live.GetAnnotations()
	annotations[v1alpha1.AppliedAnnotation] = "older"
	live.SetAnnotations(annotations)
}

// brief is a change without the objects.
type brief struct {
	Kind   ChangeKind
	Object string
	Fields []string
	Cause  Cause
}

func TestChanges(t *testing.T) {
	podSpec := []string{"spec", "template", "spec"}
	for name, test := range map[string]struct {
		given []func(*snapshot.Snapshot)
		want  []brief
	}{
		"everything is as wanted": {},
		"there is no namespace": {
			given: []func(*snapshot.Snapshot){func(s *snapshot.Snapshot) { s.Namespace.Exists = false }},
			want:  []brief{{Kind: Create, Object: "Namespace"}},
		},
		"the namespace was not read": {
			given: []func(*snapshot.Snapshot){func(s *snapshot.Snapshot) { s.Namespace = snapshot.Namespace{Err: errors.New("unavailable")} }},
		},
		"the namespace is being deleted": {
			given: []func(*snapshot.Snapshot){func(s *snapshot.Snapshot) { s.Namespace.Terminating = true; s.Live = nil }},
			want:  []brief{{Kind: Leave, Object: "Namespace", Cause: CauseTerminating}},
		},
		"an object is missing": {
			given: []func(*snapshot.Snapshot){instead("Service", snapshot.Live{})},
			want:  []brief{{Kind: Create, Object: "Service"}},
		},
		"an object is somebody else's": {
			given: []func(*snapshot.Snapshot){instead("ServiceAccount", snapshot.Live{Foreign: true})},
			want:  []brief{{Kind: Leave, Object: "ServiceAccount", Cause: CauseNameTaken}},
		},
		"an object was not read": {
			given: []func(*snapshot.Snapshot){instead("IngressClass", snapshot.Live{Err: errors.New("unavailable")})},
			want:  []brief{{Kind: Leave, Object: "IngressClass", Cause: CauseNotRead}},
		},
		"somebody changed a setting and added one": {
			given: []func(*snapshot.Snapshot){
				onLive("ConfigMap", setLive(t, "true", "data", "use-proxy-protocol")), onLive("ConfigMap", setLive(t, "x", "data", "server-snippet")),
			},
			want: []brief{{Kind: Repair, Object: "ConfigMap", Fields: []string{"data.use-proxy-protocol", "data.server-snippet"}}},
		},
		"somebody lets the pods see the node's processes": {
			given: []func(*snapshot.Snapshot){onLive("DaemonSet", setLive(t, true, append(podSpec, "hostPID")...))},
			want:  []brief{{Kind: Repair, Object: "DaemonSet", Fields: []string{"spec.template.spec.hostPID"}}},
		},
		"somebody gives the pods a priority": {
			given: []func(*snapshot.Snapshot){onLive("DaemonSet", setLive(t, "high", append(podSpec, "priorityClassName")...))},
		},
		"the configuration was frozen": {
			given: []func(*snapshot.Snapshot){onLive("ConfigMap", setLive(t, true, "immutable"))},
			want:  []brief{{Kind: Replace, Object: "ConfigMap"}},
		},
		"a binding names another role": {
			given: []func(*snapshot.Snapshot){onLive("RoleBinding", setLive(t, "view", "roleRef", "name"))},
			want:  []brief{{Kind: Replace, Object: "RoleBinding", Fields: []string{"roleRef.name"}}},
		},
		"the spec changed": {
			given: []func(*snapshot.Snapshot){onLive("IngressClass", anotherDigest)},
			want:  []brief{{Kind: Apply, Object: "IngressClass"}},
		},
		"the spec changed, and somebody added a way in": {
			given: []func(*snapshot.Snapshot){onLive("Service", anotherDigest), onLive("Service", setLive(t, []any{"192.0.2.1"}, "spec", "externalIPs"))},
			want:  []brief{{Kind: Apply, Object: "Service", Fields: []string{"spec.externalIPs"}}},
		},
		"the spec changed, and somebody changed the pods: they are replaced once": {
			given: []func(*snapshot.Snapshot){onLive("DaemonSet", anotherDigest), onLive("DaemonSet", setLive(t, true, append(podSpec, "hostPID")...))},
			want:  []brief{{Kind: Apply, Object: "DaemonSet"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := asWanted(t, edge())
			for _, change := range test.given {
				change(&s)
			}
			var got []brief
			for _, change := range compute(t, s).Changes {
				got = append(got, brief{Kind: change.Kind, Object: change.Ref.Kind, Fields: drift.Fields(change.Differences), Cause: change.Cause})
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNamesAreThoseOfTheObjects compares Names with the rendered objects. Each pass would read a
// name that only one of them has from the API server.
func TestNamesAreThoseOfTheObjects(t *testing.T) {
	for _, workload := range []v1alpha1.WorkloadKind{v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment} {
		for _, exposure := range []v1alpha1.ExposureType{
			v1alpha1.ExposureLoadBalancer, v1alpha1.ExposureNodePort, v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort,
		} {
			for _, count := range []int32{1, 2} {
				for _, measured := range []bool{false, true} {
					e := edge(kind(workload), exposed(exposure), replicas(count))
					s := seen(e)
					s.Options.Namespace, s.Options.MeasureByDefault = "operator", measured
					var objects []snapshot.Ref
					for _, object := range compute(t, s).Objects {
						objects = append(objects, RefOf(object))
					}
					byName := cmpopts.SortSlices(func(a, b snapshot.Ref) bool { return a.String() < b.String() })
					if diff := cmp.Diff(objects, Names(s), byName); diff != "" {
						t.Errorf("%s with %s and %d replicas, measured: %t (-objects +names):\n%s", workload, exposure, count, measured, diff)
					}
				}
			}
		}
	}
	if found := Names(seen(edge(deleting))); len(found) > 0 {
		t.Errorf("an EdgeIngress that is being deleted needs %v", found)
	}
}
