package provider

import (
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	linodeProxyProtocol = "service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol"
	linodeProtocol      = "service.beta.kubernetes.io/linode-loadbalancer-default-protocol"
	linodeCheckType     = "service.beta.kubernetes.io/linode-loadbalancer-check-type"
	linodePortPrefix    = "service.beta.kubernetes.io/linode-loadbalancer-port-"
)

// Annotations: linode/linode-cloud-controller-manager docs/configuration/annotations.md.
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderLinode,
	name:        "Linode NodeBalancer",
	signs:       signs{providerIDs: []string{"linode://"}},
	annotations: annotations{decide: []string{linodeProxyProtocol, linodeProtocol, linodeCheckType}, decidePrefixes: []string{linodePortPrefix}},
	describe:    linode,
})

// linode ends connections. Settings of single ports override the defaults. They are JSON, which
// this package does not read.
func linode(v view) Balancer {
	b := Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       settingOf(v.is(linodeProxyProtocol, "v1", "v2")),
		WritesHeader:        v.is(linodeProtocol, "http", "https"),
		ProxyProtocolRemedy: Annotation{linodeProxyProtocol, "v2"},
		HealthChecks:        linodeChecks(v),
	}
	for key := range v.annotations {
		if strings.HasPrefix(key, linodePortPrefix) {
			b.ProxyProtocol = NotSaid
		}
	}
	return b
}

// linodeChecks always go to the node port (cloud/linode/loadbalancers.go getHealthCheckType).
func linodeChecks(v view) HealthChecks {
	switch {
	case v.is(linodeCheckType, "none"):
		return HealthChecks{Override: v.annotation(linodeCheckType)}
	case v.is(linodeCheckType, "http", "http_body"):
		return HealthChecks{Elsewhere: "sends HTTP requests to the node port", UntilClosed: true}
	}
	return connectsToNodePort()
}
