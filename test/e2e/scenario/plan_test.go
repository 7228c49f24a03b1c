package scenario

import (
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// everyScenario calls f with all scenarios of the plan.
func everyScenario(f func(Group, Scenario)) {
	for _, phase := range Plan() {
		for _, group := range phase {
			for _, s := range group.Scenarios {
				f(group, s)
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
	for item := 1; item <= 8; item++ {
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
			if request.From == "" || request.To == "" || request.Forge == "" || (request.Sees == "") == (request.Status == 0) {
				t.Errorf("%s: incomplete: %+v", s.Name, request)
			}
		}
		hasObject := g.Object(s) != ""
		if hasObject == (len(s.Says) == 0) {
			t.Errorf("%s: there must be conditions exactly where there is an EdgeIngress", s.Name)
		}
	})
}

// What would hide a wrong True: an address that is lost, a condition that is True, and no word about why the objects cannot tell.
func TestALostAddressIsExplained(t *testing.T) {
	everyScenario(func(_ Group, s Scenario) {
		if s.Says[v1alpha1.ConditionSourceIPConfigured].Status != metav1.ConditionTrue || s.Beyond != "" {
			return
		}
		for _, request := range s.Requests {
			if request.Sees != TheSender && request.Sees != Nobody {
				t.Errorf("%s: SourceIPConfigured is to be True, the application is to see %s, and Beyond is empty", s.Name, request.Sees)
			}
		}
	})
}

func TestRecordedRowsNameTheLegs(t *testing.T) {
	everyScenario(func(_ Group, s Scenario) {
		if s.Item == 6 && (s.Beyond == "" || len(s.Legs) == 0) {
			t.Errorf("%s: what is lost outside of the objects needs Beyond and Legs", s.Name)
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

func TestRepaired(t *testing.T) {
	for _, test := range []struct {
		name  string
		deeds []Deed
		want  bool
	}{
		{"nothing was done", nil, false},
		{"a deed that is repaired", []Deed{PolicyToCluster}, true},
		{"a deed whose repair is refused", []Deed{RefuseServiceRepairs, PolicyToCluster}, false},
		{"a deed that lasts", []Deed{MasqueradeOnEdge}, false},
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
			statuses[request.Status] = true
		}
	})
	if !statuses[http.StatusOK] || !statuses[http.StatusServiceUnavailable] {
		t.Errorf("health checks must be seen with 200 and 503, got %v", statuses)
	}
}
