package scenario

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// taintGate: MetalLB's speaker does not tolerate the edge taint, as after its installation.
func taintGate() []Scenario {
	return []Scenario{
		{
			Name: "the speaker does not tolerate the edge taint", Item: 2, Spec: public(anyAddress),
			Requests: requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor),
			Says: Says{
				v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonTaintWithheldForAgents),
				v1alpha1.ConditionNodesReady:           isNot(v1alpha1.ReasonTaintWithheldForAgents),
				v1alpha1.ConditionLoadBalancerReady:    is(v1alpha1.ReasonAddressAssigned),
				v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonPreservedByLocalPolicy),
				v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
			},
		},
		{
			Name: "the speaker tolerates the edge taint; an address from the pool, two edge nodes", Item: 2, Deeds: []Deed{TolerateEdgeTaint},
			Requests: requests(FromClient, VIP, TheSender, headerForgeries...),
			Says: Says{
				v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
				v1alpha1.ConditionNodesReady:           is(v1alpha1.ReasonNodesLabelled),
				v1alpha1.ConditionControllerAvailable:  is(v1alpha1.ReasonControllersReady),
				v1alpha1.ConditionLoadBalancerReady:    is(v1alpha1.ReasonAddressAssigned),
				v1alpha1.ConditionConfigEffective:      is(v1alpha1.ReasonConfigLoaded),
				v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonPreservedByLocalPolicy),
				v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
				v1alpha1.ConditionEngineSupported:      unclear(v1alpha1.ReasonForkNotTracked),
			},
		},
		speakersRefused(),
	}
}

// speakersRefused sends to node ports only: how long neighbours remember who had the address is up to them.
func speakersRefused() Scenario {
	return Scenario{
		Name: "the speaker's namespace refuses its pods", Item: 2, Spec: public(), Deeds: []Deed{TolerateEdgeTaint, RefuseSpeakers},
		Requests:  requests(FromClient, NodePort(Edge1), TheSender, Plain, ForgedForwardedFor),
		Undecided: "nobody announces the load balancer's address",
		Unlooked:  true,
		Says: Says{
			v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonAgentNotReadyOnEdgeNodes),
			v1alpha1.ConditionLoadBalancerReady:    isNot(v1alpha1.ReasonAgentNotReadyOnEdgeNodes),
			v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
		},
	}
}

// modes of kube-proxy.
func modes() []Scenario {
	row := func(name string, sent ...[]Request) Scenario {
		return Scenario{Name: name, Item: 4, Spec: public(), Requests: slices.Concat(sent...), Says: nothingTrusted}
	}
	fixed := row("a fixed address", requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor))
	fixed.Item = 2
	return []Scenario{
		fixed,
		row("DaemonSet, an iptables node", requests(FromClient, NodePort(Edge1), TheSender, headerForgeries...)),
		row("DaemonSet, an nftables node", requests(FromClient, NodePort(Edge2), TheSender, headerForgeries...)),
		row("DaemonSet, iptables and nftables nodes in one cluster",
			requests(FromClient, VIP, TheSender, Plain), requests(FromClient, NodePort(Edge1), TheSender, Plain), requests(FromClient, NodePort(Edge2), TheSender, Plain)),
	}
}

// fewerReplicas is an EdgeIngress with two edge nodes, of which one has no controller. The foreign
// endpoint is on that node, so it always answers there: it receives what clients send without a
// controller in between, and no one overwrites their headers. The load balancer's address may then
// lead to either node, so nothing is sent there.
func fewerReplicas() []Scenario {
	withController := requests(FromClient, NodePortWithPod, TheSender, Plain, ForgedForwardedFor)
	return []Scenario{
		{
			Name: "Deployment with fewer replicas than edge nodes", Item: 4, Spec: spare(),
			Requests: slices.Concat(
				requests(FromClient, VIP, TheSender, headerForgeries...), withController,
				failed(traffic.ConnectTimedOut).of(FromClient, NodePortWithoutPod, Plain)),
			Says: nothingTrusted,
		},
		{
			Name: "a foreign EndpointSlice", Item: 5, Spec: spare(), Deeds: []Deed{AddForeignEndpointSlice},
			Requests: slices.Concat(
				withController, requests(FromClient, NodePortWithoutPod, Unset, Plain),
				result{sees: TheForged, realIP: Unset}.of(FromClient, NodePortWithoutPod, ForgedForwardedFor)),
			Says: Says{
				v1alpha1.ConditionSourceIPConfigured:   unclear(v1alpha1.ReasonForeignEndpoints),
				v1alpha1.ConditionForwardedHeadersSafe: unclear(v1alpha1.ReasonForeignEndpoints),
			},
		},
	}
}

// byHand are manual changes without the operator. Afterwards the operator has repaired what it may
// repair, and has reported it meanwhile. Where its repairs are refused, the conditions must report
// the current state.
func byHand() []Scenario {
	everything := requests(FromClient, VIP, TheSender, headerForgeries...)
	row := func(name string, meanwhile Says, deeds ...Deed) Scenario {
		return Scenario{Name: name, Item: 5, Spec: public(), Deeds: deeds, Meanwhile: meanwhile, Requests: everything, Says: nothingTrusted}
	}
	return []Scenario{
		row("the policy set to Cluster manually", Says{v1alpha1.ConditionSourceIPConfigured: isNot(v1alpha1.ReasonTrafficPolicyCluster)}, PolicyToCluster),
		row("the ConfigMap edited manually", Says{v1alpha1.ConditionForwardedHeadersSafe: isNot(v1alpha1.ReasonTrustDrifted)}, TrustEveryone),
		policyStaysCluster(), configStaysEdited(), configOverruled(), roleLabelWithheld(),
	}
}

// configOverruled is a policy that undoes each repair in the operator's own request.
func configOverruled() Scenario {
	return Scenario{
		Name: "a policy changes each write of the ConfigMap", Item: 5, Spec: public(), Deeds: []Deed{OverruleConfig},
		Requests: slices.Concat(requests(FromClient, VIP, TheSender, Plain, ForgedRealIP), requests(FromClient, VIP, TheForged, ForgedForwardedFor)),
		Says: Says{
			v1alpha1.ConditionReady:                unclear(v1alpha1.ReasonConfigChanged),
			v1alpha1.ConditionConfigEffective:      unclear(v1alpha1.ReasonConfigChanged),
			v1alpha1.ConditionSourceIPConfigured:   unclear(v1alpha1.ReasonConfigNotEffective),
			v1alpha1.ConditionForwardedHeadersSafe: isNot(v1alpha1.ReasonTrustDrifted),
		},
	}
}

// roleLabelWithheld is a node that serves without the role label.
func roleLabelWithheld() Scenario {
	return Scenario{
		Name: "a DaemonSet excludes nodes with the role label", Item: 5, Spec: public(), Deeds: []Deed{ExcludeRoleLabel},
		Requests: slices.Concat(requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor), requests(FromClient, NodePort(Edge1), TheSender, Plain)),
		Says: Says{
			v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonLabelWithheldForDaemonSets),
			v1alpha1.ConditionNodesReady:           isNot(v1alpha1.ReasonLabelWithheldForDaemonSets),
			v1alpha1.ConditionControllerAvailable:  is(v1alpha1.ReasonControllersReady),
			v1alpha1.ConditionLoadBalancerReady:    is(v1alpha1.ReasonAddressAssigned),
			v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonPreservedByLocalPolicy),
			v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
		},
	}
}

func policyStaysCluster() Scenario {
	return Scenario{
		Name: "the policy set to Cluster manually, and the repair refused", Item: 5, Spec: public(), Deeds: []Deed{RefuseServiceRepairs, PolicyToCluster},
		Requests: slices.Concat(
			requests(FromClient, VIP, ANode, headerForgeries...), requests(FromClient, NodePort(Edge1), ANode, Plain, ForgedForwardedFor),
			requests(FromClient, NodePort(Edge2), ANode, Plain)),
		Says: Says{
			v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonApplyFailed),
			v1alpha1.ConditionSourceIPConfigured:   isNot(v1alpha1.ReasonTrafficPolicyCluster),
			v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
			// Nodes without a controller pass connections on, so no probe shows which one it crossed.
			v1alpha1.ConditionNodesKeepSourceIP: unclear(v1alpha1.ReasonConnectionsTranslated),
		},
	}
}

func configStaysEdited() Scenario {
	return Scenario{
		Name: "the ConfigMap edited manually, and the repair refused", Item: 5, Spec: public(), Deeds: []Deed{RefuseConfigRepairs, TrustEveryone},
		Requests: slices.Concat(requests(FromClient, VIP, TheSender, Plain, ForgedRealIP), requests(FromClient, VIP, TheForged, ForgedForwardedFor)),
		Says: Says{
			v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonApplyFailed),
			v1alpha1.ConditionSourceIPConfigured:   unclear(v1alpha1.ReasonConfigNotEffective),
			v1alpha1.ConditionForwardedHeadersSafe: isNot(v1alpha1.ReasonTrustDrifted),
		},
	}
}

// overHTTPS is served with the certificate of a Secret, which the client checks.
func overHTTPS() []Scenario {
	return []Scenario{
		{Name: "HTTPS with a certificate from a Secret", Item: 8, Spec: public(), Requests: requests(FromClient, VIPHTTPS, TheSender, headerForgeries...), Says: nothingTrusted},
		{
			Name: "HTTPS with a certificate from a Secret, behind PROXY v2", Item: 8, Spec: public(proxyProtocol(BalancerCIDR)),
			Requests: requests(FromClient, HTTPSProxyV2, TheSender, headerForgeries...), Says: proxyTrusted,
		},
	}
}

// crash: the address moves to the other edge node, and the conditions report the one that is gone.
func crash() []Scenario {
	return []Scenario{{
		Name: "the announcing node crashes", Item: 2, Spec: public(), Deeds: []Deed{CrashAnnouncer},
		Requests: requests(FromClient, VIP, TheSender, headerForgeries...),
		Says: Says{
			v1alpha1.ConditionReady:                isNot(v1alpha1.ReasonControllersMissing),
			v1alpha1.ConditionControllerAvailable:  isNot(v1alpha1.ReasonControllersMissing),
			v1alpha1.ConditionLoadBalancerReady:    isNot(v1alpha1.ReasonEdgeNodesWithoutEndpoint),
			v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonPreservedByLocalPolicy),
			v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
		},
	}}
}
