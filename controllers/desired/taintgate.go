package desired

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// admits is whether the node may be tainted; where not, the reason is kept for the report. A taint that another EdgeIngress
// put there already is claimed without asking: nothing changes on the node.
func (g *taintGate) admits(node snapshot.Node) bool {
	switch {
	case hasTaint(node, g.key):
		return true
	case isControlPlane(node):
		g.withhold(v1alpha1.ReasonTaintWithheldControlPlane, node)
		return false
	case g.noneRemain:
		g.withhold(v1alpha1.ReasonTaintWithheldAllNodes, node)
		return false
	case g.snapshot.Agents.Err != nil, g.snapshot.Others.Err != nil:
		g.withhold(v1alpha1.ReasonNotRead, node)
		return false
	}
	agents := g.agentsRemovedFrom(node)
	if len(agents) > 0 {
		g.withhold(v1alpha1.ReasonTaintWithheldForAgents, node, agents...)
	}
	return len(agents) == 0
}

// agentsRemovedFrom are the load-balancer agents that run on the node and would not with the taint. One that only waits for a node that
// is starting runs there soon, so taints that pass do not count.
func (g *taintGate) agentsRemovedFrom(node snapshot.Node) []snapshot.Agent {
	taint := corev1.Taint{Key: g.key, Effect: corev1.TaintEffectNoSchedule}
	node.Taints = slices.DeleteFunc(slices.Clone(node.Taints), passes)
	var removed []snapshot.Agent
	for _, agent := range g.snapshot.Agents.Items {
		if provider.AgentRunsOn(agent, node) && !provider.AgentRunsOn(agent, node, taint) {
			removed = append(removed, agent)
		}
	}
	return removed
}

func (g *taintGate) withhold(reason string, node snapshot.Node, agents ...snapshot.Agent) {
	entry := g.withheld[reason]
	if entry == nil {
		entry = &Withheld{Reason: reason}
		g.withheld[reason] = entry
	}
	entry.Nodes = append(entry.Nodes, node.Name)
	for _, agent := range agents {
		known := func(a snapshot.Agent) bool { return a.Namespace == agent.Namespace && a.Name == agent.Name }
		if !slices.ContainsFunc(entry.Agents, known) {
			entry.Agents = append(entry.Agents, agent)
		}
	}
}

// report is ordered by what a person has to do something about first.
func (g *taintGate) report() []Withheld {
	var list []Withheld
	for _, reason := range []string{
		v1alpha1.ReasonTaintWithheldForAgents, v1alpha1.ReasonTaintWithheldAllNodes,
		v1alpha1.ReasonTaintWithheldControlPlane, v1alpha1.ReasonNotRead,
	} {
		if entry := g.withheld[reason]; entry != nil {
			list = append(list, *entry)
		}
	}
	return list
}

func isControlPlane(node snapshot.Node) bool {
	_, controlPlane := node.Labels["node-role.kubernetes.io/control-plane"]
	_, master := node.Labels["node-role.kubernetes.io/master"]
	return controlPlane || master
}

// placeRemains is whether a node that no EdgeIngress takes for itself takes ordinary pods. A cordon and the taints that Kubernetes itself sets while a
// node is in trouble pass, so such a node counts; a taint that somebody set on purpose does not pass.
func placeRemains(nodes []snapshot.Node, taken map[string]bool) bool {
	return slices.ContainsFunc(nodes, func(node snapshot.Node) bool {
		return !taken[node.Name] && !node.Deleting && !slices.ContainsFunc(node.Taints, KeepsPodsAway)
	})
}

// KeepsPodsAway is whether pods without tolerations stay off a node with this taint, for as long as somebody wants it there.
func KeepsPodsAway(taint corev1.Taint) bool {
	return taint.Effect != corev1.TaintEffectPreferNoSchedule && !passes(taint)
}

// passingTaints begin the keys of taints that go by themselves: Kubernetes' own, on a node that is in trouble or cordoned, and those on a node
// that starts, until its cloud's controller or Cilium has set it up.
var passingTaints = []string{"node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node.cilium.io/"}

func passes(taint corev1.Taint) bool {
	return slices.ContainsFunc(passingTaints, func(prefix string) bool { return strings.HasPrefix(taint.Key, prefix) })
}
