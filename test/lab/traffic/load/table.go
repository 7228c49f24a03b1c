package load

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// Event is something that happened under a load, and what the load has to say of it.
type Event struct {
	Name   string
	Result Result
}

// Table returns one line for each event, target and kind of clients, aligned.
func Table(events ...Event) string {
	rows := [][]string{summaryHead()}
	for _, event := range events {
		for _, target := range event.Result.Targets {
			for _, line := range target.summary() {
				rows = append(rows, append([]string{event.Name}, line...))
			}
		}
	}
	return aligned(rows)
}

// String returns the summary, and where there is more to say: what was lost before and after each
// mark, the losses in bursts, and their details.
func (r Result) String() string {
	parts := []string{Table(Event{Name: r.Length.Round(time.Second).String(), Result: r})}
	for _, rows := range [][][]string{r.periods(), r.bursts(), r.details()} {
		if len(rows) > 1 {
			parts = append(parts, aligned(rows))
		}
	}
	return strings.Join(parts, "\n")
}

// columns are the causes that have a column of their own. All others share one.
func columns() []traffic.Outcome {
	return []traffic.Outcome{
		traffic.Refused, traffic.Reset, traffic.ConnectTimedOut, traffic.AnswerTimedOut, traffic.ClosedWithoutAnswer, traffic.CutOff,
		WrongStatus, WrongAddress,
	}
}

func summaryHead() []string {
	return []string{
		"EVENT", "TARGET", "CLIENTS", "SENT", "LOST",
		"REFUSED", "RESET", "NO CONNECTION", "NO ANSWER IN TIME", "CLOSED", "CUT OFF", "WRONG STATUS", "WRONG ADDRESS", "OTHER",
		"LONGEST GAP", "SLOW CONNECTS", "MEDIAN ANSWER", "P99", "MAX", "CLOSED IDLE", "RESET IDLE", "NOT SENT",
	}
}

func (t TargetResult) summary() [][]string {
	var lines [][]string
	if t.New.Sent+t.Skipped > 0 {
		lines = append(lines, append(t.New.summary(t.Name, "new"), "-", "-", strconv.Itoa(t.Skipped)))
	}
	if t.Kept.Sent > 0 {
		ended := strconv.Itoa(t.Connections.Announced + t.Connections.Idle + t.Connections.IdleData)
		lines = append(lines, append(t.Kept.summary(t.Name, "kept"), ended, strconv.Itoa(t.Connections.IdleReset), "-"))
	}
	return lines
}

func (t Tally) summary(target, clients string) []string {
	line := []string{target, clients, strconv.Itoa(t.Sent), strconv.Itoa(t.Lost())}
	others := t.Lost()
	for _, cause := range columns() {
		line = append(line, strconv.Itoa(t.Failed[cause]))
		others -= t.Failed[cause]
	}
	return append(line, strconv.Itoa(others),
		seconds(t.LongestGap.Length), t.SlowConnects.String(),
		millis(t.Answering.Median), millis(t.Answering.P99), millis(t.Answering.Max))
}

// each calls f for every tally of the result that has requests.
func (r Result) each(f func(target, clients string, tally Tally)) {
	for _, target := range r.Targets {
		if target.New.Sent > 0 {
			f(target.Name, "new", target.New)
		}
		if target.Kept.Sent > 0 {
			f(target.Name, "kept", target.Kept)
		}
	}
}

func (r Result) periods() [][]string {
	rows := [][]string{{"TARGET", "CLIENTS", "SINCE", "FROM", "FOR", "SENT", "LOST", "SHARE"}}
	if len(r.Marks) == 0 {
		return rows
	}
	r.each(func(target, clients string, tally Tally) {
		for _, period := range tally.Periods {
			rows = append(rows, []string{
				target, clients, cmp.Or(period.Name, "start"), seconds(period.From), seconds(period.Length),
				strconv.Itoa(period.Sent), strconv.Itoa(period.Failures), fmt.Sprintf("%.2f %%", 100*period.LostShare()),
			})
		}
	})
	return rows
}

// burstGap is the pause after which a further loss of the same cause is the next burst.
const burstGap = time.Second

// burst is a row of losses of one cause.
type burst struct {
	cause       traffic.Outcome
	first, last Failure
	count       int
}

// inBursts returns the failures as bursts, in the order in which they began.
func inBursts(failures []Failure) []burst {
	ordered := slices.SortedStableFunc(slices.Values(failures), func(a, b Failure) int { return cmp.Compare(a.At, b.At) })
	var bursts []burst
	latest := map[traffic.Outcome]int{}
	for _, failure := range ordered {
		i, known := latest[failure.Cause]
		if !known || failure.At-bursts[i].last.At > burstGap {
			latest[failure.Cause] = len(bursts)
			bursts = append(bursts, burst{cause: failure.Cause, first: failure, last: failure, count: 1})
			continue
		}
		bursts[i].last = failure
		bursts[i].count++
	}
	return bursts
}

func (r Result) bursts() [][]string {
	rows := [][]string{{"TARGET", "CLIENTS", "LOST BY", "COUNT", "FROM", "TO", "AFTER"}}
	r.each(func(target, clients string, tally Tally) {
		for _, burst := range inBursts(tally.Failures) {
			rows = append(rows, []string{
				target, clients, string(burst.cause), strconv.Itoa(burst.count),
				seconds(burst.first.At), seconds(burst.last.At), r.sinceMark(burst.first),
			})
		}
	})
	return rows
}

// sinceMark says how long after the latest mark a failed request began.
func (r Result) sinceMark(failure Failure) string {
	if failure.Period == 0 {
		return "start"
	}
	mark := r.Marks[failure.Period-1]
	return fmt.Sprintf("%s +%s", mark.Name, seconds(failure.At-mark.At))
}

func (r Result) details() [][]string {
	rows := [][]string{{"TARGET", "CLIENTS", "COUNT", "LOST BY"}}
	r.each(func(target, clients string, tally Tally) {
		for _, detail := range slices.Sorted(maps.Keys(tally.Details)) {
			rows = append(rows, []string{target, clients, strconv.Itoa(tally.Details[detail]), detail})
		}
	})
	return rows
}

func aligned(rows [][]string) string {
	var text strings.Builder
	writer := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(writer, strings.Join(row, "\t"))
	}
	// A strings.Builder takes everything.
	_ = writer.Flush()
	return text.String()
}

func seconds(duration time.Duration) string { return fmt.Sprintf("%.2f s", duration.Seconds()) }

func millis(duration time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(duration)/float64(time.Millisecond))
}
