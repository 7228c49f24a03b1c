package scenario

import (
	"maps"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// saysAlso is what conditions must say, with further ones.
func saysAlso(says Says, kind string, verdict Verdict) Says {
	all := maps.Clone(says)
	all[kind] = verdict
	return all
}

const (
	masqueradingRouter = "a router outside of the cluster that puts its address in place of the client's"
	masqueradingNode   = "a packet filter on the edge node that no object describes"
	proxyChanged       = "a proxy that stopped writing the header"
	// notLookedAgain explains a verdict that is older than what it is about.
	notLookedAgain = "what a vantage outside saw counts until one looks again"
)

// lostOutside are cases in which the address is lost although every object looks right. The table
// records these rows, because no object shows the loss.
func lostOutside() []Scenario {
	nodeReplaces := saysAlso(nothingTrusted, v1alpha1.ConditionNodesKeepSourceIP, isNot(v1alpha1.ReasonAddressReplaced))
	onEdge := func(sees Who) []Request {
		return requests(FromClient, NodePort(Edge1), sees, Plain, ForgedForwardedFor)
	}
	return []Scenario{
		{
			Name: "a router in front masquerades", Item: 6, Spec: public(), Requests: requests(FromNATClient, VIP, TheNATRouter, Plain, ForgedForwardedFor),
			Says: nothingTrusted, Beyond: masqueradingRouter, Legs: []string{"kubectl edge-ingress verify"},
		},
		{
			Name: "a rule on an edge node masquerades", Item: 6, Spec: public(), Deeds: []Deed{MasqueradeOnEdge}, Requests: onEdge(ANode),
			Says: nodeReplaces, Beyond: masqueradingNode,
		},
		{
			Name: "the path is proven", Item: 6, Spec: public(), Says: nothingTrusted,
			Requests: slices.Concat(requests(FromClient, VIP, TheSender, headerForgeries...), onEdge(TheSender)),
			Then: []Scenario{
				{
					Name: "a rule on one of two edge nodes begins to masquerade", Deeds: []Deed{MasqueradeOnEdge}, Requests: onEdge(ANode),
					Says: nodeReplaces, Beyond: masqueradingNode, Unlooked: true,
				},
				{Name: "the rule goes", Undo: true, Requests: onEdge(TheSender), Says: nothingTrusted, Unlooked: true},
				{
					Name: "the router in front begins to masquerade", Deeds: []Deed{MasqueradeInFront}, Requests: requests(FromClient, VIP, TheRouter, Plain),
					Says: nothingTrusted, Beyond: masqueradingRouter, Stale: notLookedAgain,
				},
				{Name: "the router stops", Undo: true, Requests: requests(FromClient, VIP, TheSender, headerForgeries...), Says: nothingTrusted, Stale: notLookedAgain},
			},
		},
		proxyChanges(),
	}
}

// proxyChanges is a proxy that writes the header, is measured, and then passes on what clients write.
func proxyChanges() Scenario {
	spec := public(header(v1alpha1.ForwardedHeaderAppend, BalancerCIDR))
	trusted := Says{
		v1alpha1.ConditionReady: is(v1alpha1.ReasonAllConditionsMet), v1alpha1.ConditionSourceIPConfigured: is(v1alpha1.ReasonForwardedHeaderTrusted),
	}
	return Scenario{
		Name: "a proxy that appends is proven", Item: 6, Spec: spec, Requests: requests(FromClient, HTTPChanging, TheSender, headerForgeries...), Says: headerTrusted,
		Then: []Scenario{
			{
				Name: "it stops appending", Deeds: []Deed{ProxyStopsAppending}, Says: trusted, Beyond: proxyChanged, Stale: notLookedAgain,
				Requests: slices.Concat(requests(FromClient, HTTPChanging, TheBalancer, Plain), requests(FromClient, HTTPChanging, TheForged, ForgedForwardedFor)),
			},
			{Name: "it appends again", Undo: true, Requests: requests(FromClient, HTTPChanging, TheSender, headerForgeries...), Says: trusted, Stale: notLookedAgain},
		},
	}
}

// attacks try to make the measuring say what is not so.
func attacks() []Scenario {
	arrives := requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor)
	row := func(name string, deed Deed) Scenario {
		return Scenario{Name: name, Item: 9, Spec: public(), Deeds: []Deed{deed}, Requests: arrives, Says: nothingTrusted}
	}
	taken := row("a tenant's Ingress takes the witness's host name", TakeWitnessHost)
	taken.Says = saysAlso(nothingTrusted, v1alpha1.ConditionNodesKeepSourceIP, unclear(v1alpha1.ReasonAnswerNotSigned))
	taken.Undecided = "a tenant's application answers in place of the witness"
	taken.Then = []Scenario{{Name: "the tenant's Ingress goes", Undo: true, Requests: arrives, Says: nothingTrusted}}
	return []Scenario{
		row("reports by those who may not write them", ForgeReports),
		row("a challenge is used twice", ReplayChallenge),
		row("a stranger asks for the reserved path", AskReservedPath),
		taken,
	}
}

// outages are what happens to the measuring itself.
func outages() []Scenario {
	arrives := requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor)
	row := func(name string, deed Deed) Scenario {
		return Scenario{Name: name, Item: 9, Spec: public(), Deeds: []Deed{deed}, Requests: arrives, Says: nothingTrusted}
	}
	off := row("measuring is switched off", "")
	off.Deeds, off.Spec, off.Undecided, off.Unlooked = nil, public(notMeasured), "measuring is switched off", true
	off.Says = saysAlso(nothingTrusted, v1alpha1.ConditionNodesKeepSourceIP, unclear(v1alpha1.ReasonMeasuringOff))
	gone := row("the witness is gone", StopWitness)
	gone.Undecided, gone.Unlooked = "no witness stands for the applications", true
	gone.Unmeasured = "what was seen before counts until it ends, or until a node has to be measured again"
	gone.Then = []Scenario{{Name: "it comes back", Undo: true, Requests: arrives, Says: nothingTrusted}}
	return []Scenario{off, row("the witness dies and another starts", KillWitness), gone, row("the probers die and others start", KillProbers)}
}

// replaced are nodes and controllers that are not the ones that were measured.
func replacedNodes() []Scenario {
	return []Scenario{{
		Name: "a node is removed, and another one gets its name", Item: 9, Spec: internal(byNodePort), Deeds: []Deed{RecreateNode},
		Requests: requests(FromClient, NodePort(Edge3), TheSender, headerForgeries...), Says: unseenFront(headersIgnored),
	}}
}

// refused is a configuration that the controller does not load. The one before goes on.
func refusedSettings() []Scenario {
	arrives := requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor)
	return []Scenario{{
		Name: "the controller refuses its configuration", Item: 9, Spec: spare(), Deeds: []Deed{RefusedConfig}, Requests: arrives,
		Says: Says{
			v1alpha1.ConditionReady: isNot(v1alpha1.ReasonConfigNotLoaded), v1alpha1.ConditionConfigEffective: isNot(v1alpha1.ReasonConfigNotLoaded),
		},
		Then: []Scenario{{Name: "the tenant's Ingress goes", Undo: true, Requests: arrives, Says: nothingTrusted}},
	}}
}

// alone is one EdgeIngress in a cluster without others. The prober's nodes become edge nodes, one after the
// other, until there are only edge nodes.
func alone() []Scenario {
	arrives := requests(FromClient, VIP, TheSender, Plain, ForgedForwardedFor)
	return []Scenario{
		{Name: "one edge node", Item: 9, Spec: everywhere(Edge1), Requests: arrives, Says: nothingTrusted},
		{Name: "the prober's node becomes an edge node", Item: 9, Spec: everywhere(Edge1, Worker1), Requests: arrives, Says: nothingTrusted},
		{
			Name: "only edge nodes", Item: 9, Spec: everywhere(Edge1, Worker1, Edge2, Edge3), Requests: arrives,
			Says: Says{
				v1alpha1.ConditionNodesReady:         isNot(v1alpha1.ReasonTaintWithheldAllNodes),
				v1alpha1.ConditionSourceIPConfigured: is(v1alpha1.ReasonPreservedByLocalPolicy),
			},
		},
	}
}
