package load

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

func TestHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var counted histogram
	var all []time.Duration
	for range 10_000 {
		// From a microsecond to 10 s, each order of magnitude alike.
		duration := time.Duration(1+random.IntN(1<<random.IntN(24))) * time.Microsecond
		counted.add(duration)
		all = append(all, duration)
	}
	slices.Sort(all)
	for _, share := range []float64{0.01, 0.25, 0.5, 0.9, 0.99, 1} {
		exact := all[int(share*float64(len(all)))-1]
		if got := counted.quantile(share); got < exact || got > exact+exact/stepsPerDoubling {
			t.Errorf("quantile %.2f is %s, want %s and at most 1/32 more", share, got, exact)
		}
	}
	if got := counted.latency().Max; got != all[len(all)-1] {
		t.Errorf("the maximum is %s, want %s", got, all[len(all)-1])
	}
	if got := new(histogram).latency(); got != (Latency{}) {
		t.Errorf("the latency of nothing is %v", got)
	}
	counted.add(-time.Second)
	counted.add(1<<63 - 1)
}

func TestRecorderIsBounded(t *testing.T) {
	recorder := newRecorder()
	for number := range 2 * keptFailures {
		recorder.record(attempt{outcome: WrongAddress, detail: fmt.Sprint(number)})
	}
	got := recorder.result(time.Second, nil)
	if got.Sent != 2*keptFailures || got.Failed[WrongAddress] != got.Sent {
		t.Errorf("%d sent, %v failed, want %d of both", got.Sent, got.Failed, 2*keptFailures)
	}
	if len(got.Failures) != keptFailures || len(got.Details) != keptDetails {
		t.Errorf("%d failures and %d details are kept, want %d and %d", len(got.Failures), len(got.Details), keptFailures, keptDetails)
	}
}

func TestLostShare(t *testing.T) {
	if got := (Period{Sent: 8, Failures: 2}).LostShare(); got != 0.25 {
		t.Errorf("2 of 8 are %v", got)
	}
	if got := (Period{}).LostShare(); got != 0 {
		t.Errorf("0 of 0 are %v", got)
	}
}

func exampleResult() Result {
	failures := []Failure{
		{At: 3100 * time.Millisecond, Cause: traffic.Refused, Period: 1},
		{At: 3000 * time.Millisecond, After: 2 * time.Second, Cause: traffic.Reset, Period: 1},
		{At: 3900 * time.Millisecond, Cause: traffic.Refused, Period: 1},
		{At: 5000 * time.Millisecond, Cause: traffic.Refused, Period: 1},
		{At: 500 * time.Millisecond, Cause: NotEcho},
	}
	return Result{
		Length: 10 * time.Second,
		Marks:  []Mark{{Name: "node released", At: 2 * time.Second}},
		Targets: []TargetResult{{
			Name: "vip",
			New: Tally{
				Sent: 2000, Succeeded: 1995,
				Failed:       map[traffic.Outcome]int{traffic.Refused: 3, traffic.Reset: 1, NotEcho: 1},
				Details:      map[string]int{"Refused": 3, "Reset": 1, "NotEcho": 1},
				Failures:     failures,
				Periods:      []Period{{Length: 2 * time.Second, Sent: 400, Failures: 1}, {Name: "node released", From: 2 * time.Second, Length: 8 * time.Second, Sent: 1600, Failures: 4}},
				LongestGap:   Gap{Length: 1230 * time.Millisecond},
				SlowConnects: SlowConnects{Once: 5, More: 2},
				Answering:    Latency{Median: 400 * time.Microsecond, P99: 2 * time.Millisecond, Max: 1500 * time.Millisecond},
			},
			Kept:        Tally{Sent: 20, Succeeded: 20, Periods: []Period{{Length: 2 * time.Second, Sent: 4}, {Name: "node released", From: 2 * time.Second, Length: 8 * time.Second, Sent: 16}}},
			Connections: Connections{Opened: 7, Announced: 2, Idle: 3, IdleReset: 1},
			Skipped:     9,
		}},
	}
}

// words returns a table's lines with one space between words: the alignment is the tabwriter's.
func words(table string) []string {
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

func TestResultInWords(t *testing.T) {
	want := []string{
		"EVENT TARGET CLIENTS SENT LOST REFUSED RESET NO CONNECTION NO ANSWER IN TIME CLOSED CUT OFF WRONG STATUS WRONG ADDRESS OTHER " +
			"LONGEST GAP SLOW CONNECTS MEDIAN ANSWER P99 MAX CLOSED IDLE RESET IDLE NOT SENT",
		"10s vip new 2000 5 3 1 0 0 0 0 0 0 1 1.23 s 5 after 1 s, 2 after 3 s 0.4 ms 2.0 ms 1500.0 ms - - 9",
		"10s vip kept 20 0 0 0 0 0 0 0 0 0 0 0.00 s 0 0.0 ms 0.0 ms 0.0 ms 5 1 -",
		"",
		"TARGET CLIENTS SINCE FROM FOR SENT LOST SHARE",
		"vip new start 0.00 s 2.00 s 400 1 0.25 %",
		"vip new node released 2.00 s 8.00 s 1600 4 0.25 %",
		"vip kept start 0.00 s 2.00 s 4 0 0.00 %",
		"vip kept node released 2.00 s 8.00 s 16 0 0.00 %",
		"",
		"TARGET CLIENTS LOST BY COUNT FROM TO AFTER",
		"vip new NotEcho 1 0.50 s 0.50 s start",
		"vip new Reset 1 3.00 s 3.00 s node released +1.00 s",
		"vip new Refused 2 3.10 s 3.90 s node released +1.10 s",
		"vip new Refused 1 5.00 s 5.00 s node released +3.00 s",
		"",
		"TARGET CLIENTS COUNT LOST BY",
		"vip new 1 NotEcho",
		"vip new 3 Refused",
		"vip new 1 Reset",
	}
	if diff := cmp.Diff(want, words(exampleResult().String())); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTableIsAligned(t *testing.T) {
	table := Table(Event{Name: "a rolling update", Result: exampleResult()}, Event{Name: "none", Result: exampleResult()})
	column := strings.Index(table, "TARGET")
	lines := slices.Collect(strings.Lines(table))
	if len(lines) != 5 {
		t.Fatalf("%d lines, want a head and two for each event:\n%s", len(lines), table)
	}
	for _, line := range lines[1:] {
		if !strings.HasPrefix(line[column:], "vip") {
			t.Errorf("the target is not below its head:\n%s", table)
		}
	}
}
