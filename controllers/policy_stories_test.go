package controllers_test

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestANetworkPolicyThatKeepsClientsOutIsReported(t *testing.T) {
	t.Parallel()
	s := newStory(t, "policies")
	s.addNodes("a")
	s.create()
	s.assignAddress("203.0.113.10")
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonAddressAssigned)

	deny := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace(), Name: "default-deny"}}
	if err := admin.Create(t.Context(), deny); err != nil {
		t.Fatal(err)
	}
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonNetworkPolicyBlocks)
	s.saysOf(v1alpha1.ConditionLoadBalancerReady, s.namespace()+"/default-deny", v1alpha1.OwnerLabel+"="+s.name)

	allow := &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: s.namespace(), Name: "allow"}}
	allow.Spec.PodSelector.MatchLabels = map[string]string{v1alpha1.OwnerLabel: s.name}
	allow.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
	if err := admin.Create(t.Context(), allow); err != nil {
		t.Fatal(err)
	}
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonAddressAssigned)

	s.patch(allow, `{"spec":{"podSelector":{"matchLabels":{"app":"shop"}}}}`)
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonNetworkPolicyBlocks)
	if err := admin.Delete(t.Context(), deny); err != nil {
		t.Fatal(err)
	}
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionTrue, v1alpha1.ReasonAddressAssigned)
}
