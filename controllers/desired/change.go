package desired

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// ChangeKind says what apply does to an object.
type ChangeKind string

const (
	// Create: there is no object of this name.
	Create ChangeKind = "Create"
	// Apply: the live object was applied from another version of the wanted object.
	Apply ChangeKind = "Apply"
	// Repair: another writer changed the live object since it was applied.
	Repair ChangeKind = "Repair"
	// Replace: a field must change that Kubernetes freezes, and deleting and creating the object
	// again loses nothing.
	Replace ChangeKind = "Replace"
	// Delete: the current spec does not need the object.
	Delete ChangeKind = "Delete"
	// Leave: the object does not match, and stays so for now because of Cause.
	Leave ChangeKind = "Leave"
)

// Cause is the reason why an object is left.
type Cause string

const (
	// CauseNameTaken: an object of this name does not belong to this EdgeIngress.
	CauseNameTaken Cause = "NameTaken"
	// CauseTerminating: the namespace is being deleted.
	CauseTerminating Cause = "Terminating"
	// CauseContested: another writer undoes each repair, and the next repair waits.
	CauseContested Cause = "Contested"
	// CauseNotRead: reading the live object failed.
	CauseNotRead Cause = "NotRead"
)

// Change is a decision about one object.
type Change struct {
	Kind ChangeKind
	Ref  snapshot.Ref
	// Wanted is the desired object; nil for Delete and Leave.
	Wanted *unstructured.Unstructured
	// Live is the live object; nil for Create and Leave.
	Live *unstructured.Unstructured
	// Differences lists where Live does not match Wanted. For Apply it lists only what must be removed first.
	Differences []drift.Difference
	// Cause is set for Leave only.
	Cause Cause
	// Delayed is the change that a contested object waits for; empty for every other object.
	Delayed ChangeKind
	// Until is the time of the next write of a contested object.
	Until time.Time
	// Fields are the fields that cause the write, as in [snapshot.Repairs]. For a contested object
	// they are the contested fields.
	Fields []string
	// Version says what is written to the fields, as in [snapshot.Write].
	Version string
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
		changes = append(changes, Change{Kind: Create, Ref: namespace, Wanted: namespaceFor(state.Namespace)})
	}
	for _, wanted := range state.Objects {
		if change, needed := planChange(s.Live[RefOf(wanted)], wanted); needed {
			changes = append(changes, holdBack(change, s.Repairs[change.Ref], s.Time))
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
	case len(frozenFields(live, change.Differences)) > 0:
		change.Kind = Replace
	case !sameDigest(live, wanted):
		// After a change of the spec, added fields may be our own, and the apply removes them together with
		// the rest. Fields of objects without pods are removed first even so, because they would change
		// the client's address even if the apply is refused. For a workload the next pass removes what is
		// left, so that its pods are replaced once and not twice.
		change.Kind, change.Differences = Apply, additions(change.Differences)
		if isWorkload(ref) {
			change.Differences = nil
		}
	case len(change.Differences) == 0:
		return Change{}, false
	}
	return change, true
}

// Recheck returns when the passing of time changes a decision, or zero where only an event does.
func (state State) Recheck() time.Time {
	at := state.Nodes.Recheck
	for _, change := range state.Changes {
		if !change.Until.IsZero() && (at.IsZero() || change.Until.Before(at)) {
			at = change.Until
		}
	}
	return at
}

// frozenFields returns the fields that differ and that Kubernetes does not allow to change, of objects
// that can be deleted and created again without a loss.
func frozenFields(live *unstructured.Unstructured, differences []drift.Difference) []string {
	var frozen []string
	if immutable, _, _ := unstructured.NestedBool(live.Object, "immutable"); immutable {
		frozen = append(frozen, "immutable")
	}
	for _, field := range drift.Fields(differences) {
		if strings.HasPrefix(field, "roleRef") {
			frozen = append(frozen, field)
		}
	}
	return frozen
}

func additions(differences []drift.Difference) []drift.Difference {
	return slices.DeleteFunc(slices.Clone(differences), func(d drift.Difference) bool { return d.Patch == nil })
}

func sameDigest(live, wanted *unstructured.Unstructured) bool {
	return live.GetAnnotations()[v1alpha1.AppliedAnnotation] == wanted.GetAnnotations()[v1alpha1.AppliedAnnotation]
}

// namespaceFor returns a namespace to create. It has no owner reference, and the operator never deletes
// or changes it, because it may hold other objects.
func namespaceFor(name string) *unstructured.Unstructured {
	namespace := &unstructured.Unstructured{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	namespace.SetName(name)
	// A cluster that enforces a Pod Security Standard by default would refuse pods with ports of the node. The
	// label is there from the beginning, because the operator may not change a namespace later. It gives
	// nothing away: a pod in this namespace can act as the controller, which reads every Secret.
	labels := map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedBy, PodSecurityLabel: "privileged"}
	namespace.SetLabels(labels)
	return namespace
}
