package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var everywhere = corev1.Toleration{Operator: corev1.TolerationOpExists}

// held is a Service whose address kube-vip announces from the node.
func held(node string) option {
	return all(noMetalLB, agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds", everywhere), annotated("kube-vip.io/vipHost", node))
}

// pureLB is a Service whose addresses PureLB announces as its annotation says.
func pureLB(key, value string) option {
	return all(noMetalLB, class("purelb.io/purelb"), agent(v1alpha1.ProviderPureLB, "purelb", "lbnodeagent", everywhere), annotated("purelb.io/"+key, value))
}

func assigns(ips ...string) option {
	return onService(func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = nil
		for _, ip := range ips {
			s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: ip})
		}
	})
}

// onlySecond leaves one pod and one endpoint, on edge-2.
var onlySecond = all(endpointsOf(endpoint("10.244.2.5", true)), func(g *given) { g.s.Pods.Items = g.s.Pods.Items[1:] })

var secondNotReady = endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.2.5", false))

func TestWhoAnnouncesTheAddress(t *testing.T) {
	serviceLBOnAll := all(serviceLB, assigns("10.0.0.1", "10.0.0.2", "10.0.0.9"))
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 82: kube-vip on another node":                               {given: []option{held("app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: `Kube-vip announces the address from node app-1, which is not an edge node, so the node drops the traffic. The annotation kube-vip.io/vipHost: "app-1" shows it.`},
		"row 82: kube-vip on a node that does not exist":                 {given: []option{held("gone-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "node gone-1, which does not exist"},
		"row 82: kube-vip on an edge node":                               {given: []option{held("edge-2")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 82: kube-vip on an edge node without an endpoint":           {given: []option{deployment, held("edge-2"), secondNotReady}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "node edge-2, which has no ready endpoint"},
		"row 82: kube-vip by its class":                                  {given: []option{noMetalLB, class("kube-vip.io/kube-vip-class"), annotated("kube-vip.io/vipHost", "app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "app-1"},
		"row 82: kube-vip declared, without a sign of its agent":         {given: []option{noMetalLB, declared(v1alpha1.ProviderKubeVIP), annotated("kube-vip.io/vipHost", "app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "app-1"},
		"row 82: a declared forwarder that is kube-vip":                  {given: []option{noMetalLB, declared(v1alpha1.ProviderPacketForwarding), annotated("kube-vip.io/vipHost", "app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "app-1"},
		"row 82: kube-vip's mark on a Service of MetalLB":                {given: []option{declared(v1alpha1.ProviderMetalLB), annotated("kube-vip.io/vipHost", "app-1")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 82: PureLB, node and interface":                             {given: []option{pureLB("announcing-IPv4", "app-1,eth0")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "PureLB announces the address from node app-1"},
		"row 82: PureLB, one entry for each address":                     {given: []option{pureLB("announcing-IPv6", "edge-1,eth0,2001:db8::1 app-1,eth0,2001:db8::2")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "app-1"},
		"row 82: PureLB, the annotation of old versions":                 {given: []option{pureLB("announcing-node", "app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "app-1"},
		"row 82: OpenELB on layer 2":                                     {given: []option{noMetalLB, declared(v1alpha1.ProviderOpenELB), annotated("layer2.openelb.kubesphere.io/v1alpha1", "app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "OpenELB announces the address from node app-1"},
		"row 82: OpenELB on layer 2, recognised by its agent":            {given: []option{noMetalLB, agent(v1alpha1.ProviderOpenELB, "openelb-system", "openelb-speaker", everywhere), annotated("layer2.openelb.kubesphere.io/v1alpha1", "app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "OpenELB announces the address from node app-1"},
		"row 82: PureLB on edge nodes":                                   {given: []option{pureLB("announcing-IPv4", "edge-1,eth0,192.0.2.1 edge-2,eth0,192.0.2.2")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 82: ServiceLB lists the address of another node":            {given: []option{serviceLBOnAll}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "The address 10.0.0.9 of Service edge-public/public-edge-ingress is that of node app-1, which is not an edge node"},
		"row 82: ServiceLB lists edge nodes":                             {given: []option{serviceLB, assigns("10.0.0.1", "10.0.0.2")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 82: an unknown balancer assigns a node's address":           {given: []option{noMetalLB, assigns("10.0.0.9")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "app-1"},
		"row 82: the external address of another node":                   {given: []option{noMetalLB, node("app-1", external("203.0.113.10"))}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "node app-1"},
		"row 82: the external address of an edge node":                   {given: []option{noMetalLB, node("edge-1", external("203.0.113.10"))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 82: another spelling of a node's IPv6 address":              {given: []option{noMetalLB, node("app-1", external("2001:db8::9")), assigns("2001:DB8:0::9")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "node app-1"},
		"row 82: ServiceLB lists an edge node without an endpoint":       {given: []option{deployment, noMetalLB, declared(v1alpha1.ProviderServiceLB), assigns("10.0.0.1", "10.0.0.2"), onlySecond}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "The address 10.0.0.1 of Service edge-public/public-edge-ingress is that of node edge-1, which has no ready endpoint, so the node drops the traffic. Set spec.controller.kind to DaemonSet"},
		"row 82: ServiceLB recognised, an edge node without an endpoint": {given: []option{deployment, serviceLB, assigns("10.0.0.2"), secondNotReady}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "The address 10.0.0.2"},
		"row 82: a forwarder with the address of such a node":            {given: []option{deployment, noMetalLB, declared(v1alpha1.ProviderPacketForwarding), assigns("10.0.0.2"), secondNotReady}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "node edge-2, which has no ready endpoint"},
		"row 82: an unknown balancer with its external address":          {given: []option{deployment, noMetalLB, node("edge-2", external("203.0.113.10")), secondNotReady}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "node edge-2, which has no ready endpoint"},
		"row 82: the same in another spelling of IPv6":                   {given: []option{deployment, noMetalLB, node("edge-2", external("2001:db8::9")), assigns("2001:DB8:0::9"), secondNotReady}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "node edge-2"},
		"row 82: only the address of the node with the endpoint":         {given: []option{deployment, serviceLB, assigns("10.0.0.1"), secondNotReady}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 82: kube-vip's remedy for such a node":                      {given: []option{deployment, noMetalLB, declared(v1alpha1.ProviderKubeVIP), annotated("kube-vip.io/vipHost", "edge-1"), onlySecond}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "Set svc_election to \"true\" in kube-vip's DaemonSet, so that a node with an endpoint announces, or set spec.controller.kind to DaemonSet"},
		"row 82: the remedy where a pod of the DaemonSet is missing":     {given: []option{pureLB("announcing-IPv4", "edge-2,eth0"), secondNotReady}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "See the condition ControllerAvailable."},
		"row 82: the remedy for a node that is not for the edge":         {given: []option{held("app-1")}, status: no, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "Let only edge nodes announce addresses."},
		"row 83: pending, the only agent runs on no edge node":           {given: []option{onService(noAddress), speakerWith()}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "The only load-balancer agent that was found, DaemonSet metallb-system/speaker, cannot run on an edge node. Add a toleration for the taint node-role.kubernetes.io/edge"},
		"row 83: pending, its selector leaves the edge out":              {given: []option{onService(noAddress), func(g *given) { g.s.Agents.Items[0].NodeSelector = map[string]string{"pool": "apps"} }}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "cannot run on an edge node. Let the nodeSelector and affinity of DaemonSet metallb-system/speaker select the node"},
		"row 83: pending, two agents run on no edge node":                {given: []option{onService(noAddress), speakerWith(), agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds")}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "DaemonSet metallb-system/speaker, DaemonSet kube-system/kube-vip-ds, cannot run on an edge node"},
		"row 83: pending, the agent has no ready pod there":              {given: []option{onService(noAddress), agentRuns(readyOn("app-1"))}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "DaemonSet metallb-system/speaker, has no ready pod on an edge node"},
		"row 83: pending, the agent runs on one edge node":               {given: []option{onService(noAddress), node("edge-2", taintedWith("gpu", corev1.TaintEffectNoSchedule))}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "or check the log of the installed one."},
		"row 83: pending, one of two agents runs there":                  {given: []option{onService(noAddress), agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds")}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "or check the log of the installed one."},
	})
}

func TestSourceIPConfiguredWhereTheAddressIsAnnounced(t *testing.T) {
	runRows(t, sourceIP, map[string]row{
		"row 82: kube-vip on another node":                     {given: []option{held("app-1")}, status: unknown, reason: v1alpha1.ReasonAnnouncedElsewhere, says: "LoadBalancerReady"},
		"row 82: kube-vip on an edge node":                     {given: []option{held("edge-1")}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 82: kube-vip on an edge node without an endpoint": {given: []option{held("edge-2"), secondNotReady}, status: unknown, reason: v1alpha1.ReasonAnnouncedElsewhere},
		"row 82: a forwarder with the address of another node": {given: []option{noMetalLB, declared(v1alpha1.ProviderPacketForwarding), assigns("10.0.0.9")}, status: unknown, reason: v1alpha1.ReasonAnnouncedElsewhere},
		"row 82: policy Cluster loses the address anyway":      {given: []option{held("app-1"), onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
	})
}

func external(ip string) func(*snapshot.Node) {
	return func(n *snapshot.Node) { n.ExternalIPs = []string{ip} }
}
