package controllers_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestTheRefusalOfADaemonSetsPodsIsQuoted(t *testing.T) {
	t.Parallel()
	s := newStory(t, "refused")
	s.addNodes("a")
	s.createNamespace()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}}
	s.patch(namespace, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`)
	s.create(withoutDrain, func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureHostNetwork })
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonPodsRefused)
	s.saysOf(v1alpha1.ConditionControllerAvailable, `violates PodSecurity "baseline:latest"`, "kubectl label namespace "+s.namespace()+" pod-security.kubernetes.io/enforce=privileged")

	s.patch(namespace, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionTrue, v1alpha1.ReasonControllersReady)
}

func TestTheRefusalOfADeploymentsPodsIsQuoted(t *testing.T) {
	t.Parallel()
	s := newStory(t, "quota")
	s.addNodes("a")
	s.createNamespace()
	s.createForeign(&corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace(), Name: "compute"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourceLimitsMemory: resource.MustParse("8Gi")}},
	})
	s.create(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment })
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonPodsRefused)
	s.saysOf(v1alpha1.ConditionControllerAvailable, "must specify limits.memory", "set them in spec.controller.resources")

	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Controller.Resources = &v1alpha1.ResourcesSpec{Limits: v1alpha1.ResourceAmounts{corev1.ResourceMemory: resource.MustParse("1Gi")}}
	})
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionTrue, v1alpha1.ReasonControllersReady)
}
