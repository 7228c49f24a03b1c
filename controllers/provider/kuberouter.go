package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// kube-router announces addresses by BGP, and only from nodes with an endpoint under externalTrafficPolicy
// Local (cloudnativelabs/kube-router docs/bgp.md and docs/load-balancer-allocator.md, which names the class).
// Its agent is also a network plugin. It does not always serve health checks (issue 455).
var _ = register(loadBalancer{
	provider:      v1alpha1.ProviderKubeRouter,
	name:          "kube-router",
	lowConfidence: true,
	signs: signs{
		classes: []string{"kube-router"},
		agents: []agentSign{
			{
				images: []string{"cloudnativelabs/kube-router", "kube-router"}, commands: []string{"kube-router"}, names: []string{"kube-router"},
				labels: map[string]string{"k8s-app": "kube-router"},
			},
		},
		networkPlugin: true,
	},
	describe: func(view) Balancer { return Balancer{Path: Forwards, HealthChecks: followsEndpoints} },
})
