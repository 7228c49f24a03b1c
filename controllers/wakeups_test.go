package controllers

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// wakeUp is an update of an object, as the cache shows it.
type wakeUp[P client.Object] struct {
	change func(P)
	wakes  bool
}

func checkWakeUps[P client.Object](t *testing.T, object P, rows map[string]wakeUp[P]) {
	t.Helper()
	for name, row := range rows {
		t.Run(name, func(t *testing.T) {
			after, _ := object.DeepCopyObject().(P)
			after.SetResourceVersion("2")
			row.change(after)
			if got := passesSeeDifferently(object, after); got != row.wakes {
				t.Errorf("it causes a pass: %t, want %t", got, row.wakes)
			}
		})
	}
}

func TestAnAgentWakesByWhatItIsOnly(t *testing.T) {
	agent := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "speaker", Namespace: "metallb-system", ResourceVersion: "1"}}
	agent.Spec.Template.Spec.Containers = []corev1.Container{{Name: "speaker", Image: "quay.io/metallb/speaker:v0.15.2"}}
	checkWakeUps(t, agent, map[string]wakeUp[*appsv1.DaemonSet]{
		"the progress of a roll-out": {change: func(d *appsv1.DaemonSet) { d.Status.NumberReady++; d.Status.UpdatedNumberScheduled++ }},
		"a generation":               {change: func(d *appsv1.DaemonSet) { d.Generation++ }},
		"an annotation":              {change: func(d *appsv1.DaemonSet) { d.Annotations = map[string]string{"example.com/touched": "yes"} }},
		"another tag of its image": {change: func(d *appsv1.DaemonSet) {
			d.Spec.Template.Spec.Containers[0].Image = "quay.io/metallb/speaker:v0.15.3"
		}},
		"a label of its pods": {change: func(d *appsv1.DaemonSet) { d.Spec.Template.Labels = map[string]string{"release": "2"} }},
		"a toleration": {change: func(d *appsv1.DaemonSet) {
			d.Spec.Template.Spec.Tolerations = []corev1.Toleration{{Operator: "Exists"}}
		}, wakes: true},
		"a node selector": {change: func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.NodeSelector = map[string]string{"edge": "yes"} }, wakes: true},
		"an affinity": {change: func(d *appsv1.DaemonSet) {
			d.Spec.Template.Spec.Affinity = &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{}}
		}, wakes: true},
		"an image of something else": {change: func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.Containers[0].Image = "example.com/other:1" }, wakes: true},
		"the host's network":         {change: func(d *appsv1.DaemonSet) { d.Spec.Template.Spec.HostNetwork = true }},
		"a part of the node's network": {change: func(d *appsv1.DaemonSet) {
			d.Spec.Template.Spec.HostNetwork, d.Spec.Template.Spec.PriorityClassName = true, "system-node-critical"
			d.Spec.Template.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/opt/cni/bin"}}}}
		}, wakes: true},
		"the label of an EdgeIngress": {change: func(d *appsv1.DaemonSet) { d.Labels = map[string]string{v1alpha1.OwnerLabel: "public"} }, wakes: true},
	})
}

func TestAnotherIngressClassWakesByBeingTheDefaultOnly(t *testing.T) {
	class := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "traefik", ResourceVersion: "1"}}
	checkWakeUps(t, class, map[string]wakeUp[*networkingv1.IngressClass]{
		"the default": {change: func(c *networkingv1.IngressClass) {
			c.Annotations = map[string]string{networkingv1.AnnotationIsDefaultIngressClass: "true"}
		}, wakes: true},
		"an annotation": {change: func(c *networkingv1.IngressClass) { c.Annotations = map[string]string{"example.com/touched": "yes"} }},
		"a label":       {change: func(c *networkingv1.IngressClass) { c.Labels = map[string]string{"release": "2"} }},
	})
}

func TestOwnObjectsWakeByWhatPassesSee(t *testing.T) {
	ours := metav1.ObjectMeta{Name: "a", Namespace: "edge-public", ResourceVersion: "1", Labels: map[string]string{v1alpha1.OwnerLabel: "public"}}
	checkWakeUps(t, &appsv1.DaemonSet{ObjectMeta: ours}, map[string]wakeUp[*appsv1.DaemonSet]{
		"own DaemonSet: a condition":   {change: func(d *appsv1.DaemonSet) { d.Status.Conditions = []appsv1.DaemonSetCondition{{Type: "X"}} }},
		"own DaemonSet: its roll-out":  {change: func(d *appsv1.DaemonSet) { d.Status.UpdatedNumberScheduled++ }, wakes: true},
		"own DaemonSet: a spec":        {change: func(d *appsv1.DaemonSet) { d.Spec.MinReadySeconds++ }, wakes: true},
		"own DaemonSet: a lost label":  {change: func(d *appsv1.DaemonSet) { d.Labels = nil }, wakes: true},
		"own DaemonSet: an annotation": {change: func(d *appsv1.DaemonSet) { d.Annotations = map[string]string{v1alpha1.AppliedAnnotation: "x"} }, wakes: true},
	})
	checkWakeUps(t, &appsv1.Deployment{ObjectMeta: ours}, map[string]wakeUp[*appsv1.Deployment]{
		"own Deployment: when it last progressed": {change: func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, LastUpdateTime: metav1.Now()}}
		}},
		"own Deployment: the refusal of its pods": {change: func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Message: "forbidden"}}
		}, wakes: true},
		"own Deployment: its roll-out": {change: func(d *appsv1.Deployment) { d.Status.UpdatedReplicas++ }, wakes: true},
		"own Deployment: its pausing":  {change: func(d *appsv1.Deployment) { d.Spec.Paused = true }, wakes: true},
	})
	checkWakeUps(t, &policyv1.PodDisruptionBudget{ObjectMeta: ours}, map[string]wakeUp[*policyv1.PodDisruptionBudget]{
		"own budget: its counters": {change: func(b *policyv1.PodDisruptionBudget) { b.Status.DisruptionsAllowed++ }},
		"own budget: its spec":     {change: func(b *policyv1.PodDisruptionBudget) { b.Spec.Selector = &metav1.LabelSelector{} }, wakes: true},
	})
	checkWakeUps(t, &corev1.Service{ObjectMeta: ours}, map[string]wakeUp[*corev1.Service]{
		"own Service: a version": {change: func(*corev1.Service) {}},
		"own Service: its address": {change: func(s *corev1.Service) {
			s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.1"}}
		}, wakes: true},
		"own Service: a condition":  {change: func(s *corev1.Service) { s.Status.Conditions = []metav1.Condition{{Type: "X"}} }, wakes: true},
		"own Service: its policy":   {change: func(s *corev1.Service) { s.Spec.ExternalTrafficPolicy = "Cluster" }, wakes: true},
		"own Service: a deletion":   {change: func(s *corev1.Service) { now := metav1.Now(); s.DeletionTimestamp = &now }, wakes: true},
		"own Service: its managers": {change: func(s *corev1.Service) { s.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "x"}} }},
	})
}

func TestPodsSlicesAndNamespacesWakeByWhatPassesSee(t *testing.T) {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "1"}}
	ready := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue}
	checkWakeUps(t, pod, map[string]wakeUp[*corev1.Pod]{
		"pod: a start time":          {change: func(p *corev1.Pod) { now := metav1.Now(); p.Status.StartTime = &now }},
		"pod: its host's address":    {change: func(p *corev1.Pod) { p.Status.HostIP = "192.0.2.1" }},
		"pod: another condition":     {change: func(p *corev1.Pod) { p.Status.Conditions = []corev1.PodCondition{{Type: corev1.ContainersReady}} }},
		"pod: a container that runs": {change: func(p *corev1.Pod) { p.Status.ContainerStatuses = []corev1.ContainerStatus{{RestartCount: 1}} }},
		"pod: its phase":             {change: func(p *corev1.Pod) { p.Status.Phase = corev1.PodRunning }},
		"pod: it ended":              {change: func(p *corev1.Pod) { p.Status.Phase = corev1.PodFailed }, wakes: true},
		"pod: it is ready":           {change: func(p *corev1.Pod) { p.Status.Conditions = []corev1.PodCondition{ready} }, wakes: true},
		"pod: its address":           {change: func(p *corev1.Pod) { p.Status.PodIPs = []corev1.PodIP{{IP: "10.0.0.1"}} }, wakes: true},
		"pod: its node":              {change: func(p *corev1.Pod) { p.Spec.NodeName = "a" }, wakes: true},
		"pod: its end":               {change: func(p *corev1.Pod) { at := metav1.NewTime(time.Unix(1, 0)); p.DeletionTimestamp = &at }, wakes: true},
		"pod: its owner":             {change: func(p *corev1.Pod) { p.OwnerReferences = []metav1.OwnerReference{{Kind: "ReplicaSet"}} }, wakes: true},
		"pod: a label":               {change: func(p *corev1.Pod) { p.Labels = map[string]string{v1alpha1.OwnerLabel: "public"} }, wakes: true},
	})
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: "a", ResourceVersion: "1"}}
	checkWakeUps(t, slice, map[string]wakeUp[*discoveryv1.EndpointSlice]{
		"slice: its generation": {change: func(s *discoveryv1.EndpointSlice) { s.Generation++ }},
		"slice: an endpoint": {change: func(s *discoveryv1.EndpointSlice) {
			s.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}}}
		}, wakes: true},
		"slice: its Service": {change: func(s *discoveryv1.EndpointSlice) { s.Labels = map[string]string{discoveryv1.LabelServiceName: "b"} }, wakes: true},
	})
	namespace := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "1", ResourceVersion: "1"}}
	checkWakeUps(t, namespace, map[string]wakeUp[*metav1.PartialObjectMetadata]{
		"namespace: a label": {change: func(n *metav1.PartialObjectMetadata) { n.Labels = map[string]string{"team": "edge"} }},
		"namespace: its Pod Security Standard": {change: func(n *metav1.PartialObjectMetadata) {
			n.Labels = map[string]string{"pod-security.kubernetes.io/enforce": "baseline"}
		}, wakes: true},
		"namespace: its end":      {change: func(n *metav1.PartialObjectMetadata) { now := metav1.Now(); n.DeletionTimestamp = &now }, wakes: true},
		"namespace: it came back": {change: func(n *metav1.PartialObjectMetadata) { n.UID = "2" }, wakes: true},
	})
}

func TestAStatusThatChangesWithEveryPassIsNoHotLoop(t *testing.T) {
	before := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public", ResourceVersion: "1", Generation: 1}}
	for name, row := range map[string]struct {
		change func(*v1alpha1.EdgeIngress)
		waits  bool
	}{
		"a status waits":      {change: func(e *v1alpha1.EdgeIngress) { e.Status.ObservedGeneration = 1 }, waits: true},
		"a spec does not":     {change: func(e *v1alpha1.EdgeIngress) { e.Generation, e.Spec.Namespace = 2, "edge" }},
		"a deletion does not": {change: func(e *v1alpha1.EdgeIngress) { now := metav1.Now(); e.DeletionTimestamp = &now }},
		"a finalizer does not": {change: func(e *v1alpha1.EdgeIngress) {
			e.Finalizers, e.Status.ObservedGeneration = []string{v1alpha1.Finalizer}, 1
		}},
		"an annotation does not":              {change: func(e *v1alpha1.EdgeIngress) { e.Annotations = map[string]string{"example.com/touched": "yes"} }},
		"the resync of the cache is no write": {change: func(e *v1alpha1.EdgeIngress) { e.ResourceVersion = "1" }},
	} {
		t.Run(name, func(t *testing.T) {
			after := before.DeepCopy()
			after.ResourceVersion = "2"
			row.change(after)
			if waits := onlyStatusChanged.Update(event.UpdateEvent{ObjectOld: before, ObjectNew: after}); waits != row.waits {
				t.Errorf("the pass waits: %t, want %t", waits, row.waits)
			}
		})
	}
}
