// Package table writes the table of scenarios: one row for each, with what the application saw and
// what the conditions said.
package table

import (
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
)

// Row is one scenario with what came of it.
type Row struct {
	Scenario scenario.Scenario
	Observed scenario.Observation
	// Wrong are the points in which the two disagree.
	Wrong []string
	// Notes are measurements that belong to the row.
	Notes []string
	// Took is how long it took to bring the scenario about, to look, and to undo it.
	Took time.Duration
}

// Agrees reports whether nothing is wrong.
func (r Row) Agrees() bool { return len(r.Wrong) == 0 }

var head = []string{"Scenario", "Sent from", "Seen by the application", "SourceIPConfigured", "NodesKeepSourceIP", "SourceIPPreserved", "ForwardedHeadersSafe", "Agrees?"}

// Markdown is the table with a summary above it.
func Markdown(rows []Row) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Scenarios\n\n%s\n\n", Summary(rows))
	writeLine(&out, head)
	out.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, row := range rows {
		writeLine(&out, row.cells("<br>"))
	}
	for _, m := range Matrices(rows) {
		out.WriteString("\n" + m.Markdown())
	}
	return out.String()
}

func writeLine(out *strings.Builder, cells []string) {
	for _, cell := range cells {
		fmt.Fprintf(out, "| %s ", strings.ReplaceAll(cell, "|", `\|`))
	}
	out.WriteString("|\n")
}

// Summary is one sentence.
func Summary(rows []Row) string {
	disagreements, recorded := 0, 0
	for _, row := range rows {
		if !row.Agrees() {
			disagreements++
		}
		if row.Scenario.Beyond != "" {
			recorded++
		}
	}
	return fmt.Sprintf("%d scenarios, %d disagreements. In %d the application sees another address than the client's and no object shows why, which is recorded.",
		len(rows), disagreements, recorded)
}

// Disagreements lists the rows that do not agree, or is empty.
func Disagreements(rows []Row) string {
	var out strings.Builder
	for _, row := range rows {
		if !row.Agrees() {
			out.WriteString(row.Line() + "\n")
		}
	}
	return out.String()
}

// Line returns the row in one line, for a person who watches.
func (r Row) Line() string {
	mark := "agrees   "
	if !r.Agrees() {
		mark = "DISAGREES"
	}
	line := fmt.Sprintf("%s %5.1fs  %d  %s", mark, r.Took.Seconds(), r.Scenario.Item, r.Scenario.Name)
	for _, note := range r.Notes {
		line += "\n                     " + note
	}
	for _, wrong := range r.Wrong {
		line += "\n                  !  " + wrong
	}
	return line
}

func (r Row) cells(lineBreak string) []string {
	name := fmt.Sprintf("%d. %s", r.Scenario.Item, r.Scenario.Name)
	from, seen := r.traffic()
	agrees := "yes"
	if !r.Agrees() {
		agrees = "**no**: " + strings.Join(r.Wrong, "; ")
	} else if r.Scenario.Beyond != "" {
		agrees = "yes, recorded: " + r.Scenario.Beyond
	}
	if len(r.Notes) > 0 {
		agrees += lineBreak + strings.Join(r.Notes, lineBreak)
	}
	return []string{
		name, strings.Join(from, lineBreak), strings.Join(seen, lineBreak),
		r.said(v1alpha1.ConditionSourceIPConfigured, lineBreak), r.said(v1alpha1.ConditionNodesKeepSourceIP, lineBreak),
		r.said(v1alpha1.ConditionSourceIPPreserved, lineBreak), r.said(v1alpha1.ConditionForwardedHeadersSafe, lineBreak),
		agrees,
	}
}

// traffic returns the requests and their results, line by line. Requests that differ only in the
// forgery share a line.
func (r Row) traffic() (from, seen []string) {
	behindController := r.Scenario.BehindController()
	var forged []string
	for i, request := range r.Scenario.Requests {
		if i >= len(r.Observed.Sights) {
			break
		}
		what := describe(r.Observed.Sights[i], behindController)
		forged = append(forged, string(request.Forge))
		if next := i + 1; next < len(r.Observed.Sights) {
			other := r.Scenario.Requests[next]
			if other.From == request.From && other.To == request.To && describe(r.Observed.Sights[next], behindController) == what {
				continue
			}
		}
		from = append(from, fmt.Sprintf("%s → %s (%s)", request.From, request.To, strings.Join(forged, ", ")))
		seen = append(seen, what)
		forged = nil
	}
	return from, seen
}

func describe(seen scenario.Sight, behindController bool) string {
	switch {
	case !seen.Reached:
		return fmt.Sprintf("%s (%s)", scenario.Nobody, seen.Ending)
	case !behindController:
		return string(seen.Peer)
	case seen.ForwardedFor == seen.RealIP:
		return string(seen.RealIP)
	}
	return fmt.Sprintf("X-Forwarded-For %s, X-Real-IP %s", seen.ForwardedFor, seen.RealIP)
}

// said is what a condition said before a vantage outside looked, and afterwards where that differs.
func (r Row) said(kind, lineBreak string) string {
	before := said(r.Observed.Conditions, kind)
	if r.Observed.Look == nil || said(r.Observed.Look.After, kind) == before {
		return before
	}
	return before + lineBreak + "then " + said(r.Observed.Look.After, kind)
}

func said(conditions []metav1.Condition, kind string) string {
	found := meta.FindStatusCondition(conditions, kind)
	if found == nil {
		return "–"
	}
	return string(found.Status) + " " + found.Reason
}
