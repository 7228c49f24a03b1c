package desired

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// PortsTaken are nodes whose ports 80 and 443 belong to another EdgeIngress.
type PortsTaken struct {
	Collision
	// Nodes are ordered.
	Nodes []string
}

// hostPorts knows whose controller has the ports of a node.
type hostPorts struct {
	name   string
	rivals []portRival
	// runs marks the nodes with a controller pod of ours, and opens those where it opens ports of the node.
	runs, opens map[string]bool
	// without is set where the pods of the live workload do not open any, as before a change of the spec.
	without bool
}

// portRival is another EdgeIngress that uses ports of its nodes.
type portRival struct {
	rival
	// chosen are the nodes that its spec selects, and opens those where a controller opens the ports.
	chosen, opens map[string]bool
}

func newHostPorts(s snapshot.Snapshot) hostPorts {
	h := hostPorts{name: s.EdgeIngress.Name, runs: map[string]bool{}, opens: map[string]bool{}}
	switch daemonSet, deployment := s.DaemonSet.Value, s.Deployment.Value; {
	case daemonSet != nil:
		h.without = !workload.OpensHostPorts(&daemonSet.Spec.Template.Spec)
	case deployment != nil:
		h.without = !workload.OpensHostPorts(&deployment.Spec.Template.Spec)
	}
	for _, pod := range s.Pods.Items {
		if !pod.Ended && pod.Node != "" {
			h.runs[pod.Node] = true
			h.opens[pod.Node] = h.opens[pod.Node] || (pod.Spec != nil && workload.OpensHostPorts(pod.Spec))
		}
	}
	for _, r := range rivalsOf(s) {
		if r.UsesHostPorts() {
			// An invalid selector selects nothing. The pass for its own EdgeIngress reports it.
			chosen, _, _ := chosenBy(r.Spec.Nodes, s.Nodes.Items)
			h.rivals = append(h.rivals, portRival{rival: r, chosen: chosen, opens: s.Held[r.Name].HostPorts})
		}
	}
	return h
}

// holder returns the EdgeIngress that has the ports of the node, or comes first for them; nil where none does. A
// controller that opens them shows who has them, and so does the own label, since controllers follow it. Where both
// have labels, the one with a controller there has the ports. Otherwise its successor might not start, because the
// other's controller waits for them too.
func (h hostPorts) holder(node snapshot.Node) *Collision {
	_, labelled := node.Labels[v1alpha1.NodeLabel(h.name)]
	ours := (labelled && !h.without) || h.opens[node.Name]
	for _, r := range h.rivals {
		_, theirs := node.Labels[v1alpha1.NodeLabel(r.Name)]
		theirs = theirs || r.opens[node.Name]
		switch {
		case ours && theirs && r.opens[node.Name] && !h.opens[node.Name],
			!ours && theirs,
			!ours && r.older && r.chosen[node.Name]:
			return r.collision()
		}
	}
	return nil
}

// leavePorts takes the nodes whose ports belong to another EdgeIngress out of the chosen ones, and returns them as
// lost. A node stays where a controller of ours serves without ports of the node, after a change of the spec:
// the plan reports it as awaited, and the workload is not updated.
func leavePorts(s snapshot.Snapshot, chosen map[string]bool, plan *NodePlan) (lost map[string]bool) {
	lost = map[string]bool{}
	if !s.EdgeIngress.UsesHostPorts() {
		return lost
	}
	h := newHostPorts(s)
	for _, node := range s.Nodes.Items {
		if !chosen[node.Name] {
			continue
		}
		with := h.holder(node)
		_, labelled := node.Labels[v1alpha1.NodeLabel(h.name)]
		switch {
		case with == nil:
		case labelled && h.runs[node.Name]:
			plan.PortsAwaited = addTaken(plan.PortsAwaited, *with, node.Name)
		default:
			plan.PortsTaken = addTaken(plan.PortsTaken, *with, node.Name)
			chosen[node.Name], lost[node.Name] = false, true
		}
	}
	return lost
}

func addTaken(list []PortsTaken, with Collision, node string) []PortsTaken {
	at := slices.IndexFunc(list, func(taken PortsTaken) bool { return taken.With == with.With })
	if at < 0 {
		return append(list, PortsTaken{Collision: with, Nodes: []string{node}})
	}
	list[at].Nodes = append(list[at].Nodes, node)
	return list
}

// awaitsPorts reports whether the workload's new pods would wait for ports of the node while the old ones, which do
// not need them, would end one after the other.
func (state *State) awaitsPorts(s snapshot.Snapshot, wanted *unstructured.Unstructured) bool {
	live := s.Live[RefOf(wanted)].Object
	return len(state.Nodes.PortsAwaited) > 0 && live != nil && !sameDigest(live, wanted)
}
