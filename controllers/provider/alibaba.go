package provider

import (
	"regexp"
	"slices"
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
	alibabaCheckCodes    = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-health-check-httpcode"
	alibabaIPVersion     = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-ip-version"
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
		alibabaNodes, alibabaIPVersion, alibabaCheckCodes,
	}},
	// pkg/controller/helper HasExcludeLabel.
	excludes: []LabelSign{{Key: "service.alibabacloud.com/exclude-node"}, {Key: "service.beta.kubernetes.io/exclude-node"}},
	describe: alibaba,
})

// alibaba describes both kinds. The Classic Load Balancer forwards TCP and ends HTTP connections. The
// Network Load Balancer has a switch, and ends TLS connections.
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
		return v.alibabaConverts(v.perPort(b, v.alibabaPort))
	}
	return b
}

// alibabaConverts marks balancers that IPv6 clients use for IPv4 nodes, which then see the balancer's
// address (help.aliyun.com, "Obtain client IP addresses through an NLB instance", and the same of CLB
// under "Enable Layer 4 listeners to preserve client IP addresses").
func (v view) alibabaConverts(b Balancer) Balancer {
	forwards := b.Path == Forwards || slices.ContainsFunc(b.Ports, func(port Port) bool { return port.Path == Forwards })
	if forwards && v.is(alibabaIPVersion, "ipv6", "dualstack") && b.ProxyProtocol != On {
		b.Path, b.Ports = Unknown, nil
		b.Why = "with " + v.annotation(alibabaIPVersion).String() + " it converts between IPv6 and IPv4, and a converted connection has the balancer's address"
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

// alibabaNetwork ends the connections of TLS listeners, whatever the switch says. Only PROXY protocol shows
// their clients (help.aliyun.com, "Obtain client IP addresses through an NLB instance").
func alibabaNetwork(v view, b Balancer) Balancer {
	b.Name = "Alibaba Cloud Network Load Balancer"
	b = v.perPort(b, v.alibabaNetworkPort)
	if len(b.Ports) == 0 && b.Path == Proxies {
		return b
	}
	b.PreserveRemedy = Annotation{alibabaPreserve, "on"}
	switch {
	case v.is(alibabaPreserve, "on"):
		b.Preserve = On
	case v.has(alibabaPreserve):
		b.Path, b.Ports, b.Preserve = Forwards, nil, Off
	default:
		b.Path, b.Ports = Unknown, nil
		b.Why = "the Service does not show whether it keeps the client's address; add " + b.PreserveRemedy.String() +
			" to spec.exposure.loadBalancer.annotations"
	}
	return v.alibabaConverts(b)
}

// alibabaNetworkPort reads a list such as tcpssl:443,tcp:80 (pkg/controller/service/nlbv2/listeners.go).
func (v view) alibabaNetworkPort(port corev1.ServicePort) Port {
	of := Port{Path: Forwards, ProxyProtocol: settingOf(v.is(alibabaProxyProtocol, "on"))}
	for item := range strings.SplitSeq(v.annotations[alibabaProtocolPort], ",") {
		protocol, number, named := strings.Cut(item, ":")
		if strings.EqualFold(strings.TrimSpace(protocol), "tcpssl") && (!named || listed(number, port)) {
			of.Path = Proxies
		}
	}
	return of
}

// alibabaChecks go to the node port unless an annotation says otherwise. With externalTrafficPolicy Local
// the cloud controller registers only nodes with a ready pod (docs/usage.md).
func alibabaChecks(v view) HealthChecks {
	for _, key := range []string{alibabaCheckSwitch, alibabaCheckFlag} {
		if v.is(key, "off") {
			return HealthChecks{Override: v.annotation(key)}
		}
	}
	if v.sendsHTTPChecks() && v.has(alibabaCheckCodes) && !v.alibabaCodesFit() {
		return HealthChecks{Override: v.annotation(alibabaCheckCodes)}
	}
	checks := v.ofNodePort(checkKeys{alibabaCheckPort, alibabaCheckType}, "tcp")
	if checks.Elsewhere != "" {
		checks.Elsewhere, checks.UntilClosed = checks.Elsewhere+", and its controller registers only nodes with a ready pod", false
	}
	return checks
}

// sendsHTTPChecks reports whether some listener checks with HTTP, which those for HTTP and HTTPS always do.
func (v view) sendsHTTPChecks() bool {
	listens := slices.ContainsFunc(strings.Split(v.annotations[alibabaProtocolPort], ","), func(item string) bool {
		protocol, _, _ := strings.Cut(item, ":")
		return readsHTTP(protocol)
	})
	return v.is(alibabaCheckType, "http") || (listens && v.class != alibabaNetworkClass)
}

// alibabaCodesFit reads a list of http_2xx, http_3xx, http_4xx and http_5xx, as codesFit does of codes.
func (v view) alibabaCodesFit() bool {
	list := strings.ToLower(v.annotations[alibabaCheckCodes])
	return strings.TrimSpace(list) == "" || (strings.Contains(list, "2xx") && !strings.Contains(list, "5xx"))
}
