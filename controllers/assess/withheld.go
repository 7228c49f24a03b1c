package assess

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// labelsWithheld reports the first cause for which desired withholds role labels (row 100).
func labelsWithheld(sc *scene) *verdict {
	if len(sc.edge) == 0 || len(sc.state.Nodes.LabelsWithheld) == 0 {
		return nil
	}
	withheld := sc.state.Nodes.LabelsWithheld[0]
	nodes := fmt.Sprintf("The operator did not set label %s on %s", sc.spec.Nodes.Label, nodesNamed(withheld.Nodes))
	if withheld.Cause == desired.WithheldUnread {
		return unclear(v1alpha1.ReasonNotRead, "%s, because it could not read which DaemonSets the label would affect: %v.", nodes, sc.DaemonSets.Err)
	}
	return isNot(v1alpha1.ReasonLabelWithheldForDaemonSets, "%s, because the rules of %s exclude nodes with it, and their pods would leave. "+
		"The controller runs there without it. %s", nodes, daemonSetsNamed(withheld.DaemonSets), otherLabel(withheld.OtherLabel))
}

// otherLabel is the remedy where DaemonSets exclude the role label. The label of an EdgeIngress
// cannot change.
func otherLabel(key string) string {
	const change = "change the affinity or nodeSelector of these DaemonSets."
	if key == "" {
		return "To set it, " + change
	}
	return "Create a second EdgeIngress with spec.nodes.label: " + key + ", then delete this one. Or " + change
}

// taintsWithheld reports the first cause for which desired withholds taints.
func taintsWithheld(sc *scene) *verdict {
	if len(sc.edge) == 0 || len(sc.state.Nodes.Withheld) == 0 {
		return nil
	}
	withheld := sc.state.Nodes.Withheld[0]
	nodes := "The operator did not taint " + nodesNamed(withheld.Nodes)
	tolerate := fmt.Sprintf("Add a toleration for %s (operator Exists, effect NoSchedule) to each DaemonSet, or set spec.nodes.isolation to Shared.", sc.spec.Nodes.Label)
	switch withheld.Cause {
	case desired.WithheldForAgents:
		return isNot(v1alpha1.ReasonTaintWithheldForAgents, "%s, because the taint would remove the pods of %s. %s", nodes, agentsNamed(withheld), sc.tolerateAt(withheld, tolerate))
	case desired.WithheldForDaemonSets:
		return isNot(v1alpha1.ReasonTaintWithheldForDaemonSets, "%s, because the taint would keep off %s, which looks like a part of the nodes' network. %s",
			nodes, daemonSetsNamed(withheld.DaemonSets), tolerate)
	case desired.WithheldForEdgeIngress:
		return isNot(v1alpha1.ReasonTaintWithheldForEdgeIngress, "%s, because the taint would keep off the controllers of %s, which uses the same nodes and came first. "+
			"Select other nodes. Or create a second EdgeIngress with the same spec.nodes.label as the other one, then delete this one.",
			nodes, edgeIngressesNamed(withheld.EdgeIngresses))
	case desired.WithheldFromAllNodes:
		return isNot(v1alpha1.ReasonTaintWithheldAllNodes, "%s, because no node would be left for applications.%s "+
			"Select fewer nodes, or set spec.nodes.isolation to Shared.", nodes, sc.noOtherPlace())
	case desired.WithheldFromControlPlane:
		return isNot(v1alpha1.ReasonTaintWithheldControlPlane, "%s, because the control plane runs there. Select other nodes, or set spec.nodes.isolation to Shared.", nodes)
	case desired.WithheldUnread:
		return unclear(v1alpha1.ReasonNotRead, "%s, because it could not read which load-balancer agents and applications the taint would affect: %v.",
			nodes, errors.Join(sc.Agents.Err, sc.DaemonSets.Err, sc.Others.Err))
	}
	return unclear(v1alpha1.ReasonTaintMissing, "%s.", nodes)
}

// tolerateAt says where to write the toleration if something else than a person writes an agent's DaemonSet.
func (sc *scene) tolerateAt(withheld desired.Withheld, tolerate string) string {
	if !slices.ContainsFunc(withheld.Agents, func(agent snapshot.Agent) bool { return agent.Writer != (snapshot.Writer{}) }) {
		return tolerate
	}
	var remedies []string
	for _, agent := range withheld.Agents {
		remedies = append(remedies, provider.ToleranceRemedy(agent, sc.spec.Nodes.Label, corev1.TaintEffectNoSchedule, sc.serviceRef())+".")
	}
	return strings.Join(remedies[:min(len(remedies), maxNames)], " ") + " Or set spec.nodes.isolation to Shared."
}

func agentsNamed(withheld desired.Withheld) string {
	var names []string
	for _, agent := range withheld.Agents {
		names = append(names, fmt.Sprintf("%s's DaemonSet %s/%s", agent.Provider, agent.Namespace, agent.Name))
	}
	return listed(names)
}

func daemonSetsNamed(names []string) string {
	if len(names) == 1 {
		return "DaemonSet " + names[0]
	}
	return "DaemonSets " + listed(names)
}

// networkKeptOff reports a part of the nodes' network that the label or the taint keeps off edge
// nodes. They may be off for a reason that no object shows, such as another network plugin.
func networkKeptOff(sc *scene) *verdict {
	kept := sc.state.Nodes.KeptOff
	if kept == nil || !kept.Network {
		return nil
	}
	return unclear(v1alpha1.ReasonDaemonSetsKeptOff, "The node's network may be incomplete.%s", sc.keptOff())
}

// keptOff names the DaemonSets that the label and the taint keep off edge nodes, in sentences that
// begin with a space. The operator does not remove a label or a taint for them.
func (sc *scene) keptOff() string {
	kept := sc.state.Nodes.KeptOff
	if kept == nil {
		return ""
	}
	they, run := "they", "do not run"
	if len(kept.DaemonSets) == 1 {
		they, run = "it", "does not run"
	}
	remedy := "change the rules or tolerations of the DaemonSet."
	if kept.OtherLabel != "" {
		remedy = "create a second EdgeIngress with spec.nodes.label: " + kept.OtherLabel + ", then delete this one. Or " + remedy
	}
	return fmt.Sprintf(" Because of %s, %s %s on %s. If %s should, %s", sc.spec.Nodes.Label, daemonSetsNamed(kept.DaemonSets), run, nodesNamed(kept.Nodes), they, remedy)
}

func edgeIngressesNamed(names []string) string {
	if len(names) == 1 {
		return "EdgeIngress " + names[0]
	}
	return "EdgeIngresses " + listed(names)
}

// lockedOut reports edge nodes with the taint of another EdgeIngress, which the controllers of this
// one do not tolerate.
func lockedOut(sc *scene) *verdict {
	var nodes, others, keys []string
	for _, node := range sc.edge {
		before := len(others)
		for _, other := range slices.Sorted(maps.Keys(node.TaintClaims)) {
			key := node.TaintClaims[other]
			taint := desired.RoleTaint(key)
			if other != sc.EdgeIngress.Name && desired.HasRoleTaint(node.Taints, key) && !desired.ControllerTolerates(sc.EdgeIngress, taint) {
				others, keys = append(others, other), append(keys, key)
			}
		}
		if len(others) > before {
			nodes = append(nodes, node.Name)
		}
	}
	if len(nodes) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonTaintOfAnotherEdgeIngress, "%s tainted %s with %s, which the controllers of this EdgeIngress do not tolerate. "+
		"A controller pod that runs there stays, but no new one can start. Select other nodes for one of them. "+
		"Or create an EdgeIngress with the same spec.nodes.label as the other one, then delete this one.",
		edgeIngressesNamed(distinct(others)), nodesNamed(nodes), listed(distinct(keys)))
}

// distinct returns the names without repetitions, in order.
func distinct(names []string) []string {
	slices.Sort(names)
	return slices.Compact(names)
}
