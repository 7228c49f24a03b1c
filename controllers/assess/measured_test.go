package assess

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apitypes "k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

const (
	operatorNamespace = "edge-ingress-operator-system"
	vantage           = "203.0.113.77"
	insideReport      = ingressName + "-inside-app-1"
	outsideReport     = ingressName + "-outside"
)

// measured switches measuring on, with a prober on app-1 that saw its own address arrive on every edge node a
// minute ago. It has to come after options that change the spec or the Service.
func measured(g *given) {
	g.s.Time = noon
	g.s.Options.Namespace, g.s.Options.MeasureByDefault = operatorNamespace, true
	g.s.ReportPolicy.Exists, g.s.ConfigWritten = true, noon.Add(-time.Hour)
	for i := range g.s.Nodes.Items {
		g.s.Nodes.Items[i].UID = apitypes.UID("uid-" + g.s.Nodes.Items[i].Name)
	}
	for i := range g.s.Pods.Items {
		g.s.Pods.Items[i].UID = apitypes.UID("uid-" + g.s.Pods.Items[i].Name)
	}
	if g.s.Service.Value != nil {
		g.s.Service.Value.UID = "uid-service"
	}
	g.d.Config, g.d.ConfigProblems = runs.Configure(g.s.EdgeIngress, &engine.Witness{Namespace: operatorNamespace, Service: "edge-ingress-witness", Port: 80})
	if g.s.ConfigMap.Value != nil {
		g.s.ConfigMap.Value.Data = maps.Clone(g.d.Config)
	}
	report := g.report(insideReport, v1alpha1.SourceIPReportSpec{EdgeIngress: ingressName, Vantage: v1alpha1.VantageInside, Node: "app-1"})
	report.Status.Control = &v1alpha1.NegativeControl{Node: "app-2", Time: ago(time.Minute)}
	for _, pod := range g.s.Pods.Items {
		for _, scheme := range []v1alpha1.Scheme{v1alpha1.SchemeHTTP, v1alpha1.SchemeHTTPS} {
			report.Status.Sights = append(report.Status.Sights, v1alpha1.Sight{
				Address: pod.Node, Port: 30080, Scheme: scheme, Family: "IPv4", Seen: v1alpha1.SeenOwn, Source: "10.0.0.9", Repeated: 3,
				Node: pod.Node, NodeUID: apitypes.UID("uid-" + pod.Node), PodUID: pod.UID, ConfigDigest: runs.ConfigDigest(g.d.Config), Time: ago(time.Minute),
			})
		}
	}
	g.s.Reports.Items = append(g.s.Reports.Items, report)
}

func (g *given) report(name string, spec v1alpha1.SourceIPReportSpec) v1alpha1.SourceIPReport {
	report := v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: spec}
	var service *corev1.Service
	if g.s.EdgeIngress.UsesService() {
		service, report.Status.ServiceUID = g.s.Service.Value, "uid-service"
	}
	report.Status.PathDigest = evidence.PathDigest(g.s.EdgeIngress, service)
	return report
}

// verified adds a machine with a public address that saw its own address arrive through every published address
// yesterday, and each forgery refused, through whatever the controller trusts. hosts are real host names that it asked, too.
func verified(hosts ...string) option {
	return func(g *given) {
		report := g.report(outsideReport, v1alpha1.SourceIPReportSpec{EdgeIngress: ingressName, Vantage: v1alpha1.VantageOutside})
		facts := newScene(g.s, g.d, g.o).measured.facts
		for _, address := range slices.Concat(facts.Published, hosts) {
			for _, scheme := range []v1alpha1.Scheme{v1alpha1.SchemeHTTP, v1alpha1.SchemeHTTPS} {
				for _, forgeries := range [][]string{nil, {"X-Forwarded-For", "X-Forwarded-For, several values"}, {"PROXY v1 header", "PROXY v2 header"}} {
					sight := v1alpha1.Sight{
						Address: address, Port: facts.Ports[scheme], Scheme: scheme, Family: "IPv4", Seen: v1alpha1.SeenOwn, Source: vantage, Repeated: 1, Forgeries: forgeries,
						Node: "edge-1", NodeUID: "uid-edge-1", PodUID: "uid-controller-1", ConfigDigest: facts.ConfigDigest, ConfigConfirmed: true, Time: ago(24 * time.Hour),
					}
					if slices.Contains(hosts, address) {
						sight.Host = address
					}
					sight.Peers = []string{vantage}
					if places := facts.Places; places != nil && len(places.Trusted) > 0 && (sight.Host != "" || !facts.HeaderFront) {
						sight.Peers = []string{places.Trusted[0].Addr().Next().String()}
					}
					report.Status.Sights = append(report.Status.Sights, sight)
				}
			}
		}
		g.s.Reports.Items = append(g.s.Reports.Items, report)
	}
}

func ago(d time.Duration) metav1.Time { return metav1.NewTime(noon.Add(-d)) }

// onReport changes the report of this name.
func onReport(name string, change func(*v1alpha1.SourceIPReport)) option {
	return func(g *given) {
		for i := range g.s.Reports.Items {
			if g.s.Reports.Items[i].Name == name {
				change(&g.s.Reports.Items[i])
			}
		}
	}
}

// plainSights changes the plain sights of a report that are about this node or address.
func plainSights(report, at string, change func(*v1alpha1.Sight)) option {
	return sightsWhere(report, func(s v1alpha1.Sight) bool { return len(s.Forgeries) == 0 && s.Address == at }, change)
}

func forgedSights(report, at string, change func(*v1alpha1.Sight)) option {
	return sightsWhere(report, func(s v1alpha1.Sight) bool { return len(s.Forgeries) > 0 && s.Address == at }, change)
}

func sightsWhere(report string, filter func(v1alpha1.Sight) bool, change func(*v1alpha1.Sight)) option {
	return onReport(report, func(r *v1alpha1.SourceIPReport) {
		r.Status.Sights = slices.Clone(r.Status.Sights)
		for i := range r.Status.Sights {
			if filter(r.Status.Sights[i]) {
				change(&r.Status.Sights[i])
			}
		}
	})
}

func sees(seen v1alpha1.Seen, address string, repeated int32) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Seen, s.SeenAddress, s.Repeated = seen, address, repeated }
}

func withDetail(seen v1alpha1.Seen, detail string) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Seen, s.Detail = seen, detail }
}

func takenAt(at metav1.Time) func(*v1alpha1.Sight) { return func(s *v1alpha1.Sight) { s.Time = at } }

func problem(p v1alpha1.ReportProblem, detail string) option {
	return onReport(insideReport, func(r *v1alpha1.SourceIPReport) { r.Status.Problem, r.Status.Detail, r.Status.Sights = p, detail, nil })
}

func noReports(g *given) { g.s.Reports.Items = nil }

// conditionBefore puts a condition into the status of the last pass.
func conditionBefore(name string, status metav1.ConditionStatus, reason, message string) option {
	return func(g *given) {
		g.s.EdgeIngress.Status.Conditions = append(g.s.EdgeIngress.Status.Conditions,
			metav1.Condition{Type: name, Status: status, Reason: reason, Message: message, ObservedGeneration: 3, LastTransitionTime: ago(time.Hour)})
	}
}

// remembered is what earlier passes knew of a node.
func remembered(node string, before snapshot.KeptBefore) option {
	return func(g *given) {
		if g.s.KeptBefore == nil {
			g.s.KeptBefore = snapshot.NodesBefore{}
		}
		g.s.KeptBefore[apitypes.UID("uid-"+node)] = before
	}
}

// measuring is off by the spec, or on.
func measuring(probes v1alpha1.Switch) option {
	return func(g *given) { g.spec().Verification = &v1alpha1.VerificationSpec{Probes: probes} }
}
