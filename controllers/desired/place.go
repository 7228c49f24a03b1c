package desired

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// endMargin is how long a pod still counts as running after its grace period. The kubelet kills it
// then and must report that.
const endMargin = 30 * time.Second

// place is a node with all facts that decide its standing for this EdgeIngress.
type place struct {
	*snapshot.Node
	// wanted is set where the spec selects the node, and it is not being deleted.
	wanted bool
	// labelled is set where the node has the own label, which the pods of a DaemonSet follow.
	labelled bool
	// marked is set where this EdgeIngress has labels or a claim on the node.
	marked bool
	// lost is set where the ports of the node belong to another EdgeIngress, so that no controller of ours
	// can start there.
	lost bool
	// drained is set where the node is cordoned or about to be removed.
	drained bool
	// occupied is set where a controller may still run there. until is when that ends at the latest, or zero
	// where only an event ends it.
	occupied bool
	until    time.Time
	// movable is set where a pod of a Deployment runs there and stays until it is replaced.
	movable bool
	// ready is set where a ready controller runs there that will stay.
	ready bool
	// serves is set where traffic also reaches that controller, for long enough that balancers know. Until
	// then, settles is when that will be.
	serves   bool
	settles  time.Time
	standing standing
	// roleWithheld is set where the gate withholds the role label.
	roleWithheld bool
}

// standing is the role of a node for this EdgeIngress after the writes of this pass.
type standing int

const (
	// stranger: nothing of this EdgeIngress is there.
	stranger standing = iota
	// member: an edge node where the controller runs.
	member
	// withdrawn: an edge node where no controller runs for now.
	withdrawn
	// staying: no longer selected, and keeps its controller.
	staying
	// ending: no longer selected, and its controller terminates.
	ending
	// gone: no longer selected, without a controller, and released.
	gone
)

func isUp(node *snapshot.Node) bool { return node.Ready == corev1.ConditionTrue }

// places returns a place for every node.
func places(s snapshot.Snapshot, chosen map[string]bool) []*place {
	name := s.EdgeIngress.Name
	pods, endpoints, families := podsByNode(s), readyEndpoints(s), familiesToServe(s)
	settling := workload.SettlingTime(s.EdgeIngress)
	all := make([]*place, 0, len(s.Nodes.Items))
	for i := range s.Nodes.Items {
		node := &s.Nodes.Items[i]
		p := &place{Node: node, wanted: chosen[node.Name] && !node.Deleting}
		_, p.labelled = node.Labels[v1alpha1.NodeLabel(name)]
		_, claimed := node.TaintClaims[name]
		p.marked = claimed || len(node.ManagedLabels[name]) > 0
		p.drained = node.Unschedulable || slices.ContainsFunc(node.Taints, IsLeaving)
		for _, pod := range pods[node.Name] {
			p.movable = p.movable || (pod.Workload == v1alpha1.WorkloadDeployment && !pod.Terminating)
			p.occupy(pod, s.Time)
			if !p.counts(pod) || !workload.IsReachable(s.EdgeIngress, pod.Spec) {
				continue
			}
			p.ready = true
			if !s.EdgeIngress.UsesService() || isEndpoint(pod, endpoints, families) {
				p.settle(pod.ReadySince.Add(settling), s.Time)
			}
		}
		all = append(all, p)
	}
	return all
}

// occupy records that a pod may still run. It skips a node that is not Ready: no one knows whether
// its pods serve, and its kubelet cannot report their end.
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

// counts reports whether the pod is ready and will stay. On a node without the own label it does
// not count, because it will end soon. On a node that only another client labelled it does not
// count either, because the remedy is to remove that label.
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

// isEndpoint reports whether the pod is an endpoint in each of the families, or in any where there are none.
func isEndpoint(pod *snapshot.Pod, endpoints map[string]bool, families []corev1.IPFamily) bool {
	serves := slices.DeleteFunc(slices.Clone(pod.IPs), func(ip string) bool { return !endpoints[ip] })
	for _, family := range families {
		if !workload.HasFamily(serves, family) {
			return false
		}
	}
	return len(serves) > 0
}

// familiesToServe returns the families in which an edge node has to serve: both of a dual-stack Service.
// One of which no ready controller pod has an address cannot get lost, as where the network plugin does
// not support it.
func familiesToServe(s snapshot.Snapshot) []corev1.IPFamily {
	families := workload.Families(s.Service.Value)
	if len(families) < 2 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(families), func(family corev1.IPFamily) bool {
		return !slices.ContainsFunc(s.Pods.Items, func(pod snapshot.Pod) bool { return pod.Ready && workload.HasFamily(pod.IPs, family) })
	})
}

// podsByNode returns the controller's pods that have not ended.
func podsByNode(s snapshot.Snapshot) map[string][]*snapshot.Pod {
	byNode := map[string][]*snapshot.Pod{}
	for i := range s.Pods.Items {
		if pod := &s.Pods.Items[i]; !pod.Ended {
			byNode[pod.Node] = append(byNode[pod.Node], pod)
		}
	}
	return byNode
}

// readyEndpoints returns the addresses of the Service's ready endpoints.
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
