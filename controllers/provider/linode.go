package provider

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	linodeProxyProtocol = "service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol"
	linodeProtocol      = "service.beta.kubernetes.io/linode-loadbalancer-default-protocol"
	// linodeProxyProtocolBefore is the older name of linodeProxyProtocol.
	linodeProxyProtocolBefore = "service.beta.kubernetes.io/linode-loadbalancer-proxy-protocol"
	linodeCheckType           = "service.beta.kubernetes.io/linode-loadbalancer-check-type"
	linodePortPrefix          = "service.beta.kubernetes.io/linode-loadbalancer-port-"
)

// Annotations: linode/linode-cloud-controller-manager docs/configuration/annotations.md.
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderLinode,
	name:        "Linode NodeBalancer",
	signs:       signs{providerIDs: []string{"linode://"}},
	annotations: annotations{decide: []string{linodeProxyProtocol, linodeProxyProtocolBefore, linodeProtocol, linodeCheckType}, decidePrefixes: []string{linodePortPrefix}},
	describe:    linode,
})

// linode ends connections. Settings of single ports override the defaults.
func linode(v view) Balancer {
	return v.perPort(Balancer{
		NeedsNodePorts:      true,
		ProxyProtocolRemedy: Annotation{linodeProxyProtocol, "v2"},
		HealthChecks:        linodeChecks(v),
	}, v.linodePort)
}

// linodePort follows getPortConfig in cloud/linode/loadbalancers.go.
func (v view) linodePort(port corev1.ServicePort) Port {
	type settings struct {
		Protocol      string `json:"protocol"`
		ProxyProtocol string `json:"proxy-protocol"`
	}
	chosen := settings{Protocol: v.annotations[linodeProtocol], ProxyProtocol: v.annotations[linodeProxyProtocol]}
	if chosen.ProxyProtocol == "" {
		chosen.ProxyProtocol = v.annotations[linodeProxyProtocolBefore]
	}
	if key := linodePortPrefix + strconv.Itoa(int(port.Port)); v.has(key) {
		own, ok := decoded[settings](v, key)
		if !ok {
			return Port{Path: Proxies, ProxyProtocol: NotSaid}
		}
		chosen = settings{Protocol: cmp.Or(own.Protocol, chosen.Protocol), ProxyProtocol: cmp.Or(own.ProxyProtocol, chosen.ProxyProtocol)}
	}
	speaks := slices.Contains([]string{"v1", "v2"}, strings.ToLower(strings.TrimSpace(chosen.ProxyProtocol)))
	return Port{Path: Proxies, WritesHeader: readsHTTP(chosen.Protocol), ProxyProtocol: settingOf(speaks)}
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
