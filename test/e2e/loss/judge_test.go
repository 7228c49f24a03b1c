package loss

import (
	"strings"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic/load"
)

var began = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// quiet is an observation in which nothing was lost.
func quiet() Observation {
	o := Observation{Event: "something happens", Claim: NothingLost, Result: load.Result{Began: began}}
	for _, name := range []string{ThroughMetalLB, ThroughHAProxy} {
		o.Result.Targets = append(o.Result.Targets, load.TargetResult{
			Name: name, New: load.Tally{Sent: 100, Succeeded: 100}, Kept: load.Tally{Sent: 50, Succeeded: 50},
		})
	}
	return o
}

// lose adds failures of kept connections to a target, which are noticed at these moments.
func (o *Observation) lose(target int, moments ...time.Duration) {
	kept := &o.Result.Targets[target].Kept
	for _, at := range moments {
		kept.Succeeded--
		kept.Failures = append(kept.Failures, load.Failure{At: at - 100*time.Millisecond, After: 100 * time.Millisecond, Cause: traffic.Reset})
	}
}

const (
	metalLB = 0
	haproxy = 1
)

func TestProblems(t *testing.T) {
	moved := []Move{{At: began.Add(5 * time.Second), To: "edge2"}}
	drained := []time.Time{began.Add(20 * time.Second), began.Add(30 * time.Second)}
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
		{"a kept connection breaks although nothing was released", func(o *Observation) { o.lose(metalLB, 3*time.Second) },
			[]string{"1 requests on kept connections through MetalLB failed before their node was released"}},
		{"a kept connection breaks before the address moves", func(o *Observation) { o.Moves = moved; o.lose(metalLB, 4900*time.Millisecond) },
			[]string{"1 requests on kept connections through MetalLB failed before their node was released"}},
		{"a request is under way when the address moves", func(o *Observation) { o.Moves = moved; o.lose(metalLB, 5050*time.Millisecond) }, nil},
		{"kept connections break when the address has moved", func(o *Observation) { o.Moves = moved; o.lose(metalLB, 6*time.Second, 7*time.Second) }, nil},
		{"a proxied connection breaks because the address moved", func(o *Observation) { o.Moves = moved; o.lose(haproxy, 6*time.Second) },
			[]string{"1 requests on kept connections through haproxy failed before their node was released"}},
		{"a proxied connection breaks when the first drain ended", func(o *Observation) { o.Drained = drained; o.lose(haproxy, 21*time.Second) }, nil},
		{"a connection breaks when the drain ended and the address did not move", func(o *Observation) { o.Drained = drained; o.lose(metalLB, 21*time.Second) }, nil},
		{"connections break after a crash", func(o *Observation) {
			o.Claim, o.Crashed = Exception, began.Add(time.Second)
			o.lose(metalLB, 2*time.Second)
		}, nil},
		{"an idle connection is reset early", func(o *Observation) {
			o.Result.Targets[haproxy].Connections = load.Connections{IdleReset: 1, IdleResetAt: []time.Duration{time.Second}}
		}, []string{"1 kept connections through haproxy were reset before their node was released"}},
		{"the client does not keep up, even in a comparison", func(o *Observation) {
			o.Claim, o.Result.Targets[metalLB].Skipped = Comparison, 3
		}, []string{"the client did not keep up: 3 connections through MetalLB were not opened"}},
		{"the client has no port", func(o *Observation) {
			o.Claim = Comparison
			o.Result.Targets[metalLB].Kept.Failed = map[traffic.Outcome]int{traffic.NoLocalPort: 2}
		}, []string{"the client had no local port for 2 connections through MetalLB"}},
		{"nothing was sent", func(o *Observation) { o.Result.Targets[metalLB].Kept = load.Tally{} }, []string{"nothing was sent through MetalLB"}},
		{"the load has no result", func(o *Observation) { o.Result = load.Result{} }, []string{"nothing was measured"}},
		{"the event went wrong", func(o *Observation) { o.Wrong = []string{"waiting for pods"} }, []string{"waiting for pods"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := quiet()
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
		{"open as the address moved, and never answered", metalLB, load.Failure{At: moved - 2*ms, Open: ms, After: 2001 * ms, Cause: traffic.AnswerTimedOut}, 1},
		{"opened afterwards", metalLB, load.Failure{At: moved - 2*ms, Open: 3 * ms, After: 4 * ms, Cause: traffic.Reset}, 0},
		{"over before", metalLB, load.Failure{At: moved - 4*ms, Open: ms, After: 3 * ms, Cause: traffic.Reset}, 0},
		{"never opened", metalLB, load.Failure{At: moved - ms, After: 2 * time.Second, Cause: traffic.ConnectTimedOut}, 0},
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

func TestFailuresBeyondThoseThatAreListedAreCounted(t *testing.T) {
	o := quiet()
	o.Moves = []Move{{At: began.Add(time.Second)}}
	o.lose(metalLB, 500*time.Millisecond, 2*time.Second)
	o.Result.Targets[metalLB].Kept.Succeeded -= 3
	if got := o.broken(o.Result.Targets[metalLB]); got.Early != 1 || got.Late != 4 {
		t.Errorf("%+v failures were counted, want 1 early and 4 late", got)
	}
}
