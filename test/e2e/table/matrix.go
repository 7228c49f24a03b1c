package table

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
)

// Matrix is a confusion matrix: how often a condition had each value, by what the application saw.
type Matrix struct {
	// Name says which condition, and when.
	Name string
	// FalseTrue and FalseFalse are the numbers of scenarios in which the condition is wrong.
	FalseTrue, FalseFalse int

	counts map[scenario.Saw]map[string]int
}

// Matrices are those of the conditions that measure, over all scenarios with an EdgeIngress.
func Matrices(rows []Row) []Matrix {
	after := func(r Row) []metav1.Condition {
		if r.Observed.Look == nil {
			return nil
		}
		return r.Observed.Look.After
	}
	before := func(r Row) []metav1.Condition { return r.Observed.Conditions }
	nodes, preserved := v1alpha1.ConditionNodesKeepSourceIP, v1alpha1.ConditionSourceIPPreserved
	onNode := func(saw scenario.Saw) bool { return saw == scenario.SawNode }
	notClient := func(saw scenario.Saw) bool { return saw != scenario.SawClient }
	return []Matrix{
		subject{nodes, nodes, before, onNode, onNode, true}.count(rows),
		subject{preserved + " before a vantage outside has looked", preserved, before, notClient, scenario.Saw.Lost, false}.count(rows),
		subject{preserved + " afterwards", preserved, after, notClient, scenario.Saw.Lost, true}.count(rows),
	}
}

// subject is what a matrix is about.
type subject struct {
	name, condition string
	at              func(Row) []metav1.Condition
	// refutes reports whether the condition must not be True beside what the application saw, and explains
	// whether it may be False.
	refutes, explains func(scenario.Saw) bool
	// fresh is set where a verdict may not be older than what it is about.
	fresh bool
}

func (u subject) count(rows []Row) Matrix {
	m := Matrix{Name: u.name, counts: map[scenario.Saw]map[string]int{}}
	for _, row := range rows {
		if !row.Scenario.BehindController() {
			continue
		}
		saw, verdict := row.Observed.Saw(), "not observed"
		if found := meta.FindStatusCondition(u.at(row), u.condition); found != nil {
			verdict = string(found.Status)
			switch {
			case found.Status == metav1.ConditionUnknown:
				verdict += " " + found.Reason
			case row.Scenario.Stale != "" && !u.fresh:
				verdict += " (older than what it is about)"
			case found.Status == metav1.ConditionTrue && u.refutes(saw):
				m.FalseTrue++
			case found.Status == metav1.ConditionFalse && !u.explains(saw):
				m.FalseFalse++
			}
		}
		if m.counts[saw] == nil {
			m.counts[saw] = map[string]int{}
		}
		m.counts[saw][verdict]++
	}
	return m
}

// verdicts are the columns: True and False always, and each kind of Unknown that was seen.
func (m Matrix) verdicts() []string {
	others := map[string]bool{}
	for _, counts := range m.counts {
		for verdict := range counts {
			if verdict != string(metav1.ConditionTrue) && verdict != string(metav1.ConditionFalse) {
				others[verdict] = true
			}
		}
	}
	return slices.Concat([]string{string(metav1.ConditionTrue), string(metav1.ConditionFalse)}, slices.Sorted(maps.Keys(others)))
}

// Markdown is the matrix with a heading.
func (m Matrix) Markdown() string {
	var out strings.Builder
	fmt.Fprintf(&out, "## %s\n\n%s\n\n", m.Name, m.Summary())
	verdicts := m.verdicts()
	writeLine(&out, append([]string{"The application saw"}, verdicts...))
	out.WriteString("|---" + strings.Repeat("|---:", len(verdicts)) + "|\n")
	for _, saw := range scenario.AllSaw() {
		cells := []string{string(saw)}
		for _, verdict := range verdicts {
			cells = append(cells, strconv.Itoa(m.counts[saw][verdict]))
		}
		writeLine(&out, cells)
	}
	return out.String()
}

// Text is the matrix for a terminal.
func (m Matrix) Text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s\n", m.Name, m.Summary())
	for _, saw := range scenario.AllSaw() {
		var parts []string
		for _, verdict := range m.verdicts() {
			if n := m.counts[saw][verdict]; n > 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, verdict))
			}
		}
		fmt.Fprintf(&out, "  the application saw %-26s %s\n", string(saw)+":", strings.Join(parts, ", "))
	}
	return out.String()
}

// Summary is the number of wrong verdicts.
func (m Matrix) Summary() string {
	return fmt.Sprintf("%d false True, %d false False.", m.FalseTrue, m.FalseFalse)
}

// Wrong reports whether a verdict contradicts what the application saw.
func (m Matrix) Wrong() bool { return m.FalseTrue+m.FalseFalse > 0 }
