package desired

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// RoleTaint keeps ordinary pods off an edge node. Its key is spec.nodes.label.
func RoleTaint(key string) corev1.Taint {
	return corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule}
}

// IsRoleTaint reports whether the taint is the role taint of this key, whatever its value is.
func IsRoleTaint(taint corev1.Taint, key string) bool {
	role := RoleTaint(key)
	return taint.MatchTaint(&role)
}

// HasRoleTaint reports whether the role taint of this key is among the taints.
func HasRoleTaint(taints []corev1.Taint, key string) bool {
	return slices.ContainsFunc(taints, func(taint corev1.Taint) bool { return IsRoleTaint(taint, key) })
}

// ControllerTolerates reports whether the controllers of the EdgeIngress can start on a node with
// the taint.
func ControllerTolerates(e *v1alpha1.EdgeIngress, taint corev1.Taint) bool {
	if taint.Effect == corev1.TaintEffectPreferNoSchedule || taint.Key == e.Spec.Nodes.Label {
		return true
	}
	return provider.TolerationsFit(e.Spec.Controller.PodTolerations(), taint)
}

// TaintState holds the taints of a node and the claims on them.
type TaintState struct {
	Taints []corev1.Taint
	// Claims maps the name of each EdgeIngress to the key of the role taint that it set or relies
	// on.
	Claims map[string]string
}

// After returns the state after a change by the named EdgeIngress. It copies what it changes. A
// role taint without a claim belongs to a person: the change neither claims nor removes it.
func (before TaintState) After(edge string, change TaintChange) TaintState {
	after := TaintState{Taints: slices.Clone(before.Taints), Claims: maps.Clone(before.Claims)}
	claim := after.Claims[edge]
	delete(after.Claims, edge)
	tainted := HasRoleTaint(after.Taints, change.Key)
	claimedByOthers := isClaimed(after.Claims, change.Key)
	switch {
	case change.Present && tainted && !claimedByOthers:
		return before
	case change.Present:
		if !tainted {
			after.Taints = append(after.Taints, RoleTaint(change.Key))
		}
		if after.Claims == nil {
			after.Claims = map[string]string{}
		}
		after.Claims[edge] = change.Key
	case claim == change.Key && !claimedByOthers:
		// The operator did not write a claim on another key, so it gives no right to remove that
		// taint.
		after.Taints = slices.DeleteFunc(after.Taints, func(taint corev1.Taint) bool { return IsRoleTaint(taint, change.Key) })
	}
	return after
}

func isClaimed(claims map[string]string, key string) bool {
	return slices.Contains(slices.Collect(maps.Values(claims)), key)
}

// planTaints decides which taints change on which node, and which taints the gate withholds.
func planTaints(s snapshot.Snapshot, g gate, r *release) ([]TaintChange, []Withheld) {
	name, spec := s.EdgeIngress.Name, s.EdgeIngress.Spec.Nodes
	dedicated := spec.Isolation != v1alpha1.IsolationShared
	var withheld withheldOn
	var changes []TaintChange
	for _, p := range r.places {
		node := *p.Node
		wanted := p.wanted && dedicated
		goes := !p.wanted && p.standing != staying && p.standing != ending || !dedicated
		claimed, hasClaim := node.TaintClaims[name]
		if hasClaim && (goes || claimed != spec.Label) {
			changes = append(changes, TaintChange{Node: node.Name, UID: node.UID, Key: spec.Label})
		}
		if !wanted || !needsTaint(node, name, spec.Label) {
			continue
		}
		if objection := g.againstTaint(node); objection != nil {
			withheld.add(*objection, node.Name)
			continue
		}
		changes = append(changes, TaintChange{Node: node.Name, UID: node.UID, Key: spec.Label, Present: true})
	}
	return changes, withheld.byUrgency()
}

// needsTaint reports whether the role taint is missing, or this EdgeIngress's claim on a role taint
// that another EdgeIngress set. A role taint without any claim belongs to a person and stays as it
// is.
func needsTaint(node snapshot.Node, name, key string) bool {
	if !HasRoleTaint(node.Taints, key) {
		return true
	}
	return node.TaintClaims[name] != key && isClaimed(node.TaintClaims, key)
}

// findTraces returns the nodes where this EdgeIngress has only an entry in the managed fields. It
// skips a node whose taint changes in this pass, because that change removes the entry.
func findTraces(s snapshot.Snapshot, changes []TaintChange) []Trace {
	name := s.EdgeIngress.Name
	var found []Trace
	for _, node := range s.Nodes.Items {
		if _, claimed := node.TaintClaims[name]; claimed || !slices.Contains(node.Traces, name) {
			continue
		}
		if !slices.ContainsFunc(changes, func(change TaintChange) bool { return change.Node == node.Name }) {
			found = append(found, Trace{Node: node.Name, UID: node.UID})
		}
	}
	return found
}
