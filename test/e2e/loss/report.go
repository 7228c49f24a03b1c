package loss

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic/load"
)

var head = []string{
	"Event", "Through", "New: sent", "New: lost", "Cut by the move", "Longest without an answer", "Slow connects",
	"Kept: sent", "Lost before release", "Lost after", "Reset while idle, before / after release", "Closed idle", "Result",
}

// Markdown is the table of all events.
func Markdown(observations []Observation) string {
	var out strings.Builder
	fmt.Fprintf(&out, "# Requests lost\n\n%s\n\n", Summary(observations))
	out.WriteString(explanation)
	writeLine(&out, head)
	out.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, o := range observations {
		for i, cells := range o.rows() {
			if i > 0 {
				cells[0] = ""
			}
			writeLine(&out, cells)
		}
	}
	out.WriteString("\n## Course of events\n\n")
	for _, o := range observations {
		fmt.Fprintf(&out, "- **%s**: %s\n", o.Event, strings.Join(o.course(), "; "))
	}
	return out.String()
}

const explanation = `New connections are opened at a constant rate, whatever becomes of them, one request on each. Kept connections have a request every few hundred milliseconds.
A kept connection may break once its node is *released*: when the address has moved to another node, at the latest when a controller that was told to end has
served for as long as it promises. *Cut by the move* are those of the lost new connections that were open already when the address moved, and went on to a node that does not
know them. Slow connects are those whose first packet was lost and sent again after a second; they are not lost.

`

// Summary is one sentence.
func Summary(observations []Observation) string {
	claimed, sent, lost, cut := 0, 0, 0, 0
	for _, o := range observations {
		if o.Claim != NothingLost {
			continue
		}
		claimed++
		for _, target := range o.Result.Targets {
			sent += target.New.Sent
			lost += target.New.Lost()
			cut += o.cut(target)
		}
	}
	problems := len(Problems(observations))
	return fmt.Sprintf("%d events in which nothing may be lost: %d of %d new connections were lost, and %d were cut by an address that moved. %d problems.",
		claimed, lost-cut, sent, cut, problems)
}

func writeLine(out *strings.Builder, cells []string) {
	for _, cell := range cells {
		fmt.Fprintf(out, "| %s ", strings.ReplaceAll(cell, "|", `\|`))
	}
	out.WriteString("|\n")
}

func (o Observation) rows() [][]string {
	var rows [][]string
	for _, target := range o.Result.Targets {
		broken, ended := o.broken(target), target.Connections
		rows = append(rows, []string{
			o.Event, target.Name, fmt.Sprint(target.New.Sent), lostBy(target.New), fmt.Sprint(o.cut(target)), seconds(target.New.LongestGap.Length), target.New.SlowConnects.String(),
			fmt.Sprint(target.Kept.Sent), fmt.Sprint(broken.Early), fmt.Sprint(broken.Late),
			fmt.Sprintf("%d / %d", broken.EarlyIdle, broken.LateIdle), fmt.Sprint(ended.Announced + ended.Idle), o.outcome(),
		})
	}
	return rows
}

// lostBy is how many were lost, with the causes.
func lostBy(tally load.Tally) string {
	if tally.Lost() == 0 {
		return "0"
	}
	var causes []string
	for _, cause := range slices.Sorted(maps.Keys(tally.Failed)) {
		causes = append(causes, fmt.Sprintf("%d %s", tally.Failed[cause], cause))
	}
	return fmt.Sprintf("**%d** (%s)", tally.Lost(), strings.Join(causes, ", "))
}

func (o Observation) outcome() string {
	switch {
	case len(o.Problems()) > 0:
		return "**failed**"
	case o.Claim == NothingLost:
		return "holds"
	}
	return string(o.Claim)
}

// course tells what happened when, in seconds since the event began.
func (o Observation) course() []string {
	type moment struct {
		at   time.Time
		text string
	}
	began := o.Result.Began
	if len(o.Result.Marks) > 0 {
		began = began.Add(o.Result.Marks[0].At)
	}
	var moments []moment
	for _, move := range o.Moves {
		moments = append(moments, moment{move.At, "the address moved to " + move.To})
	}
	for _, at := range o.Drained {
		moments = append(moments, moment{at, "a controller had served to the end of its drain"})
	}
	if !o.Crashed.IsZero() {
		moments = append(moments, moment{o.Crashed, "the node crashed"})
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
	course := []string{"took " + seconds(o.Took)}
	for _, m := range moments {
		course = append(course, fmt.Sprintf("%s after %s", m.text, seconds(m.at.Sub(began))))
	}
	return append(append(course, o.Notes...), o.Problems()...)
}

// Text is what somebody who watches wants to know of an event.
func (o Observation) Text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-10s %s: %s\n", strings.Trim(o.outcome(), "*"), o.Event, strings.Join(o.course(), "; "))
	for _, target := range o.Result.Targets {
		broken := o.broken(target)
		fmt.Fprintf(&out, "           %-8s new %d sent, %s lost, %d of them cut, longest gap %s, slow connects: %s; kept %d sent, %d lost before and %d after release, idle reset %d/%d\n",
			target.Name, target.New.Sent, strings.ReplaceAll(lostBy(target.New), "*", ""), o.cut(target), seconds(target.New.LongestGap.Length), target.New.SlowConnects,
			target.Kept.Sent, broken.Early, broken.Late, broken.EarlyIdle, broken.LateIdle)
	}
	return out.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
