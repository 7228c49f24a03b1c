package provider

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// cloud-provider-kind runs an Envoy that ends TCP connections, never sends PROXY protocol, and assigns
// addresses with ipMode Proxy (kubernetes-sigs/cloud-provider-kind pkg/loadbalancer/server.go and
// proxy.go). kind sets the providerID of the nodes.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderCloudProviderKind,
	name:     "cloud-provider-kind",
	signs: signs{
		providerIDs: []string{"kind://"},
		contradicts: func(v view) string {
			if len(v.ingress) == 0 || v.ipMode(corev1.LoadBalancerIPModeProxy) {
				return ""
			}
			return "the nodes run in kind, whose cloud provider assigns addresses with ipMode Proxy, but the Service's addresses lack that mode"
		},
	},
	describe: func(view) Balancer { return Balancer{Path: Proxies, ProxyProtocol: Off, NeedsNodePorts: true} },
})
