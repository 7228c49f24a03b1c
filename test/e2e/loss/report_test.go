package loss

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

func TestMarkdownShowsWhatWasLostAndWhetherTheClaimHolds(t *testing.T) {
	good := quiet()
	good.Result.Marks = []load.Mark{{Name: good.Event, At: 2 * time.Second}}
	good.Moves, good.Notes, good.Took = []Move{{At: began.Add(5 * time.Second), To: "edge2"}}, []string{"edge1 left"}, 20*time.Second
	good.Controllers = map[netip.Addr]Controller{first: {Node: "edge1", Drained: began.Add(15 * time.Second)}}
	good.lose(metalLB, first, 5100*time.Millisecond)
	bad := quiet()
	bad.Event = "something else"
	bad.Result.Targets[metalLB].New.SlowConnects = load.SlowConnects{Once: 4, More: 2}
	lost := &bad.Result.Targets[haproxy].New
	lost.Succeeded, lost.Failed = 97, map[traffic.Outcome]int{traffic.Reset: 1, traffic.ConnectTimedOut: 2}
	compared := quiet()
	compared.Event, compared.Claim = "without us", Comparison
	compared.Result.Targets[metalLB].New.Succeeded, compared.Result.Targets[haproxy].New.Succeeded = 1, 99

	text := Markdown([]Observation{good, bad, compared})
	for _, want := range []string{
		"2 events in which nothing may be lost: 3 of 400 new connections were lost, and 0 were cut by an address that moved. 1 problems.",
		"| something happens | MetalLB | 100 | 0 | 0 | 0.0 s | 0 | 50 | 0 | 1 | 0 / 0 | 0 | holds |",
		"| something else | MetalLB | 100 | 0 | 0 | 0.0 s | 4 after 1 s, 2 after 3 s | 50 | 0 | 0 | 0 / 0 | 0 | **failed** |",
		"|  | haproxy | 100 | **3** (2 ConnectTimedOut, 1 Reset) | 0 | 0.0 s | 0 | 50 | 0 | 0 | 0 / 0 | 0 | **failed** |",
		"| without us | MetalLB | 100 | **99** () | 0 | 0.0 s | 0 | 50 | 0 | 0 | 0 / 0 | 0 | comparison |",
		"- **something happens**: took 20.0 s; the address moved to edge2 after 3.000 s; the controller on edge1 had served to the end of its drain after 13.000 s; edge1 left\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

func TestTheFirstLossesAreToldWithTheirMoments(t *testing.T) {
	o := quiet()
	o.Result.Marks = []load.Mark{{Name: o.Event, At: 2 * time.Second}}
	tally := &o.Result.Targets[metalLB].New
	for range 2 * fewLosses {
		tally.Succeeded--
		tally.Failures = append(tally.Failures, load.Failure{At: 8500 * time.Millisecond, Open: time.Millisecond, After: 30 * time.Millisecond, Cause: traffic.Reset})
	}
	const want = "Reset through MetalLB: begun after 6.500 s, open after 6.501 s, failed after 6.530 s, at 12:00:08.530"
	if got := o.firstLosses(); len(got) != fewLosses || got[0] != want {
		t.Errorf("the first losses are %q, want %d as %q", got, fewLosses, want)
	}
}

func TestAnEventIsUnmeasuredWhereTheClientStoodStill(t *testing.T) {
	o := quiet()
	o.Claim, o.Result.Targets[haproxy].Late = Comparison, answerTimeout+time.Second
	if got := o.outcome(); got != "**unmeasured**" {
		t.Errorf("the result is %s", got)
	}
	if got := o.Text(); !strings.HasPrefix(got, "unmeasured something happens") || !strings.Contains(got, "stood still for 6.0 s") {
		t.Errorf("the event is listed as %q", got)
	}
}

func TestProblemsNameTheirEvent(t *testing.T) {
	bad := quiet()
	bad.Wrong = []string{"it did not end"}
	if got := Problems([]Observation{quiet(), bad}); len(got) != 1 || got[0] != "something happens: it did not end" {
		t.Errorf("the problems are %q", got)
	}
}
