package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// withoutPods takes the pods of all agents away.
func withoutPods(g *given) {
	for i := range g.s.Agents.Items {
		g.s.Agents.Items[i].Pods = snapshot.AgentPods{Running: snapshot.RunningNone, Wanted: 3}
	}
}

func noAgents(g *given) { g.s.Agents.Items = nil }

func TestLoadBalancerReadyDoubtsAnAddressThatNoAgentAnnounces(t *testing.T) {
	const missing, notRunning, fine = v1alpha1.ReasonAgentMissingOnEdgeNodes, v1alpha1.ReasonAgentNotReadyOnEdgeNodes, v1alpha1.ReasonAddressAssigned
	tolerant := corev1.Toleration{Operator: corev1.TolerationOpExists}
	forwarding := all(noMetalLB, declared(v1alpha1.ProviderPacketForwarding))
	speaker := agent(v1alpha1.ProviderMetalLB, "metallb-system", "speaker", tolerant)
	kubeVIP := agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds", tolerant)
	cilium := agent(v1alpha1.ProviderCilium, "kube-system", "cilium", tolerant)
	onlyOn := func(at int, node string) option { return func(g *given) { g.s.Agents.Items[at].Pods = readyOn(node) } }
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 86: MetalLB's annotation, and its speaker was deleted": {given: []option{noAgents}, status: unknown, reason: missing,
			says: "MetalLB's annotation metallb.io/ip-allocated-from-pool is on the Service, and no DaemonSet of its agent was found, so nothing may announce the address."},
		"row 86: MetalLB's older annotation":                                {given: []option{noMetalLB, annotated("metallb.universe.tf/ip-allocated-from-pool", "public")}, status: unknown, reason: missing, says: "set spec.exposure.loadBalancer.provider to MetalLB if its agent runs in another way"},
		"row 86: kube-vip's annotation":                                     {given: []option{noMetalLB, annotated("kube-vip.io/vipHost", "edge-1")}, status: unknown, reason: missing, says: "kube-vip's annotation kube-vip.io/vipHost"},
		"row 86: PureLB's annotation":                                       {given: []option{noMetalLB, annotated("purelb.io/allocated-by", "PureLB")}, status: unknown, reason: missing, says: "PureLB's annotation"},
		"row 86: the annotation beside a network plugin":                    {given: []option{noAgents, cilium}, status: unknown, reason: missing},
		"row 86: the annotation on machines of a cloud":                     {given: []option{cloud("hcloud://1"), annotated("metallb.io/ip-allocated-from-pool", "public")}, status: unknown, reason: missing},
		"row 86: the annotation of one, and only the agent of another runs": {given: []option{noAgents, kubeVIP}, status: unknown, reason: missing},
		"row 86: the annotation under a class that nobody knows":            {given: []option{noAgents, class("example.com/lb")}, status: unknown, reason: missing},
		"row 86: the annotation, and packet forwarding is declared":         {given: []option{noAgents, declared(v1alpha1.ProviderPacketForwarding)}, status: unknown, reason: missing},
		"row 86: the annotation, and its balancer is declared":              {given: []option{noAgents, declared(v1alpha1.ProviderMetalLB)}, status: yes, reason: fine},
		"row 86: the annotation, and a proxy is declared":                   {given: []option{noAgents, declared(v1alpha1.ProviderProxying)}, status: yes, reason: fine},
		"row 86: a person asked for the annotation": {given: []option{noAgents, func(g *given) {
			g.spec().Exposure.LoadBalancer.Annotations = map[string]v1alpha1.AnnotationValue{"metallb.io/ip-allocated-from-pool": "public"}
		}}, status: yes, reason: fine},

		"row 85: packet forwarding is declared, and the only agent has no pods": {given: []option{forwarding, speaker, withoutPods}, status: unknown, reason: notRunning,
			says: "MetalLB's agent does not run on nodes edge-1, edge-2, and the Service does not show whether MetalLB serves it."},
		"row 85: packet forwarding, and the pod of one edge node is not ready": {given: []option{forwarding, speaker, onlyOn(0, "edge-1")}, status: unknown, reason: notRunning, says: "does not run on node edge-2, and"},
		"row 48: packet forwarding, and the only agent does not tolerate the taint": {given: []option{forwarding, agent(v1alpha1.ProviderMetalLB, "metallb-system", "speaker")}, status: unknown, reason: missing,
			says: "Or set spec.exposure.loadBalancer.provider to the load balancer that serves the Service."},
		"row 85: packet forwarding with kube-vip":                             {given: []option{forwarding, kubeVIP, withoutPods}, status: unknown, reason: notRunning},
		"row 85: packet forwarding beside an agent that runs":                 {given: []option{forwarding, speaker}, status: yes, reason: fine, says: "was not checked"},
		"row 85: packet forwarding beside a network plugin without pods":      {given: []option{forwarding, cilium, withoutPods}, status: yes, reason: fine},
		"row 85: packet forwarding of a class that no found agent serves":     {given: []option{forwarding, class("example.com/lb"), speaker, withoutPods}, status: yes, reason: fine},
		"row 85: a proxy is declared, and an agent of something else is dead": {given: []option{noMetalLB, declared(v1alpha1.ProviderProxying), speaker, withoutPods}, status: yes, reason: fine},

		"row 85: neither of two kinds of agents has a pod": {given: []option{noMetalLB, speaker, kubeVIP, withoutPods}, status: unknown, reason: notRunning,
			says: "The Service does not show which of kube-vip, MetalLB serves it, and the agent of none of them runs on every edge node. kube-vip's agent does not run on nodes edge-1, edge-2."},
		"row 85: neither of two kinds, and packet forwarding is declared": {given: []option{forwarding, speaker, kubeVIP, withoutPods}, status: unknown, reason: notRunning},
		"row 48: neither of two kinds tolerates the taint": {given: []option{noMetalLB, agent(v1alpha1.ProviderMetalLB, "metallb-system", "speaker"), agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds")},
			status: unknown, reason: missing},
		"row 85: one does not tolerate the taint, the other has no pods": {given: []option{noMetalLB, agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds"), speaker, withoutPods}, status: unknown, reason: missing},
		"row 85: each of two kinds runs on one edge node":                {given: []option{noMetalLB, speaker, kubeVIP, onlyOn(0, "edge-1"), onlyOn(1, "edge-2")}, status: unknown, reason: notRunning},
		"row 85: neither of three kinds":                                 {given: []option{noMetalLB, speaker, kubeVIP, agent(v1alpha1.ProviderOpenELB, "openelb-system", "openelb-speaker", tolerant), withoutPods}, status: unknown, reason: notRunning},
		"row 85: one of two kinds runs":                                  {given: []option{noMetalLB, kubeVIP, withoutPods, speaker}, status: yes, reason: fine},
		"row 85: two kinds, and a cloud is declared":                     {given: []option{noMetalLB, declared(v1alpha1.ProviderHetzner), speaker, kubeVIP, withoutPods}, status: yes, reason: fine},
	})
}
