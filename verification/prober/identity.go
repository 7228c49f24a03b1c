package prober

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// controller is a controller pod with its node.
type controller struct {
	pod  pod
	node node
}

// controllers are the controller pods whose node exists.
func controllers(v *view, e *v1alpha1.EdgeIngress) []controller {
	var all []controller
	for _, p := range v.controllersOf(e) {
		if n, ok := v.node(p.node); ok {
			all = append(all, controller{pod: p, node: n})
		}
	}
	return all
}

// maxHostname is how much of a pod's name the kubelet uses as the host name (truncatePodHostnameIfNeeded in
// kubernetes/pkg/kubelet/kubelet_pods.go).
const maxHostname = 63

// names are those by which the pod may identify itself: the host name of a pod, or of its node.
func (c controller) names() []string {
	if c.pod.hostNetwork {
		return c.node.hostnames
	}
	return []string{strings.TrimRight(c.pod.Name[:min(len(c.pod.Name), maxHostname)], "-.")}
}

// peers are the addresses from which the pod connects to the witness. A pod on the host network uses the address
// that its node has on the way to the witness: an InternalIP, or that of the node's tunnel or bridge in the pod
// network, which are the first two addresses of the node's podCIDRs with the common network plugins.
func (c controller) peers() []netip.Addr {
	if !c.pod.hostNetwork {
		return c.pod.addresses
	}
	peers := slices.Clone(c.node.addresses)
	for _, prefix := range c.node.podCIDRs {
		peers = append(peers, prefix.Addr(), prefix.Addr().Next())
	}
	return peers
}

// whoAnswered finds the pod that passed a request on to the witness. Where several have the name, because a pod's
// host name is cut or two nodes have the same, the address decides from which the witness was connected.
func whoAnswered(a answer.Answer, all []controller) (controller, bool) {
	var named []controller
	for _, c := range all {
		if slices.ContainsFunc(c.names(), func(name string) bool { return strings.EqualFold(name, a.Pod) }) {
			named = append(named, c)
		}
	}
	if len(named) > 1 {
		peer, err := netip.ParseAddr(a.Peer)
		named = slices.DeleteFunc(named, func(c controller) bool { return err != nil || !slices.Contains(c.peers(), peer.Unmap()) })
	}
	if a.Pod == "" || len(named) != 1 {
		return controller{}, false
	}
	return named[0], true
}

// allPeers are the addresses from which controllers of all measured EdgeIngress objects connect to the witness.
func allPeers(v *view) []string {
	var all []string
	for _, e := range v.measured() {
		for _, c := range controllers(v, e) {
			for _, peer := range c.peers() {
				all = append(all, peer.String())
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// maxControllers is how many a report holds.
const maxControllers = 512

// reported are the serving pods, each with every name that it may use. The first names come first, in case that
// there are too many.
func reported(serving []controller) []v1alpha1.ReportedController {
	var firsts, others []v1alpha1.ReportedController
	for _, c := range serving {
		for i, name := range c.names() {
			entry := v1alpha1.ReportedController{Name: name, PodUID: c.pod.uid, Node: c.node.name, NodeUID: c.node.uid}
			if i == 0 {
				firsts = append(firsts, entry)
			} else {
				others = append(others, entry)
			}
		}
	}
	all := slices.Concat(firsts, others)
	return all[:min(len(all), maxControllers)]
}
