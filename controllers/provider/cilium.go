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
	},
	describe: cilium,
})

// cilium marks L2 announcements, because their documentation calls them incompatible with
// externalTrafficPolicy Local (Documentation/network/l2-announcements.rst).
func cilium(v view) Balancer {
	switch v.class {
	case ciliumBGPClass:
		return Balancer{
			Name: "Cilium (BGP)", Path: Forwards, HealthChecks: HealthChecks{Elsewhere: "announces the address only from nodes with a ready endpoint"},
			NotRead: "the node selectors of CiliumBGPClusterConfig objects",
		}
	case ciliumL2Class:
		return Balancer{Name: "Cilium (L2 announcements)", Path: Forwards, NeedsClusterPolicy: true}
	}
	return Balancer{Path: Unknown, Why: "the Service has neither Cilium's class " + ciliumBGPClass + " nor " + ciliumL2Class +
		", so it does not show how Cilium announces its address"}
}
