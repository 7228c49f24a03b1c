package loss

import (
	"fmt"
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic/load"
)

// released is from when on connections through a target that were kept may break; the zero time if that is never. Through MetalLB it is when the address
// moves, at the latest when the drain ends; haproxy does not care for the address.
func (o Observation) released(target string) time.Time {
	moments := slices.Clone(o.Drained)
	if !o.Crashed.IsZero() {
		moments = append(moments, o.Crashed)
	}
	if target == ThroughMetalLB {
		for _, move := range o.Moves {
			moments = append(moments, move.At)
		}
	}
	if len(moments) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(moments, time.Time.Compare)
}

// cut is how many of the new connections that were lost had been open already when the address moved: opened to one node, and continued to another. They
// are established connections as kept ones are, and an address that moves breaks all of these. The longer an answer takes, the more there are.
func (o Observation) cut(target load.TargetResult) int {
	if target.Name != ThroughMetalLB {
		return 0
	}
	cut := 0
	for _, failure := range target.New.Failures {
		if failure.Cause != traffic.Reset && failure.Cause != traffic.AnswerTimedOut {
			continue
		}
		began := o.Result.Began.Add(failure.At)
		open, failed := began.Add(failure.Open), began.Add(failure.After)
		if slices.ContainsFunc(o.Moves, func(m Move) bool { return !open.After(m.At) && !failed.Before(m.At) }) {
			cut++
		}
	}
	return cut
}

// Broken counts what became of kept connections.
type Broken struct {
	// Early and Late are requests that failed before and after connections may break.
	Early, Late int
	// EarlyIdle and LateIdle are connections that were reset between two requests.
	EarlyIdle, LateIdle int
}

// broken counts failures by the moment at which they were noticed: a request that was under way when the address moved fails afterwards.
func (o Observation) broken(target load.TargetResult) Broken {
	var count Broken
	released := o.released(target.Name)
	early := func(at time.Duration) bool { return released.IsZero() || o.Result.Began.Add(at).Before(released) }
	for _, failure := range target.Kept.Failures {
		if early(failure.At + failure.After) {
			count.Early++
		} else {
			count.Late++
		}
	}
	// Beyond those that are listed none is known by its moment; the first ones were earlier.
	count.Late += target.Kept.Lost() - len(target.Kept.Failures)
	for _, at := range target.Connections.IdleResetAt {
		if early(at) {
			count.EarlyIdle++
		} else {
			count.LateIdle++
		}
	}
	return count
}

// Problems are the reasons for which an event does not hold what is claimed of it. Nothing is claimed of comparisons and exceptions, but that they took place
// and were measured.
func (o Observation) Problems() []string {
	problems := slices.Clone(o.Wrong)
	if len(o.Result.Targets) == 0 {
		problems = append(problems, "nothing was measured")
	}
	for _, target := range o.Result.Targets {
		problems = append(problems, o.unmeasured(target)...)
		if o.Claim != NothingLost {
			continue
		}
		if lost := target.New.Lost() - o.cut(target); lost > 0 {
			problems = append(problems, fmt.Sprintf("%d of %d new connections through %s were lost", lost, target.New.Sent, target.Name))
		}
		broken := o.broken(target)
		if broken.Early > 0 {
			problems = append(problems, fmt.Sprintf("%d requests on kept connections through %s failed before their node was released", broken.Early, target.Name))
		}
		if broken.EarlyIdle > 0 {
			problems = append(problems, fmt.Sprintf("%d kept connections through %s were reset before their node was released", broken.EarlyIdle, target.Name))
		}
	}
	return problems
}

// unmeasured says where the client itself failed, so that the numbers prove nothing.
func (o Observation) unmeasured(target load.TargetResult) []string {
	var problems []string
	if target.New.Sent == 0 || target.Kept.Sent == 0 {
		problems = append(problems, fmt.Sprintf("nothing was sent through %s", target.Name))
	}
	if target.Skipped > 0 {
		problems = append(problems, fmt.Sprintf("the client did not keep up: %d connections through %s were not opened", target.Skipped, target.Name))
	}
	if without := target.New.Failed[traffic.NoLocalPort] + target.Kept.Failed[traffic.NoLocalPort]; without > 0 {
		problems = append(problems, fmt.Sprintf("the client had no local port for %d connections through %s", without, target.Name))
	}
	return problems
}

// Problems are those of all events, each with its event.
func Problems(observations []Observation) []string {
	var all []string
	for _, o := range observations {
		for _, problem := range o.Problems() {
			all = append(all, o.Event+": "+problem)
		}
	}
	return all
}
