package controllers_test

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

// Pods of a foreign DaemonSet with our labels are endpoints of our Service, but no controllers of
// ours.
func TestPodsOfAnotherWorkloadAreNoControllers(t *testing.T) {
	t.Parallel()
	s := newStory(t, "canary")
	s.addNodes("a")
	s.createReady(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Provider: v1alpha1.ProviderPacketForwarding}
	})
	s.becomes(v1alpha1.ConditionSourceIPConfigured, metav1.ConditionTrue, v1alpha1.ReasonPreservedByLocalPolicy)

	ours := named(s, &appsv1.DaemonSet{})
	s.mustRead(ours)
	canary := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: ours.Namespace, Name: "canary"}, Spec: *ours.Spec.DeepCopy()}
	if err := admin.Create(t.Context(), canary); err != nil {
		t.Fatal(err)
	}
	s.cleanUp(canary)
	s.becomes(v1alpha1.ConditionSourceIPConfigured, metav1.ConditionUnknown, v1alpha1.ReasonForeignEndpoints)

	s.eventually("our own controller is not ready", func() error {
		pods := &corev1.PodList{}
		if err := admin.List(t.Context(), pods, client.InNamespace(ours.Namespace)); err != nil {
			return err
		}
		for i := range pods.Items {
			if pod := &pods.Items[i]; metav1.IsControlledBy(pod, ours) {
				before := pod.DeepCopy()
				metav1.SetMetaDataAnnotation(&pod.ObjectMeta, testcluster.NotReadyAnnotation, "true")
				return admin.Patch(t.Context(), pod, client.MergeFrom(before))
			}
		}
		return errors.New("there is no pod of ours")
	})
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonControllersMissing)
}
