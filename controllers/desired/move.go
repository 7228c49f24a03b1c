package desired

import (
	"strconv"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// move returns the value of [v1alpha1.MoveAnnotation] in a Deployment's pod template. Pods stay on a node
// that loses its label. A changed template makes the Deployment replace them, with the new pod first, and
// new pods start on labelled nodes only. The value changes only when pods have to move. It is the
// generation at that time, so the same snapshot always gives the same value, and each move gets a new one.
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
