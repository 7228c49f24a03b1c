package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// The spec declares these behaviours for a load balancer that this package does not know. Detection
// never returns them.

var _ = register(loadBalancer{
	provider: v1alpha1.ProviderPacketForwarding,
	name:     "the declared packet-forwarding balancer",
	describe: func(view) Balancer { return Balancer{Path: Forwards} },
})

var _ = register(loadBalancer{
	provider: v1alpha1.ProviderProxying,
	name:     "the declared proxying balancer",
	describe: func(view) Balancer { return Balancer{Path: Proxies} },
})
