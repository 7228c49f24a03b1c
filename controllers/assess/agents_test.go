package assess

import (
	"errors"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// agentRuns changes what is known about the pods of the first agent.
func agentRuns(pods snapshot.AgentPods) option {
	return func(g *given) { g.s.Agents.Items[0].Pods = pods }
}

// writtenBy says who writes the DaemonSet of the first agent.
func writtenBy(writer snapshot.Writer) option {
	return func(g *given) { g.s.Agents.Items[0].Writer = writer }
}

func readyOn(nodes ...string) snapshot.AgentPods {
	pods := snapshot.AgentPods{Running: snapshot.RunningSome, Wanted: 3, Created: 3, Ready: int32(len(nodes)), ReadyOn: map[string]bool{}}
	for _, node := range nodes {
		pods.ReadyOn[node] = true
	}
	return pods
}

func TestLoadBalancerReadyRestsOnTheAgentsPods(t *testing.T) {
	tolerant := corev1.Toleration{Operator: corev1.TolerationOpExists}
	healthyPods := snapshot.AgentPods{Running: snapshot.RunningAll, Wanted: 3, Created: 3, Ready: 3}
	none := snapshot.AgentPods{Running: snapshot.RunningNone, Wanted: 3}
	refused := snapshot.AgentPods{Running: snapshot.RunningNone, Wanted: 3, Refuses: "baseline"}
	crashing := snapshot.AgentPods{Running: snapshot.RunningNone, Wanted: 3, Created: 3}
	unread := snapshot.AgentPods{Running: snapshot.RunningSome, Wanted: 3, Created: 3, Ready: 2, Err: errors.New("the read timed out")}
	second := func(pods snapshot.AgentPods) option {
		return all(agent(v1alpha1.ProviderMetalLB, "metallb-system", "frr-k8s", tolerant), func(g *given) { g.s.Agents.Items[1].Pods = pods })
	}
	const notRunning = v1alpha1.ReasonAgentNotReadyOnEdgeNodes
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 85: the namespace refuses the speaker's pods": {given: []option{agentRuns(refused)}, status: no, reason: notRunning,
			says: "MetalLB's agent does not run on nodes edge-1, edge-2 and does not announce the address from there. Kubernetes has made none of the 3 pods of DaemonSet metallb-system/speaker. " +
				"Its namespace enforces the Pod Security level baseline, which forbids the host network. Set the label pod-security.kubernetes.io/enforce=privileged on namespace metallb-system"},
		"row 85: no pod, for another reason":                 {given: []option{agentRuns(none)}, status: no, reason: notRunning, says: "Run kubectl -n metallb-system describe daemonset speaker to see why"},
		"row 85: all pods crash":                             {given: []option{agentRuns(crashing)}, status: no, reason: notRunning, says: "None of the 3 pods of DaemonSet metallb-system/speaker is ready"},
		"row 85: the pod of one edge node is not ready":      {given: []option{agentRuns(readyOn("edge-1", "app-1"))}, status: no, reason: notRunning, says: "does not run on node edge-2 and"},
		"row 85: the pod of another node is not ready":       {given: []option{agentRuns(readyOn("edge-1", "edge-2"))}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 85: which pods are ready was not read":          {given: []option{agentRuns(unread)}, status: unknown, reason: notRunning, says: "kubectl -n metallb-system get pods -o wide"},
		"row 85: Kubernetes has not reported about it yet":   {given: []option{agentRuns(snapshot.AgentPods{})}, status: unknown, reason: notRunning, says: "Kubernetes has not reported about DaemonSet metallb-system/speaker yet"},
		"row 85: a second agent of the balancer has no pods": {given: []option{second(none)}, status: no, reason: notRunning, says: "metallb-system/frr-k8s"},
		"row 85: both agents run":                            {given: []option{second(healthyPods)}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 85: an agent that is not meant for the edge": {given: []option{second(none), func(g *given) { g.s.Agents.Items[1].NodeSelector = map[string]string{"pool": "apps"} }},
			status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 85: the agent of another balancer has no pods": {given: []option{agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds", tolerant)}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 85: kube-vip without pods": {given: []option{declared(v1alpha1.ProviderKubeVIP), agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds", tolerant),
			func(g *given) { g.s.Agents.Items[1].Pods = none }}, status: no, reason: notRunning, says: "kube-vip's agent"},
		"row 85: Cilium without pods": {given: []option{noMetalLB, class("io.cilium/bgp-control-plane"), agent(v1alpha1.ProviderCilium, "kube-system", "cilium", tolerant), agentRuns(none)},
			status: no, reason: notRunning, says: "Cilium (BGP)'s agent"},
		"row 85: ServiceLB whose host port is taken": {given: []option{serviceLB, agentRuns(crashing)}, status: no, reason: notRunning, says: "k3s ServiceLB's agent"},
		"row 85: PureLB without pods": {given: []option{noMetalLB, declared(v1alpha1.ProviderPureLB), agent(v1alpha1.ProviderPureLB, "purelb-system", "lbnodeagent", tolerant), agentRuns(none)},
			status: no, reason: notRunning, says: "PureLB's agent"},
		"row 85: a node that crashed is judged by its endpoint": {given: []option{agentRuns(readyOn("edge-1", "app-1")), node("edge-2", notReady)}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 48: k3s writes the DaemonSet": {given: []option{noMetalLB, agent(v1alpha1.ProviderServiceLB, "kube-system", "svclb-public-edge-ingress-0123abcd"), writtenBy(snapshot.Writer{Kind: snapshot.WrittenForService, Namespace: namespace, Name: objectName})},
			status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "Add the annotation svccontroller.k3s.cattle.io/tolerations: '[{"},
		"row 48: MetalLB's operator writes the DaemonSet": {given: []option{speakerWith(), writtenBy(snapshot.Writer{Kind: snapshot.WrittenByOwner, Resource: "MetalLB", Namespace: "metallb-system", Name: "metallb"})},
			status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "to spec.speakerTolerations of MetalLB metallb-system/metallb, which writes DaemonSet metallb-system/speaker"},
		"row 48: an unknown balancer beside one agent that does not tolerate the taint": {given: []option{onService(func(s *corev1.Service) { s.Annotations = map[string]string{} }), speakerWith()}, status: unknown,
			reason: v1alpha1.ReasonAgentMissingOnEdgeNodes, says: "MetalLB's agent cannot run on nodes edge-1, edge-2, and the Service does not show whether MetalLB serves it. Add a toleration"},
		"row 48: an unknown balancer beside two agents, one of which can run": {given: []option{onService(func(s *corev1.Service) { s.Annotations = map[string]string{} }), speakerWith(), agent(v1alpha1.ProviderKubeVIP, "kube-system", "kube-vip-ds", tolerant)}, status: yes,
			reason: v1alpha1.ReasonAddressAssigned},
		"row 48: an unknown balancer beside a network plugin": {given: []option{noMetalLB, agent(v1alpha1.ProviderCilium, "kube-system", "cilium")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 85: the taint comes before the pods":             {given: []option{speakerWith(), agentRuns(none)}, status: no, reason: v1alpha1.ReasonAgentMissingOnEdgeNodes},
		"row 85: an unknown balancer beside one agent without pods": {given: []option{onService(func(s *corev1.Service) { s.Annotations = map[string]string{} }), agentRuns(none)}, status: unknown, reason: notRunning,
			says: "MetalLB's agent does not run on nodes edge-1, edge-2, and the Service does not show whether MetalLB serves it. Kubernetes has made none of the 3 pods of DaemonSet metallb-system/speaker. Run kubectl -n metallb-system describe daemonset speaker to see why. Or set spec.exposure.loadBalancer.provider to the load balancer that serves the Service."},
		"row 86: a balancer whose agent is not recognised": {given: []option{declared(v1alpha1.ProviderMetalLB), func(g *given) { g.s.Agents.Items = nil }}, status: yes, reason: v1alpha1.ReasonAddressAssigned,
			says: "No DaemonSet of MetalLB's agent was recognised, so it was not checked whether it runs on the edge nodes"},
		"row 86: kube-vip as static pods":       {given: []option{noMetalLB, class("kube-vip.io/kube-vip-class")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "No DaemonSet of kube-vip's agent was recognised"},
		"row 86: nobody knows whose address":    {given: []option{noMetalLB}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "The load balancer is unknown, so it was not checked whether an agent of it runs on the edge nodes"},
		"row 86: a cloud needs no agent":        {given: []option{hetzner}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "the health-check port is 32100."},
		"row 86: declared as packet-forwarding": {given: []option{noMetalLB, declared(v1alpha1.ProviderPacketForwarding)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "it was not checked whether an agent"},
	})
}
