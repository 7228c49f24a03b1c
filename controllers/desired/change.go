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
	// CauseContested: somebody changes the object back after each repair, and the next repair waits.
	CauseContested Cause = "Contested"
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
	// Until is when a contested object is written again.
	Until time.Time
	// Fields are what the object is written for, as in [snapshot.Repairs]; of a contested one the fields that are contested.
	Fields []string
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

// holdBack leaves what was repaired a moment ago: against somebody who changes it back each time, repairs without a pause would only be many.
func holdBack(change Change, repairs snapshot.Repairs, now time.Time) Change {
	switch change.Kind {
	case Create, Replace:
		change.Fields = []string{""}
	case Apply:
		// A changed spec is no repair; the same one, applied again, is.
		change.Fields = []string{v1alpha1.AppliedAnnotation + "=" + change.Wanted.GetAnnotations()[v1alpha1.AppliedAnnotation]}
	case Repair:
		change.Fields = drift.Fields(change.Differences)
	case Delete, Leave:
		return change
	}
	var until time.Time
	waits := func(field string) bool {
		due := drift.Due(repairs, field)
		if due.After(now) && (until.IsZero() || due.Before(until)) {
			until = due
		}
		return due.After(now)
	}
	due := slices.DeleteFunc(slices.Clone(change.Fields), waits)
	if len(due) == 0 && len(change.Fields) > 0 {
		return Change{Kind: Leave, Ref: change.Ref, Cause: CauseContested, Until: until, Fields: change.Fields}
	}
	if change.Kind == Repair {
		change.Fields = due
		change.Differences = slices.DeleteFunc(slices.Clone(change.Differences), func(d drift.Difference) bool { return !slices.Contains(due, d.Field) })
	}
	change.Until = until
	return change
}

// Recheck is when time alone changes what is to be done; zero where only an event does.
func (state State) Recheck() time.Time {
	at := state.Nodes.Recheck
	for _, change := range state.Changes {
		if !change.Until.IsZero() && (at.IsZero() || change.Until.Before(at)) {
			at = change.Until
		}
	}
	return at
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
