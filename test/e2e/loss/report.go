package loss

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
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

const explanation = `New connections are opened at a constant rate, whatever happens to them, one request on each. One is **lost** when it is refused or reset, when it is not open
after 5 s, when its answer is not complete 5 s after that, and when the answer is not the application's or the application saw another client's address. Five
seconds are the first SYN and two repetitions, after 1 and after 3 s; Envoy waits as long, Go's dialer 30 s, curl 300 s. *Slow connects* had to repeat their
SYN: they waited, but are not lost.

*Cut by the move* are those of the lost new connections that were open already when the address moved, and went on to a node that does not know them; for each
move no more than can be under way at a time.

Kept connections have a request every few hundred milliseconds. One may break once it is *released*: when the controller that answered it last has served to the
end of its drain, or, through MetalLB, when the address has gone to another node since. What fails before counts as lost before release, whatever happens on
other nodes.

The haproxy passes bytes on and tells nobody who the client is, so on that way the application must see the haproxy's address. With PROXY headers it could see
the client's, but then those who come through MetalLB would have to send such headers as well.

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

// lostBy returns the number of losses, with the causes.
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
	case len(o.unmeasured()) > 0:
		return "**unmeasured**"
	case len(o.Problems()) > 0:
		return "**failed**"
	case o.Claim == NothingLost:
		return "holds"
	}
	return string(o.Claim)
}

// began is when the event began.
func (o Observation) began() time.Time {
	if len(o.Result.Marks) == 0 {
		return o.Result.Began
	}
	return o.Result.Began.Add(o.Result.Marks[0].At)
}

// course returns what happened when, in seconds since the event began.
func (o Observation) course() []string {
	type moment struct {
		at   time.Time
		text string
	}
	began := o.began()
	var moments []moment
	for _, move := range o.Moves {
		moments = append(moments, moment{move.At, "the address moved to " + move.To})
	}
	for _, address := range slices.SortedFunc(maps.Keys(o.Controllers), netip.Addr.Compare) {
		if controller := o.Controllers[address]; !controller.Drained.IsZero() {
			moments = append(moments, moment{controller.Drained, "the controller on " + controller.Node + " had served to the end of its drain"})
		}
	}
	if o.Crash != (Crash{}) {
		moments = append(moments, moment{o.Crash.At, o.Crash.Node + " crashed"})
	}
	slices.SortStableFunc(moments, func(a, b moment) int { return a.at.Compare(b.at) })
	course := []string{"took " + seconds(o.Took)}
	for _, m := range moments {
		course = append(course, fmt.Sprintf("%s after %.3f s", m.text, m.at.Sub(began).Seconds()))
	}
	return slices.Concat(course, o.Notes, o.Problems(), o.firstLosses())
}

// fewLosses are listed one by one.
const fewLosses = 5

// firstLosses returns when the first new connections were lost that must not be lost, to compare
// with the moves and with the log of haproxy.
func (o Observation) firstLosses() []string {
	var text []string
	if o.Claim != NothingLost {
		return nil
	}
	for _, target := range o.Result.Targets {
		for _, failure := range target.New.Failures[:min(fewLosses, len(target.New.Failures))] {
			began := o.Result.Began.Add(failure.At).Sub(o.began())
			opened := "never open"
			if failure.Open > 0 {
				opened = fmt.Sprintf("open after %.3f s", (began + failure.Open).Seconds())
			}
			failed := began + failure.After
			text = append(text, fmt.Sprintf("%s through %s: begun after %.3f s, %s, failed after %.3f s, at %s",
				failure.Cause, target.Name, began.Seconds(), opened, failed.Seconds(), o.began().Add(failed).UTC().Format("15:04:05.000")))
		}
	}
	return text
}

// Text returns the summary of an event for a person who watches.
func (o Observation) Text() string {
	var out strings.Builder
	fmt.Fprintf(&out, "%-10s %s: %s\n", strings.Trim(o.outcome(), "*"), o.Event, strings.Join(o.course(), "; "))
	for _, target := range o.Result.Targets {
		broken := o.broken(target)
		fmt.Fprintf(&out, "           %-8s new %d sent, %s lost, %d of them cut, longest gap %s, slow connects: %s;",
			target.Name, target.New.Sent, strings.ReplaceAll(lostBy(target.New), "*", ""), o.cut(target), seconds(target.New.LongestGap.Length), target.New.SlowConnects)
		fmt.Fprintf(&out, " kept %d sent, %d lost before and %d after release, idle reset %d/%d\n",
			target.Kept.Sent, broken.Early, broken.Late, broken.EarlyIdle, broken.LateIdle)
	}
	return out.String()
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
