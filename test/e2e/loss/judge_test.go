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

// The controllers of the tests, and somebody who is none.
var first, second, stranger = netip.MustParseAddr("10.244.11.2"), netip.MustParseAddr("10.244.12.2"), netip.MustParseAddr("10.244.13.2")

// onEdge1And2 are the two controllers, each with the end of its drain.
func onEdge1And2(firstDrained, secondDrained time.Duration) map[netip.Addr]Controller {
	return map[netip.Addr]Controller{
		first:  {Node: "edge1", Drained: began.Add(firstDrained)},
		second: {Node: "edge2", Drained: began.Add(secondDrained)},
	}
}

// lose adds failures of kept connections to a target, which are noticed at these moments. A controller had answered them last, with a request that began
// 300 ms before that.
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
		{"nothing is lost", func(*Observation) {}, nil},
		{"a new connection is lost", func(o *Observation) { o.Result.Targets[haproxy].New.Succeeded = 99 },
			[]string{"1 of 100 new connections through haproxy were lost"}},
		{"a new connection is lost after the address moved", func(o *Observation) {
			o.Moves, o.Result.Targets[metalLB].New.Succeeded = moved, 98
		}, []string{"2 of 100 new connections through MetalLB were lost"}},
		{"new connections are lost without the operator", func(o *Observation) {
			o.Claim, o.Result.Targets[metalLB].New.Succeeded = Comparison, 50
		}, nil},
		{"a kept connection breaks although nothing was released", func(o *Observation) { o.lose(metalLB, first, 3*time.Second) }, early("MetalLB")},
		{"a kept connection breaks before the address moves", func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 4900*time.Millisecond) }, early("MetalLB")},
		{"a request is under way when the address moves", func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 5050*time.Millisecond) }, nil},
		{"a kept connection breaks with the first request after the move", func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 5250*time.Millisecond) }, nil},
		{"a kept connection breaks long after the move", func(o *Observation) { o.Moves = moved; o.lose(metalLB, first, 6*time.Second) }, early("MetalLB")},
		{"a kept connection breaks to the node that got the address", func(o *Observation) { o.Moves = moved; o.lose(metalLB, second, 5050*time.Millisecond) }, early("MetalLB")},
		{"a kept connection of nobody's breaks", func(o *Observation) { o.Moves = moved; o.lose(metalLB, stranger, 5050*time.Millisecond) }, early("MetalLB")},
		{"a proxied connection breaks because the address moved", func(o *Observation) { o.Moves = moved; o.lose(haproxy, first, 5050*time.Millisecond) }, early("haproxy")},
		{"a proxied connection breaks when its drain ended", func(o *Observation) { o.lose(haproxy, first, 21*time.Second) }, nil},
		{"a proxied connection breaks when the other's drain ended", func(o *Observation) { o.lose(haproxy, second, 21*time.Second) }, early("haproxy")},
		{"a connection breaks when its drain ended and the address did not move", func(o *Observation) { o.lose(metalLB, first, 21*time.Second) }, nil},
		{"a connection breaks whose controller nobody told to end", func(o *Observation) {
			o.Controllers[first] = Controller{Node: "edge1"}
			o.lose(metalLB, first, 21*time.Second)
		}, early("MetalLB")},
		{"connections break after their node crashed", func(o *Observation) {
			o.Crash = Crash{At: began.Add(time.Second), Node: "edge1"}
			o.lose(metalLB, first, 2*time.Second)
		}, nil},
		{"connections break after another node crashed", func(o *Observation) {
			o.Crash = Crash{At: began.Add(time.Second), Node: "edge2"}
			o.lose(metalLB, first, 2*time.Second)
		}, early("MetalLB")},
		{"an idle connection is reset early", func(o *Observation) {
			o.Result.Targets[haproxy].Connections = load.Connections{IdleReset: 1, IdleResets: []load.IdleReset{{At: time.Second}}}
		}, []string{"1 kept connections through haproxy were reset before their node was released"}},
		{"an idle connection is reset when its drain ended", func(o *Observation) {
			reset := load.IdleReset{At: 20 * time.Second, Served: load.Served{By: first, Asked: 19 * time.Second}}
			o.Result.Targets[haproxy].Connections = load.Connections{IdleReset: 1, IdleResets: []load.IdleReset{reset}}
		}, nil},
		{"the client stands still, even in a comparison", func(o *Observation) {
			o.Claim, o.Result.Targets[metalLB].Late = Comparison, answerTimeout+100*time.Millisecond
		}, []string{"unmeasured: the client stood still for 5.1 s, longer than it waits for an answer through MetalLB"}},
		{"the client is held up for as long as an answer may take", func(o *Observation) { o.Result.Targets[metalLB].Late = answerTimeout }, nil},
		{"the client does not keep up, even in a comparison", func(o *Observation) {
			o.Claim, o.Result.Targets[metalLB].Skipped = Comparison, 3
		}, []string{"unmeasured: the client did not keep up, 3 connections through MetalLB were not opened"}},
		{"the client has no port", func(o *Observation) {
			o.Claim = Comparison
			o.Result.Targets[metalLB].Kept.Failed = map[traffic.Outcome]int{traffic.NoLocalPort: 2}
		}, []string{"unmeasured: the client had no local port for 2 connections through MetalLB"}},
		{"nothing was sent", func(o *Observation) { o.Result.Targets[metalLB].Kept = load.Tally{} }, []string{"unmeasured: nothing was sent through MetalLB"}},
		{"the load has no result", func(o *Observation) { o.Result = load.Result{} }, []string{"nothing was measured"}},
		{"the event went wrong", func(o *Observation) { o.Wrong = []string{"waiting for pods"} }, []string{"waiting for pods"}},
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
		{"open as the address moved", metalLB, load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, 1},
		{"open as the address moved, and never answered", metalLB, load.Failure{At: moved - 2*ms, Open: ms, After: ms + answerTimeout, Cause: traffic.AnswerTimedOut}, 1},
		{"never answered, and not by the time either at which the address moved", metalLB, load.Failure{At: moved - 200*ms, Open: ms, After: ms + answerTimeout, Cause: traffic.AnswerTimedOut}, 0},
		{"opened afterwards", metalLB, load.Failure{At: moved, Open: 11 * ms, After: 14 * ms, Cause: traffic.Reset}, 0},
		{"over before", metalLB, load.Failure{At: moved - 4*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, 0},
		{"never opened", metalLB, load.Failure{At: moved - ms, After: connectTimeout, Cause: traffic.ConnectTimedOut}, 0},
		{"answered wrongly", metalLB, load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: load.WrongStatus}, 0},
		{"through haproxy", haproxy, load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, 0},
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
		{"few", []time.Duration{moved}, ms, 3, 3},
		{"more than a few", []time.Duration{moved}, ms, 4, 3},
		{"as many as come in the time of an answer", []time.Duration{moved}, 100 * ms, 15, 15},
		{"more than come in that time", []time.Duration{moved}, 100 * ms, 20, 15},
		{"many, with another move far away", []time.Duration{time.Second, moved}, ms, 4, 3},
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
		"open as the address moved": {load.Failure{At: moved - 2*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, 0},
		"refused after the move":    {load.Failure{At: moved + ms, After: 3 * ms, Cause: traffic.Refused}, 1},
		"reset after the drain":     {load.Failure{At: 25 * time.Second, Open: ms, After: 3 * ms, Cause: traffic.Reset}, 1},
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

func TestTheLoadProvesInComparisonsThatItSeesLosses(t *testing.T) {
	compared := func(lostThroughMetalLB, lostThroughHAProxy int) Observation {
		o := quiet()
		o.Claim = Comparison
		o.Result.Targets[metalLB].New.Succeeded -= lostThroughMetalLB
		o.Result.Targets[haproxy].New.Succeeded -= lostThroughHAProxy
		return o
	}
	for name, test := range map[string]struct {
		observations []Observation
		want         string
	}{
		"no comparison took place":   {[]Observation{quiet()}, ""},
		"both ways lost in one each": {[]Observation{quiet(), compared(3, 0), compared(0, 1)}, ""},
		"one way lost nothing": {
			[]Observation{compared(3, 0), compared(4, 0)}, "the load does not see losses: no new connection through haproxy was lost in any comparison",
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
