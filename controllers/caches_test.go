package controllers

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestAPodKeepsInTheCacheWhatAPassSees(t *testing.T) {
	deleted := metav1.NewTime(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	whole := func(change func(*corev1.Pod)) *corev1.Pod {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{
				Name: "controller-a", Namespace: "edge", UID: "1", ResourceVersion: "10", Labels: map[string]string{v1alpha1.OwnerLabel: "public"},
				Annotations:     map[string]string{"example.com/note": "x"},
				OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: "public", UID: "2", Controller: new(true)}},
				ManagedFields:   []metav1.ManagedFieldsEntry{{Manager: "kubelet", Operation: metav1.ManagedFieldsOperationUpdate}},
			},
			Spec: corev1.PodSpec{NodeName: "a", Containers: []corev1.Container{{Name: "controller", Image: "registry.example.com/controller"}},
				Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, Affinity: &corev1.Affinity{}},
			Status: corev1.PodStatus{
				Phase: corev1.PodRunning, HostIP: "10.0.0.1", PodIP: "10.244.0.5", PodIPs: []corev1.PodIP{{IP: "10.244.0.5"}},
				Conditions: []corev1.PodCondition{
					{Type: corev1.PodInitialized, Status: corev1.ConditionTrue},
					{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: deleted},
				},
				ContainerStatuses: []corev1.ContainerStatus{{Name: "controller", Ready: true, ImageID: "registry.example.com/controller@sha256:0"}},
			},
		}
		change(pod)
		return pod
	}
	waiting := func(reason string) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			pod.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: "back-off"}
		}
	}
	condition := func(kind corev1.PodConditionType) func(*corev1.Pod) {
		return func(pod *corev1.Pod) {
			pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: corev1.ConditionFalse, Reason: "Why", Message: "so"})
		}
	}
	for name, change := range map[string]func(*corev1.Pod){
		"a ready pod":                           func(*corev1.Pod) {},
		"a pod whose image is not there":        waiting("ImagePullBackOff"),
		"a pod whose containers are coming":     waiting("ContainerCreating"),
		"a pod that cannot be scheduled":        condition(corev1.PodScheduled),
		"a pod that was evicted":                func(pod *corev1.Pod) { pod.Status.Phase = corev1.PodFailed },
		"a pod that is ending":                  func(pod *corev1.Pod) { pod.DeletionTimestamp = &deleted },
		"a pod that a network plugin redirects": func(pod *corev1.Pod) { pod.Annotations["ambient.istio.io/redirection"] = "enabled" },
		"a pod with a sidecar": func(pod *corev1.Pod) {
			pod.Spec.InitContainers = []corev1.Container{{Name: "mesh-proxy", Args: []string{"proxy"}}}
			pod.Spec.Volumes = []corev1.Volume{{Name: "mesh"}, {Name: "kube-api-access-x", VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}}}
		},
		"a pod on the node's network": func(pod *corev1.Pod) { pod.Spec.HostNetwork = true },
		"a pod with two addresses":    func(pod *corev1.Pod) { pod.Status.PodIPs = append(pod.Status.PodIPs, corev1.PodIP{IP: "2001:db8::5"}) },
	} {
		t.Run(name, func(t *testing.T) {
			before := observedPod(whole(change), v1alpha1.WorkloadDaemonSet)
			trimmed, err := trimPod(whole(change))
			if err != nil {
				t.Fatal(err)
			}
			pod, isPod := trimmed.(*corev1.Pod)
			if !isPod {
				t.Fatalf("trimmed to %T", trimmed)
			}
			if diff := cmp.Diff(before, observedPod(pod, v1alpha1.WorkloadDaemonSet)); diff != "" {
				t.Errorf("trimming changed what is seen (-whole +trimmed):\n%s", diff)
			}
			if diff := cmp.Diff(requestsForOwner(t.Context(), whole(change)), requestsForOwner(t.Context(), pod)); diff != "" {
				t.Errorf("trimming changed whose the pod is (-whole +trimmed):\n%s", diff)
			}
			if len(pod.Spec.Tolerations)+len(pod.ManagedFields) > 0 || pod.Annotations["example.com/note"] != "" || pod.Spec.Affinity != nil || len(pod.Spec.Volumes) > 1 {
				t.Errorf("more is kept than a pass sees: %+v", pod)
			}
			twice, err := trimPod(pod)
			if diff := cmp.Diff(pod, twice); diff != "" || err != nil {
				t.Errorf("trimming twice (-once +twice):\n%s %v", diff, err)
			}
		})
	}
}

func TestACachedNodeCanBeTrimmedAgain(t *testing.T) {
	deleted := metav1.NewTime(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	drained := func(node *corev1.Node) {
		node.Spec.Unschedulable, node.Spec.PodCIDRs = true, []string{"10.244.12.0/24", "2001:db8::/64"}
		node.Spec.Taints = append(node.Spec.Taints, corev1.Taint{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule})
	}
	for name, test := range map[string]struct {
		isEdge bool
		change func(*corev1.Node)
	}{
		"an edge node":                 {isEdge: true, change: func(*corev1.Node) {}},
		"another node":                 {change: func(*corev1.Node) {}},
		"a node that is being drained": {isEdge: true, change: drained},
		"a node that is being deleted": {change: func(node *corev1.Node) { node.DeletionTimestamp = &deleted }},
		"a node that is not ready":     {change: func(node *corev1.Node) { node.Status.Conditions[3].Status = corev1.ConditionFalse }},
	} {
		t.Run(name, func(t *testing.T) {
			given := func() *corev1.Node {
				node := busyNode(test.isEdge)
				test.change(node)
				return node
			}
			whole := observedNode(given())
			once, err := trimNode(given())
			if err != nil {
				t.Fatal(err)
			}
			node, isNode := once.(*corev1.Node)
			if !isNode {
				t.Fatalf("trimmed to %T", once)
			}
			if diff := cmp.Diff(whole, observedNode(node)); diff != "" {
				t.Errorf("trimming changed what is seen (-whole +trimmed):\n%s", diff)
			}
			if len(node.Status.Images) > 0 || slices.ContainsFunc(slices.Collect(maps.Keys(node.Annotations)), func(key string) bool { return !strings.HasPrefix(key, v1alpha1.TaintAnnotationPrefix) }) {
				t.Errorf("more is kept than a pass sees: %+v", node)
			}
			twice, err := trimNode(node)
			if diff := cmp.Diff(once, twice); diff != "" || err != nil {
				t.Errorf("trimming twice (-once +twice):\n%s %v", diff, err)
			}
		})
	}
}

func TestACachedDaemonSetKeepsWhereItRuns(t *testing.T) {
	daemonSet := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: "kube-system", Name: "network", Annotations: map[string]string{"a": "b"}}}
	daemonSet.Spec.Template.Spec = corev1.PodSpec{
		HostNetwork: true, PriorityClassName: "system-node-critical",
		Tolerations:  []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		NodeSelector: map[string]string{corev1.LabelOSStable: "linux"},
		Affinity:     &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}},
		Volumes: []corev1.Volume{
			{Name: "big"}, {Name: "plugins", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/opt/cni/bin"}}},
		},
	}
	before := othersAmong([]appsv1.DaemonSet{*daemonSet.DeepCopy()}, nil)
	trimmed, err := trimDaemonSet(daemonSet)
	kept, isDaemonSet := trimmed.(*appsv1.DaemonSet)
	if err != nil || !isDaemonSet {
		t.Fatal(trimmed, err)
	}
	if diff := cmp.Diff(before, othersAmong([]appsv1.DaemonSet{*kept}, nil)); diff != "" || !before.Items[0].NodeNetwork {
		t.Errorf("trimming changed where it runs (-whole +trimmed):\n%s%+v", diff, before)
	}
	if len(kept.Spec.Template.Spec.Volumes) != 1 || len(kept.Annotations) > 0 {
		t.Errorf("more is kept than a pass sees: %+v", kept)
	}
}
