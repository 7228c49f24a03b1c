package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	openStackProxyProtocol = "loadbalancer.openstack.org/proxy-protocol"
	openStackForwardedFor  = "loadbalancer.openstack.org/x-forwarded-for"
	openStackNodes         = "loadbalancer.openstack.org/node-selector"
	openStackHealthMonitor = "loadbalancer.openstack.org/enable-health-monitor"
)

// Annotations: kubernetes/cloud-provider-openstack
// docs/openstack-cloud-controller-manager/expose-applications-using-loadbalancer-type-service.md.
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderOpenStack,
	name:        "OpenStack Octavia",
	signs:       signs{providerIDs: []string{"openstack://"}},
	annotations: annotations{decide: []string{openStackProxyProtocol, openStackForwardedFor, openStackHealthMonitor, openStackNodes}},
	describe:    octavia,
})

// octavia checks the nodes only with a health monitor, which the cloud controller's configuration
// (create-monitor, off by default) or an annotation switches on. It ends connections with its amphora driver and forwards packets with its OVN driver
// (docs.openstack.org/octavia user/feature-classification). The cloud controller's configuration file
// chooses the driver, and no object shows it. Only a feature that OVN does not have shows that the
// driver is not OVN.
func octavia(v view) Balancer {
	b := octaviaAmphora(v)
	if !v.has(openStackHealthMonitor) {
		b.HealthChecks = HealthChecks{
			Doubt:    "create-monitor in the configuration of the cloud controller decides whether it checks the nodes",
			Remedies: []Annotation{{openStackHealthMonitor, "true"}},
		}
	}
	if b.ProxyProtocol != On && !b.WritesHeader {
		b.Path, b.Why = Unknown, "the cluster does not show its driver; set spec.exposure.loadBalancer.provider to PacketForwarding (OVN) or Proxying (amphora)"
	}
	return b
}

// octaviaAmphora is Octavia with its amphora driver. Its health monitor checks the healthCheckNodePort
// (pkg/openstack/loadbalancer.go buildMonitorCreateOpts). Without a monitor, a Service with
// externalTrafficPolicy Local loses connections.
func octaviaAmphora(v view) Balancer {
	b := Balancer{
		Nodes: v.nodeChoice(openStackNodes, LabelsOrKeys),
		Path:  Proxies, NeedsNodePorts: true, WritesHeader: v.is(openStackForwardedFor, "true"),
		ProxyProtocol:       settingOf(v.is(openStackProxyProtocol, "true", "v1", "v2")),
		ProxyProtocolRemedy: Annotation{openStackProxyProtocol, "v2"},
	}
	if v.is(openStackHealthMonitor, "false") {
		b.HealthChecks = HealthChecks{Override: v.annotation(openStackHealthMonitor), Instead: Annotation{openStackHealthMonitor, "true"}}
	}
	return b
}
