package look

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

func TestOnlyControllersOfThisEdgeIngressCount(t *testing.T) {
	inside := &v1alpha1.SourceIPReport{}
	inside.Status.Controllers = []v1alpha1.ReportedController{{}, {Name: "mine", PodUID: "pod", Node: "edge-1", NodeUID: "node"}}
	for name, row := range map[string]struct {
		pod, saw string
		want     v1alpha1.Seen
		node     string
	}{
		"one of its own":                     {pod: "mine", saw: public, want: v1alpha1.SeenOwn, node: "edge-1"},
		"one of its own, which sees another": {pod: "mine", saw: private, want: v1alpha1.SeenOther, node: "edge-1"},
		"one of another EdgeIngress":         {pod: "other", saw: public, want: v1alpha1.SeenElsewhere},
		"one of another, which sees another": {pod: "other", saw: private, want: v1alpha1.SeenElsewhere},
		"one of another, which believes":     {pod: "other", saw: "192.0.2.1", want: v1alpha1.SeenElsewhere},
		"one without a name":                 {saw: public, want: v1alpha1.SeenElsewhere},
	} {
		t.Run(name, func(t *testing.T) {
			reply := probe.Reply{Local: netip.MustParseAddrPort(public + ":40000"), Answer: answer.Answer{Pod: row.pod, RealIP: row.saw, ForwardedFor: row.saw}}
			forgery := probe.Forgery{Claims: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
			got := sightOf(Target{IP: netip.MustParseAddr("203.0.113.10")}, forgery, reply, Permit{Inside: inside})
			if got.Seen != row.want || got.Node != row.node || (row.want == v1alpha1.SeenElsewhere) != (got.Detail == "UnknownController") {
				t.Errorf("seen %s at node %q (%s), want %s at node %q", got.Seen, got.Node, got.Detail, row.want, row.node)
			}
		})
	}
}

func TestEveryReportWithAUsedChallengeIsNoted(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	first, later := insideReport("w1", now, "a"), insideReport("w1", now, "b")
	r := &run{permits: &permits{
		reports: func(context.Context) ([]v1alpha1.SourceIPReport, error) {
			return []v1alpha1.SourceIPReport{*later}, nil
		},
		now: func() time.Time { return now }, spent: map[string]bool{},
	}}
	r.permits.fill(first)
	r.permits.stock = r.permits.stock[:2]
	for range 4 {
		if _, err := r.permit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.inside) != 2 || r.inside[0] != first || r.inside[1].Status.Challenges[0].Nonce != "b" {
		t.Errorf("noted are %+v", r.inside)
	}
}

func TestChanged(t *testing.T) {
	report := func(node, service, path string) *v1alpha1.SourceIPReport {
		r := insideReport(node, time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC), "n")
		r.Status.ServiceUID, r.Status.PathDigest = types.UID(service), path
		return r
	}
	list := func(all ...*v1alpha1.SourceIPReport) []*v1alpha1.SourceIPReport { return all }
	for name, row := range map[string]struct {
		used, after []*v1alpha1.SourceIPReport
		want        string
	}{
		"nothing was used":               {after: list(report("w1", "s", "p"))},
		"nothing changed":                {used: list(report("w1", "s", "p")), after: list(report("w1", "s", "p"))},
		"two probers say the same":       {used: list(report("w1", "s", "p"), report("w2", "s", "p")), after: list(report("w1", "s", "p"), report("w2", "s", "p"))},
		"another Service":                {used: list(report("w1", "s", "p")), after: list(report("w1", "t", "p")), want: "the Service was replaced"},
		"another path":                   {used: list(report("w1", "s", "p")), after: list(report("w1", "s", "q")), want: "the Service or the spec changed"},
		"another path in the middle":     {used: list(report("w1", "s", "p"), report("w1", "s", "q")), after: list(report("w1", "s", "q")), want: "the Service or the spec changed"},
		"another path, and back":         {used: list(report("w1", "s", "p"), report("w1", "s", "q"), report("w1", "s", "p")), after: list(report("w1", "s", "p")), want: "the Service or the spec changed"},
		"another path of another prober": {used: list(report("w1", "s", "p"), report("w2", "s", "q")), after: list(report("w1", "s", "p"), report("w2", "s", "q")), want: "the Service or the spec changed"},
		"another path in the report that was used first": {
			used: list(report("w1", "s", "p"), report("w2", "s", "p")), after: list(report("w1", "s", "q"), report("w2", "s", "p")), want: "the Service or the spec changed"},
		"the prober moved":                   {used: list(report("w1", "s", "p")), after: list(report("w2", "s", "p"))},
		"the prober moved, and another path": {used: list(report("w1", "s", "p")), after: list(report("w2", "s", "q")), want: "the Service or the spec changed"},
		"no report is left":                  {used: list(report("w1", "s", "p")), want: "the prober's reports were deleted"},
	} {
		t.Run(name, func(t *testing.T) {
			var after []v1alpha1.SourceIPReport
			for _, r := range row.after {
				after = append(after, *r)
			}
			if got := Changed(row.used, after); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func TestOneMeasurementUsesOneOfTheChallenges(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	report := insideReport("w1", now, "a", "b")
	p := &permits{
		reports: func(context.Context) ([]v1alpha1.SourceIPReport, error) {
			return []v1alpha1.SourceIPReport{*report}, nil
		},
		now: func() time.Time { return now }, spent: map[string]bool{},
	}
	used := map[string]int{}
	for range 2 * answer.PerChallenge {
		permit, err := p.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if used[permit.Token.Nonce]++; len(used) == 2 && (used["a"] < answer.PerChallenge && used["b"] < answer.PerChallenge) {
			t.Fatalf("%v requests used a challenge each before one was used up", used)
		}
	}
	if used["a"] != answer.PerChallenge || used["b"] != answer.PerChallenge {
		t.Errorf("the requests used %v", used)
	}
}
