package assess

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// TooOld returns the status from an operator that is too old for what a newer one made of the EdgeIngress.
// Nobody judges it any more, so every condition becomes Unknown, also those that only the newer operator
// knows. The rest stays as the newer operator wrote it, its version above all.
func TooOld(edge *v1alpha1.EdgeIngress, own string, now time.Time) v1alpha1.EdgeIngressStatus {
	status := edge.Status.DeepCopy()
	status.ObservedGeneration = edge.Generation
	said := tooOld(edge, own)
	set := func(condition string) {
		meta.SetStatusCondition(&status.Conditions, metav1.Condition{
			Type: condition, Status: said.status, Reason: said.reason, Message: bounded(said.message),
			ObservedGeneration: edge.Generation, LastTransitionTime: metav1.NewTime(now),
		})
	}
	set(v1alpha1.ConditionReady)
	for i := range status.Conditions {
		set(status.Conditions[i].Type)
	}
	return *status
}

func tooOld(edge *v1alpha1.EdgeIngress, own string) *verdict {
	last := edge.Status.OperatorVersion
	nobody := "nobody repairs it"
	if !edge.DeletionTimestamp.IsZero() {
		nobody = "its deletion waits"
	}
	serve := fmt.Sprintf("`kubectl patch edgeingress %s --subresource=status --type=merge -p '{\"status\":{\"operatorVersion\":null}}'`", edge.Name)
	return unclear(v1alpha1.ReasonOperatorTooOld,
		"Version %s of the operator served this EdgeIngress last. Version %s, which runs now, may not understand what that one wrote, so it changes nothing: "+
			"what runs goes on, and %s. Install %s or a newer version, or go back one minor version at a time. To let version %s serve it as it is, run %s.",
		last, own, nobody, last, own, serve)
}
