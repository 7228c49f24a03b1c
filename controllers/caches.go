package controllers

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// CacheOptions keep the caches small: objects of ours are selected by label; of nodes, of foreign DaemonSets and of foreign EndpointSlices
// only what a pass looks at is kept. Those three cannot be selected by label: any node may be chosen, any DaemonSet may
// be a load balancer's agent, and kube-proxy takes any slice that names our Service.
func CacheOptions() cache.Options {
	ours := cache.ByObject{Label: labels.NewSelector().Add(hasOwnerLabel())}
	byObject := map[client.Object]cache.ByObject{
		&corev1.Node{}:               {Transform: trimNode},
		&corev1.Pod{}:                {Label: ours.Label, Transform: trimPod},
		&discoveryv1.EndpointSlice{}: {Transform: trimEndpointSlice},
	}
	for _, owned := range ownedKinds() {
		if owned.kind == "DaemonSet" {
			byObject[owned.object] = cache.ByObject{Transform: trimDaemonSet}
			continue
		}
		byObject[owned.object] = ours
	}
	return cache.Options{
		ByObject:         byObject,
		DefaultTransform: cache.TransformStripManagedFields(),
	}
}

func hasOwnerLabel() labels.Requirement {
	requirement, err := labels.NewRequirement(v1alpha1.OwnerLabel, selection.Exists, nil)
	if err != nil {
		panic(err) // The label key is a constant of ours.
	}
	return *requirement
}

// trimNode keeps, of the managed fields, the entries of our own managers: they say which label is whose.
func trimNode(object any) (any, error) {
	node, isNode := object.(*corev1.Node)
	if !isNode {
		return object, nil
	}
	node.ManagedFields = slices.DeleteFunc(node.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return !strings.HasPrefix(entry.Manager, v1alpha1.NodeFieldManagerPrefix)
	})
	for key := range node.Annotations {
		if !strings.HasPrefix(key, v1alpha1.TaintAnnotationPrefix) {
			delete(node.Annotations, key)
		}
	}
	node.Status = corev1.NodeStatus{
		Addresses: node.Status.Addresses,
		Conditions: slices.DeleteFunc(node.Status.Conditions, func(condition corev1.NodeCondition) bool {
			return condition.Type != corev1.NodeReady
		}),
	}
	return node, nil
}

func trimPod(object any) (any, error) {
	pod, isPod := object.(*corev1.Pod)
	if !isPod {
		return object, nil
	}
	pod.ManagedFields, pod.Annotations = nil, nil
	pod.Spec = corev1.PodSpec{NodeName: pod.Spec.NodeName}
	return pod, nil
}

// trimDaemonSet keeps a DaemonSet of ours whole, and of another what tells whether it is a load balancer's agent and where it runs.
func trimDaemonSet(object any) (any, error) {
	daemonSet, isDaemonSet := object.(*appsv1.DaemonSet)
	if !isDaemonSet {
		return object, nil
	}
	daemonSet.ManagedFields = nil
	if _, ours := daemonSet.Labels[v1alpha1.OwnerLabel]; ours {
		return daemonSet, nil
	}
	pod := daemonSet.Spec.Template.Spec
	images := make([]corev1.Container, 0, len(pod.Containers))
	for _, container := range pod.Containers {
		images = append(images, corev1.Container{Name: container.Name, Image: container.Image})
	}
	daemonSet.Annotations = nil
	daemonSet.Spec = appsv1.DaemonSetSpec{Template: corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: daemonSet.Spec.Template.Labels},
		Spec:       corev1.PodSpec{Containers: images, Tolerations: pod.Tolerations, NodeSelector: pod.NodeSelector, Affinity: pod.Affinity},
	}}
	daemonSet.Status = appsv1.DaemonSetStatus{}
	return daemonSet, nil
}

func trimEndpointSlice(object any) (any, error) {
	slice, isSlice := object.(*discoveryv1.EndpointSlice)
	if !isSlice {
		return object, nil
	}
	slice.ManagedFields, slice.Annotations = nil, nil
	if _, ours := edgeIngressOfSlice(slice); !ours {
		slice.Endpoints, slice.Ports = nil, nil
	}
	return slice, nil
}

// edgeIngressOfSlice finds the EdgeIngress whose Service a slice names. The name alone decides, since anybody can make such a slice.
func edgeIngressOfSlice(slice client.Object) (string, bool) {
	return names.OfService(slice.GetLabels()[discoveryv1.LabelServiceName])
}
