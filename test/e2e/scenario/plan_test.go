package scenario

import (
	"net/http"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// everyScenario calls f with all scenarios of the plan, each step as one of its own.
func everyScenario(f func(Group, Scenario)) {
	for _, phase := range Plan() {
		for _, group := range phase {
			for _, s := range group.Scenarios {
				for _, part := range s.Parts() {
					f(group, part)
				}
			}
		}
	}
}

func TestEveryItemOfTheIssueIsThere(t *testing.T) {
	items, count := map[int]int{}, 0
	everyScenario(func(_ Group, s Scenario) { items[s.Item]++; count++ })
	if count < 36 {
		t.Errorf("there are %d scenarios, want 36 at least", count)
	}
	for item := 1; item <= 9; item++ {
		if items[item] == 0 {
			t.Errorf("there is no scenario for item %d", item)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	everyScenario(func(_ Group, s Scenario) {
		if s.Name == "" || seen[s.Name] {
			t.Errorf("the name %q is empty or there twice", s.Name)
		}
		seen[s.Name] = true
	})
}

func TestEveryScenarioSendsRequestsAndExpectsSomething(t *testing.T) {
	everyScenario(func(g Group, s Scenario) {
		if len(s.Requests) == 0 {
			t.Errorf("%s: there are no requests", s.Name)
		}
		for _, request := range s.Requests {
			if request.From == "" || request.To == "" || request.Forge == "" || request.Sees == "" {
				t.Errorf("%s: incomplete: %+v", s.Name, request)
			}
			if (request.Sees == Nobody) == (request.Instead == Ending{}) {
				t.Errorf("%s: it must be said what comes of a request exactly where the application sees nothing of it: %+v", s.Name, request)
			}
		}
		if hasObject := g.Object(s) != ""; hasObject != s.BehindController() {
			t.Errorf("%s: there must be conditions exactly where there is an EdgeIngress", s.Name)
		}
	})
}

// A recorded row with a lost address, a True condition and no explanation would hide a wrong True.
// An explanation that is not needed hides nothing now and may do so later.
func TestRowsAreRecordedExactlyWhereAnAddressIsLostBesideTrue(t *testing.T) {
	everyScenario(func(_ Group, s Scenario) {
		lost := slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Sees != TheSender && r.Sees != Nobody })
		isTrue := s.Says[v1alpha1.ConditionSourceIPConfigured].Status == metav1.ConditionTrue
		if recorded := s.Beyond != ""; recorded != (lost && isTrue) {
			t.Errorf("%s: SourceIPConfigured is to be True: %t, an address is lost: %t, recorded: %t", s.Name, isTrue, lost, recorded)
		}
	})
}

func TestRecordedRowsNameTheLegs(t *testing.T) {
	everyScenario(func(_ Group, s Scenario) {
		_, decided := s.Says[v1alpha1.ConditionNodesKeepSourceIP]
		if s.Item == 6 && s.Beyond != "" && len(s.Legs) == 0 && !decided && !s.Step {
			t.Errorf("%s: what is lost outside of the objects needs Legs, or a verdict about the nodes", s.Name)
		}
	})
}

func TestForgedAddressesOnlyWhereItIsNotSafe(t *testing.T) {
	everyScenario(func(_ Group, s Scenario) {
		for _, request := range s.Requests {
			if request.Sees == TheForged && s.Says[v1alpha1.ConditionForwardedHeadersSafe].Status == metav1.ConditionTrue {
				t.Errorf("%s: a forged address is to be seen where ForwardedHeadersSafe is to be True", s.Name)
			}
		}
	})
}

// Explanations excuse a verdict that is missing or old, so each must be needed, and few may exist.
func TestExplanationsAreRare(t *testing.T) {
	undecided, unmeasured := 0, 0
	everyScenario(func(_ Group, s Scenario) {
		arrives := slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Forge == Plain && r.Sees == TheSender })
		if s.Undecided != "" {
			undecided++
			if !arrives {
				t.Errorf("%s: where no plain request shows the client, nothing has to be explained", s.Name)
			}
		}
		if s.Unmeasured != "" {
			unmeasured++
		}
		if s.Stale != "" && !s.Step {
			t.Errorf("%s: only a step can have a verdict that is older", s.Name)
		}
	})
	if unmeasured > 1 {
		t.Errorf("%d rows explain why nodes are not measured, want the one without a witness", unmeasured)
	}
	if undecided > 12 {
		t.Errorf("%d rows explain why SourceIPPreserved is not decided, want 12 at most", undecided)
	}
}

// cell is one combination that item 3 of the issue asks for.
type cell struct {
	// header and proxyProtocol are the addresses from which each is trusted; empty where it is not.
	header, proxyProtocol v1alpha1.CIDR
	from                  Sender
	to                    Front
	forge                 Forgery
}

// cellOf returns the place of a scenario's request, according to its spec and not its name.
func cellOf(s Scenario, r Request) cell {
	c := cell{from: r.From, to: r.To, forge: r.Forge}
	if s.Spec.ClientIP == nil {
		return c
	}
	if header := s.Spec.ClientIP.ForwardedHeader; header != nil {
		c.header = header.TrustedCIDRs[0]
	}
	if proxy := s.Spec.ClientIP.ProxyProtocol; proxy != nil {
		c.proxyProtocol = proxy.TrustedCIDRs[0]
	}
	return c
}

// everyCell is the product of trust, trusted range, front and forgery.
func everyCell() []cell {
	trusts := []cell{
		{},
		{header: BalancerCIDR}, {header: OtherCIDR},
		{proxyProtocol: BalancerCIDR}, {proxyProtocol: OtherCIDR},
		{header: BalancerCIDR, proxyProtocol: BalancerCIDR}, {header: OtherCIDR, proxyProtocol: OtherCIDR},
	}
	fronts := []Front{VIP, HTTPAppending, HTTPUnchanged, HTTPReplacing, TCPProxy, TCPProxyV1, TCPProxyV2}
	forgeries := []Forgery{Plain, ForgedForwardedFor, ForgedRealIP, ForgedForwarded, ForgedInternal, ForgedProxyV1, ForgedProxyV2}
	var cells []cell
	for _, c := range trusts {
		for _, c.to = range fronts {
			for _, c.forge = range forgeries {
				c.from = FromClient
				cells = append(cells, c)
			}
		}
	}
	return cells
}

// leftOut is why a cell is not there; empty where it must be.
func leftOut(c cell) string {
	toHTTP := c.to == HTTPAppending || c.to == HTTPUnchanged || c.to == HTTPReplacing
	if toHTTP && (c.forge == ForgedProxyV1 || c.forge == ForgedProxyV2) {
		return "what precedes a request ends at a proxy that reads HTTP: it answers 400 itself, and nothing of it reaches the controller"
	}
	return ""
}

func TestTheMatrixIsComplete(t *testing.T) {
	there := map[cell]string{}
	everyScenario(func(_ Group, s Scenario) {
		named := s.Spec != nil && s.Spec.ClientIP != nil && s.Spec.ClientIP.ForwardedHeader != nil && s.Spec.ClientIP.ForwardedHeader.Header != ""
		if s.Item != 3 || named {
			return
		}
		for _, request := range s.Requests {
			there[cellOf(s, request)] = s.Name
		}
	})
	cells, missing := everyCell(), 0
	for _, c := range cells {
		name, reason := there[c], leftOut(c)
		if (name == "") == (reason == "") {
			t.Errorf("%+v: it is in scenario %q, and the reason for leaving it out is %q", c, name, reason)
		}
		if reason != "" {
			missing++
		}
	}
	if len(cells) != 7*7*7 || missing != 7*3*2 {
		t.Errorf("there are %d cells of which %d are left out, want %d and %d", len(cells), missing, 7*7*7, 7*3*2)
	}
}

// A change of the configuration takes seconds, a request none.
func TestRowsWithTheSameSpecFollowEachOther(t *testing.T) {
	changes := 0
	var last *v1alpha1.EdgeIngressSpec
	for _, row := range matrix() {
		if last == nil || !equality.Semantic.DeepEqual(last, row.Spec) {
			changes++
		}
		last = row.Spec
	}
	// Seven values of clientIP, and three of a header with another claim about the proxies.
	if changes != 10 {
		t.Errorf("the matrix changes the spec %d times, want 10", changes)
	}
}

func TestChosen(t *testing.T) {
	plan := [][]Group{
		{{Name: "a", Scenarios: []Scenario{{Name: "one"}, {Name: "two"}}}, {Name: "b", Scenarios: []Scenario{{Name: "three"}}}},
		{{Name: "c", Scenarios: []Scenario{{Name: "four"}}}},
	}
	chosen := Chosen(plan, func(s Scenario) bool { return s.Name == "two" })
	if len(chosen) != 1 || len(chosen[0]) != 1 || len(chosen[0][0].Scenarios) != 1 || chosen[0][0].Scenarios[0].Name != "two" {
		t.Errorf("got %+v, want the scenario two alone", chosen)
	}
	if len(plan[0][0].Scenarios) != 2 {
		t.Error("the plan itself was changed")
	}
}

func TestObjects(t *testing.T) {
	got := Objects([][]Group{
		{{EdgeIngress: "a", Scenarios: []Scenario{{}, {EdgeIngress: "b"}}}, {Scenarios: []Scenario{{}}}},
		{{EdgeIngress: "a", Scenarios: []Scenario{{}}}, {EdgeIngress: "unused"}},
	})
	if !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %v, want a and b", got)
	}
}

func TestRepaired(t *testing.T) {
	for _, test := range []struct {
		name  string
		deeds []Deed
		want  bool
	}{
		{name: "nothing was done", deeds: nil, want: false},
		{name: "a deed that is repaired", deeds: []Deed{PolicyToCluster}, want: true},
		{name: "a deed whose repair is refused", deeds: []Deed{RefuseServiceRepairs, PolicyToCluster}, want: false},
		{name: "a deed that lasts", deeds: []Deed{MasqueradeOnEdge}, want: false},
	} {
		if got := (Scenario{Deeds: test.deeds}).Repaired(); got != test.want {
			t.Errorf("%s: got %t, want %t", test.name, got, test.want)
		}
	}
}

func TestHealthCheckStatusesAreTold(t *testing.T) {
	statuses := map[int]bool{}
	everyScenario(func(_ Group, s Scenario) {
		for _, request := range s.Requests {
			if s.Item == 1 {
				statuses[request.Instead.Status] = true
			}
		}
	})
	if !statuses[http.StatusOK] || !statuses[http.StatusServiceUnavailable] {
		t.Errorf("health checks must be seen with 200 and 503, got %v", statuses)
	}
}
