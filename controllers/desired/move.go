package desired

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// move is the value of [v1alpha1.MoveAnnotation] for the template of a Deployment's pods. Pods stay where they are when their node loses its label; a changed
// template makes the Deployment replace them, the new one first, and the new ones start on labelled nodes only. The value stays as it is until there is
// something to move. It is the generation at which that was seen, so that the same view always gives the same value, and each move has another one.
func move(s snapshot.Snapshot, plan NodePlan) string {
	live := s.Deployment.Value
	if live == nil {
		return ""
	}
	if settled(live) && len(plan.Moving) > 0 {
		return strconv.FormatInt(live.Generation, 10)
	}
	return live.Spec.Template.Annotations[v1alpha1.MoveAnnotation]
}

// settled is whether all pods are of the current template. While they are being replaced, those that are to move go as well.
func settled(live *appsv1.Deployment) bool {
	return live.Status.ObservedGeneration >= live.Generation && live.Status.UpdatedReplicas == live.Status.Replicas
}
