package desired

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// RemovalTaint is on a node that the cluster autoscaler is about to take away (k8s.io/autoscaler/cluster-autoscaler/utils/taints).
const RemovalTaint = "ToBeDeletedByClusterAutoscaler"

// endMargin is how long after its grace period a pod still counts as running: its kubelet kills it then, and has to tell.
const endMargin = 30 * time.Second

// place is a node with all that decides where it stands with regard to this EdgeIngress.
type place struct {
	*snapshot.Node
	// wanted is whether the spec chooses the node, and it is not being deleted.
	wanted bool
	// labelled is whether it carries the own label, by which the pods of a DaemonSet come and go.
	labelled bool
	// marked is whether this EdgeIngress put something there.
	marked bool
	// drained is whether somebody is emptying the node: it is cordoned, or about to be removed.
	drained bool
	// occupied is whether a controller may still run there; until is when that ends by itself at the latest, zero where it does not.
	occupied bool
	until    time.Time
	// movable is whether a pod of a Deployment is there that stays until it is replaced.
	movable bool
	// ready is whether a ready controller runs there that is meant to stay.
	ready bool
	// serves is whether, beyond that, traffic reaches it, and has for long enough that balancers know; settles is from when it does, while it does not yet.
	serves   bool
	settles  time.Time
	standing standing
}

// standing is where a node stands with regard to this EdgeIngress, once the pass has written what it decided.
type standing int

const (
	// stranger: nothing of this EdgeIngress is there.
	stranger standing = iota
	// member: an edge node where the controller runs.
	member
	// withdrawn: an edge node where no controller runs for now.
	withdrawn
	// staying: it left the edge set, and serves on.
	staying
	// ending: it left the edge set, and its controller ends.
	ending
	// gone: it left the edge set, nothing is left there, and it is let go.
	gone
)

func isUp(node *snapshot.Node) bool { return node.Ready == corev1.ConditionTrue }

// places looks at every node.
func places(s snapshot.Snapshot, chosen map[string]bool) []*place {
	name := s.EdgeIngress.Name
	pods, endpoints := podsByNode(s), readyEndpoints(s)
	settling := workload.SettlingTime(s.EdgeIngress)
	all := make([]*place, 0, len(s.Nodes.Items))
	for i := range s.Nodes.Items {
		node := &s.Nodes.Items[i]
		p := &place{Node: node, wanted: chosen[node.Name] && !node.Deleting}
		_, p.labelled = node.Labels[v1alpha1.NodeLabel(name)]
		_, claimed := node.TaintClaims[name]
		p.marked = claimed || len(node.ManagedLabels[name]) > 0
		p.drained = node.Unschedulable || slices.ContainsFunc(node.Taints, func(t corev1.Taint) bool { return t.Key == RemovalTaint })
		for _, pod := range pods[node.Name] {
			p.movable = p.movable || (pod.Workload == v1alpha1.WorkloadDeployment && !pod.Terminating)
			p.occupy(pod, s.Time)
			if !p.counts(pod) {
				continue
			}
			p.ready = true
			if !s.EdgeIngress.UsesService() || isEndpoint(pod, endpoints) {
				p.settle(pod.ReadySince.Add(settling), s.Time)
			}
		}
		all = append(all, p)
	}
	return all
}

// occupy records that a pod may still run. A node that is not Ready is skipped: its pods cannot be said to serve, and its kubelet cannot report their end.
func (p *place) occupy(pod *snapshot.Pod, now time.Time) {
	end := pod.Deadline.Add(endMargin)
	switch {
	case !isUp(p.Node), pod.Terminating && !now.Before(end):
		return
	case !pod.Terminating:
		p.occupied, p.until = true, time.Time{}
	case !p.occupied || (!p.until.IsZero() && end.After(p.until)):
		p.occupied, p.until = true, end
	}
}

// counts reports whether the pod is ready and will stay. On a node without the own label it does not count, because the pod will end soon. On a node that
// only somebody else labelled it does not count either, because the remedy is to remove that label.
func (p *place) counts(pod *snapshot.Pod) bool {
	stays := p.labelled && (p.wanted || p.marked) && !p.Deleting
	return pod.Ready && !pod.Terminating && stays && isUp(p.Node)
}

// stopsServing reports whether the decision about the node takes a controller away that serves now.
func (p *place) stopsServing() bool {
	return p.serves && (p.standing == withdrawn || p.standing == ending || p.standing == gone)
}

// settle records that traffic reaches the node, and that load balancers know about it from then on.
func (p *place) settle(then, now time.Time) {
	switch {
	case !now.Before(then):
		p.serves, p.settles = true, time.Time{}
	case !p.serves && (p.settles.IsZero() || then.Before(p.settles)):
		p.settles = then
	}
}

func isEndpoint(pod *snapshot.Pod, endpoints map[string]bool) bool {
	return slices.ContainsFunc(pod.IPs, func(ip string) bool { return endpoints[ip] })
}

// podsByNode are the controller's pods that run or may run again.
func podsByNode(s snapshot.Snapshot) map[string][]*snapshot.Pod {
	byNode := map[string][]*snapshot.Pod{}
	for i := range s.Pods.Items {
		if pod := &s.Pods.Items[i]; !pod.Ended {
			byNode[pod.Node] = append(byNode[pod.Node], pod)
		}
	}
	return byNode
}

// readyEndpoints are the addresses of the Service's endpoints that are ready. An endpoint that does not say is, as the API has it.
func readyEndpoints(s snapshot.Snapshot) map[string]bool {
	ready := map[string]bool{}
	for i := range s.EndpointSlices.Items {
		for _, endpoint := range s.EndpointSlices.Items[i].Endpoints {
			if !workload.EndpointReady(endpoint) {
				continue
			}
			for _, address := range endpoint.Addresses {
				ready[address] = true
			}
		}
	}
	return ready
}
