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
	scalewayNodes           = "service.beta.kubernetes.io/scw-loadbalancer-target-node-labels"
	scalewayCheckType       = "service.beta.kubernetes.io/scw-loadbalancer-health-check-type"
	scalewayCheckOfService  = "service.beta.kubernetes.io/scw-loadbalancer-health-check-from-service"
	scalewayCheckWithProxy  = "service.beta.kubernetes.io/scw-loadbalancer-health-check-send-proxy"
)

// Annotations: scaleway/scaleway-cloud-controller-manager docs/loadbalancer-annotations.md.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderScaleway,
	name:     "Scaleway Load Balancer",
	signs:    signs{providerIDs: []string{"scaleway://"}},
	annotations: annotations{decide: []string{
		scalewayProxyProtocolV1, scalewayProxyProtocolV2, scalewayHTTP, scalewayCheckType, scalewayCheckOfService, scalewayCheckWithProxy,
		scalewayNodes,
	}},
	describe: scaleway,
})

// scaleway ends connections.
func scaleway(v view) Balancer {
	return Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       either(v.scalewayPorts(scalewayProxyProtocolV1), v.scalewayPorts(scalewayProxyProtocolV2)),
		WritesHeader:        v.scalewayPorts(scalewayHTTP) == On,
		ProxyProtocolRemedy: Annotation{scalewayProxyProtocolV2, "true"},
		HealthChecks:        scalewayChecks(v),
		Nodes:               v.nodeChoice(scalewayNodes, LabelsOrKeys),
	}
}

// scalewayChecks look at the healthCheckNodePort only where an annotation asks for it
// (scaleway/loadbalancers_annotations.go). A type is one word, or a list such as 80:http;443,8443:https.
func scalewayChecks(v view) HealthChecks {
	ofService := v.scalewayPorts(scalewayCheckOfService) == On
	switch {
	case ofService && v.switched(scalewayCheckWithProxy, Off) != Off:
		return HealthChecks{Override: v.annotation(scalewayCheckWithProxy)}
	case ofService:
		return HealthChecks{}
	}
	for ports := range strings.SplitSeq(v.annotations[scalewayCheckType], ";") {
		if kind := strings.ToLower(strings.TrimSpace(ports[strings.LastIndex(ports, ":")+1:])); !slices.Contains([]string{"", "tcp", "http", "https"}, kind) {
			return HealthChecks{Override: v.annotation(scalewayCheckType)}
		}
	}
	return connectsToNodePort(Annotation{scalewayCheckOfService, "true"})
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
