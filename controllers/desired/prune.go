package desired

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// planPrune finds owned objects that the current spec does not need. Objects that carry traffic
// stay until their replacement serves.
func planPrune(s snapshot.Snapshot, state *State) (unwanted []Change) {
	deleting := !s.EdgeIngress.DeletionTimestamp.IsZero()
	for _, ref := range s.Inventory.Items {
		wanted := slices.ContainsFunc(state.Objects, func(object *unstructured.Unstructured) bool { return RefOf(object) == ref })
		carriesTraffic := isWorkload(ref) || ref.Kind == "Service"
		switch {
		case state.NamespaceReserved && ref.Kind == "RoleBinding":
			// A controller from before the namespace was reserved continues to serve, but must not
			// write to the operator's Lease.
			unwanted = append(unwanted, pruneOf(ref, s.Live[ref]))
		case wanted:
		case deleting, !carriesTraffic, replaced(s, state):
			unwanted = append(unwanted, pruneOf(ref, s.Live[ref]))
		default:
			state.Kept = append(state.Kept, ref)
		}
	}
	return unwanted
}

// pruneOf leaves an object that was not read. Without its version, the deletion could affect another
// object of the same name.
func pruneOf(ref snapshot.Ref, live snapshot.Live) Change {
	if live.Object == nil {
		return Change{Kind: Leave, Ref: ref, Cause: CauseNotRead}
	}
	return Change{Kind: Delete, Ref: ref, Live: live.Object}
}

// replaced reports whether the wanted workload serves with its current template, on every edge node or
// with every replica. With host ports the new workload cannot start beside the old one. The API refuses
// such a change of kind.
func replaced(s snapshot.Snapshot, state *State) bool {
	for _, object := range state.Objects {
		if !isWorkload(RefOf(object)) {
			continue
		}
		digest := object.GetAnnotations()[v1alpha1.AppliedAnnotation]
		if object.GetKind() == string(v1alpha1.WorkloadDaemonSet) {
			live := s.DaemonSet.Value
			return live != nil && live.Annotations[v1alpha1.AppliedAnnotation] == digest && workload.DaemonSetServes(live)
		}
		live := s.Deployment.Value
		return live != nil && live.Annotations[v1alpha1.AppliedAnnotation] == digest && workload.DeploymentServes(live)
	}
	return false
}
