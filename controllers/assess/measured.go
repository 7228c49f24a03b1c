package assess

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// measurement is what the vantages saw of the EdgeIngress.
type measurement struct {
	// on is set where the path is measured at all.
	on    bool
	facts evidence.Facts
	// reports are those that count: inside reports only where nobody but the prober can have written them.
	reports []v1alpha1.SourceIPReport
	// nodes are the legs from node to application, and crossing the path up to the nodes.
	nodes    []evidence.Leg
	crossing evidence.Crossing
	belief   *evidence.Belief
	loads    []evidence.Load
}

// The ports of the Service, and of controllers on the ports of the node.
const (
	httpPort  = 80
	httpsPort = 443
)

// hostFamilies are those in which a controller on the ports of the node can be asked.
var hostFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}

// isMeasured reports whether the operator makes the path measurable: only in a cluster it has a witness.
func (sc *scene) isMeasured() bool {
	return sc.Options.Namespace != "" && sc.EdgeIngress.Measured(sc.Options.MeasureByDefault)
}

func newMeasurement(sc *scene) measurement {
	if !sc.isMeasured() {
		return measurement{}
	}
	m := measurement{on: true, facts: factsOf(sc)}
	m.reports = slices.DeleteFunc(slices.Clone(sc.Reports.Items), func(report v1alpha1.SourceIPReport) bool {
		return report.Spec.EdgeIngress != sc.EdgeIngress.Name || (report.Spec.Vantage == v1alpha1.VantageInside && !sc.ReportPolicy.Exists)
	})
	m.nodes, m.crossing = evidence.Inside(m.facts, m.reports), evidence.Outside(m.facts, m.reports)
	m.belief, m.loads = evidence.Believed(m.facts, m.reports), evidence.Loads(m.facts, m.reports)
	return m
}

func factsOf(sc *scene) evidence.Facts {
	facts := evidence.Facts{
		Now: sc.Time, ConfigDigest: sc.engine.ConfigDigest(sc.state.Config), ConfigWritten: sc.configWritten(), Published: addresses(sc), Ports: portsOfClients(sc),
		HeaderFront: sc.headerFront(), ProxyFront: sc.proxyFront(),
		NodeAddresses: sc.spec.Exposure.Type != v1alpha1.ExposureLoadBalancer,
		Places:        &evidence.Places{Pods: map[string]string{}, Trusted: prefixes(sc.trust.CIDRs)},
	}
	service := sc.service
	if !sc.EdgeIngress.UsesService() {
		service = nil
	}
	if service != nil {
		facts.ServiceUID = service.UID
		facts.Places.Balancer = addressesOf(service.Status.LoadBalancer.Ingress)
	}
	facts.PathDigest = evidence.PathDigest(sc.EdgeIngress, service)
	for i := range sc.Nodes.Items {
		node := &sc.Nodes.Items[i]
		facts.Places.Members = append(facts.Places.Members, evidence.Member{
			Name: node.Name, Addresses: slices.Concat(node.InternalIPs, node.ExternalIPs), PodCIDRs: node.PodCIDRs,
		})
	}
	pods := map[string][]*snapshot.Pod{}
	for i := range sc.Pods.Items {
		pod := &sc.Pods.Items[i]
		for _, ip := range pod.IPs {
			facts.Places.Pods[ip] = pod.Name
		}
		if pod.Ready && !pod.Terminating && !pod.Ended {
			pods[pod.Node] = append(pods[pod.Node], pod)
		}
	}
	for _, node := range sc.edge {
		if sc.serves(node.Name) {
			facts.Serving = append(facts.Serving, sc.servingNode(node, pods[node.Name]))
		}
	}
	return facts
}

// configWritten is when the configuration was written that the controllers should have loaded: now, if this pass wrote it.
func (sc *scene) configWritten() time.Time {
	ref := sc.configMapRef()
	if slices.ContainsFunc(sc.outcome.Written, func(w snapshot.Write) bool { return w.Ref == ref }) {
		return sc.Time
	}
	return sc.ConfigWritten
}

// portsOfClients are those that clients use at the published addresses: the node ports where these are the
// nodes' own.
func portsOfClients(sc *scene) map[v1alpha1.Scheme]int32 {
	found := map[v1alpha1.Scheme]int32{v1alpha1.SchemeHTTP: httpPort, v1alpha1.SchemeHTTPS: httpsPort}
	if sc.spec.Exposure.Type != v1alpha1.ExposureNodePort {
		return found
	}
	schemes := map[int32]v1alpha1.Scheme{httpPort: v1alpha1.SchemeHTTP, httpsPort: v1alpha1.SchemeHTTPS}
	clear(found)
	if sc.service == nil {
		return found
	}
	for _, port := range sc.service.Spec.Ports {
		if scheme, known := schemes[port.Port]; known && port.NodePort > 0 {
			found[scheme] = port.NodePort
		}
	}
	return found
}

// servingNode is the node with the pods that serve on it, and the IP families in which it can be asked: those of
// the Service, or all of the host's, in which both the node and a pod have an address.
func (sc *scene) servingNode(node *snapshot.Node, pods []*snapshot.Pod) evidence.Node {
	serving := evidence.Node{Name: node.Name, UID: node.UID}
	families := hostFamilies
	if sc.EdgeIngress.UsesService() && len(workload.Families(sc.service)) > 0 {
		families = workload.Families(sc.service)
	}
	var ips []string
	for _, pod := range pods {
		serving.Pods, ips = append(serving.Pods, pod.UID), append(ips, pod.IPs...)
	}
	for _, family := range families {
		if workload.HasFamily(node.InternalIPs, family) && workload.HasFamily(ips, family) {
			serving.Families = append(serving.Families, string(family))
		}
	}
	return serving
}

// headerFront reports whether something in front of the published addresses writes the header that the
// controller believes. A balancer that ends connections writes it itself.
func (sc *scene) headerFront() bool {
	if !sc.trust.BelievesHeader() || sc.trust.BelievesNobody() {
		return false
	}
	byBalancer := sc.isLoadBalancer() && !sc.trust.ProxyProtocol && (sc.balancer.Path == provider.Proxies || sc.hasModeProxy())
	return !byBalancer
}

// proxyFront reports whether something in front of the published addresses may write PROXY protocol.
func (sc *scene) proxyFront() bool {
	return sc.believesProxyProtocol() && (!sc.viaBalancer() || !sc.proxyOnBothSides())
}

func (m *measurement) allLegs() []evidence.Leg {
	legs := slices.Concat(m.nodes, m.crossing.Addresses)
	if m.crossing.Front != nil {
		legs = append(legs, *m.crossing.Front)
	}
	return legs
}

// keptBefore returns what was known of the node of a leg that is only being measured again.
func (sc *scene) keptBefore(leg evidence.Leg) (before snapshot.KeptBefore, known bool) {
	before, known = sc.KeptBefore[sc.nodes[leg.Node].UID]
	return before, known && leg.State == evidence.Unknown && leg.Passing(before.Pods != sc.podsServing(leg.Node)) && sc.Time.Before(before.Until)
}

// podsServing are the uids of the controller pods that serve on a node, joined by commas.
func (sc *scene) podsServing(name string) string {
	var uids []string
	for _, node := range sc.measured.facts.Serving {
		for _, pod := range node.Pods {
			if node.Name == name {
				uids = append(uids, string(pod))
			}
		}
	}
	slices.Sort(uids)
	return strings.Join(uids, ",")
}

// keptForLater is what the next pass should know of the nodes. A node that does not serve for a moment stays
// in it, and one of which something else is wrong does not.
func (sc *scene) keptForLater() snapshot.NodesBefore {
	if !sc.measured.on {
		return nil
	}
	later := snapshot.NodesBefore{}
	for uid, before := range sc.KeptBefore {
		if sc.Time.Before(before.Until) {
			later[uid] = before
		}
	}
	for _, leg := range sc.measured.nodes {
		uid := sc.nodes[leg.Node].UID
		switch {
		case leg.State != evidence.Unknown:
			later[uid] = snapshot.KeptBefore{Lost: leg.State == evidence.Lost, Pods: sc.podsServing(leg.Node), Until: leg.Ends}
		case !leg.Passing(later[uid].Pods != sc.podsServing(leg.Node)):
			delete(later, uid)
		}
	}
	return later
}

// recheck returns when the passing of time changes what the conditions say.
func (sc *scene) recheck() time.Time {
	var next time.Time
	sooner := func(at time.Time) {
		if at.After(sc.Time) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	sooner(sc.earlierSettingsEnd())
	if !sc.measured.on {
		return next
	}
	sooner(evidence.NextEnd(sc.measured.facts, sc.measured.reports))
	for _, before := range sc.KeptBefore {
		sooner(before.Until)
	}
	if len(sc.measured.loads) > 0 && !sc.ConfigWritten.IsZero() {
		sooner(sc.ConfigWritten.Add(evidence.LoadGrace))
	}
	for _, load := range sc.loadsWhere(func(load evidence.Load) bool { return load.Digest != sc.measured.facts.ConfigDigest }) {
		sooner(load.Time.Add(evidence.LoadGrace + time.Second))
	}
	return next
}

// was is the condition of the last pass; nil where there was none.
func (sc *scene) was(condition string) *metav1.Condition {
	return meta.FindStatusCondition(sc.EdgeIngress.Status.Conditions, condition)
}
