package assess

import (
	"maps"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/trust"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// scene is the snapshot, indexed once so that no check has to search it.
type scene struct {
	snapshot.Snapshot
	state   desired.State
	outcome snapshot.Outcome
	spec    *v1alpha1.EdgeIngressSpec
	// engine is the one that the spec names, or nil where engineErr explains why this operator does
	// not have it.
	engine    engine.Engine
	engineErr error

	// edge holds the selected nodes that should serve, in order. Withdrawn nodes are not among them.
	edge []*snapshot.Node
	// withdrawn names the selected nodes that need not serve, because they are being drained.
	withdrawn []string
	// isEdge marks the selected nodes, and isReleasing the nodes that are no longer selected but
	// still run a controller.
	isEdge, isReleasing map[string]bool
	// nodes holds all existing nodes by name.
	nodes map[string]*snapshot.Node
	// labelled marks the nodes that match the controller's nodeSelector and have the role label,
	// unless the operator withholds it.
	labelled map[string]bool

	workload liveWorkload
	// unreachable lists ready pods that do not open the ports of the node that the spec asks for, as
	// "pod on node".
	unreachable []string
	// altered are the controller pods that are not as the operator asked.
	altered []alteredPod
	// podOn marks the nodes that run a ready controller pod of either workload which clients can reach
	// in the way that the spec asks for.
	podOn map[string]bool
	// strays lists controller pods outside the edge set as "pod on node". Pods on a deleted node do
	// not count, because they will go with it.
	strays []string
	// strayLabelled lists the nodes of strays that match the controller's nodeSelector.
	strayLabelled []string

	// service is the live Service, or nil.
	service *corev1.Service
	// endpointOn marks the nodes with a ready endpoint that is a ready controller pod, in every family of the
	// Service. endpointIn marks them for each family, and anyEndpoint is set where an edge
	// node has one in any family of a dual-stack Service.
	endpointOn  map[string]bool
	endpointIn  map[corev1.IPFamily]map[string]bool
	anyEndpoint bool
	// foreign lists addresses of endpoints in use that are not controller pods on edge nodes.
	foreign  []string
	balancer provider.Balancer

	// trust is what the live ConfigMap makes the controller trust. asWanted is set where that
	// ConfigMap equals the wanted one. Both are zero without a ConfigMap.
	trust    trust.Beliefs
	asWanted bool

	// measured is what vantages saw.
	measured measurement
}

func newScene(s snapshot.Snapshot, d desired.State, o snapshot.Outcome) *scene {
	sc := &scene{
		Snapshot: s, state: d, outcome: o, spec: &s.EdgeIngress.Spec,
		isEdge: map[string]bool{}, isReleasing: map[string]bool{}, nodes: map[string]*snapshot.Node{}, labelled: map[string]bool{},
		podOn: map[string]bool{}, endpointOn: map[string]bool{}, endpointIn: map[corev1.IPFamily]map[string]bool{},
		service: s.Service.Value, workload: newWorkload(s, d),
	}
	sc.indexNodes()
	byIP := sc.indexPods()
	sc.indexEndpoints(byIP)
	sc.indexFamilies()
	sc.balancer = provider.Identify(s)
	sc.altered = sc.alteredPods()
	if sc.engine, sc.engineErr = registry.For(s.EdgeIngress); sc.engineErr != nil {
		return sc
	}
	if configMap := s.ConfigMap.Value; configMap != nil {
		sc.trust = sc.engine.Beliefs(configMap.Data)
		sc.asWanted = len(d.Config) > 0 && maps.Equal(configMap.Data, d.Config) && len(configMap.BinaryData) == 0
	}
	sc.measured = newMeasurement(sc)
	return sc
}

func (sc *scene) indexNodes() {
	plan := sc.state.Nodes
	for _, name := range plan.Selected {
		sc.isEdge[name] = true
	}
	for _, name := range plan.Releasing {
		sc.isReleasing[name] = true
	}
	isWithdrawn := map[string]bool{}
	if len(plan.Withdrawn) < len(plan.Selected) { // If all are withdrawn, the controllers are missing and not excused.
		for _, name := range plan.Withdrawn {
			isWithdrawn[name] = true
		}
	}
	withoutRole := map[string]bool{}
	for _, withheld := range plan.LabelsWithheld {
		for _, name := range withheld.Nodes {
			withoutRole[name] = true
		}
	}
	own, role := v1alpha1.NodeLabel(sc.EdgeIngress.Name), sc.spec.Nodes.Label
	for i := range sc.Nodes.Items {
		node := &sc.Nodes.Items[i]
		sc.nodes[node.Name] = node
		_, hasOwn := node.Labels[own]
		_, hasRole := node.Labels[role]
		sc.labelled[node.Name] = hasOwn && (hasRole || withoutRole[node.Name])
		switch {
		case !sc.isEdge[node.Name]:
			continue
		case isWithdrawn[node.Name]:
			sc.withdrawn = append(sc.withdrawn, node.Name)
			continue
		}
		sc.edge = append(sc.edge, node)
	}
}

// isOurs reports whether a controller may run on the node: an edge node, or a node that is being released.
func (sc *scene) isOurs(node string) bool { return sc.isEdge[node] || sc.isReleasing[node] }

// indexPods returns the pods by address. Two pods can share an address, because a pod that has ended
// keeps its own. The ready one wins.
func (sc *scene) indexPods() map[string]*snapshot.Pod {
	byIP := map[string]*snapshot.Pod{}
	for i := range sc.Pods.Items {
		pod := &sc.Pods.Items[i]
		for _, ip := range pod.IPs {
			if known := byIP[ip]; known == nil || !known.Ready {
				byIP[ip] = pod
			}
		}
		if pod.Node == "" || pod.Terminating || pod.Ended {
			continue
		}
		switch {
		case !pod.Ready:
		case workload.IsReachable(sc.EdgeIngress, pod.Spec):
			sc.podOn[pod.Node] = true
		default:
			sc.unreachable = append(sc.unreachable, placed(pod))
		}
		if node := sc.nodes[pod.Node]; node != nil && !node.Deleting && !sc.isOurs(pod.Node) {
			sc.stray(pod, node)
		}
	}
	return byIP
}

func (sc *scene) stray(pod *snapshot.Pod, node *snapshot.Node) {
	sc.strays = append(sc.strays, placed(pod))
	if _, labelled := node.Labels[v1alpha1.NodeLabel(sc.EdgeIngress.Name)]; labelled {
		sc.strayLabelled = append(sc.strayLabelled, node.Name)
	}
}

// placed returns "pod on node".
func placed(pod *snapshot.Pod) string { return pod.Name + " on " + pod.Node }

func (sc *scene) indexEndpoints(byIP map[string]*snapshot.Pod) {
	for i := range sc.EndpointSlices.Items {
		for _, endpoint := range sc.EndpointSlices.Items[i].Endpoints {
			if !workload.EndpointInUse(endpoint) {
				continue
			}
			for _, address := range endpoint.Addresses {
				pod := byIP[address]
				switch {
				case pod == nil || (!sc.isOurs(pod.Node) && !pod.Terminating):
					sc.foreign = append(sc.foreign, address)
				case pod.Ready && !pod.Terminating && workload.EndpointReady(endpoint):
					sc.endpointOn[pod.Node] = true
					sc.inFamily(address, pod.Node)
				}
			}
		}
	}
}

// edgeWithout names the edge nodes for which has is false.
func (sc *scene) edgeWithout(has map[string]bool) []string {
	var names []string
	for _, node := range sc.edge {
		if !has[node.Name] {
			names = append(names, node.Name)
		}
	}
	return names
}

// edgeWith counts the edge nodes for which has is true.
func (sc *scene) edgeWith(has map[string]bool) int { return len(sc.edge) - len(sc.edgeWithout(has)) }

// serves reports whether traffic from outside can reach a controller on the node.
func (sc *scene) serves(node string) bool {
	return sc.labelled[node] && sc.podOn[node] && (!sc.EdgeIngress.UsesService() || sc.endpointOn[node])
}

// isLoadBalancer reports whether the live Service has type LoadBalancer.
func (sc *scene) isLoadBalancer() bool {
	return sc.service != nil && sc.service.Spec.Type == corev1.ServiceTypeLoadBalancer
}

// hasAddress reports whether a load balancer has assigned an address to the Service.
func (sc *scene) hasAddress() bool {
	return sc.isLoadBalancer() && len(addressesOf(sc.service.Status.LoadBalancer.Ingress)) > 0
}

func (sc *scene) serviceRef() snapshot.Ref {
	return snapshot.Ref{Kind: "Service", Namespace: sc.state.Namespace, Name: names.Service(sc.EdgeIngress.Name)}
}

func (sc *scene) configMapRef() snapshot.Ref {
	return snapshot.Ref{Kind: "ConfigMap", Namespace: sc.state.Namespace, Name: names.Workload(sc.EdgeIngress.Name, sc.spec.Controller.Engine)}
}
