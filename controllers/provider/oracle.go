package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	oracleType               = "oci.oraclecloud.com/load-balancer-type"
	oracleProxyProtocol      = "service.beta.kubernetes.io/oci-load-balancer-connection-proxy-protocol-version"
	oracleBackendProtocol    = "service.beta.kubernetes.io/oci-load-balancer-backend-protocol"
	oracleNetworkPreserve    = "oci-network-load-balancer.oraclecloud.com/is-preserve-source"
	oracleNodes              = "oci.oraclecloud.com/node-label-selector"
	oracleNetworkNodes       = "oci-network-load-balancer.oraclecloud.com/node-label-selector"
	oracleNetworkProxyHeader = "oci-network-load-balancer.oraclecloud.com/is-ppv2-enabled"
)

// Annotations: oracle/oci-cloud-controller-manager docs/load-balancer-annotations.md.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderOracle,
	name:     "Oracle Cloud's load balancer",
	signs:    signs{providerIDs: []string{"oci://", "ocid1."}},
	annotations: annotations{decide: []string{
		oracleType, oracleProxyProtocol, oracleBackendProtocol, oracleNetworkPreserve, oracleNetworkProxyHeader, oracleNodes, oracleNetworkNodes,
	}},
	describe: oracle,
})

// oracle depends on the type: lb, the default, ends connections, and nlb forwards packets.
func oracle(v view) Balancer {
	switch {
	case v.is(oracleType, "nlb"):
		return Balancer{
			Name: "Oracle Cloud Network Load Balancer", Path: Forwards, NeedsNodePorts: true,
			ProxyProtocol: v.switched(oracleNetworkProxyHeader, Off), Preserve: v.switched(oracleNetworkPreserve, On),
			PreserveRemedy:      Annotation{oracleNetworkPreserve, "true"},
			ProxyProtocolRemedy: Annotation{oracleNetworkProxyHeader, "true"},
			Nodes:               v.nodeChoice(oracleNetworkNodes, Selector),
		}
	case !v.has(oracleType), v.is(oracleType, "lb"):
		return Balancer{
			Name: "Oracle Cloud Load Balancer", Path: Proxies, NeedsNodePorts: true,
			ProxyProtocol:       settingOf(v.is(oracleProxyProtocol, "1", "2")),
			WritesHeader:        v.is(oracleBackendProtocol, "http"),
			ProxyProtocolRemedy: Annotation{oracleProxyProtocol, "2"},
			Nodes:               v.nodeChoice(oracleNodes, Selector),
		}
	}
	return Balancer{Path: Unknown, Why: oracleType + " has an unknown value"}
}
