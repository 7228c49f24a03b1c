package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	naverLayerType     = "service.beta.kubernetes.io/ncloud-load-balancer-layer-type"
	naverProxyProtocol = "service.beta.kubernetes.io/ncloud-load-balancer-proxy-protocol"
)

// Annotations: NAVER Cloud's guide to load balancers of Ncloud Kubernetes Service
// (guide.ncloud-docs.com/docs/k8s-k8suse-loadbalancer). The source of its controller is not public, and
// no object shows that a node runs on NAVER Cloud.
var _ = register(loadBalancer{
	provider:      v1alpha1.ProviderNaver,
	name:          "NAVER Cloud's load balancer",
	lowConfidence: true,
	annotations:   annotations{decide: []string{naverLayerType, naverProxyProtocol}},
	describe:      naver,
})

// naver depends on the layer type: nplb, the default, ends connections, and nlb forwards packets.
func naver(v view) Balancer {
	if v.is(naverLayerType, "nlb") {
		return Balancer{Name: "NAVER Cloud Network Load Balancer", Path: Forwards, NotRead: checksUnknown}
	}
	return Balancer{
		Name: "NAVER Cloud Network Proxy Load Balancer", Path: Proxies, NotRead: checksUnknown,
		ProxyProtocol: v.switched(naverProxyProtocol, Off), ProxyProtocolRemedy: Annotation{naverProxyProtocol, "true"},
	}
}
