package provider

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	alibabaClassicClass = "alibabacloud.com/clb"
	alibabaNetworkClass = "alibabacloud.com/nlb"

	alibabaPreserve      = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-preserve-client-ip"
	alibabaProxyProtocol = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-proxy-protocol"
	alibabaProtocolPort  = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-protocol-port"
	alibabaBackendType   = "service.beta.kubernetes.io/backend-type"
	alibabaNodes         = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-backend-label"
	alibabaCheckSwitch   = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-switch"
	alibabaCheckFlag     = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-flag"
	alibabaCheckType     = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-type"
	alibabaCheckPort     = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-connect-port"
)

// Annotations: kubernetes/cloud-provider-alibaba-cloud
// pkg/controller/service/reconcile/annotation/annotations.go and docs/usage.md. A providerID has
// the form <region>.<instance>.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderAlibaba,
	name:     "Alibaba Cloud's load balancer",
	signs: signs{
		classes:           []string{alibabaClassicClass, alibabaNetworkClass},
		providerIDPattern: regexp.MustCompile(`^[a-z]{2}-[a-z0-9-]+\.i-[a-z0-9]+$`),
	},
	annotations: annotations{decide: []string{
		alibabaPreserve, alibabaProxyProtocol, alibabaProtocolPort, alibabaBackendType, alibabaCheckSwitch, alibabaCheckFlag, alibabaCheckType, alibabaCheckPort,
		alibabaNodes,
	}},
	// pkg/controller/helper HasExcludeLabel.
	excludes: []LabelSign{{Key: "service.alibabacloud.com/exclude-node"}, {Key: "service.beta.kubernetes.io/exclude-node"}},
	describe: alibaba,
})

// alibaba describes both kinds. The Classic Load Balancer forwards TCP and ends HTTP connections. The
// Network Load Balancer has a switch.
func alibaba(v view) Balancer {
	b := Balancer{
		Name: "Alibaba Cloud Classic Load Balancer", Path: Forwards, NeedsNodePorts: true,
		ProxyProtocol:       settingOf(v.is(alibabaProxyProtocol, "on")),
		ProxyProtocolRemedy: Annotation{alibabaProxyProtocol, "on"},
		HealthChecks:        alibabaChecks(v),
		Nodes:               v.nodeChoice(alibabaNodes, Selector),
	}
	switch {
	case v.is(alibabaBackendType, "eni"):
		b.Path, b.Why, b.NeedsNodePorts = Unknown, "it sends to pods, and the operator does not know whether that keeps the client's address", false
		b.HealthChecks, b.Nodes = HealthChecks{}, NodeChoice{}
	case v.class == alibabaNetworkClass:
		return alibabaNetwork(v, b)
	default:
		return v.perPort(b, v.alibabaPort)
	}
	return b
}

// alibabaPort reads a list such as https:443,http:80. It forwards the packets of other ports.
func (v view) alibabaPort(port corev1.ServicePort) Port {
	of := Port{Path: Forwards, ProxyProtocol: settingOf(v.is(alibabaProxyProtocol, "on"))}
	for item := range strings.SplitSeq(v.annotations[alibabaProtocolPort], ",") {
		protocol, number, named := strings.Cut(item, ":")
		if readsHTTP(protocol) && (!named || listed(number, port)) {
			of.Path, of.WritesHeader = Proxies, true
		}
	}
	return of
}

func alibabaNetwork(v view, b Balancer) Balancer {
	b.Name, b.PreserveRemedy = "Alibaba Cloud Network Load Balancer", Annotation{alibabaPreserve, "on"}
	switch {
	case v.is(alibabaPreserve, "on"):
		b.Preserve = On
	case v.has(alibabaPreserve):
		b.Preserve = Off
	default:
		b.Path, b.Why = Unknown, "the Service does not show whether it keeps the client's address; add "+b.PreserveRemedy.String()+
			" to spec.exposure.loadBalancer.annotations"
	}
	return b
}

// alibabaChecks go to the node port unless an annotation says otherwise. With externalTrafficPolicy Local
// the cloud controller registers only nodes with a ready pod (docs/usage.md).
func alibabaChecks(v view) HealthChecks {
	for _, key := range []string{alibabaCheckSwitch, alibabaCheckFlag} {
		if v.is(key, "off") {
			return HealthChecks{Override: v.annotation(key)}
		}
	}
	checks := v.ofNodePort(checkKeys{alibabaCheckPort, alibabaCheckType}, "tcp")
	if checks.Elsewhere != "" {
		checks.Elsewhere, checks.UntilClosed = checks.Elsewhere+", and its controller registers only nodes with a ready pod", false
	}
	return checks
}
