package desired

import (
	"cmp"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Withheld are labels or taints that are not set, with the reason.
type Withheld struct {
	Cause WithheldCause
	// Nodes that stay without the label or the taint, ordered.
	Nodes []string
	// Agents that the taint would remove.
	Agents []snapshot.Agent
	// DaemonSets that would no longer run on the nodes, as namespace/name.
	DaemonSets []string
	// EdgeIngresses are the names of those whose controllers the taint would keep off.
	EdgeIngresses []string
	// OtherLabel is a role label that would displace no DaemonSet; empty where none was found.
	OtherLabel string
}

// WithheldCause is the reason why a label or a taint is not set.
type WithheldCause string

const (
	// WithheldForAgents: the taint would remove load-balancer agents that do not tolerate it.
	WithheldForAgents WithheldCause = "ForAgents"
	// WithheldForDaemonSets: the label would remove pods of DaemonSets whose rules exclude it, or
	// the taint would remove a part of the node's network.
	WithheldForDaemonSets WithheldCause = "ForDaemonSets"
	// WithheldForEdgeIngress: the taint would keep off the controllers of another EdgeIngress.
	WithheldForEdgeIngress WithheldCause = "ForEdgeIngress"
	// WithheldFromAllNodes: the taint would leave no node for ordinary pods.
	WithheldFromAllNodes WithheldCause = "FromAllNodes"
	// WithheldFromControlPlane: the node runs the control plane.
	WithheldFromControlPlane WithheldCause = "FromControlPlane"
	// WithheldUnread: a failed read hides what the label or the taint would do to other pods.
	WithheldUnread WithheldCause = "Unread"
)

// KeptOff are DaemonSets that do not run on edge nodes because of the role label or the role taint
// that are there already.
type KeptOff struct {
	// Nodes, ordered.
	Nodes []string
	// DaemonSets as namespace/name, ordered.
	DaemonSets []string
	// OtherLabel is as in [Withheld].
	OtherLabel string
	// Network is set where one of them is a part of the nodes' network.
	Network bool
}

// withheldOn collects, by cause, the nodes that stay without a label or a taint.
type withheldOn []Withheld

func (w *withheldOn) add(objection Withheld, node string) {
	at := slices.IndexFunc(*w, func(entry Withheld) bool { return entry.Cause == objection.Cause })
	if at < 0 {
		*w = append(*w, Withheld{Cause: objection.Cause})
		at = len(*w) - 1
	}
	entry := &(*w)[at]
	entry.Nodes = append(entry.Nodes, node)
	for _, agent := range objection.Agents {
		known := func(a snapshot.Agent) bool { return a.Namespace == agent.Namespace && a.Name == agent.Name }
		if !slices.ContainsFunc(entry.Agents, known) {
			entry.Agents = append(entry.Agents, agent)
		}
	}
	entry.DaemonSets = addNew(entry.DaemonSets, objection.DaemonSets)
	entry.EdgeIngresses = addNew(entry.EdgeIngresses, objection.EdgeIngresses)
}

// addNew appends the names that the list does not have.
func addNew(list, names []string) []string {
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// byUrgency puts first what a person should act on first.
func (w withheldOn) byUrgency() []Withheld {
	order := []WithheldCause{WithheldForAgents, WithheldForDaemonSets, WithheldForEdgeIngress, WithheldFromAllNodes, WithheldFromControlPlane, WithheldUnread}
	slices.SortFunc(w, func(a, b Withheld) int {
		return cmp.Compare(slices.Index(order, a.Cause), slices.Index(order, b.Cause))
	})
	return w
}

// planLabels decides which labels change on which node, which role labels the gate withholds, and
// which DaemonSets the role labels and taints that are there keep off.
func planLabels(s snapshot.Snapshot, g gate, r *release, plan *NodePlan) {
	var withheld withheldOn
	var kept KeptOff
	var affected []snapshot.Node
	for _, p := range r.places {
		if p.standing == member || p.standing == withdrawn {
			if objection := g.againstLabel(*p.Node); objection != nil {
				withheld.add(*objection, p.Name)
				p.roleWithheld = true
				affected = append(affected, *p.Node)
			} else if off := g.keptOff(*p.Node); len(off) > 0 {
				kept.Nodes = append(kept.Nodes, p.Name)
				kept.DaemonSets = addNew(kept.DaemonSets, off)
				affected = append(affected, *p.Node)
			}
		}
		if change, needed := labelChange(s.EdgeIngress, p); needed {
			plan.Labels = append(plan.Labels, change)
		}
	}
	plan.LabelsWithheld = withheld.byUrgency()
	if len(affected) == 0 {
		return
	}
	other := g.otherLabel(affected)
	for i := range plan.LabelsWithheld {
		if plan.LabelsWithheld[i].Cause == WithheldForDaemonSets {
			plan.LabelsWithheld[i].OtherLabel = other
		}
	}
	kept.OtherLabel, kept.Network = other, g.anyNetwork(kept.DaemonSets)
	if len(kept.Nodes) > 0 {
		plan.KeptOff = &kept
	}
}

// anyNetwork reports whether one of the named DaemonSets is a part of the nodes' network.
func (g gate) anyNetwork(names []string) bool {
	return slices.ContainsFunc(g.snapshot.DaemonSets.Items, func(d snapshot.DaemonSet) bool {
		return d.NodeNetwork && slices.Contains(names, d.Namespace+"/"+d.Name)
	})
}
