package loss

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

var began = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// quiet is an observation in which nothing was lost.
func quiet() Observation {
	o := Observation{Event: "something happens", Claim: NothingLost, Result: load.Result{Began: began}}
	for _, name := range []string{ThroughMetalLB, ThroughHAProxy} {
		o.Result.Targets = append(o.Result.Targets, load.TargetResult{
			Name: name, New: load.Tally{Sent: 100, Succeeded: 100, Answering: load.Latency{P99: 20 * time.Millisecond, Max: 100 * time.Millisecond}}, Kept: load.Tally{Sent: 50, Succeeded: 50},
		})
	}
	return o
}

// The controllers of the tests, and an address that is none of them.
var first, second, stranger = netip.MustParseAddr("10.244.11.2"), netip.MustParseAddr("10.244.12.2"), netip.MustParseAddr("10.244.13.2")

// onEdge1And2 are the two controllers, each with the end of its drain.
func onEdge1And2(firstDrained, secondDrained time.Duration) map[netip.Addr]Controller {
	return map[netip.Addr]Controller{
		first:  {Node: "edge1", Drained: began.Add(firstDrained)},
		second: {Node: "edge2", Drained: began.Add(secondDrained)},
	}
}

// lose adds failures of kept connections to a target, noticed at these moments. A controller sent
// the last answer, to a request that began 300 ms earlier.
func (o *Observation) lose(target int, servedBy netip.Addr, moments ...time.Duration) {
	kept := &o.Result.Targets[target].Kept
	for _, at := range moments {
		kept.Succeeded--
		kept.Failures = append(kept.Failures, load.Failure{
			At: at - 100*time.Millisecond, After: 100 * time.Millisecond, Cause: traffic.Reset,
			Served: load.Served{By: servedBy, Asked: at - 300*time.Millisecond},
		})
	}
}

const (
	metalLB = 0
	haproxy = 1
)

func TestProblems(t *testing.T) {
	moved := []Move{{At: began.Add(5 * time.Second), To: "edge2"}}
	early := func(target string) []string {
		return []string{"1 requests on kept connections through " + target + " failed before their node was released"}
	}
	tests := []struct {
		name   string
		change func(*Observation)
		want   []string
	}{
		{name: "nothing is lost", change: func(*Observation) {}, want: nil},
		{name: "a new connection is lost", change: func(o *Observation) { o.Result.Targets[haproxy].New.Succeeded = 99 },
			want: []string{"1 of 100 new connections through haproxy were lost"}},
		{name: "a new connection is lost after the address moved", change: func(o *Observation) {
			o.Moves, o.Result.Targets[metalLB].New.Succeeded = moved, 98
		}, want: []string{"2 of 100 new connections through MetalLB were lost"}},
		{name: "new connections are lost without the operator", change: func(o *Observation) {
			o.Claim, o.Result.Targets[metalLB].New.Succeeded = Comparison, 50
		}, want: nil},
		{name: "a kept connection breaks although nothing was released", change: func(o *Observation) { o.lose(metalLB, first, 3*time.Second) }, want: early("MetalLB")},
		{name: "a kept connection breaks before the address moves", change: func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 4900*time.Millisecond) }, want: early("MetalLB")},
		{name: "a request is under way when the address moves", change: func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 5050*time.Millisecond) }, want: nil},
		{name: "a kept connection breaks with the first request after the move", change: func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 5250*time.Millisecond) }, want: nil},
		{name: "a kept connection breaks long after the move", change: func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 6*time.Second) }, want: early("MetalLB")},
		{name: "a kept connection breaks to the node that got the address", change: func(o *Observation) { o.Moves = moved; o.lose(metalLB, second, 5050*time.Millisecond) }, want: early("MetalLB")},
		{name: "a kept connection of nobody's breaks", change: func(o *Observation) { o.Moves = moved; o.lose(metalLB, stranger, 5050*time.Millisecond) }, want: early("MetalLB")},
		{name: "a proxied connection breaks because the address moved", change: func(o *Observation) { o.Moves = moved; o.lose(haproxy, first, 5050*time.Millisecond) }, want: early("haproxy")},
		{name: "a proxied connection breaks when its drain ended", change: func(o *Observation) { o.lose(haproxy, first, 21*time.Second) }, want: nil},
		{name: "a proxied connection breaks when the other's drain ended", change: func(o *Observation) { o.lose(haproxy, second, 21*time.Second) }, want: early("haproxy")},
		{name: "a connection breaks when its drain ended and the address did not move", change: func(o *Observation) { o.lose(metalLB, first, 21*time.Second) }, want: nil},
		{name: "a connection breaks whose controller nobody told to end", change: func(o *Observation) {
			o.Controllers[first] = Controller{Node: "edge1"}
			o.lose(metalLB, first, 21*time.Second)
		}, want: early("MetalLB")},
		{name: "connections break after their node crashed", change: func(o *Observation) {
			o.Crash = Crash{At: began.Add(time.Second), Node: "edge1"}
			o.lose(metalLB, first, 2*time.Second)
		}, want: nil},
		{name: "connections break after another node crashed", change: func(o *Observation) {
			o.Crash = Crash{At: began.Add(time.Second), Node: "edge2"}
			o.lose(metalLB, first, 2*time.Second)
		}, want: early("MetalLB")},
		{name: "an idle connection is reset early", change: func(o *Observation) {
			o.Result.Targets[haproxy].Connections = load.Connections{IdleReset: 1, IdleResets: []load.IdleReset{{At: time.Second}}}
		}, want: []string{"1 kept connections through haproxy were reset before their node was released"}},
		{name: "an idle connection is reset when its drain ended", change: func(o *Observation) {
			reset := load.IdleReset{At: 20 * time.Second, Served: load.Served{By: first, Asked: 19 * time.Second}}
			o.Result.Targets[haproxy].Connections = load.Connections{IdleReset: 1, IdleResets: []load.IdleReset{reset}}
		}, want: nil},
		{name: "the client stands still, even in a comparison", change: func(o *Observation) {
			o.Claim, o.Result.Targets[metalLB].Late = Comparison, answerTimeout+100*time.Millisecond
		}, want: []string{"unmeasured: the client stood still for 5.1 s, longer than it waits for an answer through MetalLB"}},
		{name: "the client is held up for as long as an answer may take", change: func(o *Observation) { o.Result.Targets[metalLB].Late = answerTimeout }, want: nil},
		{name: "the client does not keep up, even in a comparison", change: func(o *Observation) {
			o.Claim, o.Result.Targets[metalLB].Skipped = Comparison, 3
		}, want: []string{"unmeasured: the client did not keep up, 3 connections through MetalLB were not opened"}},
		{name: "the client has no port", change: func(o *Observation) {
			o.Claim = Comparison
			o.Result.Targets[metalLB].Kept.Failed = map[traffic.Outcome]int{traffic.NoLocalPort: 2}
		}, want: []string{"unmeasured: the client had no local port for 2 connections through MetalLB"}},
		{name: "nothing was sent", change: func(o *Observation) { o.Result.Targets[metalLB].Kept = load.Tally{} }, want: []string{"unmeasured: nothing was sent through MetalLB"}},
		{name: "the load has no result", change: func(o *Observation) { o.Result = load.Result{} }, want: []string{"nothing was measured"}},
		{name: "the event went wrong", change: func(o *Observation) { o.Wrong = []string{"waiting for pods"} }, want: []string{"waiting for pods"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := quiet()
			o.Controllers = onEdge1And2(20*time.Second, 30*time.Second)
			test.change(&o)
			if got := o.Problems(); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
				t.Errorf("the problems are %q, want %q", got, test.want)
			}
		})
	}
}

func TestANewConnectionIsCutWhenItWasOpenAsTheAddressMoved(t *testing.T) {
	const moved, ms = 5 * time.Second, time.Millisecond
	tests := []struct {
		name    string
		target  int
		failure load.Failure
		want    int
	}{
		{name: "open as the address moved", target: metalLB, failure: load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, want: 1},
		{name: "open as the address moved, and never answered", target: metalLB, failure: load.Failure{At: moved - 2*ms, Open: ms, After: ms + answerTimeout, Cause: traffic.AnswerTimedOut}, want: 1},
		{name: "never answered, and not by the time either at which the address moved", target: metalLB, failure: load.Failure{At: moved - 200*ms, Open: ms, After: ms + answerTimeout, Cause: traffic.AnswerTimedOut}, want: 0},
		{name: "opened afterwards", target: metalLB, failure: load.Failure{At: moved, Open: 11 * ms, After: 14 * ms, Cause: traffic.Reset}, want: 0},
		{name: "over before", target: metalLB, failure: load.Failure{At: moved - 4*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, want: 0},
		{name: "never opened", target: metalLB, failure: load.Failure{At: moved - ms, After: connectTimeout, Cause: traffic.ConnectTimedOut}, want: 0},
		{name: "reset before the client noticed that it was open", target: metalLB, failure: load.Failure{At: moved - 2*ms, Open: 1, After: ms + 2*ms, Cause: traffic.Reset}, want: 1},
		{name: "reset before the client noticed that it was open, and over before the move", target: metalLB, failure: load.Failure{At: moved - 4*ms, Open: 1, After: 3 * ms, Cause: traffic.Reset}, want: 0},
		{name: "answered wrongly", target: metalLB, failure: load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: load.WrongStatus}, want: 0},
		{name: "through haproxy", target: haproxy, failure: load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, want: 0},
	}
	for _, test := range tests {
		o := quiet()
		o.Moves = []Move{{At: began.Add(moved)}}
		tally := &o.Result.Targets[test.target].New
		tally.Succeeded--
		tally.Failures = []load.Failure{test.failure}
		if got := o.cut(o.Result.Targets[test.target]); got != test.want || len(o.Problems()) != 1-test.want {
			t.Errorf("%s: %d were cut, want %d; the problems are %q", test.name, got, test.want, o.Problems())
		}
	}
}

func TestAMoveCutsNoMoreThanCanBeUnderWay(t *testing.T) {
	const moved, ms = 5 * time.Second, time.Millisecond
	open := load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}
	tests := []struct {
		name  string
		moves []time.Duration
		p99   time.Duration
		lost  int
		want  int
	}{
		{name: "few", moves: []time.Duration{moved}, p99: ms, lost: 3, want: 3},
		{name: "more than a few", moves: []time.Duration{moved}, p99: ms, lost: 4, want: 3},
		{name: "as many as come in the time of an answer", moves: []time.Duration{moved}, p99: 100 * ms, lost: 15, want: 15},
		{name: "more than come in that time", moves: []time.Duration{moved}, p99: 100 * ms, lost: 20, want: 15},
		{name: "many, with another move far away", moves: []time.Duration{time.Second, moved}, p99: ms, lost: 4, want: 3},
	}
	for _, test := range tests {
		o := quiet()
		for _, at := range test.moves {
			o.Moves = append(o.Moves, Move{At: began.Add(at), To: "edge2"})
		}
		tally := &o.Result.Targets[metalLB].New
		tally.Answering.P99, tally.Succeeded = test.p99, tally.Sent-test.lost
		tally.Failures = slices.Repeat([]load.Failure{open}, test.lost)
		wrong := min(test.lost-test.want, 1)
		if got := o.cut(o.Result.Targets[metalLB]); got != test.want || len(o.Problems()) != wrong {
			t.Errorf("%s: %d of %d were cut, want %d; the problems are %q", test.name, got, test.lost, test.want, o.Problems())
		}
	}
}

func TestAKeptConnectionWithoutAnAnswerIsJudgedAsANewOne(t *testing.T) {
	const moved, ms = 5 * time.Second, time.Millisecond
	for name, test := range map[string]struct {
		failure load.Failure
		early   int
	}{
		"open as the address moved": {failure: load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, early: 0},
		"refused after the move":    {failure: load.Failure{At: moved + ms, After: 3 * ms, Cause: traffic.Refused}, early: 1},
		"reset after the drain":     {failure: load.Failure{At: 25 * time.Second, Open: ms, After: 3 * ms, Cause: traffic.Reset}, early: 1},
	} {
		o := quiet()
		o.Moves, o.Controllers = []Move{{At: began.Add(moved), To: "edge2"}}, onEdge1And2(20*time.Second, 20*time.Second)
		kept := &o.Result.Targets[metalLB].Kept
		kept.Succeeded, kept.Failures, kept.Answering.Max = kept.Succeeded-1, []load.Failure{test.failure}, 100*ms
		if got := o.broken(o.Result.Targets[metalLB]); got.Early != test.early || got.Late != 1-test.early {
			t.Errorf("%s: %+v, want %d early", name, got, test.early)
		}
	}
}

func TestAReloadMayCloseKeptConnectionsAndLosesNoNewOne(t *testing.T) {
	const reloaded = 5 * time.Second
	controller := netip.MustParseAddr("10.244.11.2")
	kept := func(at time.Duration, cause traffic.Outcome) load.Failure {
		return load.Failure{At: at, Open: time.Millisecond, After: time.Millisecond, Cause: cause, Served: load.Served{By: controller}}
	}
	for name, test := range map[string]struct {
		failure  load.Failure
		reloaded time.Time
		early    int
	}{
		"closed after the reload":      {kept(reloaded+time.Second, traffic.ClosedWithoutAnswer), began.Add(reloaded), 0},
		"closed before it":             {kept(reloaded-time.Second, traffic.ClosedWithoutAnswer), began.Add(reloaded), 1},
		"reset after it":               {kept(reloaded+time.Second, traffic.Reset), began.Add(reloaded), 0},
		"reset before it":              {kept(reloaded-time.Second, traffic.Reset), began.Add(reloaded), 1},
		"reset without any reload":     {kept(reloaded+time.Second, traffic.Reset), time.Time{}, 1},
		"cut off in its answer":        {kept(reloaded+time.Second, traffic.CutOff), began.Add(reloaded), 1},
		"no answer in time":            {kept(reloaded+time.Second, traffic.AnswerTimedOut), began.Add(reloaded), 1},
		"closed without any reload":    {kept(reloaded+time.Second, traffic.ClosedWithoutAnswer), time.Time{}, 1},
		"a connection without answers": {load.Failure{At: reloaded + time.Second, After: time.Millisecond, Cause: traffic.ClosedWithoutAnswer}, began.Add(reloaded), 1},
	} {
		o := quiet()
		o.Reloaded = test.reloaded
		tally := &o.Result.Targets[metalLB].Kept
		tally.Succeeded, tally.Failures = tally.Succeeded-1, []load.Failure{test.failure}
		if got := o.broken(o.Result.Targets[metalLB]); got.Early != test.early || got.Late != 1-test.early {
			t.Errorf("%s: %+v, want %d early", name, got, test.early)
		}
	}
	o := quiet()
	o.Reloaded = began.Add(reloaded)
	tally := &o.Result.Targets[metalLB].New
	tally.Succeeded, tally.Failures = tally.Succeeded-1, []load.Failure{{At: reloaded + time.Second, Cause: traffic.ClosedWithoutAnswer}}
	if len(o.Problems()) != 1 {
		t.Errorf("a new connection that a reload lost makes the problems %q", o.Problems())
	}
}

func TestTheLoadProvesThatItSeesLosses(t *testing.T) {
	losing := func(claim Claim, lostThroughMetalLB, lostThroughHAProxy int) Observation {
		o := quiet()
		o.Claim = claim
		o.Result.Targets[metalLB].New.Succeeded -= lostThroughMetalLB
		o.Result.Targets[haproxy].New.Succeeded -= lostThroughHAProxy
		return o
	}
	for name, test := range map[string]struct {
		observations []Observation
		want         string
	}{
		"no event with losses took place": {observations: []Observation{quiet()}, want: ""},
		"both ways lost in one each":      {observations: []Observation{quiet(), losing(Comparison, 3, 0), losing(Exception, 0, 1)}, want: ""},
		"one way lost nothing": {
			observations: []Observation{losing(Comparison, 3, 0), losing(Exception, 4, 0)},
			want:         "the load does not see losses: no new connection through haproxy was lost in any event that loses some",
		},
		"a crash lost nothing": {
			observations: []Observation{losing(Exception, 0, 4)},
			want:         "the load does not see losses: no new connection through MetalLB was lost in any event that loses some",
		},
	} {
		if got := strings.Join(Problems(test.observations), "\n"); got != test.want {
			t.Errorf("%s: the problems are %q, want %q", name, got, test.want)
		}
	}
}

func TestFailuresBeyondThoseThatAreListedCountAsEarly(t *testing.T) {
	o := quiet()
	o.Controllers = onEdge1And2(time.Second, time.Minute)
	o.lose(metalLB, first, 500*time.Millisecond, 2*time.Second)
	o.Result.Targets[metalLB].Kept.Succeeded -= 3
	if got := o.broken(o.Result.Targets[metalLB]); got.Early != 4 || got.Late != 1 {
		t.Errorf("%+v failures were counted, want 4 early and 1 late", got)
	}
}
