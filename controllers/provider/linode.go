package provider

import (
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	linodeProxyProtocol = "service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol"
	linodeProtocol      = "service.beta.kubernetes.io/linode-loadbalancer-default-protocol"
	linodePortPrefix    = "service.beta.kubernetes.io/linode-loadbalancer-port-"
)

// Annotations: linode/linode-cloud-controller-manager docs/configuration/annotations.md.
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderLinode,
	name:        "Linode NodeBalancer",
	signs:       signs{providerIDs: []string{"linode://"}},
	annotations: annotations{decide: []string{linodeProxyProtocol, linodeProtocol}, decidePrefixes: []string{linodePortPrefix}},
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
	}
	for key := range v.annotations {
		if strings.HasPrefix(key, linodePortPrefix) {
			b.ProxyProtocol = NotSaid
		}
	}
	return b
}
