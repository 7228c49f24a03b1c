package evidence

import (
	"net/netip"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

const (
	wanted    = "c0ffee"
	published = "203.0.113.10"
	outsider  = "198.51.100.7"
)

// facts are those of two edge nodes behind one address, with a prober on two other nodes.
func facts() Facts {
	trusted := []netip.Prefix{netip.MustParsePrefix("172.16.9.0/24")}
	return Facts{
		Now: noon, ServiceUID: "service", PathDigest: "path", ConfigDigest: wanted, Published: []string{published},
		Ports:   ports,
		Serving: []Node{servingNode("edge-1"), servingNode("edge-2")},
		Places: &Places{
			Members: []Member{
				{Name: "edge-1", Addresses: []string{"10.0.0.1"}, PodCIDRs: []string{"10.244.1.0/24"}},
				{Name: "edge-2", Addresses: []string{"10.0.0.2"}, PodCIDRs: []string{"10.244.2.0/24"}},
				{Name: "app-1", Addresses: []string{"10.0.0.13"}, PodCIDRs: []string{"10.244.13.0/24"}},
				{Name: "app-2", Addresses: []string{"10.0.0.14"}},
			},
			Pods: map[string]string{"10.99.0.7": "controller-1"}, Balancer: []string{published}, Trusted: trusted,
		},
	}
}

func servingNode(name string) Node {
	return Node{Name: name, UID: types.UID(name), Pods: []types.UID{types.UID("pod-" + name)}, Families: []string{"IPv4"}}
}

func at(ago time.Duration) metav1.Time { return metav1.NewTime(noon.Add(-ago)) }

// inside is the report of the prober on a node, a minute old, with what keeps the address on both edge nodes.
func inside(node string) v1alpha1.SourceIPReport {
	report := v1alpha1.SourceIPReport{
		ObjectMeta: metav1.ObjectMeta{Name: "public-inside-" + node},
		Spec:       v1alpha1.SourceIPReportSpec{EdgeIngress: "public", Vantage: v1alpha1.VantageInside, Node: node},
		Status: v1alpha1.SourceIPReportStatus{
			ServiceUID: "service", PathDigest: "path", Control: &v1alpha1.NegativeControl{Node: "app-2", Time: at(time.Minute)},
		},
	}
	for _, edge := range []string{"edge-1", "edge-2"} {
		for _, scheme := range []v1alpha1.Scheme{v1alpha1.SchemeHTTP, v1alpha1.SchemeHTTPS} {
			report.Status.Sights = append(report.Status.Sights, v1alpha1.Sight{
				Address: "10.0.0." + edge[5:], Port: 30080, Scheme: scheme, Family: "IPv4", Seen: v1alpha1.SeenOwn, Source: "10.0.0.13", Repeated: 3,
				Node: edge, NodeUID: types.UID(edge), PodUID: types.UID("pod-" + edge), ConfigDigest: wanted, Time: at(time.Minute),
			})
		}
	}
	return report
}

var ports = map[v1alpha1.Scheme]int32{v1alpha1.SchemeHTTP: 80, v1alpha1.SchemeHTTPS: 443}

// outside is the report of a machine with a public address, a day old, whose address arrived through edge-1.
func outside() v1alpha1.SourceIPReport {
	report := v1alpha1.SourceIPReport{
		ObjectMeta: metav1.ObjectMeta{Name: "public-outside"},
		Spec:       v1alpha1.SourceIPReportSpec{EdgeIngress: "public", Vantage: v1alpha1.VantageOutside},
		Status:     v1alpha1.SourceIPReportStatus{ServiceUID: "service", PathDigest: "path"},
	}
	for _, scheme := range []v1alpha1.Scheme{v1alpha1.SchemeHTTP, v1alpha1.SchemeHTTPS} {
		for _, forgeries := range [][]string{nil, {"X-Forwarded-For", "X-Forwarded-For, several values"}, {ForgedProxyV1, ForgedProxyV2}} {
			report.Status.Sights = append(report.Status.Sights, v1alpha1.Sight{
				Address: published, Port: ports[scheme], Scheme: scheme, Family: "IPv4", Seen: v1alpha1.SeenOwn, Source: outsider, Repeated: 1, Forgeries: forgeries,
				Node: "edge-1", NodeUID: "edge-1", PodUID: "pod-edge-1", ConfigDigest: wanted, ConfigConfirmed: true, Peers: []string{outsider}, Time: at(24 * time.Hour),
			})
		}
	}
	return report
}

// change changes what is given.
type change func(*Facts, []v1alpha1.SourceIPReport)

func onFacts(do func(*Facts)) change { return func(f *Facts, _ []v1alpha1.SourceIPReport) { do(f) } }

// onReport changes the first report.
func onReport(do func(*v1alpha1.SourceIPReport)) change {
	return func(_ *Facts, reports []v1alpha1.SourceIPReport) { do(&reports[0]) }
}

// onSights changes the sights of the first report that the filter lets through.
func onSights(filter func(v1alpha1.Sight) bool, do func(*v1alpha1.Sight)) change {
	return onReport(func(r *v1alpha1.SourceIPReport) {
		for i := range r.Status.Sights {
			if filter(r.Status.Sights[i]) {
				do(&r.Status.Sights[i])
			}
		}
	})
}

func anySight(v1alpha1.Sight) bool       { return true }
func plainSight(s v1alpha1.Sight) bool   { return len(s.Forgeries) == 0 }
func forgedSight(s v1alpha1.Sight) bool  { return len(s.Forgeries) > 0 }
func plainHTTP(s v1alpha1.Sight) bool    { return plainSight(s) && s.Scheme == v1alpha1.SchemeHTTP }
func httpOfEdge1(s v1alpha1.Sight) bool  { return plainHTTP(s) && s.Node == "edge-1" }
func httpsOfEdge1(s v1alpha1.Sight) bool { return !plainHTTP(s) && s.Node == "edge-1" }
func withForgery(name string) func(v1alpha1.Sight) bool {
	return func(s v1alpha1.Sight) bool { return slices.Contains(s.Forgeries, name) }
}

func sees(seen v1alpha1.Seen, address string, repeated int32) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Seen, s.SeenAddress, s.Repeated = seen, address, repeated }
}

func onPort(port int32) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Port = port }
}

func everySight(r *v1alpha1.SourceIPReport, do func(*v1alpha1.Sight)) {
	for i := range r.Status.Sights {
		do(&r.Status.Sights[i])
	}
}

func all(changes ...change) change {
	return func(f *Facts, reports []v1alpha1.SourceIPReport) {
		for _, do := range changes {
			do(f, reports)
		}
	}
}

// reached says from where the controller was reached.
func reached(peers ...string) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Peers = peers }
}

func taken(ago time.Duration) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Time = at(ago) }
}

func from(source string) func(*v1alpha1.Sight) {
	return func(s *v1alpha1.Sight) { s.Source = source }
}

// olderConfig makes the answers that the filter lets through those of an older configuration, some time ago.
func olderConfig(filter func(v1alpha1.Sight) bool, ago time.Duration) change {
	return onSights(filter, func(s *v1alpha1.Sight) { s.ConfigDigest, s.Time = "older", at(ago) })
}

// wrote makes the configuration one that was written some time ago.
func wrote(ago time.Duration) change {
	return onFacts(func(f *Facts) { f.ConfigWritten = noon.Add(-ago) })
}
