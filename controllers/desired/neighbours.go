package desired

import (
	"cmp"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// neighbour is another EdgeIngress whose controllers do not tolerate our role taint.
type neighbour struct {
	name string
	// key of its own role taint.
	key string
	// chosen are the nodes that its spec selects.
	chosen map[string]bool
	// older is set where it takes precedence over ours.
	older bool
}

func neighboursOf(s snapshot.Snapshot) []neighbour {
	taint := RoleTaint(s.EdgeIngress.Spec.Nodes.Label)
	var all []neighbour
	for i := range s.Others.Items {
		other := &s.Others.Items[i]
		if ControllerTolerates(other, taint) {
			continue
		}
		// An invalid selector selects nothing. The pass for its own EdgeIngress reports it.
		chosen, _, _ := chosenBy(other.Spec.Nodes, s.Nodes.Items)
		all = append(all, neighbour{name: other.Name, key: other.Spec.Nodes.Label, chosen: chosen, older: isOlder(other, s.EdgeIngress)})
	}
	return all
}

// isOlder reports whether a takes precedence over b: it was created first, or has the name that
// comes first.
func isOlder(a, b *v1alpha1.EdgeIngress) bool {
	return cmp.Or(a.CreationTimestamp.Compare(b.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name)) < 0
}

// lockedOut names the EdgeIngress objects whose controllers our taint would keep off the node. A
// younger one has to give way, unless its own taint is on the node already: our controllers could
// not start there, and our taint would only lock out its controllers as well.
func (g gate) lockedOut(node snapshot.Node) []string {
	var names []string
	for _, other := range g.neighbours {
		_, labelled := node.Labels[v1alpha1.NodeLabel(other.name)]
		claimed := node.TaintClaims[other.name] == other.key && HasRoleTaint(node.Taints, other.key)
		if (other.chosen[node.Name] || labelled) && (other.older || claimed) {
			names = append(names, other.name)
		}
	}
	return names
}
