package controllers

import (
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestTheCacheKeepsThePeersThatDecide(t *testing.T) {
	block := func(cidr string, except ...string) networkingv1.NetworkPolicyPeer {
		return networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr, Except: except}}
	}
	pods := networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{}}
	for name, row := range map[string]struct {
		peers []networkingv1.NetworkPolicyPeer
		kept  int
	}{
		"none":                             {nil, 0},
		"one":                              {[]networkingv1.NetworkPolicyPeer{block("192.0.2.0/24")}, 1},
		"many narrow ranges":               {[]networkingv1.NetworkPolicyPeer{block("192.0.2.0/24"), block("198.51.100.0/24"), block("203.0.113.0/24")}, 1},
		"all addresses behind a range":     {[]networkingv1.NetworkPolicyPeer{block("192.0.2.0/24"), block("0.0.0.0/0")}, 2},
		"both halves":                      {[]networkingv1.NetworkPolicyPeer{block("0.0.0.0/1"), block("128.0.0.0/1")}, 2},
		"both families":                    {[]networkingv1.NetworkPolicyPeer{block("0.0.0.0/0"), block("::/0")}, 2},
		"pods behind an empty range":       {[]networkingv1.NetworkPolicyPeer{block("192.0.2.0/24", "192.0.2.0/24"), pods}, 1},
		"a range of which a half is left":  {[]networkingv1.NetworkPolicyPeer{block("192.0.2.0/24", "192.0.2.0/24"), block("198.51.100.0/24", "198.51.100.0/25")}, 1},
		"ranges that are all empty":        {[]networkingv1.NetworkPolicyPeer{block("192.0.2.0/24", "192.0.2.0/24"), block("198.51.100.0/24", "198.51.100.0/25", "198.51.100.128/25")}, 2},
		"pods of many selectors":           {[]networkingv1.NetworkPolicyPeer{pods, pods, pods}, 1},
		"a range that cannot be read, too": {[]networkingv1.NetworkPolicyPeer{pods, block("x")}, 1},
	} {
		kept, err := trimNetworkPolicy(&networkingv1.NetworkPolicy{Spec: networkingv1.NetworkPolicySpec{Egress: []networkingv1.NetworkPolicyEgressRule{{To: row.peers}}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := len(kept.(*networkingv1.NetworkPolicy).Spec.Egress[0].To); got != row.kept {
			t.Errorf("%s: kept %d peers, want %d", name, got, row.kept)
		}
	}
}
