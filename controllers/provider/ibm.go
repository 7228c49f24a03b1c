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
	switch {
	case slices.Contains(features, "nlb"):
		return Balancer{Name: "IBM Cloud Network Load Balancer", Path: Forwards, NeedsNodePorts: true, HealthChecks: ibmChecks(v), Nodes: v.nodeChoice(ibmNodes, Labels)}
	case slices.Contains(features, "proxy-protocol"):
		return Balancer{Name: "IBM Cloud Application Load Balancer", Path: Proxies, NeedsNodePorts: true, ProxyProtocol: On, HealthChecks: ibmChecks(v), Nodes: v.nodeChoice(ibmNodes, Labels)}
	}
	return Balancer{Path: Unknown, NeedsNodePorts: true, HealthChecks: ibmChecks(v), Nodes: v.nodeChoice(ibmNodes, Labels), Why: "the Service does not show which of IBM Cloud's load balancers it uses; set spec.exposure.loadBalancer.provider " +
		"to PacketForwarding or Proxying"}
}

// ibmChecks look at the healthCheckNodePort unless the protocol is set. The port counts only beside it.
func ibmChecks(v view) HealthChecks {
	if !v.has(ibmCheckProtocol) || (v.is(ibmCheckProtocol, "http") && v.isHealthPort(v.annotations[ibmCheckPort])) {
		return HealthChecks{}
	}
	return HealthChecks{Override: v.annotation(ibmCheckProtocol)}
}
