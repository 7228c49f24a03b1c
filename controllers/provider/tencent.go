package provider

import (
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	tencentDirectAccess = "service.cloud.tencent.com/direct-access"
	tencentProtocols    = "service.cloud.tencent.com/specify-protocol"
	tencentNodes        = "service.kubernetes.io/qcloud-loadbalancer-backends-label"
)

// Annotations: Tencent Kubernetes Engine's documentation of Services
// (intl.cloud.tencent.com/document/product/457). The source of its controller is not public.
var _ = register(loadBalancer{
	provider:      v1alpha1.ProviderTencent,
	name:          "Tencent Cloud's load balancer",
	lowConfidence: true,
	signs:         signs{providerIDs: []string{"qcloud://"}},
	annotations:   annotations{decide: []string{tencentDirectAccess, tencentProtocols, tencentNodes}},
	describe:      tencent,
})

func tencent(v view) Balancer {
	if v.is(tencentDirectAccess, "true") {
		return Balancer{Path: Unknown, Why: "it sends to pods, and the operator does not know whether that keeps the client's address"}
	}
	b := Balancer{NeedsNodePorts: true, NotRead: checksUnknown, Nodes: v.nodeChoice(tencentNodes, Selector)}
	protocols, ok := decoded[map[string]tencentProtocol](v, tencentProtocols)
	if v.has(tencentProtocols) && !ok {
		b.Path, b.Why = Unknown, "the annotation "+tencentProtocols+" is not JSON of the form that the operator knows"
		return b
	}
	return v.perPort(b, func(port corev1.ServicePort) Port {
		of := Port{Path: Forwards, ProxyProtocol: NotSaid}
		for _, protocol := range protocols[strconv.Itoa(int(port.Port))].Protocol {
			if !strings.EqualFold(protocol, "TCP") && !strings.EqualFold(protocol, "UDP") {
				of.Path, of.WritesHeader = Proxies, readsHTTP(protocol)
			}
		}
		return of
	})
}

// tencentProtocol is the setting of one port. Listeners with HTTP, HTTPS or TCP_SSL end connections.
type tencentProtocol struct {
	Protocol []string `json:"protocol"`
}
