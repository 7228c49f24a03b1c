package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

const (
	awsPrefix   = "service.beta.kubernetes.io/aws-load-balancer-"
	networkHost = "k8s-edge-0123.elb.eu-west-1.amazonaws.com"
	classicHost = "a0123.eu-west-1.elb.amazonaws.com"
	hetznerKey  = "load-balancer.hetzner.cloud/uses-proxyprotocol"
	doType      = "service.beta.kubernetes.io/do-loadbalancer-type"
	doProxy     = "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol"
	exclude     = "node.kubernetes.io/exclude-from-external-load-balancers"
)

var (
	hetzner       = cloud("hcloud://1")
	awsInstance   = all(cloud("aws:///z/i-1"), hostname(networkHost), class("service.k8s.aws/nlb"), annotated(awsPrefix+"nlb-target-type", "instance"))
	awsPods       = all(cloud("aws:///z/i-1"), hostname(networkHost), class("service.k8s.aws/nlb"), annotated(awsPrefix+"nlb-target-type", "ip"))
	awsClassic    = all(cloud("aws:///z/i-1"), hostname(classicHost))
	groupPreserve = annotated(awsPrefix+"target-group-attributes", "preserve_client_ip.enabled=true")
	groupLoses    = annotated(awsPrefix+"target-group-attributes", "preserve_client_ip.enabled=false")
	groupProxy    = annotated(awsPrefix+"target-group-attributes", "proxy_protocol_v2.enabled=true")
	ciliumL2      = all(noMetalLB, class("io.cilium/l2-announcer"))
	serviceLB     = all(noMetalLB, agent(v1alpha1.ProviderServiceLB, "kube-system", "svclb-public-edge-ingress-0123abcd", corev1.Toleration{Operator: corev1.TolerationOpExists}))
)

func speakerWith(tolerations ...corev1.Toleration) option {
	return func(g *given) {
		for i := range g.s.Agents.Items {
			g.s.Agents.Items[i].Tolerations = tolerations
		}
	}
}

func blocked(reason, message string) option {
	return func(g *given) {
		g.d.Blocked = []desired.Block{{Ref: snapshot.Ref{Kind: "Service", Namespace: namespace, Name: objectName}, Reason: reason, Message: message}}
	}
}

func TestLoadBalancerReady(t *testing.T) {
	const condition = v1alpha1.ConditionLoadBalancerReady
	foreign := liveService(snapshot.Read[corev1.Service]{Foreign: true})
	absent := liveService(snapshot.Read[corev1.Service]{})
	secondNotReady := endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.2.5", false))
	nodePort := exposed(v1alpha1.ExposureNodePort)
	runRows(t, map[string]row{
		"row 49: MetalLB, healthy":                             {nil, condition, yes, v1alpha1.ReasonAddressAssigned, "1 address: 203.0.113.10; 2 of 2 edge nodes have a ready endpoint, which nodes tell on health-check port 32100."},
		"a host name is an address":                            {[]option{awsInstance}, condition, yes, v1alpha1.ReasonAddressAssigned, networkHost},
		"an unknown balancer is no obstacle":                   {[]option{noMetalLB}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"no Service yet":                                       {[]option{absent}, condition, unknown, v1alpha1.ReasonServiceMissing, "Service edge-public/public-edge-ingress has not been seen yet."},
		"a Service of somebody else":                           {[]option{foreign}, condition, no, v1alpha1.ReasonNameTaken, "Service edge-public/public-edge-ingress exists"},
		"a Service of another type":                            {[]option{onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })}, condition, unknown, v1alpha1.ReasonServiceMissing, "its type is ClusterIP"},
		"a class that is frozen":                               {[]option{blocked(v1alpha1.ReasonLoadBalancerClassFrozen, "The class is frozen.")}, condition, no, v1alpha1.ReasonLoadBalancerClassFrozen, "The class is frozen."},
		"a family that is frozen":                              {[]option{blocked(v1alpha1.ReasonIPFamilyFrozen, "The family is frozen.")}, condition, no, v1alpha1.ReasonIPFamilyFrozen, ""},
		"row 4: no address":                                    {[]option{onService(noAddress)}, condition, no, v1alpha1.ReasonLoadBalancerPending, "which has no loadBalancerClass"},
		"row 4: no address for a class":                        {[]option{onService(noAddress), class("example.com/vip")}, condition, no, v1alpha1.ReasonLoadBalancerPending, `loadBalancerClass "example.com/vip"`},
		"row 4: an entry without an address":                   {[]option{onService(func(s *corev1.Service) { s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{}} })}, condition, no, v1alpha1.ReasonLoadBalancerPending, ""},
		"row 18: no health-check port":                         {[]option{onService(func(s *corev1.Service) { s.Spec.HealthCheckNodePort = 0 })}, condition, no, v1alpha1.ReasonHealthCheckNodePortMissing, "delete it to have it made anew"},
		"row 18: no health-check port because of the policy":   {[]option{onService(policyCluster)}, condition, no, v1alpha1.ReasonHealthCheckNodePortMissing, "externalTrafficPolicy Cluster"},
		"row 19: TCP health checks":                            {[]option{awsInstance, annotated(awsPrefix+"healthcheck-protocol", "TCP")}, condition, no, v1alpha1.ReasonHealthCheckOverridden, awsPrefix + `healthcheck-protocol: "TCP"`},
		"row 19: another port":                                 {[]option{awsInstance, annotated(awsPrefix+"healthcheck-port", "80")}, condition, no, v1alpha1.ReasonHealthCheckOverridden, "health-check port 32100"},
		"row 19: DigitalOcean's override":                      {[]option{cloud("digitalocean://1"), annotated(doType, "REGIONAL"), annotated("service.beta.kubernetes.io/do-loadbalancer-override-health-check", "true")}, condition, no, v1alpha1.ReasonHealthCheckOverridden, "override-health-check"},
		"row 19: Octavia without its monitor":                  {[]option{declared(v1alpha1.ProviderOVH), annotated("loadbalancer.openstack.org/enable-health-monitor", "false")}, condition, no, v1alpha1.ReasonHealthCheckOverridden, "enable-health-monitor"},
		"row 19: with pod targets nodes are not checked":       {[]option{awsPods, annotated(awsPrefix+"healthcheck-protocol", "TCP")}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 20: PROXY protocol to instances":                  {[]option{awsInstance, groupProxy, proxyProtocol}, condition, no, v1alpha1.ReasonProxyV2HealthCheckIncompatible, "health checks with a PROXY header"},
		"row 20: PROXY protocol to pods":                       {[]option{awsPods, groupProxy, proxyProtocol}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 59: no node ports for a balancer that needs them": {[]option{hetzner, onService(noNodePorts)}, condition, no, v1alpha1.ReasonNodePortsNotAllocated, "Hetzner Load Balancer delivers to node ports"},
		"row 59: no node ports for one that does not":          {[]option{onService(noNodePorts)}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 15: an edge node is excluded":                     {[]option{node("edge-2", labelled(exclude, ""))}, condition, no, v1alpha1.ReasonEdgeNodeExcluded, "Load balancers leave out node edge-2: remove the label " + exclude},
		"row 15: excluded with true":                           {[]option{node("edge-2", labelled(exclude, "true"))}, condition, no, v1alpha1.ReasonEdgeNodeExcluded, ""},
		"row 15: excluded with something else":                 {[]option{node("edge-2", labelled(exclude, "yes"))}, condition, no, v1alpha1.ReasonEdgeNodeExcluded, ""},
		"row 15: another node may be excluded":                 {[]option{node("app-1", labelled(exclude, ""))}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 16: excluded with false":                          {[]option{node("edge-2", labelled(exclude, "false"))}, condition, unknown, v1alpha1.ReasonExcludeLabelAmbiguous, "node edge-2"},
		"rows 15 and 16: the excluded one is told":             {[]option{node("edge-1", labelled(exclude, "false")), node("edge-2", labelled(exclude, ""))}, condition, no, v1alpha1.ReasonEdgeNodeExcluded, "edge-2"},
		"row 17: an edge node is about to be removed":          {[]option{node("edge-1", taintedWith(desired.RemovalTaint, corev1.TaintEffectNoSchedule))}, condition, no, v1alpha1.ReasonEdgeNodeBeingDeleted, "node edge-1"},
		"row 48: the speaker does not tolerate the taint":      {[]option{speakerWith()}, condition, no, v1alpha1.ReasonAgentMissingOnEdgeNodes, "MetalLB's agent does not run on nodes edge-1, edge-2, so the address is not announced from there: add a toleration for the taint node-role.kubernetes.io/edge (operator Exists, effect NoSchedule) to DaemonSet metallb-system/speaker"},
		"row 48: a taint of somebody else on one node":         {[]option{node("edge-2", taintedWith("example.com/gpu", corev1.TaintEffectNoExecute))}, condition, no, v1alpha1.ReasonAgentMissingOnEdgeNodes, "taint example.com/gpu (operator Exists, effect NoExecute)"},
		"row 48: the speaker's selector leaves the edge out":   {[]option{func(g *given) { g.s.Agents.Items[0].NodeSelector = map[string]string{"pool": "apps"} }}, condition, no, v1alpha1.ReasonAgentMissingOnEdgeNodes, "have the nodeSelector and affinity of DaemonSet metallb-system/speaker choose it"},
		"row 48: a node that crashed keeps its agent":          {[]option{node("edge-1", taintedWith(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule))}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 48: a taint of a person beside one that passes":   {[]option{node("edge-1", taintedWith(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule)), node("edge-1", taintedWith("gpu", corev1.TaintEffectNoSchedule))}, condition, no, v1alpha1.ReasonAgentMissingOnEdgeNodes, "on node edge-1, so the address is not announced from there: add a toleration for the taint gpu "},
		"row 48: a second agent that does not tolerate it":     {[]option{agent(v1alpha1.ProviderMetalLB, "metallb-system", "frr-k8s")}, condition, no, v1alpha1.ReasonAgentMissingOnEdgeNodes, "DaemonSet metallb-system/frr-k8s"},
		"row 48: a second agent meant for other nodes":         {[]option{agent(v1alpha1.ProviderMetalLB, "metallb-system", "other"), func(g *given) { g.s.Agents.Items[1].NodeSelector = map[string]string{"pool": "apps"} }}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 48: agents of another balancer do not matter":     {[]option{agent(v1alpha1.ProviderCilium, "kube-system", "cilium")}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 48: a balancer without agents":                    {[]option{declared(v1alpha1.ProviderPacketForwarding), func(g *given) { g.s.Agents.Items = nil }}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 53: ServiceLB that does not run on the edge":      {[]option{noMetalLB, agent(v1alpha1.ProviderServiceLB, "kube-system", "svclb-public-edge-ingress-0123abcd")}, condition, no, v1alpha1.ReasonAgentMissingOnEdgeNodes, "k3s ServiceLB's agent"},
		"row 52: Cilium's L2 announcements":                    {[]option{ciliumL2}, condition, no, v1alpha1.ReasonCiliumL2NeedsCluster, "io.cilium/bgp-control-plane"},
		"Cilium's BGP":                                         {[]option{noMetalLB, class("io.cilium/bgp-control-plane")}, condition, yes, v1alpha1.ReasonAddressAssigned, ""},
		"row 13: an edge node without a ready endpoint":        {[]option{secondNotReady}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, "1 of 2 edge nodes has a ready endpoint; traffic that reaches edge-2 is dropped"},
		"row 12: no ready endpoint at all":                     {[]option{endpointsOf()}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, "0 of 2 edge nodes have a"},
		"row 13: an endpoint whose pod is not ready":           {[]option{podChanged("controller-2", podNotReady)}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, "edge-2"},
		"row 13: a Deployment leaves nodes out on purpose":     {[]option{deployment, secondNotReady}, condition, yes, v1alpha1.ReasonAddressAssigned, "1 of 2 edge nodes"},
		"row 12: a Deployment without any endpoint":            {[]option{deployment, endpointsOf()}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, ""},
		"row 1: no edge node at all":                           {[]option{selected()}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, "There is no edge node"},
		"row 1: a Deployment without any edge node":            {[]option{deployment, selected()}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, "There is no edge node"},
		"row 1: node ports without any edge node":              {[]option{nodePort, selected()}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, "There is no edge node"},
		"a pending address comes before missing endpoints":     {[]option{onService(noAddress), endpointsOf()}, condition, no, v1alpha1.ReasonLoadBalancerPending, ""},
		"the Service not read":                                 {[]option{unread["Service"]}, condition, unknown, v1alpha1.ReasonNotRead, "the Service"},
		"slices not read":                                      {[]option{unread["EndpointSlices"]}, condition, unknown, v1alpha1.ReasonNotRead, "the EndpointSlices"},
		"agents not read":                                      {[]option{unread["Agents"]}, condition, unknown, v1alpha1.ReasonNotRead, "the load-balancer agents"},
		"nodes not read":                                       {[]option{unread["Nodes"]}, condition, unknown, v1alpha1.ReasonNotRead, "the nodes"},
		"the Service was refused":                              {[]option{failed(snapshot.FailureRefused, "Service", objectName, "healthCheckNodePort is in use")}, condition, no, v1alpha1.ReasonApplyFailed, "in use"},
		"deletion":                                             {[]option{deleted}, condition, unknown, v1alpha1.ReasonDeleting, ""},
		"host network needs none":                              {[]option{exposed(v1alpha1.ExposureHostNetwork)}, condition, yes, v1alpha1.ReasonNotApplicable, "exposure.type HostNetwork"},
		"host ports need none":                                 {[]option{exposed(v1alpha1.ExposureHostPort)}, condition, yes, v1alpha1.ReasonNotApplicable, "exposure.type HostPort"},
		"host network with an old Service that does not go":    {[]option{exposed(v1alpha1.ExposureHostNetwork), failed(snapshot.FailureOther, "Service", objectName, "timeout")}, condition, no, v1alpha1.ReasonApplyFailed, "timeout"},
		"node ports need no address":                           {[]option{nodePort}, condition, yes, v1alpha1.ReasonNotApplicable, "exposure.type NodePort"},
		"node ports need no agents":                            {[]option{nodePort, unread["Agents"]}, condition, yes, v1alpha1.ReasonNotApplicable, ""},
		"node ports without a Service":                         {[]option{nodePort, absent}, condition, unknown, v1alpha1.ReasonServiceMissing, ""},
		"node ports with a Service of somebody else":           {[]option{nodePort, foreign}, condition, no, v1alpha1.ReasonNameTaken, ""},
		"node ports with a Service that is a LoadBalancer yet": {[]option{nodePort, onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer })}, condition, unknown, v1alpha1.ReasonServiceMissing, "type NodePort yet"},
		"row 13: node ports with a node without an endpoint":   {[]option{nodePort, secondNotReady}, condition, no, v1alpha1.ReasonEdgeNodesWithoutEndpoint, "edge-2"},
		"node ports with a family that is frozen":              {[]option{nodePort, blocked(v1alpha1.ReasonIPFamilyFrozen, "The family is frozen.")}, condition, no, v1alpha1.ReasonIPFamilyFrozen, ""},
		"node ports, the Service not read":                     {[]option{nodePort, unread["Service"]}, condition, unknown, v1alpha1.ReasonNotRead, ""},
	})
}
