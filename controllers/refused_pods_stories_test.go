package controllers_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestTheRefusalOfPodsIsQuoted(t *testing.T) {
	t.Parallel()
	for _, kind := range []v1alpha1.WorkloadKind{v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			s := newStory(t, "quota-"+strings.ToLower(string(kind)))
			s.addNodes("a")
			s.createForeign(&corev1.ResourceQuota{
				ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace(), Name: "compute"},
				Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourceLimitsMemory: resource.MustParse("8Gi")}},
			})
			s.create(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = kind })
			s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonPodsRefused)
			s.saysOf(v1alpha1.ConditionControllerAvailable, "must specify limits.memory", "set them in spec.controller.resources")

			s.change(func(e *v1alpha1.EdgeIngress) {
				e.Spec.Controller.Resources = &v1alpha1.ResourcesSpec{Limits: v1alpha1.ResourceAmounts{corev1.ResourceMemory: resource.MustParse("1024Mi")}}
			})
			s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionTrue, v1alpha1.ReasonControllersReady)
		})
	}
}

func TestNoPodIsReplacedWhereTheNamespaceRefusesItsSuccessor(t *testing.T) {
	t.Parallel()
	s := newStory(t, "refused-pods")
	s.addNodes("a")
	s.createReady(withoutDrain)
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}}
	s.mustRead(namespace)
	if level := namespace.Labels["pod-security.kubernetes.io/enforce"]; level != "privileged" {
		t.Errorf("the operator's namespace enforces %q", level)
	}
	s.patch(namespace, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"baseline"}}}`)
	before := s.pods()
	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = v1alpha1.ExposureHostNetwork })
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonNamespaceForbidsHostPorts)
	if now := podsAmong(s.pods(), before); now != len(before) {
		t.Errorf("%d of %d pods remain", now, len(before))
	}

	s.patch(namespace, `{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`)
	s.eventually("the controller uses the node's network", func() error { return s.usesHostNetwork(true) })
	s.becomesReady()
}
