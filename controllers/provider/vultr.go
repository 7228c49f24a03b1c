package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	vultrProxyProtocol = "service.beta.kubernetes.io/vultr-loadbalancer-proxy-protocol"
	vultrProtocol      = "service.beta.kubernetes.io/vultr-loadbalancer-protocol"
	vultrCheckPort     = "service.beta.kubernetes.io/vultr-loadbalancer-healthcheck-port"
	vultrCheckProtocol = "service.beta.kubernetes.io/vultr-loadbalancer-healthcheck-protocol"
)

// Annotations: vultr/vultr-cloud-controller-manager docs/load-balancers.md.
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderVultr,
	name:        "Vultr Load Balancer",
	signs:       signs{providerIDs: []string{"vultr://"}},
	annotations: annotations{decide: []string{vultrProxyProtocol, vultrProtocol, vultrCheckPort, vultrCheckProtocol}},
	describe:    vultr,
})

// vultr ends connections. It checks the first node port (vultr/loadbalancers.go getHealthCheckPort).
func vultr(v view) Balancer {
	return Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       v.switched(vultrProxyProtocol, Off),
		WritesHeader:        v.is(vultrProtocol, "http", "https"),
		ProxyProtocolRemedy: Annotation{vultrProxyProtocol, "true"},
		HealthChecks:        v.ofNodePort(checkKeys{vultrCheckPort, vultrCheckProtocol}, "tcp"),
	}
}
