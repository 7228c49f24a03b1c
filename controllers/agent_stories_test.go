package controllers_test

import (
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/simulated"
)

// An agent concerns every EdgeIngress, so this story runs alone.
func TestTheAddressIsReadyWhereThePodsOfTheAgentAre(t *testing.T) {
	s := newStory(t, "agent")
	s.addNodes("a", "b")
	speaker := s.addSpeaker()
	s.patch(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: speaker.Namespace}}, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`)
	s.patch(speaker, `{"spec":{"template":{"spec":{"hostNetwork":true,"tolerations":[{"operator":"Exists"}]}}}}`)
	s.create(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Provider: v1alpha1.ProviderMetalLB}
	})
	s.assignAddress("203.0.113.10")
	s.deletePods(speaker.Namespace)
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonAgentNotReadyOnEdgeNodes)
	s.eventually("the level that refuses the pods is named", func() error {
		return s.conditionTells(v1alpha1.ConditionLoadBalancerReady, "level baseline", "namespace metallb-system")()
	})

	s.patch(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: speaker.Namespace}}, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
	s.patch(speaker, `{"spec":{"template":{"metadata":{"annotations":{"example.com/again":"1"}}}}}`)
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonAddressAssigned)
	// Pods of the template before are Ready, too, and are replaced.
	s.eventually("the speaker is rolled out", s.isRolledOut(speaker))

	pod := s.podOf(speaker.Namespace, s.node("b"))
	s.patch(pod, `{"metadata":{"annotations":{"`+simulated.NotReadyAnnotation+`":"true"}}}`)
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonAgentNotReadyOnEdgeNodes)
	s.saysOf(v1alpha1.ConditionLoadBalancerReady, "node "+s.node("b"), "metallb-system/speaker")
	s.patch(pod, `{"metadata":{"annotations":{"`+simulated.NotReadyAnnotation+`":null}}}`)
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonAddressAssigned)
}

// deletePods deletes all pods of a namespace.
func (s *story) deletePods(namespace string) {
	s.Helper()
	if err := admin.DeleteAllOf(s.Context(), &corev1.Pod{}, client.InNamespace(namespace), client.GracePeriodSeconds(0)); err != nil {
		s.Fatal(err)
	}
}

// isRolledOut reports whether all pods of a DaemonSet are of its template, and Ready.
func (s *story) isRolledOut(set *appsv1.DaemonSet) func() error {
	return func() error {
		live := &appsv1.DaemonSet{}
		if err := admin.Get(s.Context(), client.ObjectKeyFromObject(set), live); err != nil {
			return err
		}
		status := live.Status
		if status.ObservedGeneration != live.Generation || status.UpdatedNumberScheduled != status.DesiredNumberScheduled || status.NumberReady != status.DesiredNumberScheduled {
			return fmt.Errorf("generation %d has the status %+v", live.Generation, status)
		}
		return nil
	}
}

// podOf waits for the pod of a namespace on a node.
func (s *story) podOf(namespace, node string) *corev1.Pod {
	s.Helper()
	var found *corev1.Pod
	s.eventually("a pod of "+namespace+" is on node "+node, func() error {
		list := &corev1.PodList{}
		if err := admin.List(s.Context(), list, client.InNamespace(namespace)); err != nil {
			return err
		}
		for i := range list.Items {
			if list.Items[i].Spec.NodeName == node {
				found = &list.Items[i]
				return nil
			}
		}
		return errors.New("there is none")
	})
	return found
}
