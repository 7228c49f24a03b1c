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
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func (r *Reconciler) listPods(ctx context.Context, edge *v1alpha1.EdgeIngress) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	err := r.Client.List(ctx, list, client.InNamespace(edge.ControllerNamespace()), client.MatchingLabels{v1alpha1.OwnerLabel: edge.Name})
	if err != nil {
		return nil, fmt.Errorf("listing the controller pods of EdgeIngress %q: %w", edge.Name, err)
	}
	return list.Items, nil
}

// podsOf keeps the pods of our own workloads with this name, including workloads that are gone. A
// pod of a foreign workload may have our labels and so be an endpoint of the Service, but it is no
// controller pod.
func podsOf(listed []corev1.Pod, err error, workload string, foreignDaemonSet, foreignDeployment bool) snapshot.List[snapshot.Pod] {
	pods := make([]snapshot.Pod, 0, len(listed))
	for i := range listed {
		if kind := workloadOf(&listed[i], workload, foreignDaemonSet, foreignDeployment); kind != "" {
			pods = append(pods, observedPod(&listed[i], kind))
		}
	}
	slices.SortFunc(pods, func(a, b snapshot.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return snapshot.List[snapshot.Pod]{Items: pods, Err: err}
}

// workloadOf returns the kind of our workload with this name that owns the pod, empty where there
// is none. The workload may be gone, for instance after a change of kind: its pods serve until they
// have ended. They are ours unless a foreign workload has the name now. None can have had it while
// ours existed.
func workloadOf(pod *corev1.Pod, name string, foreignDaemonSet, foreignDeployment bool) v1alpha1.WorkloadKind {
	owner := metav1.GetControllerOf(pod)
	switch {
	case owner == nil || owner.APIVersion != appsv1.SchemeGroupVersion.String():
	case owner.Kind == "DaemonSet" && owner.Name == name && !foreignDaemonSet:
		return v1alpha1.WorkloadDaemonSet
	case owner.Kind == "ReplicaSet" && owner.Name == name+"-"+pod.Labels[appsv1.DefaultDeploymentUniqueLabelKey] && !foreignDeployment:
		return v1alpha1.WorkloadDeployment
	}
	return ""
}

func observedPod(pod *corev1.Pod, workload v1alpha1.WorkloadKind) snapshot.Pod {
	seen := snapshot.Pod{
		Name: pod.Name, UID: pod.UID, Labels: pod.Labels, Created: pod.CreationTimestamp.Time, Node: pod.Spec.NodeName, Workload: workload,
		Terminating: !pod.DeletionTimestamp.IsZero(), Problem: podProblem(pod),
		Ended:   pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed,
		Digests: digestsOf(pod), Redirects: drift.RedirectsOf(pod.Annotations),
	}
	runs := drift.PodSpecOf(pod.Spec)
	seen.Spec = &runs
	if seen.Terminating {
		seen.Deadline = pod.DeletionTimestamp.Time
	}
	for _, ip := range pod.Status.PodIPs {
		seen.IPs = append(seen.IPs, ip.IP)
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			seen.Ready, seen.ReadySince = condition.Status == corev1.ConditionTrue, condition.LastTransitionTime.Time
		}
	}
	return seen
}

// digestsOf returns the digests of the images that the node runs, by container.
func digestsOf(pod *corev1.Pod) map[string]string {
	var digests map[string]string
	for _, container := range pod.Status.ContainerStatuses {
		digest := drift.DigestOf(container.ImageID)
		if digest == "" {
			continue
		}
		if digests == nil {
			digests = map[string]string{}
		}
		digests[container.Name] = digest
	}
	return digests
}

// podProblem returns why the pod does not run, from its status; empty where the status does not
// say.
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
