package desired

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// ChangeKind is what is to be done about an object.
type ChangeKind string

const (
	// Create: there is no object of this name.
	Create ChangeKind = "Create"
	// Apply: the live object was applied from something else than what is wanted now.
	Apply ChangeKind = "Apply"
	// Repair: somebody changed the live object since it was applied.
	Repair ChangeKind = "Repair"
	// Replace: Kubernetes freezes a field that has to change, and nothing is lost by deleting the object and creating it again.
	Replace ChangeKind = "Replace"
	// Delete: the object is no longer wanted.
	Delete ChangeKind = "Delete"
	// Leave: the object is not as wanted, and Cause says why it stays so for now.
	Leave ChangeKind = "Leave"
)

// Cause is why an object is left.
type Cause string

const (
	// CauseNameTaken: an object of this name is not this EdgeIngress's.
	CauseNameTaken Cause = "NameTaken"
	// CauseTerminating: the namespace is being deleted.
	CauseTerminating Cause = "Terminating"
	// CauseNotRead: the live object could not be read.
	CauseNotRead Cause = "NotRead"
)

// Change is what is to be done about one object.
type Change struct {
	Kind ChangeKind
	Ref  snapshot.Ref
	// Wanted is what the object should be; nil of Delete and Leave.
	Wanted *unstructured.Unstructured
	// Live is the object that was seen; nil of Create and Leave.
	Live *unstructured.Unstructured
	// Differences are where Live is not as Wanted. Those of Apply are only what has to be taken away before.
	Differences []drift.Difference
	// Cause is why the object is left; empty of all other kinds.
	Cause Cause
}

// planChanges compares what should exist with what was seen.
func planChanges(s snapshot.Snapshot, state State) []Change {
	if len(state.Objects) == 0 {
		return nil
	}
	var changes []Change
	namespace := snapshot.Ref{Kind: "Namespace", Name: state.Namespace}
	switch {
	case s.Namespace.Terminating:
		return []Change{{Kind: Leave, Ref: namespace, Cause: CauseTerminating}}
	case !s.Namespace.Exists && s.Namespace.Err == nil:
		changes = append(changes, Change{Kind: Create, Ref: namespace, Wanted: namespaceFor(s.EdgeIngress, state.Namespace)})
	}
	for _, wanted := range state.Objects {
		if change, needed := planChange(s.Live[RefOf(wanted)], wanted); needed {
			changes = append(changes, change)
		}
	}
	return changes
}

func planChange(seen snapshot.Live, wanted *unstructured.Unstructured) (change Change, needed bool) {
	ref, live := RefOf(wanted), seen.Object
	switch {
	case seen.Err != nil:
		return Change{Kind: Leave, Ref: ref, Cause: CauseNotRead}, true
	case seen.Foreign:
		return Change{Kind: Leave, Ref: ref, Cause: CauseNameTaken}, true
	case live == nil:
		return Change{Kind: Create, Ref: ref, Wanted: wanted}, true
	}
	change = Change{Kind: Repair, Ref: ref, Wanted: wanted, Live: live, Differences: drift.Find(live, wanted)}
	switch {
	case isFrozen(live, change.Differences):
		change.Kind = Replace
	case !sameDigest(live, wanted):
		// Only after a repair are added fields somebody's: after a change of the spec they may be our own, and the apply takes them away in one step
		// with the rest. Of objects without pods they go at once, because they would change the client's address also where the apply is refused; of a
		// workload they are left to the next pass, so that its pods are replaced once and not twice.
		change.Kind, change.Differences = Apply, additions(change.Differences)
		if isWorkload(ref) {
			change.Differences = nil
		}
	case len(change.Differences) == 0:
		return Change{}, false
	}
	return change, true
}

// isFrozen is whether Kubernetes would not let the live object become the wanted one, and nothing is lost by making it again.
func isFrozen(live *unstructured.Unstructured, differences []drift.Difference) bool {
	if immutable, _, _ := unstructured.NestedBool(live.Object, "immutable"); immutable {
		return true
	}
	return slices.ContainsFunc(differences, func(d drift.Difference) bool { return strings.HasPrefix(d.Field, "roleRef") })
}

func additions(differences []drift.Difference) []drift.Difference {
	return slices.DeleteFunc(slices.Clone(differences), func(d drift.Difference) bool { return d.Patch == nil })
}

func sameDigest(live, wanted *unstructured.Unstructured) bool {
	return live.GetAnnotations()[v1alpha1.AppliedAnnotation] == wanted.GetAnnotations()[v1alpha1.AppliedAnnotation]
}

// namespaceFor is a namespace to create. It gets no owner reference, and is never deleted or changed by us: what else is in it is not ours.
func namespaceFor(e *v1alpha1.EdgeIngress, name string) *unstructured.Unstructured {
	namespace := &unstructured.Unstructured{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	namespace.SetName(name)
	labels := map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}
	if e.UsesHostPorts() {
		// Where the cluster enforces a Pod Security Standard by default, pods with host ports would be refused.
		labels["pod-security.kubernetes.io/enforce"] = "privileged"
	}
	namespace.SetLabels(labels)
	return namespace
}
