package scenario

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// unseenFront is the explanation where the proxy in front is not an object.
func unseenFront(safe Verdict) Says {
	return Says{
		v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
		v1alpha1.ConditionLoadBalancerReady:    is(v1alpha1.ReasonNotApplicable),
		v1alpha1.ConditionSourceIPConfigured:   unclear(v1alpha1.ReasonExternalBalancerUnseen),
		v1alpha1.ConditionForwardedHeadersSafe: safe,
	}
}

// onHostNetwork is a controller in the node's own network.
func onHostNetwork() []Scenario {
	hostNetwork := func(changes ...change) *v1alpha1.EdgeIngressSpec {
		return internal(append(changes, exposed(v1alpha1.ExposureHostNetwork))...)
	}
	direct := unseenFront(headersIgnored)
	direct[v1alpha1.ConditionSourceIPConfigured] = is(v1alpha1.ReasonHostNetworkDirect)
	return []Scenario{
		{
			Name: "host network, clients connect directly", Item: 4, Spec: hostNetwork(), Requests: requests(FromClient, EdgePort80, TheSender, headerForgeries...),
			Says: direct, Legs: []string{"routers and proxies in front of the nodes"},
		},
		{
			Name: "host network behind an HTTP proxy that appends", Item: 4, Spec: hostNetwork(header(v1alpha1.ForwardedHeaderAppend, BalancerCIDR)),
			Requests: slices.Concat(requests(FromClient, EdgeAppending, TheSender, headerForgeries...), requests(FromClient, EdgePort80, TheSender, headerForgeries...)),
			Says:     unseenFront(policyUnmeasured),
		},
	}
}

// onHostPorts is a controller to which the network plugin leads the node's own ports.
func onHostPorts() []Scenario {
	mapped := unseenFront(headersIgnored)
	mapped[v1alpha1.ConditionSourceIPConfigured] = unclear(v1alpha1.ReasonHostPortMappingUnseen)
	return []Scenario{{
		Name: "host ports, clients connect directly", Item: 4, Spec: internal(exposed(v1alpha1.ExposureHostPort)),
		Requests: requests(FromClient, EdgePort80, TheSender, headerForgeries...), Says: mapped, Legs: []string{"routers and proxies in front of the nodes"},
	}}
}

// externalBalancer is type NodePort with a haproxy outside of the cluster, which checks the node ports.
func externalBalancer() []Scenario {
	return []Scenario{
		{
			Name: "NodePort, clients connect directly", Item: 4, Spec: internal(byNodePort), Requests: requests(FromClient, NodePort(Edge3), TheSender, headerForgeries...),
			Says: unseenFront(headersIgnored), Legs: []string{"the balancer and routers in front of the nodes"},
		},
		{
			Name: "NodePort behind a TCP proxy with health checks", Item: 4, Spec: internal(byNodePort),
			Requests: requests(FromClient, NodePortTCP, TheBalancer, headerForgeries...), Says: unseenFront(headersIgnored),
		},
	}
}

// podsByHand are manual changes of pods without the operator, which take a while to repair.
func podsByHand() []Scenario {
	row := func(name string, meanwhile Says, deed Deed) Scenario {
		return Scenario{
			Name: name, Item: 5, Spec: internal(byNodePort), Deeds: []Deed{deed}, Meanwhile: meanwhile,
			Requests: requests(FromClient, NodePort(Edge3), TheSender, headerForgeries...), Says: unseenFront(headersIgnored),
		}
	}
	return []Scenario{
		row("the edge labels removed manually", Says{v1alpha1.ConditionNodesReady: unclear(v1alpha1.ReasonLabelsMissing)}, RemoveEdgeLabels),
		row("a controller pod deleted manually", Says{v1alpha1.ConditionControllerAvailable: isNot(v1alpha1.ReasonControllersMissing)}, DeleteControllerPod),
		row("the DaemonSet's nodeSelector removed manually", nil, RemoveNodeSelector),
	}
}

// externalProxy is type NodePort with a haproxy that sends the client's address. sideBySide depends
// on the trust of the last one.
func externalProxy() []Scenario {
	return []Scenario{
		{
			Name: "NodePort behind PROXY v2 with health checks", Item: 4, Spec: internal(byNodePort, proxyProtocol(BalancerCIDR)),
			Requests: requests(FromClient, NodePortProxyV2, TheSender, headerForgeries...), Says: unseenFront(proxyUnmeasured),
		},
		{
			Name: "NodePort behind an HTTP proxy that appends, with health checks", Item: 4, Spec: internal(byNodePort, header(v1alpha1.ForwardedHeaderAppend, BalancerCIDR)),
			Requests: requests(FromClient, NodePortAppending, TheSender, headerForgeries...), Says: unseenFront(policyUnmeasured),
		},
	}
}

// sideBySide is two EdgeIngress objects in one cluster, each with its own nodes and its own trust.
// The earlier groups leave them so: Internal trusts a proxy's header, and Public nobody.
func sideBySide() []Scenario {
	return []Scenario{
		{
			Name: "two EdgeIngress: the public one trusts nobody", Item: 7, EdgeIngress: Public, Spec: public(), Says: nothingTrusted,
			Requests: slices.Concat(requests(FromClient, VIP, TheSender, headerForgeries...), requests(FromClient, HTTPAppending, TheBalancer, headerForgeries...)),
			Beyond:   proxyNobodyDeclared,
		},
		{
			Name: "two EdgeIngress: the internal one trusts a proxy", Item: 7, EdgeIngress: Internal, Spec: internal(byNodePort, header(v1alpha1.ForwardedHeaderAppend, BalancerCIDR)),
			Requests: slices.Concat(requests(FromClient, NodePortAppending, TheSender, headerForgeries...), requests(FromClient, NodePort(Edge3), TheSender, headerForgeries...)),
			Says:     unseenFront(policyUnmeasured),
		},
	}
}
