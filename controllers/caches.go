package controllers

import (
	"slices"
	"strings"
	"unique"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

// CacheOptions keep the caches small. Labels select the operator's own objects. Nodes, foreign
// DaemonSets and foreign EndpointSlices cannot be selected by label: any node may be chosen, any
// DaemonSet may be a load balancer's agent, and kube-proxy accepts any slice that names our
// Service. Of these, the caches keep only what a pass looks at.
func CacheOptions() cache.Options {
	ours := cache.ByObject{Label: labels.NewSelector().Add(hasOwnerLabel())}
	byObject := map[client.Object]cache.ByObject{
		&corev1.Node{}:                {Transform: trimNode},
		&corev1.Pod{}:                 {Label: ours.Label, Transform: trimPod},
		&discoveryv1.EndpointSlice{}:  {Transform: trimEndpointSlice},
		&networkingv1.NetworkPolicy{}: {Transform: trimNetworkPolicy},
		&v1alpha1.SourceIPReport{}:    {Label: ours.Label, Transform: trimReport},
	}
	for _, owned := range ownedKinds() {
		switch owned.kind {
		case "DaemonSet":
			byObject[owned.object] = cache.ByObject{Transform: trimDaemonSet}
		case "IngressClass":
			byObject[owned.object] = cache.ByObject{Transform: trimIngressClass}
		case "ConfigMap":
			byObject[owned.object] = cache.ByObject{Label: ours.Label, Transform: trimConfigMap}
		case "Ingress":
			byObject[owned.object] = cache.ByObject{Transform: trimIngress}
		default:
			byObject[owned.object] = ours
		}
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

// trimNode keeps what a pass looks at. Of the annotations that is the claims on taints. Of the
// managed fields that is the entries of our own managers, which show who owns which label. It
// builds a new node, because maps and slices keep the memory of deleted elements.
func trimNode(object any) (any, error) {
	node, isNode := object.(*corev1.Node)
	if !isNode {
		return object, nil
	}
	kept := &corev1.Node{ObjectMeta: identity(node.ObjectMeta)}
	for key, taint := range node.Annotations {
		if strings.HasPrefix(key, v1alpha1.TaintAnnotationPrefix) {
			metav1.SetMetaDataAnnotation(&kept.ObjectMeta, shared(key), shared(taint))
		}
	}
	for _, entry := range node.ManagedFields {
		if !strings.HasPrefix(entry.Manager, v1alpha1.NodeFieldManagerPrefix) {
			continue
		}
		ours := metav1.ManagedFieldsEntry{Manager: shared(entry.Manager), Operation: entry.Operation, Subresource: entry.Subresource}
		if _, labels := edgeIngressOfManager(entry); labels {
			ours.FieldsV1 = entry.FieldsV1
		}
		kept.ManagedFields = append(kept.ManagedFields, ours)
	}
	kept.Spec = corev1.NodeSpec{
		PodCIDRs: node.Spec.PodCIDRs, ProviderID: node.Spec.ProviderID, Unschedulable: node.Spec.Unschedulable, Taints: node.Spec.Taints,
	}
	for _, address := range node.Status.Addresses {
		if address.Type == corev1.NodeInternalIP || address.Type == corev1.NodeExternalIP {
			address.Type = corev1.NodeAddressType(shared(string(address.Type)))
			kept.Status.Addresses = append(kept.Status.Addresses, address)
		}
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			kept.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionStatus(shared(string(condition.Status)))}}
		}
	}
	return kept, nil
}

// identity keeps the part of an object's metadata that identifies it, its labels, and whether it is
// being deleted.
func identity(meta metav1.ObjectMeta) metav1.ObjectMeta {
	kept := metav1.ObjectMeta{
		Name: meta.Name, Namespace: shared(meta.Namespace), UID: meta.UID, ResourceVersion: meta.ResourceVersion,
		DeletionTimestamp: meta.DeletionTimestamp,
	}
	if len(meta.Labels) > 0 {
		kept.Labels = make(map[string]string, len(meta.Labels))
	}
	for key, value := range meta.Labels {
		kept.Labels[shared(key)] = shared(value)
	}
	return kept
}

// shared returns an equal string that all cached objects share. Thousands of nodes have the same
// keys and mostly the same values.
func shared(text string) string { return unique.Make(text).Value() }

// trimPod keeps the node and the owner of a controller pod, what it runs, and from its status the
// addresses, the readiness, the digests of its images, and the reason why it does not run.
func trimPod(object any) (any, error) {
	pod, isPod := object.(*corev1.Pod)
	if !isPod {
		return object, nil
	}
	kept := &corev1.Pod{ObjectMeta: identity(pod.ObjectMeta), Spec: drift.PodSpecOf(pod.Spec)}
	kept.Spec.NodeName = pod.Spec.NodeName
	shareTexts(kept.Spec.Containers)
	kept.OwnerReferences, kept.Annotations = pod.OwnerReferences, drift.RedirectsOf(pod.Annotations)
	kept.Status = corev1.PodStatus{Phase: pod.Status.Phase, PodIPs: pod.Status.PodIPs}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady || condition.Type == corev1.PodScheduled {
			kept.Status.Conditions = append(kept.Status.Conditions, condition)
		}
	}
	for _, container := range pod.Status.ContainerStatuses {
		kept.Status.ContainerStatuses = append(kept.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: container.Name, ImageID: shared(container.ImageID), State: corev1.ContainerState{Waiting: container.State.Waiting},
		})
	}
	return kept, nil
}

// shareTexts makes equal pods share their long texts. It changes no list of the pod in place, because
// the pod may be in a cache already.
func shareTexts(containers []corev1.Container) {
	for i := range containers {
		container := &containers[i]
		container.Image = shared(container.Image)
		container.Command, container.Args = sharedAll(container.Command), sharedAll(container.Args)
		if probe := container.StartupProbe; probe != nil && probe.Exec != nil {
			container.StartupProbe = probe.DeepCopy()
			container.StartupProbe.Exec.Command = sharedAll(probe.Exec.Command)
		}
	}
}

func sharedAll(texts []string) []string {
	if texts == nil {
		return nil
	}
	all := make([]string, 0, len(texts))
	for _, text := range texts {
		all = append(all, shared(text))
	}
	return all
}

// trimDaemonSet keeps our own DaemonSets whole. Of another DaemonSet it keeps what shows whether it
// is a load balancer's agent or a part of the node's network, where it runs, and how many of its
// pods do.
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
		images = append(images, signOfAgent(container))
	}
	daemonSet.Annotations = writersOf(daemonSet.Annotations)
	daemonSet.Spec = appsv1.DaemonSetSpec{Selector: daemonSet.Spec.Selector, Template: corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: daemonSet.Spec.Template.Labels},
		Spec: corev1.PodSpec{
			Containers: images, Tolerations: pod.Tolerations, NodeSelector: pod.NodeSelector, Affinity: pod.Affinity,
			HostNetwork: pod.HostNetwork, PriorityClassName: pod.PriorityClassName, Volumes: provider.SignsOfNetwork(pod.Volumes),
		},
	}}
	daemonSet.Status.Conditions, daemonSet.Status.CollisionCount = nil, nil
	return daemonSet, nil
}

// signOfAgent keeps of a container what shows which program it runs: its image, the first word of its
// command, the names of its environment variables, and the few settings that decide.
func signOfAgent(container corev1.Container) corev1.Container {
	kept := corev1.Container{Name: container.Name, Image: container.Image}
	if len(container.Command) > 0 {
		kept.Command = []string{container.Command[0]}
	}
	for _, variable := range container.Env {
		sign := corev1.EnvVar{Name: shared(variable.Name)}
		if slices.Contains(provider.AgentValues, variable.Name) {
			sign.Value = shared(variable.Value)
		}
		kept.Env = append(kept.Env, sign)
	}
	for _, argument := range container.Args {
		if slices.Contains(provider.AgentArguments, argument) {
			kept.Args = append(kept.Args, shared(argument))
		}
	}
	if len(container.EnvFrom) > 0 {
		kept.EnvFrom = []corev1.EnvFromSource{{}}
	}
	return kept
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

// edgeIngressOfSlice finds the EdgeIngress whose Service a slice names. Only the name counts,
// because any user can create such a slice.
func edgeIngressOfSlice(slice client.Object) (string, bool) {
	return names.OfService(slice.GetLabels()[discoveryv1.LabelServiceName])
}
