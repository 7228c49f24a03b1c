package desired

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// taintGate knows which nodes may not be tainted, and why.
type taintGate struct {
	snapshot snapshot.Snapshot
	// key of the role taint.
	key string
	// noneRemain is set where the taints would leave no node for ordinary pods.
	noneRemain bool
}

func newTaintGate(s snapshot.Snapshot, chosen map[string]bool) taintGate {
	return taintGate{snapshot: s, key: s.EdgeIngress.Spec.Nodes.Label, noneRemain: !placeRemains(s.Nodes.Items, taken(s, chosen))}
}

// objection returns why the node may not be tainted, and the agents that the taint would remove.
// The cause is empty where nothing prevents the taint. A role taint of another EdgeIngress may
// always be claimed, because nothing changes on the node.
func (g taintGate) objection(node snapshot.Node) (WithheldCause, []snapshot.Agent) {
	switch {
	case HasRoleTaint(node.Taints, g.key):
		return "", nil
	case isControlPlane(node):
		return WithheldFromControlPlane, nil
	case g.noneRemain:
		return WithheldFromAllNodes, nil
	case g.snapshot.Agents.Err != nil, g.snapshot.Others.Err != nil:
		return WithheldUnread, nil
	}
	if agents := g.agentsRemovedFrom(node); len(agents) > 0 {
		return WithheldForAgents, agents
	}
	return "", nil
}

// agentsRemovedFrom returns the load-balancer agents that run on the node and would not run there
// with the taint. An agent that waits for a starting node will run there soon, so temporary taints
// do not count.
func (g taintGate) agentsRemovedFrom(node snapshot.Node) []snapshot.Agent {
	node.Taints = slices.DeleteFunc(slices.Clone(node.Taints), passes)
	var removed []snapshot.Agent
	for _, agent := range g.snapshot.Agents.Items {
		if provider.AgentRunsOn(agent, node) && !provider.AgentRunsOn(agent, node, RoleTaint(g.key)) {
			removed = append(removed, agent)
		}
	}
	return removed
}

// withheldTaints collects, by cause, the nodes that stay without the taint.
type withheldTaints []Withheld

func (w *withheldTaints) add(cause WithheldCause, node string, agents []snapshot.Agent) {
	at := slices.IndexFunc(*w, func(entry Withheld) bool { return entry.Cause == cause })
	if at < 0 {
		*w = append(*w, Withheld{Cause: cause})
		at = len(*w) - 1
	}
	entry := &(*w)[at]
	entry.Nodes = append(entry.Nodes, node)
	for _, agent := range agents {
		known := func(a snapshot.Agent) bool { return a.Namespace == agent.Namespace && a.Name == agent.Name }
		if !slices.ContainsFunc(entry.Agents, known) {
			entry.Agents = append(entry.Agents, agent)
		}
	}
}

// byUrgency puts first what a person should act on first.
func (w withheldTaints) byUrgency() []Withheld {
	order := []WithheldCause{WithheldForAgents, WithheldFromAllNodes, WithheldFromControlPlane, WithheldUnread}
	slices.SortFunc(w, func(a, b Withheld) int {
		return cmp.Compare(slices.Index(order, a.Cause), slices.Index(order, b.Cause))
	})
	return w
}

func isControlPlane(node snapshot.Node) bool {
	_, controlPlane := node.Labels["node-role.kubernetes.io/control-plane"]
	_, master := node.Labels["node-role.kubernetes.io/master"]
	return controlPlane || master
}

// placeRemains reports whether ordinary pods can run on a node that no EdgeIngress takes for
// itself. A cordoned node and a node in trouble count, because a cordon and Kubernetes' own taints
// are temporary. A taint that a user set is not.
func placeRemains(nodes []snapshot.Node, taken map[string]bool) bool {
	return slices.ContainsFunc(nodes, func(node snapshot.Node) bool {
		return !taken[node.Name] && !node.Deleting && !slices.ContainsFunc(node.Taints, KeepsPodsAway)
	})
}

// KeepsPodsAway reports whether the taint keeps pods without tolerations off its node until a user
// removes it.
func KeepsPodsAway(taint corev1.Taint) bool {
	return taint.Effect != corev1.TaintEffectPreferNoSchedule && !passes(taint)
}

// passingTaints are the prefixes of temporary taints: Kubernetes' own on a node that is in trouble
// or cordoned, and those on a starting node until the cloud's controller or Cilium has set it up.
var passingTaints = []string{"node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "node.cilium.io/"}

func passes(taint corev1.Taint) bool {
	return slices.ContainsFunc(passingTaints, func(prefix string) bool { return strings.HasPrefix(taint.Key, prefix) })
}
