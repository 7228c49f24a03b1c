package controllers

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// maxEventNote is the limit of the events API for a note, in bytes (validation of events.k8s.io/v1).
const maxEventNote = 1024

// maxNamesInEvent is how many nodes an event names.
const maxNamesInEvent = 5

// announceTransitions writes an event for each condition that changed its status.
func (r *Reconciler) announceTransitions(before, after *v1alpha1.EdgeIngress) {
	for _, condition := range after.Status.Conditions {
		if isTransition(before, condition) {
			note := fmt.Sprintf("%s is %s: %s", condition.Type, condition.Status, condition.Message)
			r.announce(after, notice{eventType(condition), condition.Reason, "Assess" + condition.Type, note, nil})
		}
	}
}

// isTransition reports whether a condition gets an event. A new EdgeIngress gets one for Ready only.
// Later, Ready gets one when it becomes True: when it becomes False or Unknown, the condition that
// caused it already has an event. A deletion gets none, and an operator that is too old one.
func isTransition(before *v1alpha1.EdgeIngress, condition metav1.Condition) bool {
	old := meta.FindStatusCondition(before.Status.Conditions, condition.Type)
	switch {
	case condition.Reason == v1alpha1.ReasonDeleting:
		return false
	case condition.Reason == v1alpha1.ReasonOperatorTooOld:
		return condition.Type == v1alpha1.ConditionReady && (old == nil || old.Reason != condition.Reason)
	case old == nil:
		return condition.Type == v1alpha1.ConditionReady
	case condition.Type == v1alpha1.ConditionReady && condition.Status != metav1.ConditionTrue:
		return false
	}
	return old.Status != condition.Status
}

// eventType is Warning only where a person should act.
func eventType(condition metav1.Condition) string {
	if condition.Status == metav1.ConditionFalse || condition.Reason == v1alpha1.ReasonOperatorTooOld {
		return corev1.EventTypeWarning
	}
	return corev1.EventTypeNormal
}

func (r *Reconciler) announceCreated(edge *v1alpha1.EdgeIngress, object *unstructured.Unstructured) {
	r.announce(edge, notice{corev1.EventTypeNormal, v1alpha1.EventCreated, "Apply", "Created " + desired.RefOf(object).String() + ".", object})
}

// announceRepaired names the repaired fields. When another writer undoes each repair, one event reports
// this, and later repairs get none. A repair that admission undid is none.
func (w *writer) announceRepaired(change desired.Change, times int) {
	write := w.outcome.Written[len(w.outcome.Written)-1]
	if len(write.Overruled) > 0 && !w.wasOverruled(write) {
		note := fmt.Sprintf("The operator cannot repair %s of %s: %s changes it in the operator's own request. Exclude the object from that.",
			strings.Join(write.Overruled, ", "), change.Ref, write.Rival)
		w.announce(w.edge, notice{corev1.EventTypeWarning, v1alpha1.EventDriftContested, "Repair", note, change.Live})
	}
	held := slices.DeleteFunc(slices.Clone(write.Fields), func(field string) bool { return slices.Contains(write.Overruled, field) })
	what := strings.Join(held, ", ") + " of " + change.Ref.String()
	switch {
	case len(held) == 0:
	case times < drift.ContestedAfter:
		w.announce(w.edge, notice{corev1.EventTypeWarning, v1alpha1.EventDriftRepaired, "Repair", "Restored " + what + " after a change by another client.", change.Live})
	case times == drift.ContestedAfter:
		rival := cmp.Or(write.Rival, unknownWriter)
		note := fmt.Sprintf("After each repair, %s changes %s again. The operator now waits longer between repairs. Stop the other writer.", rival, what)
		w.announce(w.edge, notice{corev1.EventTypeWarning, v1alpha1.EventDriftContested, "Repair", note, change.Live})
	}
}

func (r *Reconciler) announcePruned(edge *v1alpha1.EdgeIngress, ref snapshot.Ref, object client.Object) {
	r.announce(edge, notice{corev1.EventTypeNormal, v1alpha1.EventPruned, "Prune", "Deleted " + ref.String() + ": the current spec does not need it.", object})
}

// stepEvents describe the event for each step of nodes: its reason, the verb before the names, and the
// rest of the sentence.
var stepEvents = map[desired.Step]struct{ reason, verb, rest string }{
	desired.StepJoin:     {v1alpha1.EventNodeLabelled, "Labelled", ""},
	desired.StepWithdraw: {v1alpha1.EventNodeWithdrawn, "Withdrew", ", because of a drain; controller pods there are shutting down"},
	desired.StepRelease:  {v1alpha1.EventNodeReleasing, "Releasing", "; the role label and the taint go when the controller has ended"},
	desired.StepLetGo:    {v1alpha1.EventNodeReleased, "Released", ""},
}

func (r *Reconciler) announceNodes(edge *v1alpha1.EdgeIngress, step desired.Step, nodes []string) {
	if len(nodes) == 0 {
		return
	}
	say := stepEvents[step]
	r.announce(edge, notice{corev1.EventTypeNormal, say.reason, "Apply", fmt.Sprintf("%s %s%s.", say.verb, nodesInEvent(nodes), say.rest), nil})
}

// nodesInEvent returns "2 nodes: a, b".
func nodesInEvent(nodes []string) string {
	names := strings.Join(nodes[:min(len(nodes), maxNamesInEvent)], ", ")
	if more := len(nodes) - maxNamesInEvent; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	noun := "nodes"
	if len(nodes) == 1 {
		noun = "node"
	}
	return fmt.Sprintf("%d %s: %s", len(nodes), noun, names)
}

// announceContestedNodes names the nodes that another writer changes again after each write, in one
// event for those with the same fields and writer.
func (w *writer) announceContestedNodes(writes []snapshot.Write) {
	nodes := map[string][]string{}
	for _, write := range writes {
		what := fmt.Sprintf("After each repair, %s changes %s", cmp.Or(write.Rival, unknownWriter), strings.Join(write.Fields, ", "))
		nodes[what] = append(nodes[what], write.Ref.Name)
	}
	for _, what := range slices.Sorted(maps.Keys(nodes)) {
		first := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: nodes[what][0]}}
		note := fmt.Sprintf("%s again, on %s. The operator now waits longer between repairs. Stop the other writer.", what, nodesInEvent(nodes[what]))
		w.announce(w.edge, notice{corev1.EventTypeWarning, v1alpha1.EventDriftContested, "Repair", note, first})
	}
}

// unknownWriter is the rival where no field manager shows who it is.
const unknownWriter = "an unknown writer"

// notice is the content of an event. related names the other object of the event, if there is one.
// Without it the recorder would count events about several objects as repetitions of one.
type notice struct {
	eventtype, reason, action, note string
	related                         runtime.Object
}

func (r *Reconciler) announce(edge *v1alpha1.EdgeIngress, e notice) {
	if len(e.note) > maxEventNote {
		e.note = strings.ToValidUTF8(e.note[:maxEventNote-len("…")], "") + "…"
	}
	r.Events.Eventf(edge, e.related, e.eventtype, e.reason, e.action, "%s", e.note)
}
