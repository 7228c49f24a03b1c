package prober

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// fixture is a cluster for tests: the prober on worker-1, an EdgeIngress "web" with node ports, edge nodes that
// serve it, and a worker without a controller.
type fixture struct {
	view *view
	edge *v1alpha1.EdgeIngress
}

const own = "worker-1"

func cluster2() *fixture {
	f := &fixture{view: &view{
		edges: map[string]*v1alpha1.EdgeIngress{}, routed: map[string]bool{}, services: map[types.NamespacedName]*corev1.Service{},
		pods: map[string][]pod{}, endpoints: map[types.NamespacedName]map[types.UID]bool{}, witnesses: []netip.Addr{netip.MustParseAddr("10.244.9.9")},
	}}
	f.edge = f.addEdgeIngress("web")
	f.addNode(own, "10.0.0.1")
	f.addNode("worker-2", "10.0.0.2")
	f.addNode("edge-1", "10.0.0.11")
	f.addNode("edge-2", "10.0.0.12")
	f.addPod("web", "web-1", "edge-1")
	f.addPod("web", "web-2", "edge-2")
	return f
}

func (f *fixture) addEdgeIngress(name string) *v1alpha1.EdgeIngress {
	e := &v1alpha1.EdgeIngress{}
	e.Name, e.UID, e.Generation = name, types.UID("uid-"+name), 1
	e.Spec.Exposure.Type = v1alpha1.ExposureLoadBalancer
	f.view.edges[name], f.view.routed[names.WitnessIngress(name)] = e, true
	service := &corev1.Service{}
	service.Name, service.Namespace, service.UID = names.Service(name), e.ControllerNamespace(), types.UID("uid-service-"+name)
	service.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol}
	service.Spec.Ports = []corev1.ServicePort{{Port: 80, NodePort: 30080}, {Port: 443, NodePort: 30443}}
	f.view.services[f.serviceKey(name)] = service
	f.view.endpoints[f.serviceKey(name)] = map[types.UID]bool{}
	return e
}

func (f *fixture) serviceKey(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: f.view.edges[name].ControllerNamespace(), Name: names.Service(name)}
}

func (f *fixture) service() *corev1.Service { return f.view.services[f.serviceKey("web")] }

func (f *fixture) addNode(name string, addresses ...string) {
	n := node{name: name, uid: types.UID("uid-" + name), ready: true, hostnames: []string{name}}
	for _, address := range addresses {
		n.addresses = append(n.addresses, netip.MustParseAddr(address))
	}
	f.view.nodes = append(f.view.nodes, n)
	slices.SortFunc(f.view.nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
}

func (f *fixture) node(name string) *node {
	for i := range f.view.nodes {
		if f.view.nodes[i].name == name {
			return &f.view.nodes[i]
		}
	}
	panic(name)
}

func (f *fixture) removeNode(name string) {
	f.view.nodes = slices.DeleteFunc(slices.Clone(f.view.nodes), func(n node) bool { return n.name == name })
}

func (f *fixture) addPod(edge, name, on string) {
	p := pod{uid: types.UID("uid-" + name), edgeIngress: edge, node: on, ready: true}
	p.Namespace, p.Name = f.view.edges[edge].ControllerNamespace(), name
	p.addresses = []netip.Addr{netip.MustParseAddr(fmt.Sprintf("10.244.1.%d", len(f.view.pods[edge])+1))}
	f.view.pods[edge] = append(f.view.pods[edge], p)
	f.view.endpoints[f.serviceKey(edge)][p.uid] = true
}

func (f *fixture) pod(name string) *pod {
	for i := range f.view.pods["web"] {
		if f.view.pods["web"][i].Name == name {
			return &f.view.pods["web"][i]
		}
	}
	panic(name)
}

func (f *fixture) exposed(how v1alpha1.ExposureType) { f.edge.Spec.Exposure.Type = how }

func (f *fixture) plan() plan { return planFor(f.view, f.edge, own) }
