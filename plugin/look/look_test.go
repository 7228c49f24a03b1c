package look

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

const (
	public  = "198.51.100.7"
	private = "192.168.1.7"
)

// at is a sight of a plain request from this source, seen three times.
func at(source string, seen v1alpha1.Seen, seenAddress string) v1alpha1.Sight {
	return v1alpha1.Sight{Address: "203.0.113.10", Port: 80, Scheme: v1alpha1.SchemeHTTP, Family: "IPv4",
		Source: source, Seen: seen, SeenAddress: seenAddress, Repeated: 3, Node: "edge-1", PodUID: "pod-uid"}
}

func with(s v1alpha1.Sight, change func(*v1alpha1.Sight)) v1alpha1.Sight {
	change(&s)
	return s
}

func forged(s v1alpha1.Sight, detail string, names ...string) v1alpha1.Sight {
	s.Forgeries, s.Detail = names, detail
	return s
}

func TestDecide(t *testing.T) {
	own := at(public, v1alpha1.SeenOwn, public)
	edge := &v1alpha1.EdgeIngress{}
	edge.Status.Addresses = []string{"203.0.113.10"}
	edge.Spec.ClientIP = &v1alpha1.ClientIPSpec{
		ProxyProtocol:   &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"10.9.0.0/24"}},
		ForwardedHeader: &v1alpha1.ForwardedHeaderSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"10.8.0.0/24"}},
	}
	places := Places(edge, nil, []v1alpha1.SourceIPReport{*insideReport("w", time.Time{})})
	for name, row := range map[string]struct {
		sights []v1alpha1.Sight
		stated string
		want   Verdict
		reason string
	}{
		"nothing was asked":               {want: Undecided, reason: "NothingAsked"},
		"the own address":                 {sights: []v1alpha1.Sight{own}, want: Kept},
		"the own address, though private": {sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOwn, private)}, want: Kept},
		"another address than the public one of the sender": {
			sights: []v1alpha1.Sight{at(public, v1alpha1.SeenOther, "203.0.113.99")}, want: Lost, reason: "AddressReplaced"},
		"another address, seen once": {
			sights: []v1alpha1.Sight{with(at(public, v1alpha1.SeenOther, "203.0.113.99"), func(s *v1alpha1.Sight) { s.Repeated = 1 })}, want: Undecided, reason: "NotRepeated"},
		"another address than the private one of the sender": {
			sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOther, "203.0.113.99")}, want: Undecided, reason: "BehindNAT"},
		"another address than that of a carrier's NAT": {
			sights: []v1alpha1.Sight{at("100.64.0.9", v1alpha1.SeenOther, "203.0.113.99")}, want: Undecided, reason: "BehindNAT"},
		"another address than the unique-local one": {
			sights: []v1alpha1.Sight{at("fd00::1", v1alpha1.SeenOther, "2001:db8::9")}, want: Undecided, reason: "BehindNAT"},
		"another address, and no source is known": {
			sights: []v1alpha1.Sight{at("", v1alpha1.SeenOther, "203.0.113.99")}, want: Undecided, reason: "BehindNAT"},
		"the stated address": {
			sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOther, "203.0.113.99")}, stated: "203.0.113.99", want: Undecided, reason: "MeasuredAsStated"},
		"another one than the stated address": {
			sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOther, "203.0.113.98")}, stated: "203.0.113.99", want: Undecided, reason: "BehindNAT"},
		"the stated address, which is not the public one of the sender": {
			sights: []v1alpha1.Sight{at(public, v1alpha1.SeenOther, "203.0.113.99")}, stated: "203.0.113.99", want: Lost, reason: "AddressReplaced"},
		"the address of a node, from a private one": {
			sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOther, "10.0.0.11")}, want: Lost, reason: "AddressReplaced"},
		"a published address, from a private one": {
			sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOther, "203.0.113.10")}, want: Lost, reason: "AddressReplaced"},
		"the address of the balancer with PROXY protocol, from a private one": {
			sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOther, "10.9.0.5")}, want: Lost, reason: "AddressReplaced"},
		"a stated address that is the proxy's": {
			sights: []v1alpha1.Sight{at(private, v1alpha1.SeenOther, "10.8.0.5")}, stated: "10.8.0.5", want: Lost, reason: "AddressReplaced"},
		"a text that is no address": {sights: []v1alpha1.Sight{at(public, v1alpha1.SeenOther, "unknown")}, want: Lost, reason: "AddressReplaced"},
		"the own address, through a controller that nobody knows": {
			sights: []v1alpha1.Sight{with(own, func(s *v1alpha1.Sight) { s.Node, s.PodUID = "", "" })}, want: Undecided, reason: "UnknownController"},
		"another address, through a controller that nobody knows": {
			sights: []v1alpha1.Sight{with(at(public, v1alpha1.SeenOther, "203.0.113.99"), func(s *v1alpha1.Sight) { s.PodUID = "" })}, want: Undecided, reason: "UnknownController"},
		"a forgery without effect": {sights: []v1alpha1.Sight{own, forged(own, "", "X-Real-IP")}, want: Kept},
		"a forgery that was believed": {
			sights: []v1alpha1.Sight{own, forged(at(public, v1alpha1.SeenForged, ""), "", "X-Real-IP")}, want: Forged, reason: "ForgeryBelieved"},
		"a forgery that was believed from a trusted proxy": {
			sights: []v1alpha1.Sight{forged(at("10.8.0.5", v1alpha1.SeenForged, ""), "", "X-Real-IP")}, want: Undecided, reason: "SenderTrusted"},
		"a forgery that was refused":            {sights: []v1alpha1.Sight{own, forged(at(public, v1alpha1.SeenUnsigned, ""), "HTTP 400", "X-Real-IP")}, want: Kept},
		"a forgery that got a server's error":   {sights: []v1alpha1.Sight{own, forged(at(public, v1alpha1.SeenUnsigned, ""), "HTTP 502", "X-Real-IP")}, want: Undecided, reason: "NotTheWitness"},
		"a forgery that got what strangers get": {sights: []v1alpha1.Sight{own, forged(at(public, v1alpha1.SeenUnsigned, ""), "HTTP 404", "X-Real-IP")}, want: Undecided, reason: "NotTheWitness"},
		"a forgery that nobody answered":        {sights: []v1alpha1.Sight{own, forged(at(public, v1alpha1.SeenNobody, ""), "AnswerTimedOut", "X-Real-IP")}, want: Undecided, reason: "Unanswered"},
		"a PROXY header that ended the request": {sights: []v1alpha1.Sight{own, forged(at(public, v1alpha1.SeenNobody, ""), "TLSFailed", "PROXY v1 header", "PROXY v2 header")}, want: Kept},
		"a PROXY header that nobody got":        {sights: []v1alpha1.Sight{own, forged(at(public, v1alpha1.SeenNobody, ""), "ConnectTimedOut", "PROXY v1 header")}, want: Undecided, reason: "Unanswered"},
		"another address than that of a client behind a translation": {
			sights: []v1alpha1.Sight{at("192.0.0.4", v1alpha1.SeenOther, "203.0.113.99")}, want: Undecided, reason: "BehindNAT"},
		"a PROXY header, and nothing else known": {sights: []v1alpha1.Sight{forged(at(public, v1alpha1.SeenNobody, ""), "TLSFailed", "PROXY v1 header")}, want: Undecided, reason: "Unanswered"},
		"nobody":                                 {sights: []v1alpha1.Sight{at(public, v1alpha1.SeenNobody, "")}, want: Undecided, reason: "Unanswered"},
		"nobody, and a loss elsewhere": {
			sights: []v1alpha1.Sight{at(public, v1alpha1.SeenNobody, ""), with(at(public, v1alpha1.SeenOther, "203.0.113.99"), func(s *v1alpha1.Sight) { s.Address = "203.0.113.11" })},
			want:   Lost, reason: "AddressReplaced"},
		"the own address, from this machine's loopback": {
			sights: []v1alpha1.Sight{at("127.0.0.1", v1alpha1.SeenOwn, "127.0.0.1")}, want: Undecided, reason: "FromCluster"},
		"the own address, from a node": {
			sights: []v1alpha1.Sight{at("10.0.0.21", v1alpha1.SeenOwn, "10.0.0.21")}, want: Undecided, reason: "FromCluster"},
		"the address of a node, through a tunnel from the loopback": {
			sights: []v1alpha1.Sight{at("127.0.0.1", v1alpha1.SeenOther, "10.0.0.11")}, want: Undecided, reason: "FromCluster"},
		"a claimed address, from a node": {
			sights: []v1alpha1.Sight{forged(at("10.0.0.21", v1alpha1.SeenForged, ""), "", "X-Real-IP")}, want: Undecided, reason: "FromCluster"},
		"a controller that is not of this EdgeIngress": {
			sights: []v1alpha1.Sight{at(public, v1alpha1.SeenElsewhere, "")}, want: Undecided, reason: "UnknownController"},
		"somebody else":           {sights: []v1alpha1.Sight{at(public, v1alpha1.SeenUnsigned, "")}, want: Undecided, reason: "NotTheWitness"},
		"something of the future": {sights: []v1alpha1.Sight{at(public, "Later", "")}, want: Undecided, reason: "NotUnderstood"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Decide(row.sights, places, row.stated)
			reason := ""
			if len(got.Findings) > 0 {
				reason = got.Findings[0].Reason
			}
			if got.Verdict != row.want || reason != row.reason {
				t.Errorf("%s (%s), want %s (%s): %+v", got.Verdict, reason, row.want, row.reason, got.Findings)
			}
			for _, finding := range got.Findings {
				if finding.Message == "" || !strings.HasSuffix(finding.Remedy, ".") {
					t.Errorf("the finding has no message or no remedy: %+v", finding)
				}
			}
		})
	}
}

func insideReport(node string, issued time.Time, nonces ...string) *v1alpha1.SourceIPReport {
	r := &v1alpha1.SourceIPReport{}
	r.Name = "public-inside-" + node
	r.Spec = v1alpha1.SourceIPReportSpec{EdgeIngress: "public", Vantage: v1alpha1.VantageInside, Node: node}
	r.Status.PublicKey = answer.EncodeKey(make([]byte, 32))
	r.Status.Sights = []v1alpha1.Sight{{Address: "10.0.0.11", Node: "edge-1", Port: 30080, Scheme: v1alpha1.SchemeHTTP, Source: "10.0.0.21"},
		{Address: "10.0.0.11", Node: "edge-1", Port: 30443, Scheme: v1alpha1.SchemeHTTPS}}
	for _, nonce := range nonces {
		r.Status.Challenges = append(r.Status.Challenges, v1alpha1.Challenge{Nonce: nonce, Issued: metav1.NewTime(issued)})
	}
	return r
}

func TestNewestChallenge(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	outside := insideReport("outside", now, "n")
	outside.Spec.Vantage = v1alpha1.VantageOutside
	withoutKey := insideReport("w1", now, "n")
	withoutKey.Status.PublicKey = ""
	withoutWitness := insideReport("w1", now)
	withoutWitness.Status.Problem = v1alpha1.ReportWitnessMissing
	older, same := insideReport("w1", now, "a"), insideReport("w2", now.Add(-time.Minute), "b")
	older.Status.ObservedGeneration, same.Status.ObservedGeneration = 6, 7
	alone := insideReport("w1", now)
	alone.Status.Problem = v1alpha1.ReportOnlyNode
	for name, row := range map[string]struct {
		reports []*v1alpha1.SourceIPReport
		want    string
		why     string
	}{
		"no report":                           {why: "no prober has written"},
		"only a person's report":              {reports: []*v1alpha1.SourceIPReport{outside}, why: "no prober has written"},
		"the newer of two":                    {reports: []*v1alpha1.SourceIPReport{insideReport("w1", now.Add(-2*time.Minute), "a"), insideReport("w2", now.Add(-time.Minute), "b")}, want: "w2"},
		"the only one with a fresh challenge": {reports: []*v1alpha1.SourceIPReport{insideReport("w1", now.Add(-3*time.Minute), "a"), insideReport("w2", now)}, want: "w1"},
		"too old":                             {reports: []*v1alpha1.SourceIPReport{insideReport("w1", now.Add(-4*time.Minute), "a")}, why: "published no fresh challenge"},
		"from the future":                     {reports: []*v1alpha1.SourceIPReport{insideReport("w1", now.Add(3*time.Minute), "a")}, why: "published no fresh challenge"},
		"a little ahead":                      {reports: []*v1alpha1.SourceIPReport{insideReport("w1", now.Add(time.Minute), "a")}, want: "w1"},
		"spent":                               {reports: []*v1alpha1.SourceIPReport{insideReport("w1", now, "spent")}, why: "published no fresh challenge"},
		"without a key":                       {reports: []*v1alpha1.SourceIPReport{withoutKey}, why: "has not reached the witness"},
		"without a witness":                   {reports: []*v1alpha1.SourceIPReport{withoutWitness}, why: "finds no witness"},
		"about an older spec":                 {reports: []*v1alpha1.SourceIPReport{older}, why: "the prober on w1 has not seen the newest spec yet"},
		"an older one about the newest spec":  {reports: []*v1alpha1.SourceIPReport{older, same}, want: "w2"},
		"on the only node":                    {reports: []*v1alpha1.SourceIPReport{alone}, why: "cannot measure (OnlyNode)"},
	} {
		t.Run(name, func(t *testing.T) {
			var reports []v1alpha1.SourceIPReport
			for _, r := range row.reports {
				reports = append(reports, *r)
			}
			got, why := Newest(reports, 7, now, func(nonce string) bool { return nonce == "spent" })
			node := ""
			if got != nil && why == "" {
				node = got.Spec.Node
			}
			if node != row.want || !strings.Contains(why, row.why) || (row.why == "") != (why == "") {
				t.Errorf("the report of %q, because %q; want %q, because %q", node, why, row.want, row.why)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	resolved := map[string][]netip.Addr{
		"203.0.113.10":   {netip.MustParseAddr("203.0.113.10")},
		"lb.example.com": {netip.MustParseAddr("203.0.113.11"), netip.MustParseAddr("2001:db8::11")},
	}
	targets, err := Targets([]string{"203.0.113.10", "lb.example.com"}, resolved, Ports{80, 443}, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, target := range targets {
		got = append(got, target.String())
	}
	want := []string{
		"203.0.113.10 port 80 (HTTP, IPv4)", "203.0.113.10 port 443 (HTTPS, IPv4)",
		"lb.example.com port 80 (HTTP, IPv4) at 203.0.113.11", "lb.example.com port 443 (HTTPS, IPv4) at 203.0.113.11",
		"lb.example.com port 80 (HTTP, IPv6) at 2001:db8::11", "lb.example.com port 443 (HTTPS, IPv6) at 2001:db8::11",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	many := map[string][]netip.Addr{"lb.example.com": make([]netip.Addr, 33)}
	if _, err := Targets([]string{"lb.example.com"}, many, Ports{80, 443}, ""); err == nil {
		t.Error("66 targets were accepted")
	}
}

func TestPorts(t *testing.T) {
	nodePort := &v1alpha1.EdgeIngress{}
	nodePort.Spec.Exposure.Type = v1alpha1.ExposureNodePort
	fixed := nodePort.DeepCopy()
	fixed.Spec.Exposure.NodePorts = &v1alpha1.NodePortsSpec{HTTP: ptr.To[int32](31080)}
	inside := insideReport("w1", time.Time{})
	none := Ports{-1, -1}
	for name, row := range map[string]struct {
		edge   *v1alpha1.EdgeIngress
		given  Ports
		inside *v1alpha1.SourceIPReport
		want   Ports
		fails  bool
	}{
		"a load balancer":                         {edge: &v1alpha1.EdgeIngress{}, given: none, inside: inside, want: Ports{80, 443}},
		"one given, one left out":                 {edge: &v1alpha1.EdgeIngress{}, given: Ports{8080, 0}, want: Ports{8080, 0}},
		"node ports that the prober knows":        {edge: nodePort, given: none, inside: inside, want: Ports{30080, 30443}},
		"node ports, one of which is in the spec": {edge: fixed, given: none, inside: inside, want: Ports{31080, 30443}},
		"node ports that nobody knows":            {edge: nodePort, given: none, fails: true},
		"none":                                    {edge: &v1alpha1.EdgeIngress{}, given: Ports{0, 0}, fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := PortsOf(row.edge, row.given, row.inside)
			if (err != nil) != row.fails || err == nil && got != row.want {
				t.Errorf("%v (%v), want %v", got, err, row.want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	when := func(s v1alpha1.Sight, address string, age time.Duration) v1alpha1.Sight {
		s.Address, s.Time = address, metav1.NewTime(now.Add(-age))
		return s
	}
	own := at(public, v1alpha1.SeenOwn, public)
	inside := insideReport("w1", now)
	inside.Status.ServiceUID, inside.Status.PathDigest = "service", "path"
	old := v1alpha1.SourceIPReportStatus{ServiceUID: "service", PathDigest: "path",
		Sights: []v1alpha1.Sight{when(own, "a", time.Hour), when(forged(own, "", "X"), "a", time.Hour), when(own, "b", time.Hour), when(own, "c", 31*24*time.Hour)},
		Probes: []v1alpha1.ProbeCount{{Seen: v1alpha1.SeenOwn, Count: 5}}}
	result := Result{Sights: []v1alpha1.Sight{when(own, "a", 0)}, Inside: []*v1alpha1.SourceIPReport{inside}, Probes: map[v1alpha1.Seen]int64{v1alpha1.SeenOwn: 1, v1alpha1.SeenNobody: 2}}
	for name, row := range map[string]struct {
		change func(*v1alpha1.SourceIPReportStatus)
		want   string
	}{
		"the same path":      {change: func(*v1alpha1.SourceIPReportStatus) {}, want: "a0 b1"},
		"another Service":    {change: func(s *v1alpha1.SourceIPReportStatus) { s.ServiceUID = "other" }, want: "a0"},
		"another path":       {change: func(s *v1alpha1.SourceIPReportStatus) { s.PathDigest = "other" }, want: "a0"},
		"another stated one": {change: func(s *v1alpha1.SourceIPReportStatus) { s.StatedAddress = "203.0.113.9" }, want: "a0"},
	} {
		t.Run(name, func(t *testing.T) {
			before := *old.DeepCopy()
			row.change(&before)
			merged := Merge(before, result, "", now)
			var got []string
			for _, s := range merged.Sights {
				got = append(got, fmt.Sprintf("%s%.0f", s.Address, now.Sub(s.Time.Time).Hours()))
			}
			if strings.Join(got, " ") != row.want {
				t.Errorf("sights %v, want %s", got, row.want)
			}
			counts := []v1alpha1.ProbeCount{{Seen: v1alpha1.SeenOwn, Count: 6}, {Seen: v1alpha1.SeenNobody, Count: 2}}
			if diff := cmp.Diff(counts, merged.Probes); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
