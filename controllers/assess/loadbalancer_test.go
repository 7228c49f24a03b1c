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
	ciliumL2      = all(noMetalLB, class("io.cilium/l2-announcer"), ciliumAgent("v1.17.1"))
	serviceLB     = all(noMetalLB, agent(v1alpha1.ProviderServiceLB, "kube-system", "svclb-public-edge-ingress-0123abcd", corev1.Toleration{Operator: corev1.TolerationOpExists}))
)

func speakerWith(tolerations ...corev1.Toleration) option {
	return func(g *given) {
		for i := range g.s.Agents.Items {
			g.s.Agents.Items[i].Tolerations = tolerations
		}
	}
}

func blocked(cause desired.BlockCause) option {
	return func(g *given) {
		g.d.Blocked = []desired.Block{{Ref: snapshot.Ref{Kind: "Service", Namespace: namespace, Name: objectName}, Cause: cause, Wanted: "wanted", Live: "live"}}
	}
}

func TestLoadBalancerReady(t *testing.T) {
	const condition = v1alpha1.ConditionLoadBalancerReady
	foreign := liveService(snapshot.Read[corev1.Service]{Foreign: true})
	absent := liveService(snapshot.Read[corev1.Service]{})
	secondNotReady := endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.2.5", false))
	nodePort := exposed(v1alpha1.ExposureNodePort)
	runRows(t, condition, map[string]row{
		"row 49: MetalLB, healthy":                             {status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "1 address: 203.0.113.10. 2 of 2 edge nodes have a ready endpoint; the health-check port is 32100."},
		"a host name is an address":                            {given: []option{awsInstance}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: networkHost},
		"an unknown balancer is no obstacle":                   {given: []option{noMetalLB}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"no Service yet":                                       {given: []option{absent}, status: unknown, reason: v1alpha1.ReasonServiceMissing, says: "The operator has not seen Service edge-public/public-edge-ingress yet."},
		"a Service of somebody else":                           {given: []option{foreign}, status: no, reason: v1alpha1.ReasonNameTaken, says: "Service edge-public/public-edge-ingress exists"},
		"row 3: a Service of another type":                     {given: []option{onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })}, status: unknown, reason: v1alpha1.ReasonServiceMissing, says: "its type is ClusterIP"},
		"a class that is frozen":                               {given: []option{blocked(desired.BlockedByClass)}, status: no, reason: v1alpha1.ReasonLoadBalancerClassFrozen, says: `has loadBalancerClass "live", but the spec asks for "wanted", and Kubernetes does not allow this change. Delete Service edge-public/`},
		"a family that is frozen":                              {given: []option{blocked(desired.BlockedByIPFamily)}, status: no, reason: v1alpha1.ReasonIPFamilyFrozen},
		"row 4: no address":                                    {given: []option{onService(noAddress)}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "The Service has no loadBalancerClass"},
		"row 4: no address for a class":                        {given: []option{onService(noAddress), class("example.com/vip")}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: `loadBalancerClass "example.com/vip"`},
		"row 4: an entry without an address":                   {given: []option{onService(func(s *corev1.Service) { s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{}} })}, status: no, reason: v1alpha1.ReasonLoadBalancerPending},
		"row 18: no health-check port":                         {given: []option{onService(func(s *corev1.Service) { s.Spec.HealthCheckNodePort = 0 })}, status: no, reason: v1alpha1.ReasonHealthCheckNodePortMissing, says: "Delete the Service to let the operator create it again"},
		"row 18: no health-check port because of the policy":   {given: []option{onService(policyCluster)}, status: no, reason: v1alpha1.ReasonHealthCheckNodePortMissing, says: "externalTrafficPolicy Cluster"},
		"row 19: TCP health checks":                            {given: []option{awsInstance, annotated(awsPrefix+"healthcheck-protocol", "TCP")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: awsPrefix + `healthcheck-protocol: "TCP"`},
		"row 19: another port":                                 {given: []option{awsInstance, annotated(awsPrefix+"healthcheck-port", "80")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check port 32100"},
		"row 19: DigitalOcean's override":                      {given: []option{cloud("digitalocean://1"), annotated(doType, "REGIONAL"), annotated("service.beta.kubernetes.io/do-loadbalancer-override-health-check", "true")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "override-health-check"},
		"row 19: Octavia without its monitor":                  {given: []option{declared(v1alpha1.ProviderOVH), annotated("loadbalancer.openstack.org/enable-health-monitor", "false")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "enable-health-monitor"},
		"row 19: with pod targets nodes are not checked":       {given: []option{awsPods, annotated(awsPrefix+"healthcheck-protocol", "TCP")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 20: PROXY protocol to instances":                  {given: []option{awsInstance, groupProxy, proxyProtocol}, status: no, reason: v1alpha1.ReasonProxyV2HealthCheckIncompatible, says: "health checks with a PROXY header"},
		"row 20: PROXY protocol to pods":                       {given: []option{awsPods, groupProxy, proxyProtocol}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 59: no node ports for a balancer that needs them": {given: []option{hetzner, onService(noNodePorts)}, status: no, reason: v1alpha1.ReasonNodePortsNotAllocated, says: "Hetzner Load Balancer delivers to node ports"},
		"row 59: no node ports for one that does not":          {given: []option{onService(noNodePorts)}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 15: an edge node is excluded":                     {given: []option{node("edge-2", labelled(exclude, ""))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "Load balancers exclude node edge-2. Remove the label " + exclude},
		"row 15: excluded with true":                           {given: []option{node("edge-2", labelled(exclude, "true"))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded},
		"row 15: excluded with something else":                 {given: []option{node("edge-2", labelled(exclude, "yes"))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded},
		"row 15: another node may be excluded":                 {given: []option{node("app-1", labelled(exclude, ""))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 16: excluded with false":                          {given: []option{node("edge-2", labelled(exclude, "false"))}, status: unknown, reason: v1alpha1.ReasonExcludeLabelAmbiguous, says: "node edge-2"},
		"rows 15 and 16: the excluded one is named":            {given: []option{node("edge-1", labelled(exclude, "false")), node("edge-2", labelled(exclude, ""))}, status: no, reason: v1alpha1.ReasonEdgeNodeExcluded, says: "edge-2"},
		"row 105: Karpenter is about to remove a node":         {given: []option{node("edge-1", taintedWith("karpenter.sh/disrupted", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonEdgeNodeBeingDeleted, says: "Karpenter marked node edge-1 as about to be removed or stopped (taint karpenter.sh/disrupted). Too few other nodes"},
		"row 105: a spot instance is about to be taken away":   {given: []option{node("edge-1", taintedWith("aws-node-termination-handler/spot-itn", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonEdgeNodeBeingDeleted, says: "AWS Node Termination Handler marked node edge-1"},
		"row 105: Google Cloud is about to stop both nodes":    {given: []option{node("edge-1", taintedWith("cloud.google.com/impending-node-termination", corev1.TaintEffectNoSchedule)), node("edge-2", taintedWith("cloud.google.com/impending-node-termination", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonEdgeNodeBeingDeleted, says: "Google Cloud marked nodes edge-1, edge-2"},
		"a node that may be removed":                           {given: []option{node("edge-1", taintedWith("DeletionCandidateOfClusterAutoscaler", corev1.TaintEffectPreferNoSchedule))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"an edge node that starts":                             {given: []option{node("edge-1", taintedWith("ebs.csi.aws.com/agent-not-ready", corev1.TaintEffectNoExecute))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 17: an edge node is about to be removed":          {given: []option{node("edge-1", taintedWith(desired.RemovalTaint, corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonEdgeNodeBeingDeleted, says: "node edge-1"},
		"row 48: the speaker does not tolerate the taint":      {given: []option{speakerWith()}, status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "MetalLB's agent cannot run on nodes edge-1, edge-2 and does not announce the address from there. Add a toleration for the taint node-role.kubernetes.io/edge (operator Exists, effect NoSchedule) to DaemonSet metallb-system/speaker"},
		"row 48: a taint of somebody else on one node":         {given: []option{node("edge-2", taintedWith("example.com/gpu", corev1.TaintEffectNoExecute))}, status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "taint example.com/gpu (operator Exists, effect NoExecute)"},
		"row 48: the speaker's selector leaves the edge out":   {given: []option{func(g *given) { g.s.Agents.Items[0].NodeSelector = map[string]string{"pool": "apps"} }}, status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "Let the nodeSelector and affinity of DaemonSet metallb-system/speaker select the node"},
		"row 48: a node that crashed keeps its agent":          {given: []option{node("edge-1", taintedWith(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 48: a taint of a person beside one that passes":   {given: []option{node("edge-1", taintedWith(corev1.TaintNodeUnreachable, corev1.TaintEffectNoSchedule)), node("edge-1", taintedWith("gpu", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "on node edge-1 and does not announce the address from there. Add a toleration for the taint gpu "},
		"row 48: a second agent that does not tolerate it":     {given: []option{agent(v1alpha1.ProviderMetalLB, "metallb-system", "frr-k8s")}, status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "DaemonSet metallb-system/frr-k8s"},
		"row 48: a second agent meant for other nodes":         {given: []option{agent(v1alpha1.ProviderMetalLB, "metallb-system", "other"), func(g *given) { g.s.Agents.Items[1].NodeSelector = map[string]string{"pool": "apps"} }}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 48: agents of another balancer do not matter":     {given: []option{agent(v1alpha1.ProviderCilium, "kube-system", "cilium")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 48: a balancer without agents":                    {given: []option{noMetalLB, declared(v1alpha1.ProviderPacketForwarding)}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 53: ServiceLB that does not run on the edge":      {given: []option{noMetalLB, agent(v1alpha1.ProviderServiceLB, "kube-system", "svclb-public-edge-ingress-0123abcd")}, status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "k3s ServiceLB's agent"},
		"row 52: Cilium's L2 announcements":                    {given: []option{ciliumL2}, status: no, reason: v1alpha1.ReasonCiliumL2NeedsCluster, says: "io.cilium/bgp-control-plane"},
		"Cilium's BGP":                                         {given: []option{noMetalLB, class("io.cilium/bgp-control-plane")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 13: an edge node without a ready endpoint":        {given: []option{secondNotReady}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint, says: "1 of 2 edge nodes has a ready endpoint; traffic that reaches edge-2 is dropped"},
		"row 12: no ready endpoint at all":                     {given: []option{endpointsOf()}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint, says: "0 of 2 edge nodes have a"},
		"row 13: an endpoint whose pod is not ready":           {given: []option{podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint, says: "edge-2"},
		"row 13: a Deployment leaves nodes out on purpose":     {given: []option{deployment, secondNotReady}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "1 of 2 edge nodes"},
		"row 12: a Deployment without any endpoint":            {given: []option{deployment, endpointsOf()}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint},
		"row 1: no edge node at all":                           {given: []option{selected()}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint, says: "There is no edge node"},
		"row 1: a Deployment without any edge node":            {given: []option{deployment, selected()}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint, says: "There is no edge node"},
		"row 1: node ports without any edge node":              {given: []option{nodePort, selected()}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint, says: "There is no edge node"},
		"a pending address comes before missing endpoints":     {given: []option{onService(noAddress), endpointsOf()}, status: no, reason: v1alpha1.ReasonLoadBalancerPending},
		"the Service not read":                                 {given: []option{unread["Service"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the Service"},
		"slices not read":                                      {given: []option{unread["EndpointSlices"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the EndpointSlices"},
		"agents not read":                                      {given: []option{unread["Agents"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the load-balancer agents"},
		"nodes not read":                                       {given: []option{unread["Nodes"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the nodes"},
		"the Service was refused":                              {given: []option{failed(snapshot.FailureRefused, "Service", objectName, "healthCheckNodePort is in use")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "in use"},
		"deletion":                                             {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
		"host network needs none":                              {given: []option{exposed(v1alpha1.ExposureHostNetwork)}, status: yes, reason: v1alpha1.ReasonNotApplicable, says: "exposure.type HostNetwork"},
		"host ports need none":                                 {given: []option{exposed(v1alpha1.ExposureHostPort)}, status: yes, reason: v1alpha1.ReasonNotApplicable, says: "exposure.type HostPort"},
		"host network with an old Service that does not go":    {given: []option{exposed(v1alpha1.ExposureHostNetwork), failed(snapshot.FailureOther, "Service", objectName, "timeout")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "timeout"},
		"node ports need no address":                           {given: []option{nodePort}, status: yes, reason: v1alpha1.ReasonNotApplicable, says: "exposure.type NodePort"},
		"node ports need no agents":                            {given: []option{nodePort, unread["Agents"]}, status: yes, reason: v1alpha1.ReasonNotApplicable},
		"node ports without a Service":                         {given: []option{nodePort, absent}, status: unknown, reason: v1alpha1.ReasonServiceMissing},
		"node ports with a Service of somebody else":           {given: []option{nodePort, foreign}, status: no, reason: v1alpha1.ReasonNameTaken},
		"node ports with a Service that is a LoadBalancer yet": {given: []option{nodePort, onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeLoadBalancer })}, status: unknown, reason: v1alpha1.ReasonServiceMissing, says: "type NodePort yet"},
		"row 13: node ports with a node without an endpoint":   {given: []option{nodePort, secondNotReady}, status: no, reason: v1alpha1.ReasonEdgeNodesWithoutEndpoint, says: "edge-2"},
		"node ports with a family that is frozen":              {given: []option{nodePort, blocked(desired.BlockedByIPFamily)}, status: no, reason: v1alpha1.ReasonIPFamilyFrozen},
		"node ports, the Service not read":                     {given: []option{nodePort, unread["Service"]}, status: unknown, reason: v1alpha1.ReasonNotRead},
	})
}
