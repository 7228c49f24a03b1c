package provider

import (
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	digitalOceanType                = "service.beta.kubernetes.io/do-loadbalancer-type"
	digitalOceanProxyProtocol       = "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol"
	digitalOceanProtocol            = "service.beta.kubernetes.io/do-loadbalancer-protocol"
	digitalOceanHTTPPorts           = "service.beta.kubernetes.io/do-loadbalancer-http-ports"
	digitalOceanTLSPorts            = "service.beta.kubernetes.io/do-loadbalancer-tls-ports"
	digitalOceanHTTP2Ports          = "service.beta.kubernetes.io/do-loadbalancer-http2-ports"
	digitalOceanHTTP3Port           = "service.beta.kubernetes.io/do-loadbalancer-http3-port"
	digitalOceanKeepsTLS            = "service.beta.kubernetes.io/do-loadbalancer-tls-passthrough"
	digitalOceanCertificate         = "service.beta.kubernetes.io/do-loadbalancer-certificate-id"
	digitalOceanCertificateName     = "service.beta.kubernetes.io/do-loadbalancer-certificate-name"
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
		decide: []string{
			digitalOceanProxyProtocol, digitalOceanProtocol, digitalOceanHTTPPorts, digitalOceanTLSPorts, digitalOceanHTTP2Ports, digitalOceanHTTP3Port,
			digitalOceanKeepsTLS, digitalOceanCertificate, digitalOceanCertificateName, digitalOceanOverrideHealthCheck,
		},
		written: []string{digitalOceanType},
	},
	describe: digitalOcean,
})

// digitalOcean depends on the type: REGIONAL ends connections, and REGIONAL_NETWORK forwards packets.
func digitalOcean(v view) Balancer {
	checks := HealthChecks{Override: v.annotation(digitalOceanOverrideHealthCheck)}
	if checks.Override.Key != "" {
		checks.Does = "checks a port of the Service instead of its health-check port, so it sends requests to a node until the controller there closes its ports"
	}
	switch {
	case v.is(digitalOceanType, "REGIONAL_NETWORK"):
		return Balancer{Name: "DigitalOcean Network Load Balancer", Path: Forwards, HealthChecks: checks}
	case v.is(digitalOceanType, "REGIONAL"):
		return v.perPort(Balancer{
			Name: "DigitalOcean Regional Load Balancer", NeedsNodePorts: true, HealthChecks: checks,
			ProxyProtocolRemedy: Annotation{digitalOceanProxyProtocol, "true"},
		}, v.digitalOceanPort)
	}
	return Balancer{Path: Unknown, Why: "the Service does not show its type; add " + Annotation{digitalOceanType, "REGIONAL_NETWORK"}.String() +
		" to spec.exposure.loadBalancer.annotations"}
}

// digitalOceanPort follows buildForwardingRules of the controller. With a certificate or pass-through, port
// 443 has HTTPS if no port is named. A balancer that passes TLS through cannot read requests.
func (v view) digitalOceanPort(port corev1.ServicePort) Port {
	passes := v.switched(digitalOceanKeepsTLS, Off) == On
	secure := passes || v.has(digitalOceanCertificate) || v.has(digitalOceanCertificateName)
	tls := v.annotations[digitalOceanTLSPorts]
	if tls == "" && secure && !listed(v.annotations[digitalOceanHTTP2Ports], corev1.ServicePort{Port: 443}) {
		tls = "443"
	}
	protocol := v.annotations[digitalOceanProtocol]
	switch {
	case v.lists(digitalOceanHTTP2Ports, port), v.lists(digitalOceanHTTP3Port, port):
		protocol = "http2"
	case listed(tls, port):
		protocol = "https"
	case v.lists(digitalOceanHTTPPorts, port):
		protocol = "http"
	}
	plain := strings.EqualFold(strings.TrimSpace(protocol), "http")
	return Port{Path: Proxies, ProxyProtocol: v.switched(digitalOceanProxyProtocol, Off), WritesHeader: readsHTTP(protocol, "http2", "http3") && (plain || !passes)}
}
