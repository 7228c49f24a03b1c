package table

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
)

// measured is a row in which the application saw who, with what the conditions said before and after.
func measured(who scenario.Who, nodes, before, after metav1.ConditionStatus) Row {
	preserved := func(status metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{Type: v1alpha1.ConditionSourceIPPreserved, Status: status, Reason: "Why"}
	}
	return Row{
		Scenario: scenario.Scenario{Says: scenario.Says{"": {}}},
		Observed: scenario.Observation{
			Conditions: []metav1.Condition{{Type: v1alpha1.ConditionNodesKeepSourceIP, Status: nodes, Reason: "Why"}, preserved(before)},
			Sights:     []scenario.Sight{seen(who)},
			Look:       &scenario.Look{After: []metav1.Condition{preserved(after)}},
		},
	}
}

const (
	isTrue  = metav1.ConditionTrue
	isFalse = metav1.ConditionFalse
	unknown = metav1.ConditionUnknown
)

func TestMatrices(t *testing.T) {
	for _, test := range []struct {
		name                 string
		row                  Row
		nodes, before, after string
	}{
		{name: "proven", row: measured(scenario.TheSender, isTrue, unknown, isTrue), nodes: "0 false True, 0 false False.", before: "0 false True, 0 false False.", after: "0 false True, 0 false False."},
		{name: "a loss on a node", row: measured(scenario.ANode, isFalse, isFalse, isFalse), nodes: "0 false True, 0 false False.", before: "0 false True, 0 false False.", after: "0 false True, 0 false False."},
		{name: "a loss on a node that nobody reports", row: measured(scenario.ANode, isTrue, unknown, isTrue), nodes: "1 false True, 0 false False.", before: "0 false True, 0 false False.", after: "1 false True, 0 false False."},
		{name: "a loss in front of the nodes", row: measured(scenario.TheNATRouter, isTrue, unknown, isFalse), nodes: "0 false True, 0 false False.", before: "0 false True, 0 false False.", after: "0 false True, 0 false False."},
		{name: "a loss in front for which the nodes are blamed", row: measured(scenario.TheNATRouter, isFalse, isFalse, isFalse), nodes: "0 false True, 1 false False.", before: "0 false True, 0 false False.", after: "0 false True, 0 false False."},
		{name: "a loss that is none", row: measured(scenario.TheSender, isFalse, isFalse, isFalse), nodes: "0 false True, 1 false False.", before: "0 false True, 1 false False.", after: "0 false True, 1 false False."},
		{name: "True where nothing arrives", row: measured(scenario.Nobody, isTrue, unknown, unknown), nodes: "0 false True, 0 false False.", before: "0 false True, 0 false False.", after: "0 false True, 0 false False."},
		{name: "False where nothing arrives", row: measured(scenario.Nobody, isFalse, isFalse, unknown), nodes: "0 false True, 1 false False.", before: "0 false True, 1 false False.", after: "0 false True, 0 false False."},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Matrices([]Row{test.row})
			if got[0].Summary() != test.nodes || got[1].Summary() != test.before || got[2].Summary() != test.after {
				t.Errorf("got %s %s %s", got[0].Summary(), got[1].Summary(), got[2].Summary())
			}
		})
	}
}

// A verdict that a vantage outside gave before the path changed counts as wrong only once one has looked again.
func TestVerdictsOfBeforeAreNotWrongYet(t *testing.T) {
	row := measured(scenario.TheNATRouter, isTrue, isTrue, isTrue)
	row.Scenario.Stale = "x"
	got := Matrices([]Row{row})
	if got[1].Wrong() || !strings.Contains(got[1].Text(), "1 True (older than what it is about)") || !got[2].Wrong() {
		t.Errorf("got %s%s", got[1].Text(), got[2].Text())
	}
	row.Scenario.Stale = ""
	if !Matrices([]Row{row})[1].Wrong() {
		t.Error("a True beside another address must be wrong")
	}
}

func TestMatrixAsText(t *testing.T) {
	rows := []Row{
		measured(scenario.TheSender, isTrue, unknown, isTrue), measured(scenario.TheSender, isTrue, unknown, isTrue), measured(scenario.ANode, isFalse, isFalse, isFalse),
		{Scenario: scenario.Scenario{Name: "without an EdgeIngress"}},
	}
	m := Matrices(rows)[1]
	for _, want := range []string{"| The application saw | True | False | Unknown Why |", "| the client | 0 | 0 | 2 |", "| another, of a node or pod | 0 | 1 | 0 |", "| nobody | 0 | 0 | 0 |"} {
		if !strings.Contains(m.Markdown(), want) {
			t.Errorf("%q is not in\n%s", want, m.Markdown())
		}
	}
	if want := "the application saw the client:                2 Unknown Why"; !strings.Contains(m.Text(), want) {
		t.Errorf("%q is not in\n%s", want, m.Text())
	}
	if m.Wrong() || !Matrices([]Row{measured(scenario.TheSender, isFalse, unknown, unknown)})[0].Wrong() {
		t.Error("exactly the matrix with a wrong verdict must be wrong")
	}
}
