package controllers

import (
	"cmp"
	"fmt"
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

// maxEventNote is the most that the events API takes (validation of events.k8s.io/v1 note), in bytes.
const maxEventNote = 1024

// maxNamesInEvent is how many nodes an event names.
const maxNamesInEvent = 5

// announceTransitions tells of the conditions that changed their status.
func (r *Reconciler) announceTransitions(before, after *v1alpha1.EdgeIngress) {
	for _, condition := range after.Status.Conditions {
		if isTransition(before, condition) {
			note := fmt.Sprintf("%s is %s: %s", condition.Type, condition.Status, condition.Message)
			r.announce(after, notice{eventType(condition), condition.Reason, "Assess" + condition.Type, note, nil})
		}
	}
}

// isTransition is whether a condition is news. Of a new EdgeIngress only Ready is; later Ready is when it becomes True, since what made it
// False or Unknown has an event of the condition that it comes from. A deletion is no news.
func isTransition(before *v1alpha1.EdgeIngress, condition metav1.Condition) bool {
	old := meta.FindStatusCondition(before.Status.Conditions, condition.Type)
	switch {
	case condition.Reason == v1alpha1.ReasonDeleting:
		return false
	case old == nil:
		return condition.Type == v1alpha1.ConditionReady
	case condition.Type == v1alpha1.ConditionReady && condition.Status != metav1.ConditionTrue:
		return false
	}
	return old.Status != condition.Status
}

// eventType is Warning only where a person should act.
func eventType(condition metav1.Condition) string {
	if condition.Status == metav1.ConditionFalse {
		return corev1.EventTypeWarning
	}
	return corev1.EventTypeNormal
}

func (r *Reconciler) announceCreated(edge *v1alpha1.EdgeIngress, object *unstructured.Unstructured) {
	r.announce(edge, notice{corev1.EventTypeNormal, v1alpha1.EventCreated, "Apply", "Created " + desired.RefOf(object).String() + ".", object})
}

// announceRepaired names what was changed. Of what somebody changes back each time it says so once, and then no more.
func (w *writer) announceRepaired(change desired.Change, fields []string, times int) {
	what := strings.Join(fields, ", ") + " of " + change.Ref.String()
	switch {
	case times < drift.ContestedAfter:
		w.announce(w.edge, notice{corev1.EventTypeWarning, v1alpha1.EventDriftRepaired, "Repair", "Somebody changed " + what + "; it was set back.", change.Live})
	case times == drift.ContestedAfter:
		rival := cmp.Or(w.outcome.Written[len(w.outcome.Written)-1].Rival, "somebody")
		note := fmt.Sprintf("After each repair, %s changes %s again. The operator sets it back less and less often: stop the other writer.", rival, what)
		w.announce(w.edge, notice{corev1.EventTypeWarning, v1alpha1.EventDriftContested, "Repair", note, change.Live})
	}
}

func (r *Reconciler) announcePruned(edge *v1alpha1.EdgeIngress, ref snapshot.Ref, object client.Object) {
	r.announce(edge, notice{corev1.EventTypeNormal, v1alpha1.EventPruned, "Prune", "Deleted " + ref.String() + ", which is no longer wanted.", object})
}

// stepEvents describe the event of a step of nodes: the event's reason, and the sentence with its verb and what follows the names.
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
	names := strings.Join(nodes[:min(len(nodes), maxNamesInEvent)], ", ")
	if more := len(nodes) - maxNamesInEvent; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	noun := "nodes"
	if len(nodes) == 1 {
		noun = "node"
	}
	say := stepEvents[step]
	r.announce(edge, notice{corev1.EventTypeNormal, say.reason, "Apply", fmt.Sprintf("%s %d %s: %s%s.", say.verb, len(nodes), noun, names, say.rest), nil})
}

// notice is the content of an event. related, if any, is the other object that it is about; without it the recorder would take
// events of several objects for repetitions of one.
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
