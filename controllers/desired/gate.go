package desired

import (
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// gate knows what the role label and the role taint would do to the nodes that do not have them yet.
// It does nothing about a node that has them: a release could drop requests.
type gate struct {
	snapshot snapshot.Snapshot
	// key of the role label and the role taint.
	key string
	// noneRemain is set where the taints would leave no node for ordinary pods.
	noneRemain bool
	// readers are the DaemonSets whose rules mention the role label.
	readers []snapshot.DaemonSet
	// intolerant are the DaemonSets of the node's network that do not tolerate the role taint.
	intolerant []snapshot.DaemonSet
	// neighbours are the other EdgeIngress objects whose controllers do not tolerate the role taint.
	neighbours []neighbour
}

func newGate(s snapshot.Snapshot, chosen map[string]bool) gate {
	g := gate{snapshot: s, key: s.EdgeIngress.Spec.Nodes.Label, noneRemain: !placeRemains(s.Nodes.Items, taken(s, chosen))}
	g.neighbours = neighboursOf(s)
	role := []corev1.Taint{RoleTaint(g.key)}
	for _, daemonSet := range s.DaemonSets.Items {
		if mentions(daemonSet.Placement, g.key) {
			g.readers = append(g.readers, daemonSet)
		}
		if daemonSet.NodeNetwork && !provider.Tolerates(daemonSet.Placement, role) {
			g.intolerant = append(g.intolerant, daemonSet)
		}
	}
	return g
}

// againstTaint returns why the node may not be tainted, or nil where nothing prevents that. A role
// taint of another EdgeIngress may always be claimed, because nothing changes on the node.
func (g gate) againstTaint(node snapshot.Node) *Withheld {
	switch {
	case HasRoleTaint(node.Taints, g.key):
		return nil
	case isControlPlane(node):
		return &Withheld{Cause: WithheldFromControlPlane}
	case g.noneRemain:
		return &Withheld{Cause: WithheldFromAllNodes}
	case g.snapshot.Agents.Err != nil, g.snapshot.DaemonSets.Err != nil, g.snapshot.Others.Err != nil:
		return &Withheld{Cause: WithheldUnread}
	}
	if agents := g.agentsRemovedFrom(node); len(agents) > 0 {
		return &Withheld{Cause: WithheldForAgents, Agents: agents}
	}
	if displaced := displacedBy(g.intolerant, settled(node), tainting(g.key)); len(displaced) > 0 {
		return &Withheld{Cause: WithheldForDaemonSets, DaemonSets: displaced}
	}
	if others := g.lockedOut(node); len(others) > 0 {
		return &Withheld{Cause: WithheldForEdgeIngress, EdgeIngresses: others}
	}
	return nil
}

// againstLabel returns why the node may not get the role label, or nil where nothing prevents that.
func (g gate) againstLabel(node snapshot.Node) *Withheld {
	if _, labelled := node.Labels[g.key]; labelled {
		return nil
	}
	if g.snapshot.DaemonSets.Err != nil {
		return &Withheld{Cause: WithheldUnread}
	}
	if displaced := displacedBy(g.readers, settled(node), labelling(g.key)); len(displaced) > 0 {
		return &Withheld{Cause: WithheldForDaemonSets, DaemonSets: displaced}
	}
	return nil
}

// keptOff returns the DaemonSets that would run on the node without the role label and the role
// taint that this EdgeIngress set there.
func (g gate) keptOff(node snapshot.Node) []string {
	if len(g.readers)+len(g.intolerant) == 0 {
		return nil
	}
	name, bare := g.snapshot.EdgeIngress.Name, settled(node)
	if slices.Contains(node.ManagedLabels[name], g.key) {
		bare.Labels = maps.Clone(node.Labels)
		delete(bare.Labels, g.key)
	}
	if node.TaintClaims[name] == g.key {
		bare.Taints = slices.DeleteFunc(bare.Taints, func(taint corev1.Taint) bool { return IsRoleTaint(taint, g.key) })
	}
	now := func(snapshot.Node) snapshot.Node { return settled(node) }
	kept := append(displacedBy(g.readers, bare, now), displacedBy(g.intolerant, bare, now)...)
	slices.Sort(kept)
	return slices.Compact(kept)
}

// displacedBy names the DaemonSets that run on the node before the change and not after it.
func displacedBy(daemonSets []snapshot.DaemonSet, node snapshot.Node, change func(snapshot.Node) snapshot.Node) []string {
	var displaced []string
	for _, daemonSet := range daemonSets {
		if provider.RunsOn(daemonSet.Placement, node) && !provider.RunsOn(daemonSet.Placement, change(node)) {
			displaced = append(displaced, daemonSet.Namespace+"/"+daemonSet.Name)
		}
	}
	return displaced
}

func labelling(key string) func(snapshot.Node) snapshot.Node {
	return func(node snapshot.Node) snapshot.Node {
		node.Labels = maps.Clone(node.Labels)
		if node.Labels == nil {
			node.Labels = map[string]string{}
		}
		node.Labels[key] = ""
		return node
	}
}

func tainting(key string) func(snapshot.Node) snapshot.Node {
	return func(node snapshot.Node) snapshot.Node {
		node.Taints = append(slices.Clone(node.Taints), RoleTaint(key))
		return node
	}
}

// settled returns the node without its temporary taints. A DaemonSet that waits for a starting node
// will run there soon.
func settled(node snapshot.Node) snapshot.Node {
	node.Taints = slices.DeleteFunc(slices.Clone(node.Taints), Temporary)
	return node
}

// mentions reports whether the placement depends on the label.
func mentions(p snapshot.Placement, key string) bool {
	if _, selected := p.NodeSelector[key]; selected {
		return true
	}
	if p.Affinity == nil || p.Affinity.NodeAffinity == nil || p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return false
	}
	terms := p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms
	return slices.ContainsFunc(terms, func(term corev1.NodeSelectorTerm) bool {
		return slices.ContainsFunc(term.MatchExpressions, func(r corev1.NodeSelectorRequirement) bool { return r.Key == key })
	})
}

// otherLabel returns a role label that would displace no DaemonSet from the nodes, or "" where none
// of the usual ones is free of that.
func (g gate) otherLabel(nodes []snapshot.Node) string {
	name := g.snapshot.EdgeIngress.Name
	candidates := []string{v1alpha1.DefaultRoleLabel, "node-role.kubernetes.io/ingress", "node-role.kubernetes.io/edge-" + name, "edgeingress.dev/role-" + name}
	at := slices.IndexFunc(candidates, func(key string) bool {
		return key != g.key && !slices.ContainsFunc(nodes, func(node snapshot.Node) bool {
			return len(displacedBy(g.snapshot.DaemonSets.Items, settled(node), labelling(key))) > 0
		})
	})
	if at < 0 {
		return ""
	}
	return candidates[at]
}

// agentsRemovedFrom returns the load-balancer agents that run on the node and would not run there
// with the taint. An agent that waits for a starting node will run there soon, so temporary taints
// do not count.
func (g gate) agentsRemovedFrom(node snapshot.Node) []snapshot.Agent {
	node = settled(node)
	var removed []snapshot.Agent
	for _, agent := range g.snapshot.Agents.Items {
		if provider.AgentRunsOn(agent, node) && !provider.AgentRunsOn(agent, node, RoleTaint(g.key)) {
			removed = append(removed, agent)
		}
	}
	return removed
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
