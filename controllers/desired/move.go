package desired

import (
	"strconv"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// move is the value of [v1alpha1.MoveAnnotation] for the template of a Deployment's pods. Pods stay where they are when their node loses its label; a changed
// template makes the Deployment replace them, the new one first, and the new ones start on labelled nodes only. The value stays as it is until there is
// something to move. It is the generation at which that was seen, so that the same view always gives the same value, and each move has another one.
func move(s snapshot.Snapshot, plan NodePlan) string {
	live := s.Deployment.Value
	if live == nil {
		return ""
	}
	if !workload.DeploymentRolls(live) && len(plan.Moving) > 0 {
		return strconv.FormatInt(live.Generation, 10)
	}
	return live.Spec.Template.Annotations[v1alpha1.MoveAnnotation]
}
