package desired

import (
	"slices"
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
	if settled(live) && slices.ContainsFunc(s.Pods.Items, func(pod snapshot.Pod) bool { return misplaced(s, plan, pod) }) {
		return strconv.FormatInt(live.Generation, 10)
	}
	return live.Spec.Template.Annotations[v1alpha1.MoveAnnotation]
}

// settled is whether all pods are of the current template. While they are being replaced, those that are misplaced go as well.
func settled(live *appsv1.Deployment) bool {
	return live.Status.ObservedGeneration >= live.Generation && live.Status.UpdatedReplicas == live.Status.Replicas
}

// misplaced is whether the pod is on a node that left the edge set, and whose label was seen to be gone, so that its successor cannot start there.
func misplaced(s snapshot.Snapshot, plan NodePlan, pod snapshot.Pod) bool {
	if pod.Workload != v1alpha1.WorkloadDeployment || pod.Terminating || pod.Ended || !slices.Contains(plan.Releasing, pod.Node) {
		return false
	}
	own := v1alpha1.NodeLabel(s.EdgeIngress.Name)
	return slices.ContainsFunc(s.Nodes.Items, func(node snapshot.Node) bool {
		_, labelled := node.Labels[own]
		return node.Name == pod.Node && !labelled
	})
}
