package scenario

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// policies: the network of the test enforces no NetworkPolicy, so the requests arrive. The operator cannot know
// that.
func policies() []Scenario {
	return []Scenario{{
		Name: "a default-deny NetworkPolicy", Item: 5, Spec: public(), Deeds: []Deed{DenyClients},
		Requests: requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor),
		Says: Says{
			v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonNetworkPolicyBlocks),
			v1alpha1.ConditionLoadBalancerReady:    isNot(v1alpha1.ReasonNetworkPolicyBlocks),
			v1alpha1.ConditionSourceIPConfigured:   unclear(v1alpha1.ReasonNetworkPolicyBlocks),
			v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
		},
	}}
}
