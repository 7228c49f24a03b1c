package provider

import (
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	scalewayProxyProtocolV1 = "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v1"
	scalewayProxyProtocolV2 = "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2"
	scalewayHTTP            = "service.beta.kubernetes.io/scw-loadbalancer-protocol-http"
)

// Annotations: scaleway/scaleway-cloud-controller-manager docs/loadbalancer-annotations.md.
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderScaleway,
	name:        "Scaleway Load Balancer",
	signs:       signs{providerIDs: []string{"scaleway://"}},
	annotations: annotations{decide: []string{scalewayProxyProtocolV1, scalewayProxyProtocolV2, scalewayHTTP}},
	describe:    scaleway,
})

// scaleway ends connections.
func scaleway(v view) Balancer {
	return Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       either(v.scalewayPorts(scalewayProxyProtocolV1), v.scalewayPorts(scalewayProxyProtocolV2)),
		WritesHeader:        v.scalewayPorts(scalewayHTTP) == On,
		ProxyProtocolRemedy: Annotation{scalewayProxyProtocolV2, "true"},
	}
}

// scalewayPorts reads a switch that may also be a list of ports. A list without both ports of the
// ingress is NotSaid.
func (v view) scalewayPorts(key string) Setting {
	value, there := v.annotations[key]
	switch {
	case !there, v.is(key, "false"):
		return Off
	case v.is(key, "true", "*"):
		return On
	}
	ports := strings.Split(strings.ReplaceAll(value, " ", ""), ",")
	if slices.Contains(ports, "80") && slices.Contains(ports, "443") {
		return On
	}
	return NotSaid
}
