package provider

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	scalewayProxyProtocolV1 = "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v1"
	scalewayProxyProtocolV2 = "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2"
	// scalewayProxyProtocolBefore is the older name of scalewayProxyProtocolV2.
	scalewayProxyProtocolBefore = "service.beta.kubernetes.io/scw-loadbalancer-send-proxy-v2"
	scalewayHTTP                = "service.beta.kubernetes.io/scw-loadbalancer-protocol-http"
	scalewayNodes               = "service.beta.kubernetes.io/scw-loadbalancer-target-node-labels"
	scalewayCheckType           = "service.beta.kubernetes.io/scw-loadbalancer-health-check-type"
	scalewayCheckOfService      = "service.beta.kubernetes.io/scw-loadbalancer-health-check-from-service"
	scalewayCheckWithProxy      = "service.beta.kubernetes.io/scw-loadbalancer-health-check-send-proxy"
)

// Annotations: scaleway/scaleway-cloud-controller-manager docs/loadbalancer-annotations.md.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderScaleway,
	name:     "Scaleway Load Balancer",
	signs:    signs{providerIDs: []string{"scaleway://"}},
	annotations: annotations{decide: []string{
		scalewayProxyProtocolV1, scalewayProxyProtocolV2, scalewayProxyProtocolBefore, scalewayHTTP, scalewayCheckType, scalewayCheckOfService, scalewayCheckWithProxy,
		scalewayNodes,
	}},
	describe: scaleway,
})

// scaleway ends connections.
func scaleway(v view) Balancer {
	return v.perPort(Balancer{
		NeedsNodePorts:      true,
		ProxyProtocolRemedy: Annotation{scalewayProxyProtocolV2, "true"},
		HealthChecks:        scalewayChecks(v),
		Nodes:               v.nodeChoice(scalewayNodes, LabelsOrKeys),
	}, func(port corev1.ServicePort) Port {
		speaks := either(v.scalewayPort(scalewayProxyProtocolV1, port), v.scalewayPort(scalewayProxyProtocolV2, port), v.scalewayPort(scalewayProxyProtocolBefore, port))
		return Port{Path: Proxies, WritesHeader: v.scalewayPort(scalewayHTTP, port) == On, ProxyProtocol: speaks}
	})
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

// scalewayPort reads a switch that may also be a list of ports. A value that is neither gives NotSaid.
func (v view) scalewayPort(key string, port corev1.ServicePort) Setting {
	value, there := v.annotations[key]
	switch {
	case !there, v.is(key, "false"):
		return Off
	case v.is(key, "true", "*"), listed(value, port):
		return On
	case strings.Trim(value, "0123456789, ") == "":
		return Off
	}
	return NotSaid
}

// scalewayPorts reads such a switch for both ports of the ingress.
func (v view) scalewayPorts(key string) Setting {
	both := []Setting{v.scalewayPort(key, webPorts[0]), v.scalewayPort(key, webPorts[1])}
	if both[0] == both[1] {
		return both[0]
	}
	return NotSaid
}
