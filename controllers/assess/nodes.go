package assess

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// nodesReady implements rows 1, 2 and 93 of docs/source-ip.md.
func nodesReady(sc *scene) verdict {
	return question{
		needs:  []read{{"the nodes", sc.Nodes.Err}},
		writes: func(kind string) bool { return kind == "Node" },
		checks: []check{
			nodesUntouched, nodesMissing, hostPortsTaken, noNodesSelected, noNodeReady, lockedOut, everyNodeUnfit,
			labelsWithheld, taintsWithheld, noPlaceForApplications, labelsMissing, taintsMissing, networkKeptOff, releaseHeld,
		},
		holds: nodesLabelled,
	}.answer(sc)
}

// nodesUntouched reports nodes that do not match the spec, and that the operator does not change
// because the namespace is reserved or belongs to another EdgeIngress.
func nodesUntouched(sc *scene) *verdict {
	if len(sc.state.Nodes.Untouched) == 0 {
		return nil
	}
	return namespaceUnusable(sc)
}

func nodesMissing(sc *scene) *verdict {
	missing := sc.state.Nodes.Missing
	if len(missing) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonNodesMissing,
		"Did not find %s of spec.nodes.names: %s. Correct the names, or wait for the nodes to join.", countOf(len(missing), "node"), listed(missing))
}

func noNodesSelected(sc *scene) *verdict {
	if len(sc.edge) > 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonNoNodesSelected, "spec.nodes selects none of the cluster's nodes (%d), so the controller has nowhere to run.%s "+
		"Label nodes to match the selector, or correct the selector.", len(sc.Nodes.Items), sc.departures())
}

func noNodeReady(sc *scene) *verdict {
	if len(sc.edge) == 0 || len(sc.notReady()) < len(sc.edge) {
		return nil
	}
	return isNot(v1alpha1.ReasonNodesNotReady, "No edge node is Ready: %s.", listed(sc.notReady()))
}

// noPlaceForApplications checks nodes that are tainted already. The other nodes may have left the
// cluster since, or another EdgeIngress may have taken them.
func noPlaceForApplications(sc *scene) *verdict {
	if len(sc.edge) == 0 || sc.spec.Nodes.Isolation == v1alpha1.IsolationShared || slices.ContainsFunc(sc.Nodes.Items, sc.takesOrdinaryPods) {
		return nil
	}
	return isNot(v1alpha1.ReasonNoNodesForApplications, "The edge nodes are reserved for the controller, and no other node takes ordinary pods, "+
		"so applications have nowhere to run.%s Add nodes, select fewer edge nodes, or set spec.nodes.isolation to Shared.", sc.noOtherPlace())
}

// takesOrdinaryPods reports whether pods without tolerations can be scheduled to the node, now or
// once temporary taints are gone. The role taint of a node that is being released is temporary.
func (sc *scene) takesOrdinaryPods(node snapshot.Node) bool {
	return !sc.isEdge[node.Name] && !node.Deleting && !slices.ContainsFunc(node.Taints, func(taint corev1.Taint) bool {
		return desired.KeepsPodsAway(taint) && (!sc.isReleasing[node.Name] || taint.Key != sc.spec.Nodes.Label)
	})
}

func labelsMissing(sc *scene) *verdict {
	missing := sc.edgeWithout(sc.labelled)
	if len(missing) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonLabelsMissing, "%s labelled; the operator has not seen the labels on %s yet.",
		partOf(len(sc.edge)-len(missing), len(sc.edge), "selected node", "is", "are"), listed(missing))
}

func taintsMissing(sc *scene) *verdict {
	if sc.spec.Nodes.Isolation == v1alpha1.IsolationShared || len(sc.state.Nodes.Withheld) > 0 {
		return nil
	}
	var missing []string
	for _, node := range sc.edge {
		if !desired.HasRoleTaint(node.Taints, sc.spec.Nodes.Label) {
			missing = append(missing, node.Name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonTaintMissing, "%s tainted with %s; the operator has not seen the taint on %s yet. Other pods can be scheduled there.",
		partOf(len(sc.edge)-len(missing), len(sc.edge), "edge node", "is", "are"), sc.spec.Nodes.Label, listed(missing))
}

func nodesLabelled(sc *scene) verdict {
	tainted := " and tainted"
	if sc.spec.Nodes.Isolation == v1alpha1.IsolationShared {
		tainted = ""
	}
	message := fmt.Sprintf("%s labelled%s, %d Ready.", countOf(len(sc.edge), "edge node"), tainted, len(sc.edge)-len(sc.notReady()))
	if notReady := sc.notReady(); len(notReady) > 0 {
		message += " Not Ready: " + listed(notReady) + "."
	}
	return is(v1alpha1.ReasonNodesLabelled, "%s%s%s%s", message, sc.unfit(), sc.departures(), sc.keptOff())
}

// releaseHeld is Unknown rather than True, because the labels do not match the spec yet and users
// may wait for the node.
func releaseHeld(sc *scene) *verdict {
	if len(sc.state.Nodes.Held) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonReleaseHeld, "%s", strings.TrimPrefix(sc.departures(), " "))
}

func (sc *scene) notReady() []string {
	var names []string
	for _, node := range sc.edge {
		if node.Ready != corev1.ConditionTrue {
			names = append(names, node.Name)
		}
	}
	return names
}
