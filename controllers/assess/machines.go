package assess

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// goingNodes are edge nodes that machine managers mark, with the mark of the first.
type goingNodes struct {
	names        []string
	key, manager string
}

func (g *goingNodes) add(name, key, manager string) {
	if len(g.names) == 0 {
		g.key, g.manager = key, manager
	}
	g.names = append(g.names, name)
}

// edgeNodeGoing reports edge nodes that a machine manager is about to remove and that serve on, and
// those that stopped (rows 17 and 105). Pods of a Deployment stay until the node is drained, so for
// these it matters only whether another edge node serves.
func edgeNodeGoing(sc *scene) *verdict {
	var going, stopped goingNodes
	others := false
	for _, node := range sc.edge {
		key, manager, leaving := desired.Leaving(*node)
		switch {
		case !leaving:
			others = others || sc.serves(node.Name)
		case node.Ready == corev1.ConditionTrue:
			going.add(node.Name, key, manager)
		default:
			stopped.add(node.Name, key, manager)
		}
	}
	switch {
	case sc.isDeployment() && others:
		return nil
	case len(going.names) > 0:
		return sc.marked(going)
	case len(stopped.names) > 0:
		return haveStopped(stopped)
	}
	return nil
}

func (sc *scene) marked(going goingNodes) *verdict {
	excluded := ""
	if going.key == desired.RemovalTaint {
		excluded = ", and load balancers exclude such nodes"
	}
	return isNot(v1alpha1.ReasonEdgeNodeBeingDeleted,
		"%s marked %s as about to be removed or stopped (taint %s)%s. %s Add edge nodes, or keep edge nodes out of its reach.",
		capital(going.manager), nodesNamed(going.names), going.key, excluded, sc.whyMarkedServe())
}

// whyMarkedServe explains in a sentence why the controller stays on marked nodes.
func (sc *scene) whyMarkedServe() string {
	switch awaited := sc.state.Nodes.Awaited; {
	case sc.isDeployment():
		return "No other edge node serves."
	case len(awaited) > 0:
		return fmt.Sprintf("The controller stays there %s.", until(awaited))
	}
	return "Too few other nodes serve to withdraw the controller first."
}

func haveStopped(stopped goingNodes) *verdict {
	are, objects, machines := "is", "its Node object", "machine"
	if len(stopped.names) > 1 {
		are, objects, machines = "are", "their Node objects", "machines"
	}
	how := "stopped"
	if stopped.key != desired.ShutdownTaint && stopped.key != corev1.TaintNodeOutOfService {
		how = "not ready and about to be removed"
	}
	return isNot(v1alpha1.ReasonEdgeNodeBeingDeleted, "%s %s %s (taint %s). Delete %s, or start the %s.",
		capital(nodesNamed(stopped.names)), are, how, stopped.key, objects, machines)
}

// noOtherPlace explains why the other nodes are no place for ordinary pods, in sentences that begin
// with a space.
func (sc *scene) noOtherPlace() string {
	var reasons []string
	for _, node := range sc.Nodes.Items {
		if sc.isEdge[node.Name] || node.Deleting {
			continue
		}
		if why := whyNoPlace(node); why != "" {
			reasons = append(reasons, why)
		}
	}
	if len(reasons) == 0 {
		return ""
	}
	return " Other nodes do not count: " + listed(reasons) + "."
}

// whyNoPlace returns the first taint that keeps ordinary pods off the node, with its meaning.
func whyNoPlace(node snapshot.Node) string {
	at := slices.IndexFunc(node.Taints, desired.KeepsPodsAway)
	if at < 0 {
		return ""
	}
	taint := node.Taints[at]
	return fmt.Sprintf("%s has taint %s%s", node.Name, taint.Key, meaning(taint))
}

func meaning(taint corev1.Taint) string {
	switch {
	case desired.IsStarting(taint):
		return " (it starts; wait until the taint is gone)"
	case desired.IsLeaving(taint):
		return " (it is about to be removed)"
	}
	return ""
}
