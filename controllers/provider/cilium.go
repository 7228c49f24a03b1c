package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	ciliumBGPClass = "io.cilium/bgp-control-plane"
	ciliumL2Class  = "io.cilium/l2-announcer"

	// ciliumPoolCondition is the condition that Cilium's address pools put on a Service
	// (cilium/cilium operator/pkg/lbipam).
	ciliumPoolCondition = "cilium.io/IPAMRequestSatisfied"
)

// Cilium announces addresses of its pools by BGP or by ARP and NDP (cilium/cilium
// Documentation/network/lb-ipam.rst). Its agent is a network plugin. It also runs in many clusters
// where another load balancer assigns the addresses.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderCilium,
	name:     "Cilium",
	signs: signs{
		classes:       []string{ciliumBGPClass, ciliumL2Class},
		conditions:    []string{ciliumPoolCondition},
		agents:        []agentSign{{images: []string{"cilium/cilium"}, commands: []string{"cilium-agent"}, labels: map[string]string{"k8s-app": "cilium"}}},
		agentOrder:    3,
		networkPlugin: true,
		versioned:     true,
	},
	describe: cilium,
})

// From these versions on, Cilium announces an address only from nodes with a ready endpoint, if
// externalTrafficPolicy is Local. On layer 2, cilium/cilium pull request 46399 closed issue 27800 and came to
// the line 1.20 as 48550. Whether the patches of 1.18 and 1.19 from that summer have it was not found. For
// BGP it was pull request 25477.
var (
	ciliumL2Local  = fact{since: "1.20.2", unclear: [][2]string{{"1.18.6", "1.19.0"}, {"1.19.1", "1.20.0"}}}
	ciliumBGPLocal = fact{since: "1.14.0"}
)

// cilium marks announcements that may come from a node without an endpoint. Without a class, the Service
// does not show how Cilium announces its address.
func cilium(v view) Balancer {
	honours := ciliumL2Local.holds(v.version)
	switch v.class {
	case ciliumBGPClass:
		return ciliumBGP(v)
	case ciliumL2Class:
		b := Balancer{Name: "Cilium (L2 announcements)", Path: Forwards, NeedsClusterPolicy: honours != On}
		switch honours {
		case Off:
			b.PolicyRemedy = "Announce the address over BGP (loadBalancerClass " + ciliumBGPClass + "), or " + ciliumUpdate(v.version, ciliumL2Local)
		case NotSaid:
			b.PolicyDoubt, b.PolicyRemedy = ciliumDoubt(v), ciliumLook
			if ciliumL2Local.knows(v.version) {
				b.PolicyRemedy = ciliumUpdate(v.version, ciliumL2Local)
			}
		case On:
			b.HealthChecks, b.NotRead = followsEndpoints, "the node selectors of CiliumL2AnnouncementPolicy objects"
		}
		return b
	}
	b := Balancer{Path: Unknown, Why: "the Service has neither Cilium's class " + ciliumBGPClass + " nor " + ciliumL2Class +
		", so it does not show how Cilium announces its address"}
	if honours == On {
		b.NotRead = "the node selectors of CiliumBGPClusterConfig and CiliumL2AnnouncementPolicy objects"
		return b
	}
	b.NeedsClusterPolicy, b.PolicyDoubt = true, "the Service has no loadBalancerClass, so Cilium may announce its address on layer 2, and "+ciliumDoubt(v)
	b.PolicyRemedy = "Set spec.exposure.loadBalancer.class to " + ciliumBGPClass + " where Cilium announces over BGP"
	if ciliumL2Local.knows(v.version) {
		b.PolicyRemedy += ", or " + ciliumUpdate(v.version, ciliumL2Local)
	} else {
		b.PolicyRemedy += ". " + ciliumLook
	}
	return b
}

// ciliumBGP assumes a version that Cilium still maintains where it sees none, and says so.
func ciliumBGP(v view) Balancer {
	b := Balancer{Name: "Cilium (BGP)", Path: Forwards, HealthChecks: followsEndpoints, NotRead: "the node selectors of CiliumBGPClusterConfig objects"}
	switch ciliumBGPLocal.holds(v.version) {
	case On:
	case Off:
		b.NeedsClusterPolicy, b.PolicyRemedy = true, ciliumUpdate(v.version, ciliumBGPLocal)
	case NotSaid:
		why := v.versionUnknown
		if why == "" {
			why = "its tag " + v.version + " is not that of a release"
		}
		b.HealthChecks = HealthChecks{Elsewhere: "announces the address, from " + ciliumBGPLocal.since + " on, only from nodes with a ready endpoint"}
		b.NotRead += ", and whether Cilium is " + ciliumBGPLocal.since + " or newer, because " + why
	}
	return b
}

const ciliumLook = "Run kubectl get daemonsets -A -l k8s-app=cilium -o wide to see its version"

// ciliumDoubt says why it is not known whether Cilium honours the policy on layer 2.
func ciliumDoubt(v view) string {
	switch {
	case v.versionUnknown != "":
		return "only Cilium " + ciliumL2Local.since + " and newer keeps to nodes with a ready endpoint there, but " + v.versionUnknown
	case ciliumL2Local.holds(v.version) == Off:
		return "Cilium " + v.version + " does that also from nodes without a ready endpoint"
	}
	return "it is not known whether Cilium " + v.version + " keeps to nodes with a ready endpoint there, as " + ciliumL2Local.since + " and newer do"
}

func ciliumUpdate(running string, to fact) string {
	return "update Cilium from " + running + " to " + to.since + " or newer"
}
