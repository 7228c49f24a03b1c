package table

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

func seen(who scenario.Who) scenario.Sight {
	return scenario.Sight{Reached: who != scenario.Nobody, ForwardedFor: who, RealIP: who}
}

func sent(forgeries ...scenario.Forgery) []scenario.Request {
	var list []scenario.Request
	for _, forge := range forgeries {
		list = append(list, scenario.Request{From: scenario.FromClient, To: scenario.VIP, Forge: forge, Sees: scenario.TheSender})
	}
	return list
}

func TestMarkdown(t *testing.T) {
	configured := metav1.Condition{Type: v1alpha1.ConditionSourceIPConfigured, Status: metav1.ConditionTrue, Reason: "PreservedByLocalPolicy"}
	nodesUnknown := metav1.Condition{Type: v1alpha1.ConditionNodesKeepSourceIP, Status: metav1.ConditionUnknown, Reason: "NotMeasured"}
	rows := []Row{
		{
			Scenario: scenario.Scenario{Name: "clients connect directly", Item: 3, Requests: sent(scenario.Plain, scenario.ForgedRealIP), Says: scenario.Says{v1alpha1.ConditionSourceIPConfigured: {}}},
			Observed: scenario.Observation{
				Conditions: []metav1.Condition{configured, nodesUnknown, {Type: v1alpha1.ConditionSourceIPPreserved, Status: metav1.ConditionUnknown, Reason: "NotMeasured"}},
				Sights:     []scenario.Sight{seen(scenario.TheSender), seen(scenario.TheSender)},
				Look:       &scenario.Look{After: []metav1.Condition{configured, nodesUnknown, {Type: v1alpha1.ConditionSourceIPPreserved, Status: metav1.ConditionTrue, Reason: "Measured"}}},
			},
		},
		{
			Scenario: scenario.Scenario{Name: "a router masquerades", Item: 6, Requests: sent(scenario.Plain, scenario.ForgedRealIP), Beyond: "a router"},
			Observed: scenario.Observation{Sights: []scenario.Sight{{Reached: true, Peer: scenario.TheNATRouter}, {Ending: scenario.Ending{Outcome: traffic.Answered, Status: 400}}}},
			Wrong:    []string{"this | that"}, Notes: []string{"it took 5 s"},
		},
	}
	text := Markdown(rows)
	for _, want := range []string{
		"2 scenarios, 1 disagreements. In 1 the application sees another address",
		"| 3. clients connect directly | client → VIP (plain, X-Real-IP) | sender | True PreservedByLocalPolicy | Unknown NotMeasured | Unknown NotMeasured<br>then True Measured | – | yes |",
		"client → VIP (plain)<br>client → VIP (X-Real-IP) | NAT router<br>nobody (HTTP 400)",
		"## SourceIPPreserved afterwards",
		`**no**: this \| that<br>it took 5 s |`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestDisagreementsListsOnlyRowsThatAreWrong(t *testing.T) {
	right := Row{Scenario: scenario.Scenario{Name: "one that agrees"}}
	wrong := Row{Scenario: scenario.Scenario{Name: "one that does not"}, Wrong: []string{"Ready is True"}}
	if text := Disagreements([]Row{right, right}); text != "" {
		t.Errorf("got %q although all rows agree", text)
	}
	text := Disagreements([]Row{right, wrong})
	if strings.Contains(text, right.Scenario.Name) || !strings.Contains(text, wrong.Scenario.Name) || !strings.Contains(text, "!  Ready is True") {
		t.Errorf("got\n%s", text)
	}
}

func TestLine(t *testing.T) {
	row := Row{Scenario: scenario.Scenario{Name: "a name", Item: 2}, Took: 1500 * time.Millisecond}
	if got := row.Line(); got != "agrees      1.5s  2  a name" {
		t.Errorf("got %q", got)
	}
	row.Wrong = []string{"a reason"}
	if got := row.Line(); !strings.HasPrefix(got, "DISAGREES") || !strings.Contains(got, "!  a reason") {
		t.Errorf("got %q", got)
	}
}
