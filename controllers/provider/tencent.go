package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	tencentDirectAccess = "service.cloud.tencent.com/direct-access"
	tencentNodes        = "service.kubernetes.io/qcloud-loadbalancer-backends-label"
)

// Annotations: Tencent Kubernetes Engine's documentation of Services
// (intl.cloud.tencent.com/document/product/457). The source of its controller is not public.
var _ = register(loadBalancer{
	provider:      v1alpha1.ProviderTencent,
	name:          "Tencent Cloud's load balancer",
	lowConfidence: true,
	signs:         signs{providerIDs: []string{"qcloud://"}},
	annotations:   annotations{decide: []string{tencentDirectAccess, tencentNodes}},
	describe:      tencent,
})

func tencent(v view) Balancer {
	if v.is(tencentDirectAccess, "true") {
		return Balancer{Path: Unknown, Why: "it sends to pods, and the operator does not know whether that keeps the client's address"}
	}
	return Balancer{Path: Forwards, NeedsNodePorts: true, Nodes: v.nodeChoice(tencentNodes, Selector)}
}
