package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	digitalOceanType                = "service.beta.kubernetes.io/do-loadbalancer-type"
	digitalOceanProxyProtocol       = "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol"
	digitalOceanProtocol            = "service.beta.kubernetes.io/do-loadbalancer-protocol"
	digitalOceanOverrideHealthCheck = "service.beta.kubernetes.io/do-loadbalancer-override-health-check"
)

// Annotations: digitalocean/digitalocean-cloud-controller-manager docs/controllers/services/annotations.md.
// The controller writes the type into the annotation itself. It checks the healthCheckNodePort unless the
// override is there, whatever its value (cloud-controller-manager/do/loadbalancers.go buildHealthCheck).
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderDigitalOcean,
	name:     "DigitalOcean Load Balancer",
	signs:    signs{providerIDs: []string{"digitalocean://"}},
	annotations: annotations{
		decide:  []string{digitalOceanProxyProtocol, digitalOceanProtocol, digitalOceanOverrideHealthCheck},
		written: []string{digitalOceanType},
	},
	describe: digitalOcean,
})

// digitalOcean depends on the type: REGIONAL ends connections, and REGIONAL_NETWORK forwards packets.
func digitalOcean(v view) Balancer {
	checks := HealthChecks{Override: v.annotation(digitalOceanOverrideHealthCheck)}
	switch {
	case v.is(digitalOceanType, "REGIONAL_NETWORK"):
		return Balancer{Name: "DigitalOcean Network Load Balancer", Path: Forwards, HealthChecks: checks}
	case v.is(digitalOceanType, "REGIONAL"):
		return Balancer{
			Name: "DigitalOcean Regional Load Balancer", Path: Proxies, NeedsNodePorts: true,
			ProxyProtocol: v.switched(digitalOceanProxyProtocol, Off), HealthChecks: checks,
			WritesHeader:        v.is(digitalOceanProtocol, "http", "https", "http2", "http3"),
			ProxyProtocolRemedy: Annotation{digitalOceanProxyProtocol, "true"},
		}
	}
	return Balancer{Path: Unknown, Why: "the Service does not show its type; add " + Annotation{digitalOceanType, "REGIONAL_NETWORK"}.String() +
		" to spec.exposure.loadBalancer.annotations"}
}
