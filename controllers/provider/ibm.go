package provider

import (
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	ibmFeatures      = "service.kubernetes.io/ibm-load-balancer-cloud-provider-enable-features"
	ibmNodes         = "service.kubernetes.io/ibm-load-balancer-cloud-provider-vpc-node-selector"
	ibmCheckPort     = "service.kubernetes.io/ibm-load-balancer-cloud-provider-vpc-health-check-port"
	ibmCheckProtocol = "service.kubernetes.io/ibm-load-balancer-cloud-provider-vpc-health-check-protocol"
)

// Annotations: IBM Cloud's documentation "Exposing apps with load balancers for VPC"
// (cloud.ibm.com/docs/containers). The source of its controller is not public.
var _ = register(loadBalancer{
	provider:      v1alpha1.ProviderIBM,
	name:          "IBM Cloud's load balancer",
	lowConfidence: true,
	signs:         signs{providerIDs: []string{"ibm://"}},
	annotations:   annotations{decide: []string{ibmFeatures, ibmCheckPort, ibmCheckProtocol, ibmNodes}},
	describe:      ibm,
})

// ibm covers VPC clusters: the Network Load Balancer forwards packets, and the Application Load
// Balancer ends connections.
func ibm(v view) Balancer {
	features := strings.Split(strings.ReplaceAll(v.annotations[ibmFeatures], " ", ""), ",")
	b := Balancer{NeedsNodePorts: true, HealthChecks: ibmChecks(v), Nodes: v.nodeChoice(ibmNodes, Labels)}
	switch {
	case slices.Contains(features, "nlb"):
		b.Name, b.Path = "IBM Cloud Network Load Balancer", Forwards
	case slices.Contains(features, "proxy-protocol"):
		b.Name, b.Path, b.ProxyProtocol = "IBM Cloud Application Load Balancer", Proxies, On
	default:
		b.Path, b.Why = Unknown, "the Service does not show which of IBM Cloud's load balancers it uses; set spec.exposure.loadBalancer.provider "+
			"to PacketForwarding or Proxying"
	}
	return b
}

// ibmChecks look at the healthCheckNodePort unless the protocol is set. The port counts only beside it.
func ibmChecks(v view) HealthChecks {
	if !v.has(ibmCheckProtocol) || (v.is(ibmCheckProtocol, "http") && v.isHealthPort(v.annotations[ibmCheckPort])) {
		return HealthChecks{}
	}
	return HealthChecks{Override: v.annotation(ibmCheckProtocol)}
}
