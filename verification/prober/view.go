package prober

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// view is what the prober knows of the cluster. It never changes: a change makes another view.
type view struct {
	edges map[string]*v1alpha1.EdgeIngress
	// routed are the names of the Ingress objects that lead to the witness.
	routed   map[string]bool
	services map[types.NamespacedName]*corev1.Service
	// nodes are sorted by name.
	nodes []node
	// pods are the controller pods by EdgeIngress, sorted by name.
	pods map[string][]pod
	// endpoints are the uids of pods that are ready endpoints, by Service.
	endpoints map[types.NamespacedName]map[types.UID]bool
	// witnesses are the addresses of ready pods of the witness.
	witnesses []netip.Addr
	// missing are the kinds that were not read yet.
	missing []string
}

// node is what the prober keeps of a Node.
type node struct {
	name  string
	uid   types.UID
	ready bool
	// addresses are the InternalIPs.
	addresses []netip.Addr
	// hostnames are the names by which a process on the node's network may call its host.
	hostnames []string
	podCIDRs  []netip.Prefix
}

// pod is what the prober keeps of a controller pod.
type pod struct {
	types.NamespacedName
	uid         types.UID
	edgeIngress string
	node        string
	hostNetwork bool
	// ready: it serves, and is not about to end.
	ready     bool
	addresses []netip.Addr
}

// slice is what the prober keeps of an EndpointSlice.
type slice struct {
	service   types.NamespacedName
	pods      []types.UID
	addresses []netip.Addr
}

func (v *view) node(name string) (node, bool) {
	i, found := slices.BinarySearchFunc(v.nodes, name, func(n node, name string) int { return strings.Compare(n.name, name) })
	if !found {
		return node{}, false
	}
	return v.nodes[i], true
}

// measured are the EdgeIngress objects that are measured, sorted by name: those for which the operator has made the
// Ingress that leads to the witness. So the operator alone decides, by its flag and the spec, and without this
// Ingress nobody could answer.
func (v *view) measured() []*v1alpha1.EdgeIngress {
	var all []*v1alpha1.EdgeIngress
	for _, e := range v.edges {
		if e.DeletionTimestamp == nil && v.routed[names.WitnessIngress(e.Name)] {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b *v1alpha1.EdgeIngress) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// controllersOf are the controller pods of an EdgeIngress. A pod in another namespace is not one of them,
// because any user can give a pod of his any labels.
func (v *view) controllersOf(e *v1alpha1.EdgeIngress) []pod {
	var all []pod
	for _, p := range v.pods[e.Name] {
		if p.Namespace == e.ControllerNamespace() {
			all = append(all, p)
		}
	}
	return all
}

// address is the first InternalIP of a family, which is the one that kube-proxy serves node ports on at least
// (nodePortAddresses: primary).
func (n node) address(family corev1.IPFamily) (netip.Addr, bool) { return first(n.addresses, family) }

func first(addresses []netip.Addr, family corev1.IPFamily) (netip.Addr, bool) {
	for _, address := range addresses {
		if familyOf(address) == family {
			return address, true
		}
	}
	return netip.Addr{}, false
}

func familyOf(address netip.Addr) corev1.IPFamily {
	if address.Is4() {
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}

func keptNode(object *corev1.Node) node {
	kept := node{name: object.Name, uid: object.UID, hostnames: []string{object.Name}}
	add := func(name string) {
		if name != "" && !slices.Contains(kept.hostnames, name) {
			kept.hostnames = append(kept.hostnames, name)
		}
	}
	add(object.Labels[corev1.LabelHostname])
	for _, address := range object.Status.Addresses {
		switch address.Type {
		case corev1.NodeInternalIP:
			kept.addresses = appendAddress(kept.addresses, address.Address)
		case corev1.NodeHostName:
			add(address.Address)
		default:
		}
	}
	for _, condition := range object.Status.Conditions {
		kept.ready = kept.ready || condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue
	}
	for _, cidr := range object.Spec.PodCIDRs {
		if prefix, err := netip.ParsePrefix(cidr); err == nil {
			kept.podCIDRs = append(kept.podCIDRs, prefix.Masked())
		}
	}
	return kept
}

// appendAddress adds the address in a text, if it is one that a socket can have on its own.
func appendAddress(addresses []netip.Addr, text string) []netip.Addr {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		return append(addresses, address.Unmap())
	}
	return addresses
}

// keptPod returns false for a pod that is no controller.
func keptPod(object *corev1.Pod) (pod, bool) {
	edge := object.Labels[v1alpha1.OwnerLabel]
	for key, value := range names.ServiceSelector(edge) {
		if object.Labels[key] != value {
			return pod{}, false
		}
	}
	kept := pod{
		NamespacedName: types.NamespacedName{Namespace: object.Namespace, Name: object.Name}, uid: object.UID, edgeIngress: edge,
		node: object.Spec.NodeName, hostNetwork: object.Spec.HostNetwork,
	}
	for _, condition := range object.Status.Conditions {
		kept.ready = kept.ready || condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue
	}
	kept.ready = kept.ready && object.DeletionTimestamp == nil && object.Status.Phase == corev1.PodRunning
	for _, ip := range object.Status.PodIPs {
		kept.addresses = appendAddress(kept.addresses, ip.IP)
	}
	return kept, edge != "" && kept.node != ""
}

func keptSlice(object *discoveryv1.EndpointSlice) slice {
	kept := slice{service: types.NamespacedName{Namespace: object.Namespace, Name: object.Labels[discoveryv1.LabelServiceName]}}
	for _, endpoint := range object.Endpoints {
		if endpoint.Conditions.Ready != nil && !*endpoint.Conditions.Ready || endpoint.TargetRef == nil {
			continue
		}
		kept.pods = append(kept.pods, endpoint.TargetRef.UID)
		for _, address := range endpoint.Addresses {
			kept.addresses = appendAddress(kept.addresses, address)
		}
	}
	return kept
}

// keptIngress keeps the name of an Ingress that is there to stay.
func keptIngress(object any) (string, bool) {
	ingress := object.(*networkingv1.Ingress)
	return ingress.Name, ingress.DeletionTimestamp == nil
}

// keptService keeps what the plan and the path's digest need.
func keptService(object *corev1.Service) *corev1.Service {
	kept := &corev1.Service{Spec: object.Spec, Status: object.Status}
	kept.Name, kept.Namespace, kept.UID, kept.Annotations = object.Name, object.Namespace, object.UID, object.Annotations
	kept.DeletionTimestamp, kept.Status.Conditions = object.DeletionTimestamp, nil
	return kept
}

// keptEdgeIngress drops the status, which changes with every verdict.
func keptEdgeIngress(object *v1alpha1.EdgeIngress) *v1alpha1.EdgeIngress {
	kept := &v1alpha1.EdgeIngress{Spec: object.Spec}
	kept.Name, kept.UID, kept.Generation, kept.DeletionTimestamp = object.Name, object.UID, object.Generation, object.DeletionTimestamp
	return kept
}
