package provider

import (
	"fmt"
	"strconv"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	azurePrivateLink              = "service.beta.kubernetes.io/azure-pls-create"
	azurePrivateLinkProxyProtocol = "service.beta.kubernetes.io/azure-pls-proxy-protocol"
	azureFloatingIPOff            = "service.beta.kubernetes.io/azure-disable-load-balancer-floating-ip"
	azureMode                     = "service.beta.kubernetes.io/azure-load-balancer-mode"
	azureProbeProtocol            = "service.beta.kubernetes.io/azure-load-balancer-health-probe-protocol"

	// azurePortPrefix stands before the number of a port and one of the settings below.
	azurePortPrefix        = "service.beta.kubernetes.io/port_"
	azurePortProbePort     = "_health-probe_port"
	azurePortProbeProtocol = "_health-probe_protocol"
	azurePortNoProbe       = "_no_probe_rule"
	azurePortNoRule        = "_no_lb_rule"
)

// Azure Load Balancer forwards packets, with a floating IP or to node ports (kubernetes-sigs/cloud-provider-azure
// site/content/en/topics/loadbalancer.md).
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderAzure,
	name:     "Azure Load Balancer",
	signs:    signs{providerIDs: []string{"azure://"}},
	annotations: annotations{
		decide:         []string{azurePrivateLink, azurePrivateLinkProxyProtocol, azureProbeProtocol, azureMode, azureFloatingIPOff},
		decidePrefixes: []string{azurePortPrefix},
	},
	excludes: []LabelSign{{Key: "kubernetes.azure.com/managed", Value: "false"}}, // pkg/consts ManagedByAzureLabel
	describe: azure,
})

// azure is Unknown with a Private Link Service, which translates the source
// (site/content/en/topics/pls-integration.md). No object shows whether traffic comes that way.
func azure(v view) Balancer {
	if v.is(azurePrivateLink, "true") {
		return Balancer{Path: Unknown, HealthChecks: azureChecks(v), Nodes: azureNodes(v), ProxyProtocol: v.switched(azurePrivateLinkProxyProtocol, Off),
			Why: "connections through its Private Link Service have a translated source, and the cluster does not show whether traffic comes that way"}
	}
	return Balancer{Path: Forwards, NeedsNodePorts: v.is(azureFloatingIPOff, "true"), HealthChecks: azureChecks(v), Nodes: azureNodes(v)}
}

// azureChecks look at the healthCheckNodePort unless an annotation of a port says otherwise, or gives the
// port no rule at all (pkg/provider/azure_loadbalancer_healthprobe.go, pkg/consts). Current versions then ignore the protocol for all
// ports, and older ones used it (pkg/provider/azure_loadbalancer.go).
func azureChecks(v view) HealthChecks {
	for _, port := range v.ports {
		of := azurePortPrefix + strconv.Itoa(int(port.Port))
		if v.is(of+azurePortNoRule, "true") {
			return HealthChecks{Override: v.annotation(of + azurePortNoRule), Does: fmt.Sprintf("has no rule for port %d, so clients do not get through to it", port.Port)}
		}
		if v.is(of+azurePortNoProbe, "true") {
			return HealthChecks{Override: v.annotation(of + azurePortNoProbe)}
		}
		plain := v.is(of+azurePortProbeProtocol, "http") || (!v.has(of+azurePortProbeProtocol) && v.is(azureProbeProtocol, "http"))
		if v.has(of+azurePortProbePort) && (!plain || !v.isHealthPort(v.annotations[of+azurePortProbePort])) {
			return HealthChecks{Override: v.annotation(of + azurePortProbePort)}
		}
	}
	if v.has(azureProbeProtocol) && !v.is(azureProbeProtocol, "http") {
		return HealthChecks{
			Doubt:    "older versions of its controller send " + v.annotations[azureProbeProtocol] + " to the health-check port, which shows nothing there",
			Remedies: []Annotation{{azureProbeProtocol, "http"}},
		}
	}
	return HealthChecks{}
}

// azureNodes reads the names of scale sets. Only basic load balancers, and several standard ones in
// one cluster, use them.
func azureNodes(v view) NodeChoice {
	choice := v.nodeChoice(azureMode, ScaleSets)
	if choice.Annotation.Key != "" {
		choice.Doubt = "a single standard load balancer ignores it"
	}
	return choice
}
