package provider

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	hetznerProxyProtocol = "load-balancer.hetzner.cloud/uses-proxyprotocol"
	hetznerProtocol      = "load-balancer.hetzner.cloud/protocol"
	hetznerCheckPort     = "load-balancer.hetzner.cloud/health-check-port"
	hetznerNodes         = "load-balancer.hetzner.cloud/node-selector"
	hetznerCheckProtocol = "load-balancer.hetzner.cloud/health-check-protocol"
	hetznerCheckCodes    = "load-balancer.hetzner.cloud/http-status-codes"
)

// Annotations: hetznercloud/hcloud-cloud-controller-manager internal/annotation/load_balancer.go. The
// same controller manages dedicated servers (hrobot://).
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderHetzner,
	name:        "Hetzner Load Balancer",
	signs:       signs{providerIDs: []string{"hcloud://", "hrobot://"}},
	annotations: annotations{decide: []string{hetznerProxyProtocol, hetznerProtocol, hetznerCheckPort, hetznerCheckProtocol, hetznerCheckCodes, hetznerNodes}},
	describe:    hetzner,
})

// hetzner ends connections. An environment variable of its controller sets the default for PROXY
// protocol. The Service shows it only as ipMode Proxy, which the controller sets where PROXY protocol is
// on (hcloud/load_balancers.go).
func hetzner(v view) Balancer {
	byDefault := NotSaid
	if v.ipMode(corev1.LoadBalancerIPModeProxy) {
		byDefault = On
	}
	return Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       v.switched(hetznerProxyProtocol, byDefault),
		WritesHeader:        v.is(hetznerProtocol, "http", "https"),
		ProxyProtocolRemedy: Annotation{hetznerProxyProtocol, "true"},
		HealthChecks:        hetznerChecks(v),
		Nodes:               v.nodeChoice(hetznerNodes, Selector),
	}
}

// hetznerChecks never look at the healthCheckNodePort unless annotations name it. Without a protocol of its
// own, a check uses that of the load balancer (internal/hcops/load_balancer.go extractHealthCheck).
func hetznerChecks(v view) HealthChecks {
	protocol := "tcp"
	if v.has(hetznerProtocol) {
		protocol = v.annotations[hetznerProtocol]
	}
	checks := v.ofNodePort(checkKeys{hetznerCheckPort, hetznerCheckProtocol}, protocol,
		Annotation{hetznerCheckProtocol, "http"}, Annotation{hetznerCheckPort, v.healthPort()})
	atHealthPort := checks.Override.Key == "" && v.isHealthPort(v.annotations[hetznerCheckPort])
	if atHealthPort && strings.TrimSpace(v.annotations[hetznerCheckCodes]) != "" && !patternsFit(v.annotations[hetznerCheckCodes]) {
		checks.Override = v.annotation(hetznerCheckCodes)
	}
	return checks
}
