package provider

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	vultrProxyProtocol = "service.beta.kubernetes.io/vultr-loadbalancer-proxy-protocol"
	vultrProtocol      = "service.beta.kubernetes.io/vultr-loadbalancer-protocol"
	vultrTLSPorts      = "service.beta.kubernetes.io/vultr-loadbalancer-https-ports"
	vultrKeepsTLS      = "service.beta.kubernetes.io/vultr-loadbalancer-ssl-pass-through"
	vultrCheckPort     = "service.beta.kubernetes.io/vultr-loadbalancer-healthcheck-port"
	vultrCheckProtocol = "service.beta.kubernetes.io/vultr-loadbalancer-healthcheck-protocol"
)

// Annotations: vultr/vultr-cloud-controller-manager docs/load-balancers.md.
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderVultr,
	name:        "Vultr Load Balancer",
	signs:       signs{providerIDs: []string{"vultr://"}},
	annotations: annotations{decide: []string{vultrProxyProtocol, vultrProtocol, vultrTLSPorts, vultrKeepsTLS, vultrCheckPort, vultrCheckProtocol}},
	describe:    vultr,
})

// vultr ends connections. It checks the first node port (vultr/loadbalancers.go
// getHealthCheckPort). Ports with HTTPS have the protocol HTTPS, or TCP where it passes TLS through
// (buildForwardingRules).
func vultr(v view) Balancer {
	return v.perPort(Balancer{
		NeedsNodePorts:      true,
		ProxyProtocolRemedy: Annotation{vultrProxyProtocol, "true"},
		HealthChecks:        v.ofNodePort(checkKeys{vultrCheckPort, vultrCheckProtocol}, "tcp"),
	}, func(port corev1.ServicePort) Port {
		reads := readsHTTP(v.annotations[vultrProtocol])
		if v.lists(vultrTLSPorts, port) {
			reads = v.switched(vultrKeepsTLS, Off) != On
		}
		return Port{Path: Proxies, WritesHeader: reads, ProxyProtocol: v.switched(vultrProxyProtocol, Off)}
	})
}
