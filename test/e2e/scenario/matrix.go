package scenario

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// What the objects cannot tell, in the words of the table.
const (
	proxyNobodyDeclared = "a proxy in front of the load balancer, which the spec does not mention"
	proxyNotTrusted     = "a proxy in front of the load balancer whose address is not the one that the spec trusts"
	headerNotWritten    = "a proxy that the spec trusts and that does not write the header"
)

// What MetalLB's address and externalTrafficPolicy Local let be said with each kind of trust.
var (
	nothingTrusted = Says{
		v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
		v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonPreservedByLocalPolicy),
		v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
	}
	headerTrusted = Says{
		v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
		v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonForwardedHeaderTrusted),
		v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonTrustedProxiesOnly),
	}
	headerOfUnknownPolicy = Says{
		v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
		v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonForwardedHeaderTrusted),
		v1alpha1.ConditionForwardedHeadersSafe: unclear(v1alpha1.ReasonHeaderPolicyUnknown),
	}
	proxyTrusted = Says{
		v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
		v1alpha1.ConditionSourceIPConfigured:   unclear(v1alpha1.ReasonExternalBalancerUnseen),
		v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored),
	}
	bothTrusted = Says{
		v1alpha1.ConditionReady:                is(v1alpha1.ReasonAllConditionsMet),
		v1alpha1.ConditionSourceIPConfigured:   unclear(v1alpha1.ReasonExternalBalancerUnseen),
		v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonTrustedProxiesOnly),
	}
)

// proxyForgeries are those made below HTTP.
var proxyForgeries = []Forgery{ForgedProxyV1, ForgedProxyV2}

// matrix is what clientIP says, times what stands in front, times what a client forges.
func matrix() []Scenario {
	return slices.Concat(trustingNothing(), trustingHeader(), trustingProxyProtocol(), trustingBoth())
}

func trustingNothing() []Scenario {
	row := func(name, beyond string, sent ...[]Request) Scenario {
		return Scenario{Name: "nothing trusted: " + name, Item: 3, Spec: public(), Requests: slices.Concat(sent...), Says: nothingTrusted, Beyond: beyond}
	}
	return []Scenario{
		row("clients connect directly", "",
			requests(FromClient, VIP, TheSender, headerForgeries...), requests(FromClient, VIP, Nobody, proxyForgeries...)),
		row("HTTP proxy that appends", proxyNobodyDeclared, requests(FromClient, HTTPAppending, TheBalancer, headerForgeries...)),
		row("HTTP proxy that does not append", proxyNobodyDeclared, requests(FromClient, HTTPUnchanged, TheBalancer, headerForgeries...)),
		row("TCP proxy", proxyNobodyDeclared, requests(FromClient, TCPProxy, TheBalancer, headerForgeries...)),
		row("balancer with PROXY protocol", proxyNobodyDeclared,
			requests(FromClient, TCPProxyV1, Nobody, Plain), requests(FromClient, TCPProxyV2, Nobody, Plain)),
	}
}

func trustingHeader() []Scenario {
	row := func(name, beyond string, policy v1alpha1.ForwardedHeaderPolicy, trusted v1alpha1.CIDR, sent ...[]Request) Scenario {
		return Scenario{
			Name: name, Item: 3, Spec: public(header(policy, trusted)), Requests: slices.Concat(sent...), Says: headerTrusted, Beyond: beyond,
		}
	}
	const appends, replaces = v1alpha1.ForwardedHeaderAppend, v1alpha1.ForwardedHeaderReplace
	notAppending := row("header trusted: HTTP proxy that does not append, policy not declared", headerNotWritten, noPolicy, BalancerCIDR,
		requests(FromClient, HTTPUnchanged, TheBalancer, Plain, ForgedRealIP, ForgedForwarded),
		requests(FromClient, HTTPUnchanged, TheForged, ForgedForwardedFor))
	notAppending.Says = headerOfUnknownPolicy
	return []Scenario{
		row("header trusted: clients connect directly", "", appends, BalancerCIDR,
			requests(FromClient, VIP, TheSender, headerForgeries...), requests(FromClient, VIP, Nobody, proxyForgeries...)),
		row("header trusted: HTTP proxy that appends", "", appends, BalancerCIDR, requests(FromClient, HTTPAppending, TheSender, headerForgeries...)),
		row("header trusted: TCP proxy", headerNotWritten, appends, BalancerCIDR, requests(FromClient, TCPProxy, TheBalancer, Plain, ForgedRealIP)),
		row("header trusted: balancer with PROXY protocol", headerNotWritten, appends, BalancerCIDR,
			requests(FromClient, TCPProxyV1, Nobody, Plain), requests(FromClient, TCPProxyV2, Nobody, Plain)),
		row("header trusted: HTTP proxy that replaces", "", replaces, BalancerCIDR, requests(FromClient, HTTPReplacing, TheSender, headerForgeries...)),
		notAppending,
		row("header trusted from elsewhere: HTTP proxy that appends", proxyNotTrusted, appends, OtherCIDR,
			requests(FromClient, HTTPAppending, TheBalancer, headerForgeries...)),
		row("header trusted from elsewhere: clients connect directly", "", appends, OtherCIDR,
			requests(FromClient, VIP, TheSender, headerForgeries...)),
		trustingClientsOwnHeader(),
	}
}

// trustingClientsOwnHeader: of a header that is not X-Forwarded-For the first value counts, and the client writes that.
func trustingClientsOwnHeader() Scenario {
	return Scenario{
		Name: "header X-Real-IP trusted: HTTP proxy that passes it on", Item: 3, Beyond: headerNotWritten,
		Spec: public(header(v1alpha1.ForwardedHeaderAppend, BalancerCIDR), headerNamed(string(ForgedRealIP))),
		Requests: slices.Concat(
			requests(FromClient, HTTPAppending, TheBalancer, Plain, ForgedForwardedFor),
			requests(FromClient, HTTPAppending, TheForged, ForgedRealIP),
			requests(FromClient, VIP, TheSender, ForgedRealIP)),
		Says: Says{
			v1alpha1.ConditionSourceIPConfigured:   is(v1alpha1.ReasonForwardedHeaderTrusted),
			v1alpha1.ConditionForwardedHeadersSafe: isNot(v1alpha1.ReasonHeaderClientControlled),
		},
	}
}

func trustingProxyProtocol() []Scenario {
	row := func(name string, trusted v1alpha1.CIDR, sent ...[]Request) Scenario {
		return Scenario{Name: name, Item: 3, Spec: public(proxyProtocol(trusted)), Requests: slices.Concat(sent...), Says: proxyTrusted}
	}
	return []Scenario{
		row("PROXY protocol trusted: version 1", BalancerCIDR, requests(FromClient, TCPProxyV1, TheSender, headerForgeries...)),
		row("PROXY protocol trusted: version 2", BalancerCIDR, requests(FromClient, TCPProxyV2, TheSender, headerForgeries...)),
		row("PROXY protocol trusted: clients connect directly", BalancerCIDR,
			requests(FromClient, VIP, Nobody, Plain, ForgedForwardedFor), requests(FromClient, VIP, TheSender, proxyForgeries...)),
		row("PROXY protocol trusted: proxies without it", BalancerCIDR,
			requests(FromClient, TCPProxy, Nobody, Plain), requests(FromClient, HTTPAppending, Nobody, Plain, ForgedForwardedFor)),
		row("PROXY protocol trusted from elsewhere", OtherCIDR,
			requests(FromClient, TCPProxyV1, TheBalancer, headerForgeries...), requests(FromClient, TCPProxyV2, TheBalancer, Plain, ForgedForwardedFor)),
	}
}

// trustingBoth: builds of the engine before v1.13, as the local one, ignore the header where PROXY protocol is on. So of a CDN behind the balancer the
// application sees the CDN.
func trustingBoth() []Scenario {
	row := func(name string, trusted v1alpha1.CIDR, sent ...[]Request) Scenario {
		return Scenario{Name: name, Item: 3, Spec: public(both(trusted)), Requests: slices.Concat(sent...), Says: bothTrusted}
	}
	return []Scenario{
		row("PROXY protocol and header trusted: balancer with PROXY protocol", BalancerCIDR,
			requests(FromClient, TCPProxyV1, TheSender, headerForgeries...), requests(FromClient, TCPProxyV2, TheSender, headerForgeries...)),
		row("PROXY protocol and header trusted: HTTP proxy behind the balancer", BalancerCIDR,
			requests(FromClient, CDNBehindProxy, TheBalancer, headerForgeries...)),
		row("PROXY protocol and header trusted: clients connect directly", BalancerCIDR,
			requests(FromClient, VIP, Nobody, Plain), requests(FromClient, VIP, TheSender, proxyForgeries...)),
		row("PROXY protocol and header trusted from elsewhere", OtherCIDR,
			requests(FromClient, TCPProxyV1, TheBalancer, headerForgeries...)),
	}
}
