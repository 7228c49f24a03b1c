package desired

import (
	"fmt"
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

const (
	// appliedField holds the digest of what was applied.
	appliedField = "metadata.annotations." + v1alpha1.AppliedAnnotation
	// labelField followed by a key is a label.
	labelField = "metadata.labels."
	// taintsField holds the taints of a node.
	taintsField = "spec.taints"
)

// holdBack leaves what was repaired a moment ago. If another writer undoes each repair, more
// repairs do not help.
func holdBack(change Change, repairs snapshot.Repairs, now time.Time) Change {
	switch change.Kind {
	case Create:
		change.Fields = []string{""}
	case Replace:
		change.Fields = frozenFields(change.Live, change.Differences)
	case Apply:
		// Applying another version than the last one is not a repair, however often the spec goes
		// back and forth. Applying the same one again is.
		change.Fields, change.Version = []string{appliedField}, change.Wanted.GetAnnotations()[v1alpha1.AppliedAnnotation]
	case Repair:
		change.Fields = drift.Fields(change.Differences)
	case Delete, Leave:
		return change
	}
	due, until := dueFields(repairs, change.Write(), now)
	if len(due) == 0 && len(change.Fields) > 0 {
		return Change{Kind: Leave, Ref: change.Ref, Cause: CauseContested, Delayed: change.Kind, Until: until, Fields: change.Fields, Version: change.Version}
	}
	if change.Kind == Repair {
		change.Fields = due
		change.Differences = slices.DeleteFunc(slices.Clone(change.Differences), func(d drift.Difference) bool { return !slices.Contains(due, d.Field) })
	}
	change.Until = until
	return change
}

// dueFields returns the fields that may be written now, and when the first of the others may; zero
// where there are no others.
func dueFields(repairs snapshot.Repairs, write snapshot.Write, now time.Time) (due []string, until time.Time) {
	for _, field := range write.Fields {
		at := drift.Due(repairs, field, write.Version)
		switch {
		case !at.After(now):
			due = append(due, field)
		case until.IsZero() || at.Before(until):
			until = at
		}
	}
	return due, until
}

// Write returns the write that the change causes, as the back-off counts it.
func (change Change) Write() snapshot.Write {
	return snapshot.Write{Ref: change.Ref, Fields: change.Fields, Version: change.Version}
}

// Write returns the write that the change causes, as the back-off counts it. A node that came back
// under the same name, and one that takes another step, begin again.
func (change LabelChange) Write() snapshot.Write {
	return snapshot.Write{Ref: nodeRef(change.Node), Fields: change.Fields, Version: fmt.Sprintf("%s %s", change.Step, change.UID)}
}

// TaintWrite returns the write that the changes of the taints of one node cause, as the back-off
// counts it.
func TaintWrite(changes []TaintChange) snapshot.Write {
	write := snapshot.Write{Ref: nodeRef(changes[0].Node), Fields: []string{taintsField}}
	for _, change := range changes {
		write.Version += fmt.Sprintf("%s=%t %s ", change.Key, change.Present, change.UID)
	}
	return write
}

func nodeRef(name string) snapshot.Ref { return snapshot.Ref{Kind: "Node", Name: name} }

// holdBackNodes removes the changes from the plan that repeat a write of a moment ago, and returns
// the nodes that are left because another writer undoes each repair. A first repeat may only be a
// cache that is late, so it is not reported. Deletion waits for no other writer.
func holdBackNodes(s snapshot.Snapshot, plan *NodePlan) (left []Change) {
	if !s.EdgeIngress.DeletionTimestamp.IsZero() {
		return nil
	}
	waits := func(write snapshot.Write) bool {
		due, until := dueFields(s.Repairs[write.Ref], write, s.Time)
		if len(due) > 0 || until.IsZero() {
			return false
		}
		plan.recheckAt(until)
		if drift.IsContested(s.Repairs[write.Ref], write) {
			left = append(left, Change{Kind: Leave, Ref: write.Ref, Cause: CauseContested, Delayed: Repair, Until: until, Fields: write.Fields, Version: write.Version})
		}
		return true
	}
	plan.Labels = slices.DeleteFunc(plan.Labels, func(change LabelChange) bool { return waits(change.Write()) })
	var taints []TaintChange
	for rest := plan.Taints; len(rest) > 0; {
		ofNode := rest[:countOfNode(rest)]
		if !waits(TaintWrite(ofNode)) {
			taints = append(taints, ofNode...)
		}
		rest = rest[len(ofNode):]
	}
	plan.Taints = taints
	return left
}

// countOfNode returns how many changes at the beginning are of the same node.
func countOfNode(changes []TaintChange) int {
	if next := slices.IndexFunc(changes, func(change TaintChange) bool { return change.Node != changes[0].Node }); next > 0 {
		return next
	}
	return len(changes)
}
