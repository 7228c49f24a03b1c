package prober

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// plan is whom to ask for one EdgeIngress. It follows from the cluster's objects alone, and never from a
// report: a report that named targets could make the prober, which is on the host network, call anything.
type plan struct {
	edge *v1alpha1.EdgeIngress
	// problem says why nothing can be measured, and detail explains it.
	problem v1alpha1.ReportProblem
	detail  string
	// targets are sorted by node and family. The first family is asked in each round.
	targets []target
	// control is a node that must not answer; its address is not valid where there is none.
	control control
	// controllers are all controller pods, and serving those of them that serve.
	controllers, serving []controller
	serviceUID           types.UID
	pathDigest           string
	// witnesses are the addresses of the witness's pods.
	witnesses []netip.Addr
	// proxyProtocol: the controllers refuse connections without a PROXY header.
	proxyProtocol bool
}

// target is an edge node, asked over one IP family.
type target struct {
	node    string
	nodeUID types.UID
	family  corev1.IPFamily
	// primary: it is asked in each round.
	primary         bool
	source, address netip.Addr
	http, https     uint16
	// pods are the uids of the pods that serve there. Each of them may answer.
	pods string
}

// control is a node that must not answer, because no controller pod is there.
type control struct {
	node            string
	source, address netip.Addr
	port            uint16
}

// ports are those of plain HTTP and HTTPS; 0 for none.
type ports struct{ http, https uint16 }

// planFor plans the requests of the prober on this node.
func planFor(v *view, e *v1alpha1.EdgeIngress, ownNode string) plan {
	p := plan{edge: e, witnesses: v.witnesses, proxyProtocol: e.Spec.ClientIP != nil && e.Spec.ClientIP.ProxyProtocol != nil}
	if len(v.missing) > 0 {
		return p.with(v1alpha1.ReportNotRead, "The prober has not read these kinds of objects yet: "+strings.Join(v.missing, ", "))
	}
	service := v.services[types.NamespacedName{Namespace: e.ControllerNamespace(), Name: names.Service(e.Name)}]
	ask, families, endpoints := ports{http: 80, https: 443}, []corev1.IPFamily(nil), map[types.UID]bool(nil)
	if e.UsesService() {
		if service == nil {
			p.pathDigest = evidence.PathDigest(e, nil)
			return p.with(v1alpha1.ReportNoServingNode, "The Service does not exist yet")
		}
		p.serviceUID, families = service.UID, service.Spec.IPFamilies
		ask = nodePorts(service)
		endpoints = v.endpoints[types.NamespacedName{Namespace: service.Namespace, Name: service.Name}]
	} else {
		service = nil
	}
	p.pathDigest = evidence.PathDigest(e, service)
	p.controllers = controllers(v, e)
	for _, c := range p.controllers {
		if c.pod.ready && (service == nil || endpoints[c.pod.uid]) {
			p.serving = append(p.serving, c)
		}
	}
	own, found := v.node(ownNode)
	switch {
	case !found || len(own.addresses) == 0:
		return p.with(v1alpha1.ReportNotRead, fmt.Sprintf("The prober's node %s does not exist, or has no InternalIP", ownNode))
	case ask.http == 0 && ask.https == 0:
		return p.with(v1alpha1.ReportNoNodePorts, "The Service has no node ports")
	case len(p.serving) == 0:
		return p.with(v1alpha1.ReportNoServingNode, "No edge node has a controller pod that is ready")
	}
	p.targets = targets(own, p.serving, families, ask)
	if len(p.targets) == 0 {
		return p.without(own)
	}
	p.control = controlFor(v, p, own)
	return p
}

func (p plan) with(problem v1alpha1.ReportProblem, detail string) plan {
	p.problem, p.detail = problem, detail
	return p
}

// without explains why no serving node can be asked.
func (p plan) without(own node) plan {
	for _, c := range p.serving {
		if c.node.name != own.name {
			return p.with(v1alpha1.ReportNoServingNode, fmt.Sprintf(
				"Edge node %s and the prober's node %s have no InternalIP of an IP family that the controller serves", c.node.name, own.name))
		}
	}
	return p.with(v1alpha1.ReportOnlyNode, fmt.Sprintf("%s is the only edge node that serves, and the prober runs on it", own.name))
}

func nodePorts(service *corev1.Service) ports {
	var found ports
	for _, port := range service.Spec.Ports {
		switch port.Port {
		case 80:
			found.http = uint16(port.NodePort) //nolint:gosec // The API server allows no other values.
		case 443:
			found.https = uint16(port.NodePort) //nolint:gosec // As above.
		default:
		}
	}
	return found
}

// targets are the other nodes that serve. Without a Service the families are those that a serving pod and both
// nodes have.
func targets(own node, serving []controller, families []corev1.IPFamily, ask ports) []target {
	onNode := map[string][]controller{}
	for _, c := range serving {
		if c.node.name != own.name {
			onNode[c.node.name] = append(onNode[c.node.name], c)
		}
	}
	if families == nil {
		families = hostFamilies(own)
	}
	var all []target
	for i, family := range families {
		source, ok := own.address(family)
		if !ok {
			continue
		}
		for _, there := range onNode {
			n := there[0].node
			address, ok := n.address(family)
			if !ok || !slices.ContainsFunc(there, func(c controller) bool { _, has := first(c.pod.addresses, family); return has }) {
				continue
			}
			all = append(all, target{
				node: n.name, nodeUID: n.uid, family: family, primary: i == 0, source: source, address: address,
				http: ask.http, https: ask.https, pods: uids(there),
			})
		}
	}
	slices.SortFunc(all, func(a, b target) int { return cmp.Or(cmp.Compare(a.node, b.node), cmp.Compare(a.family, b.family)) })
	return promoted(all)
}

// promoted makes a node's only family its primary one, so that each node is asked in each round.
func promoted(all []target) []target {
	primary := map[string]bool{}
	for _, t := range all {
		primary[t.node] = primary[t.node] || t.primary
	}
	for i, t := range all {
		all[i].primary = t.primary || !primary[t.node]
	}
	return all
}

func hostFamilies(own node) []corev1.IPFamily {
	var families []corev1.IPFamily
	for _, address := range own.addresses {
		if family := familyOf(address); !slices.Contains(families, family) {
			families = append(families, family)
		}
	}
	return families
}

func uids(pods []controller) string {
	all := make([]string, 0, len(pods))
	for _, c := range pods {
		all = append(all, string(c.pod.uid))
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// controlFor chooses the node for the negative control: one that is ready, because a node that is down answers
// nobody, and without any controller pod of this EdgeIngress, because one that starts or ends may answer. The
// probers on different nodes choose different ones.
func controlFor(v *view, p plan, own node) control {
	busy := map[string]bool{own.name: true}
	for _, c := range p.controllers {
		busy[c.node.name] = true
	}
	asked := p.targets[0]
	for _, t := range p.targets {
		if t.primary {
			asked = t
			break
		}
	}
	best, chosen := uint64(0), control{}
	for _, n := range v.nodes {
		address, ok := n.address(asked.family)
		if !ok || busy[n.name] || !n.ready {
			continue
		}
		hash := fnv.New64a()
		_, _ = fmt.Fprintf(hash, "%s/%s", own.name, n.name)
		if rank := hash.Sum64(); !chosen.address.IsValid() || rank > best {
			best, chosen = rank, control{node: n.name, source: asked.source, address: address, port: asked.port()}
		}
	}
	return chosen
}

// port is the one that each round asks.
func (t target) port() uint16 { return cmp.Or(t.http, t.https) }

// fingerprint changes with everything that can change what is seen. It is for comparison within this process.
func (p plan) fingerprint() string {
	return fmt.Sprint(p.edge.UID, p.edge.Generation, p.problem, p.targets, p.control, p.serviceUID, p.pathDigest, p.witnesses, p.proxyProtocol)
}
