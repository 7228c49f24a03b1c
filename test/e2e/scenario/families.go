package scenario

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// families asks for an IP family that the cluster does not have. What served before goes on.
func families() []Scenario {
	return []Scenario{{
		Name: "both IP families are required, and the cluster has IPv4 only", Item: 4, Spec: public(), Deeds: []Deed{RequireDualStack},
		Requests: requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor),
		Says: Says{
			v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonApplyFailed),
			v1alpha1.ConditionLoadBalancerReady:    isNot(v1alpha1.ReasonApplyFailed),
			v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
		},
	}}
}
