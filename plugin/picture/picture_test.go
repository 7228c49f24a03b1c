package picture_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/plugin/picture"
)

var update = flag.Bool("update", false, "write the golden files")

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func ago(age time.Duration) metav1.Time { return metav1.NewTime(now.Add(-age)) }

// edge is an EdgeIngress with these conditions: type, status, reason and message of each.
func edge(conditions ...[4]string) *v1alpha1.EdgeIngress {
	e := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public", Generation: 3}}
	e.Status.Addresses = []string{"203.0.113.10"}
	e.Status.Nodes.Summary = "2/2"
	for _, c := range conditions {
		e.Status.Conditions = append(e.Status.Conditions, metav1.Condition{
			Type: c[0], Status: metav1.ConditionStatus(c[1]), Reason: c[2], Message: c[3], ObservedGeneration: 3})
	}
	return e
}

func sight(address string, scheme v1alpha1.Scheme, seen v1alpha1.Seen, at time.Duration) v1alpha1.Sight {
	port := int32(80)
	if scheme == v1alpha1.SchemeHTTPS {
		port = 443
	}
	return v1alpha1.Sight{Address: address, Port: port, Scheme: scheme, Family: "IPv4", Seen: seen, Repeated: 3, Time: ago(at)}
}

// inside is the report of the prober on worker-1 about two edge nodes. second is what it saw on the second one.
func inside(second v1alpha1.Seen, seenAddress string) v1alpha1.SourceIPReport {
	r := v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "public-inside-1"}}
	r.Spec = v1alpha1.SourceIPReportSpec{EdgeIngress: "public", Vantage: v1alpha1.VantageInside, Node: "worker-1"}
	r.Status.ServiceUID, r.Status.PathDigest = "service", "path"
	r.Status.Control = &v1alpha1.NegativeControl{Node: "worker-2", Time: ago(10 * time.Second)}
	for i, node := range []string{"edge-1", "edge-2"} {
		digit := string(rune('1' + i))
		r.Status.Controllers = append(r.Status.Controllers, v1alpha1.ReportedController{Name: "c-" + node, PodUID: "pod-" + "uid", Node: node, NodeUID: "node-uid"})
		for _, scheme := range []v1alpha1.Scheme{v1alpha1.SchemeHTTP, v1alpha1.SchemeHTTPS} {
			s := sight("10.0.0.1"+digit, scheme, v1alpha1.SeenOwn, 10*time.Second)
			s.Node, s.NodeUID, s.PodUID, s.Source = node, "node-uid", "pod-uid", "10.0.0.21"
			if i == 1 && second != v1alpha1.SeenOwn {
				s.Seen, s.SeenAddress = second, seenAddress
			}
			r.Status.Sights = append(r.Status.Sights, s)
		}
	}
	return r
}

// outside is the report of a machine with a public address.
func outside(seen v1alpha1.Seen, seenAddress string) v1alpha1.SourceIPReport {
	r := v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "public-outside"}}
	r.Spec = v1alpha1.SourceIPReportSpec{EdgeIngress: "public", Vantage: v1alpha1.VantageOutside}
	r.Status.ServiceUID, r.Status.PathDigest = "service", "path"
	for _, scheme := range []v1alpha1.Scheme{v1alpha1.SchemeHTTP, v1alpha1.SchemeHTTPS} {
		s := sight("203.0.113.10", scheme, seen, 3*time.Hour)
		s.Source, s.SeenAddress, s.Node, s.NodeUID, s.PodUID = "198.51.100.7", seenAddress, "edge-1", "node-uid", "pod-uid"
		r.Status.Sights = append(r.Status.Sights, s)
	}
	return r
}

const (
	preserved  = v1alpha1.ConditionSourceIPPreserved
	configured = v1alpha1.ConditionSourceIPConfigured
	headers    = v1alpha1.ConditionForwardedHeadersSafe
	nodesKeep  = "NodesKeepSourceIP"
)

// situations are pictures that users will see, by the name of their golden file.
func situations() map[string]picture.Picture {
	draw := func(e *v1alpha1.EdgeIngress, reports ...v1alpha1.SourceIPReport) picture.Picture {
		return picture.Draw(e, reports, now)
	}
	good := [4]string{nodesKeep, "True", "Measured", "All edge nodes keep the address."}
	safe := [4]string{headers, "True", "NothingTrusted", "No header is trusted."}
	objects := [4]string{configured, "True", "PathConfigured", "The objects let the address through."}
	unmeasured := [4]string{preserved, "Unknown", "NotMeasuredFromOutside", "No machine outside has measured the path yet. Run `kubectl edge-ingress verify public --save` on a machine outside the cluster."}
	old := edge([4]string{preserved, "True", "Measured", "Kept."}, good)
	old.Generation = 4
	return map[string]picture.Picture{
		"everything-measured": draw(edge([4]string{preserved, "True", "Measured", "Kept."}, good, safe, objects), inside(v1alpha1.SeenOwn, ""), outside(v1alpha1.SeenOwn, "198.51.100.7")),
		"nobody-outside-yet":  draw(edge(unmeasured, good, safe, objects), inside(v1alpha1.SeenOwn, "")),
		"masquerade-on-a-node": draw(edge(
			[4]string{preserved, "False", "NodeReplacesSourceIP", "edge-2: connections from 10.0.0.21 arrive as 10.244.2.1. Something on the node masquerades. Remove the rule."},
			[4]string{nodesKeep, "False", "NodeReplacesSourceIP", "edge-2: connections from 10.0.0.21 arrive as 10.244.2.1. Something on the node masquerades. Remove the rule."}, safe, objects),
			inside(v1alpha1.SeenOther, "10.244.2.1"), outside(v1alpha1.SeenOwn, "198.51.100.7")),
		"router-in-front": draw(edge(
			[4]string{preserved, "False", "FrontReplacesSourceIP", "198.51.100.7 arrived as 203.0.113.1 through 203.0.113.10. Let the router in front keep the source address."}, good, safe, objects),
			inside(v1alpha1.SeenOwn, ""), outside(v1alpha1.SeenOther, "203.0.113.1")),
		"balancer-replaces": draw(edge(
			[4]string{preserved, "False", "FrontReplacesSourceIP", "198.51.100.7 arrived as 203.0.113.10, the load balancer. Switch PROXY protocol on."}, good, safe, objects),
			inside(v1alpha1.SeenOwn, ""), outside(v1alpha1.SeenOther, "203.0.113.10")),
		"objects-lose-it": draw(edge(
			[4]string{preserved, "False", "PolicyCluster", "externalTrafficPolicy is Cluster. Set it to Local."}, good, safe,
			[4]string{configured, "False", "PolicyCluster", "externalTrafficPolicy is Cluster. Set it to Local."}), inside(v1alpha1.SeenOwn, "")),
		"forgery-believed": draw(edge([4]string{preserved, "Unknown", "ForgeryBelieved", "See ForwardedHeadersSafe."}, good,
			[4]string{headers, "False", "ForgeryBelieved", "A claimed address was believed. Let the proxy replace the header."}, objects),
			inside(v1alpha1.SeenOwn, ""), outside(v1alpha1.SeenForged, "")),
		"nothing-yet":             draw(&v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public"}}),
		"conditions-of-old-specs": draw(old),
	}
}

func TestPictures(t *testing.T) {
	for name, p := range situations() {
		path := filepath.Join("testdata", name+".golden")
		got := picture.Render(p, false)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: -want +got\n%s", name, diff)
		}
	}
}

func TestColourOnlyWhereAskedFor(t *testing.T) {
	for name, p := range situations() {
		if plain := picture.Render(p, false); strings.ContainsRune(plain, '\x1b') {
			t.Errorf("%s: without colour, the picture has escape sequences", name)
		}
		coloured := picture.Render(p, true)
		if !strings.Contains(coloured, "\x1b[3") {
			t.Errorf("%s: with colour, the picture has none", name)
		}
		for _, code := range []string{"\x1b[32m", "\x1b[31m", "\x1b[33m", "\x1b[0m"} {
			coloured = strings.ReplaceAll(coloured, code, "")
		}
		if coloured != picture.Render(p, false) {
			t.Errorf("%s: colour changes more than the colour", name)
		}
	}
}

func TestATerminalIsNotGivenControlCharacters(t *testing.T) {
	p := picture.Draw(edge([4]string{preserved, "False", "X", "clear \x1b[2J\u009b1m and ring \a"}), nil, now)
	if text := picture.Render(p, false); strings.ContainsAny(text, "\x1b\a\u009b") {
		t.Errorf("the picture passes them on: %q", text)
	}
}
