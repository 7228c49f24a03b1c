package assess

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// edgeNodeGoing reports edge nodes that a machine manager is about to remove and that serve on
// (rows 17 and 105).
func edgeNodeGoing(sc *scene) *verdict {
	var going []string
	key, manager := "", ""
	for _, node := range sc.edge {
		taint, by, leaving := desired.Leaving(*node)
		if !leaving {
			continue
		}
		going = append(going, node.Name)
		if key == "" {
			key, manager = taint, by
		}
	}
	if len(going) == 0 {
		return nil
	}
	excluded := ""
	if key == desired.RemovalTaint {
		excluded = ", and load balancers exclude such nodes"
	}
	return isNot(v1alpha1.ReasonEdgeNodeBeingDeleted,
		"%s marked %s as about to be removed or stopped (taint %s)%s. Too few other nodes serve to withdraw the controller first. "+
			"Add edge nodes, or keep edge nodes out of its reach.",
		capital(manager), nodesNamed(going), key, excluded)
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
