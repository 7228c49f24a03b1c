package upgrade

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/loss"
)

var head = []string{
	"Way", "Step", "New: sent", "New: lost", "Kept: sent", "Kept: lost", "Controller pods replaced",
	"Every status written after", "Measured again after", "Guarded", "Objects changed", "Result",
}

// Markdown is the table of all steps.
func Markdown(p Pair, steps []Step) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Upgrades under load\n\nFrom %s as %s to %s as %s. %s\n\n%s\n",
		p.Older.Revision, p.Older.Version, p.This.Revision, p.This.Version, p.guards(), explanation)
	out.WriteString("| " + strings.Join(head, " | ") + " |\n" + strings.Repeat("|---", len(head)) + "|\n")
	for _, t := range steps {
		out.WriteString("| " + strings.Join(t.cells(), " | ") + " |\n")
	}
	for _, t := range steps {
		for _, line := range slices.Concat(t.Changed, t.Replaced, t.Problems()) {
			fmt.Fprintf(&out, "\n- %s, %s: %s", t.Way, t.Name, line)
		}
	}
	out.WriteString("\n")
	return out.String()
}

// guards says how the policies of the two versions differ.
func (p Pair) guards() string {
	switch {
	case !p.Older.hasGuard():
		return "The version before has no policies of the guard."
	case p.This.inForce(p.Older.policies):
		return "Both have the same policies of the guard."
	}
	return "Their policies of the guard differ."
}

const explanation = `Each way begins with the version before and three EdgeIngress objects behind MetalLB: a DaemonSet on two nodes, a Deployment with two
replicas on three, and a DaemonSet in a namespace that the operator did not create. Clients outside send requests through MetalLB and
through a haproxy, on new connections and on kept ones (docs/real-packets.md). *Every status written* is when the operator that came
leads and has written every status for a spec that was changed since. *Measured again* is when its prober has since asked every node
with a controller. *Guarded* is what this condition said of each EdgeIngress when the operator led, and after what is beside a bundle.

A request on a kept connection counts as lost, except where an engine that loads its settings again closed the connection. That
happens when the operator is removed, since its witness goes, and when it comes back. An upgrade has no such excuse.
`

// Problems are the reasons why a step is not as promised.
func (t Step) Problems() []string {
	problems := slices.Clone(t.Wrong)
	for _, o := range t.Observations {
		for _, problem := range o.Problems() {
			problems = append(problems, o.Event+": "+problem)
		}
	}
	if len(t.Observations) == 0 {
		problems = append(problems, "nothing was measured")
	}
	if t.Control && len(t.Replaced) == 0 {
		problems = append(problems, "all controllers were killed, and none counts as replaced")
	}
	if !t.Control {
		for _, pod := range t.Replaced {
			problems = append(problems, "pod "+pod+" was replaced")
		}
	}
	return problems
}

// Problems are those of all steps, and that the load saw nothing where something was lost.
func Problems(steps []Step) []string {
	var problems []string
	var observations []loss.Observation
	controlled := false
	for _, t := range steps {
		for _, problem := range t.Problems() {
			problems = append(problems, t.Way+", "+t.Name+": "+problem)
		}
		if t.Control {
			controlled = true
			observations = append(observations, t.Observations...)
		}
	}
	if !controlled {
		problems = append(problems, "no controllers were killed for comparison")
	}
	for _, problem := range loss.Problems(observations) {
		if !slices.ContainsFunc(problems, func(p string) bool { return strings.HasSuffix(p, problem) }) {
			problems = append(problems, problem)
		}
	}
	return problems
}

// sums are the numbers of a step.
type sums struct{ sent, lost, kept, broken int }

func (t Step) sums() sums {
	var s sums
	for _, o := range t.Observations {
		for _, target := range o.Result.Targets {
			s.sent += target.New.Sent
			s.lost += target.New.Lost()
			s.kept += target.Kept.Sent
		}
		s.broken += o.BrokenEarly()
	}
	return s
}

func (t Step) cells() []string {
	s := t.sums()
	return []string{t.Way, t.Name, fmt.Sprint(s.sent), fmt.Sprint(s.lost), fmt.Sprint(s.kept), fmt.Sprint(s.broken), fmt.Sprint(len(t.Replaced)),
		after(t.Served), after(t.Measured), t.guarded(), fmt.Sprint(len(t.Changed)), t.result()}
}

// guarded is what the condition said, in its order.
func (t Step) guarded() string {
	if len(t.Guarded) == 0 {
		return none
	}
	return strings.Join(slices.Compact(slices.Clone(t.Guarded)), ", then ")
}

func (t Step) result() string {
	switch {
	case len(t.Problems()) > 0:
		return "**failed**"
	case t.Control:
		return "comparison"
	}
	return "holds"
}

// none is what a table says where there is no value.
const none = "–"

// after is a duration, or a dash where there is none.
func after(d time.Duration) string {
	if d == 0 {
		return none
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// Text is a step for a person who watches.
func (t Step) Text() string {
	var out strings.Builder
	s := t.sums()
	fmt.Fprintf(&out, "%-10s %s: %s; new %d, lost %d; kept %d, lost %d; %d controller pods replaced, %d objects changed; status after %s, measured after %s; Guarded: %s\n",
		strings.Trim(t.result(), "*"), t.Way, t.Name, s.sent, s.lost, s.kept, s.broken, len(t.Replaced), len(t.Changed), after(t.Served), after(t.Measured), t.guarded())
	for _, line := range slices.Concat(t.Changed, t.Problems()) {
		out.WriteString("           " + line + "\n")
	}
	return out.String()
}
