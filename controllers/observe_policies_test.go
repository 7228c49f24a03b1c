package controllers

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func TestACachedNetworkPolicyKeepsWhatIsJudged(t *testing.T) {
	port := intstr.FromString("http")
	peer := networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "192.0.2.0/24", Except: []string{"192.0.2.1/32"}}}
	whole := &networkingv1.NetworkPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: "a", Namespace: "b", UID: "c", ResourceVersion: "1", Labels: map[string]string{"d": "e"}, Annotations: map[string]string{"f": "g"}},
		Spec: networkingv1.NetworkPolicySpec{
			PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}},
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
			Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{peer}, Ports: []networkingv1.NetworkPolicyPort{{Port: &port}}}},
			Egress:      []networkingv1.NetworkPolicyEgressRule{{To: []networkingv1.NetworkPolicyPeer{peer, peer}, Ports: []networkingv1.NetworkPolicyPort{{Port: &port}}}, {}},
		},
	}
	before := whole.DeepCopy()
	trimmed, err := trimNetworkPolicy(whole)
	if err != nil {
		t.Fatal(err)
	}
	kept := trimmed.(*networkingv1.NetworkPolicy)
	if kept.Labels != nil || kept.Annotations != nil || len(kept.Spec.Egress[0].To) != 1 {
		t.Errorf("the cache keeps more than is judged: %+v", kept)
	}
	kept.Spec.Egress[0].To = before.Spec.Egress[0].To
	if !equality.Semantic.DeepEqual(kept.Spec, before.Spec) {
		t.Errorf("got  %+v\nwant %+v", kept.Spec, before.Spec)
	}
	if len(whole.Spec.Egress[0].To) != 2 {
		t.Error("the object from the API server was changed")
	}
}
