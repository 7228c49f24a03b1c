package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	azurePrivateLink              = "service.beta.kubernetes.io/azure-pls-create"
	azurePrivateLinkProxyProtocol = "service.beta.kubernetes.io/azure-pls-proxy-protocol"
)

// Azure Load Balancer forwards packets with a floating IP (kubernetes-sigs/cloud-provider-azure
// site/content/en/topics/loadbalancer.md).
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderAzure,
	name:        "Azure Load Balancer",
	signs:       signs{providerIDs: []string{"azure://"}},
	annotations: annotations{decide: []string{azurePrivateLink, azurePrivateLinkProxyProtocol}},
	describe:    azure,
})

// azure is Unknown with a Private Link Service, which translates the source
// (site/content/en/topics/pls-integration.md). No object shows whether traffic comes that way.
func azure(v view) Balancer {
	if v.is(azurePrivateLink, "true") {
		return Balancer{Path: Unknown, ProxyProtocol: v.switched(azurePrivateLinkProxyProtocol, Off),
			Why: "connections through its Private Link Service have a translated source, and the cluster does not show whether traffic comes that way"}
	}
	return Balancer{Path: Forwards}
}
