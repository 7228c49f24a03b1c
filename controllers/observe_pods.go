package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// observePods lists the pods of our own workloads. A pod of somebody else's workload may carry our labels, and so be an endpoint of the
// Service; it is no controller pod all the same.
func (r *Reconciler) observePods(ctx context.Context, edge *v1alpha1.EdgeIngress, daemonSet *appsv1.DaemonSet, deployment *appsv1.Deployment) snapshot.List[snapshot.Pod] {
	list := &corev1.PodList{}
	err := r.Client.List(ctx, list, client.InNamespace(edge.ControllerNamespace()), client.MatchingLabels{v1alpha1.OwnerLabel: edge.Name})
	if err != nil {
		return snapshot.List[snapshot.Pod]{Err: fmt.Errorf("listing the controller pods of EdgeIngress %q: %w", edge.Name, err)}
	}
	pods := make([]snapshot.Pod, 0, len(list.Items))
	for i := range list.Items {
		pod := &list.Items[i]
		switch owner := metav1.GetControllerOf(pod); {
		case owner == nil:
		case daemonSet != nil && owner.UID == daemonSet.UID:
			pods = append(pods, observedPod(pod, v1alpha1.WorkloadDaemonSet))
		case deployment != nil && owner.Kind == "ReplicaSet" && owner.Name == deployment.Name+"-"+pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey]:
			// The Deployment's name is taken, so nobody else's Deployment can have a ReplicaSet of this name.
			pods = append(pods, observedPod(pod, v1alpha1.WorkloadDeployment))
		}
	}
	slices.SortFunc(pods, func(a, b snapshot.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return snapshot.List[snapshot.Pod]{Items: pods}
}

func observedPod(pod *corev1.Pod, workload v1alpha1.WorkloadKind) snapshot.Pod {
	seen := snapshot.Pod{
		Name: pod.Name, Node: pod.Spec.NodeName, Workload: workload,
		Terminating: !pod.DeletionTimestamp.IsZero(), Problem: podProblem(pod),
		Ended: pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed,
	}
	if seen.Terminating {
		seen.Deadline = pod.DeletionTimestamp.Time
	}
	for _, ip := range pod.Status.PodIPs {
		seen.IPs = append(seen.IPs, ip.IP)
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			seen.Ready = condition.Status == corev1.ConditionTrue
		}
	}
	return seen
}

// podProblem is what the pod's status says about why it does not run; empty where it says nothing.
func podProblem(pod *corev1.Pod) string {
	for _, container := range pod.Status.ContainerStatuses {
		if waiting := container.State.Waiting; waiting != nil && waiting.Reason != "" && waiting.Reason != "ContainerCreating" {
			return sentence(waiting.Reason, waiting.Message)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return sentence(condition.Reason, condition.Message)
		}
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionFalse && condition.Reason != "" {
			return sentence(condition.Reason, condition.Message)
		}
	}
	return ""
}

func sentence(reason, message string) string {
	if message == "" {
		return reason
	}
	return reason + ": " + message
}
