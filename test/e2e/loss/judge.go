package loss

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/load"
)

// tick is the least that the kernel counts the moments of handshakes in.
const tick = 10 * time.Millisecond

// fewUnderWay new connections may be cut by a move however fast answers come: they come in clusters.
const fewUnderWay = 3

// cut returns how many of the lost new connections were already open when the address moved: opened
// to one node, and continued to another. They are established connections, like kept ones, and a
// moving address breaks all of them. Their number grows with the time that an answer takes, but
// never exceeds the number of concurrent connections.
func (o Observation) cut(target load.TargetResult) int {
	return o.cutAmong(target.Name, target.New, target.New.Failures)
}

func (o Observation) cutAmong(target string, tally load.Tally, failures []load.Failure) int {
	if target != ThroughMetalLB {
		return 0
	}
	underWay := max(fewUnderWay, int(math.Ceil(float64(cmp.Or(o.Rate, rate))*tally.Answering.P99.Seconds())))
	total, byMove := 0, make([]int, len(o.Moves))
	for _, failure := range failures {
		from, until, possible := o.exposed(tally, failure)
		if !possible {
			continue
		}
		i := slices.IndexFunc(o.Moves, func(m Move) bool { return !m.At.Before(from) && !m.At.After(until) })
		if i >= 0 && byMove[i] < underWay {
			byMove[i]++
			total++
		}
	}
	return total
}

// exposed returns the period in which a move of the address can have broken a connection: from when
// it was open to when it failed. A connection without an answer in time failed at the time of the
// slowest answer.
func (o Observation) exposed(tally load.Tally, failure load.Failure) (from, until time.Time, possible bool) {
	began := o.Result.Began.Add(failure.At)
	from, until = began.Add(failure.Open-tick), began.Add(failure.After)
	if failure.Cause == traffic.AnswerTimedOut {
		until = until.Add(tally.Answering.Max - answerTimeout)
	}
	return from, until, failure.Open > 0 && (failure.Cause == traffic.Reset || failure.Cause == traffic.AnswerTimedOut)
}

// released reports whether a kept connection was free to break at the moment: its controller had
// served to the end of its drain, its node had crashed, or, through MetalLB, the address had moved to
// another node since the connection last worked. haproxy does not depend on the address.
func (o Observation) released(target string, served load.Served, moment time.Duration) bool {
	controller, known := o.Controllers[served.By]
	if !known {
		return false
	}
	at := o.Result.Began.Add(moment)
	if !controller.Drained.IsZero() && !at.Before(controller.Drained) {
		return true
	}
	if controller.Node == o.Crash.Node && !at.Before(o.Crash.At) {
		return true
	}
	asked := o.Result.Began.Add(served.Asked)
	return target == ThroughMetalLB && slices.ContainsFunc(o.Moves, func(m Move) bool {
		return m.To != controller.Node && m.At.After(asked) && !at.Before(m.At)
	})
}

// closedByReload reports whether a request was sent on a kept connection at the moment at which an old worker
// closed it. That is how every reload of the engine ends kept connections, and clients send such a request again
// (RFC 9112, section 9.3.1). If the request came before the worker closed the connection and was not read yet, the
// kernel resets the connection (RFC 9112, section 9.6). New connections have no such excuse.
func (o Observation) closedByReload(failure load.Failure) bool {
	closed := failure.Cause == traffic.ClosedWithoutAnswer || failure.Cause == traffic.Reset
	return !o.Reloaded.IsZero() && closed && !o.Result.Began.Add(failure.At+failure.After).Before(o.Reloaded)
}

// Broken counts what became of kept connections.
type Broken struct {
	// Early and Late are requests that failed before and after their connection may break.
	Early, Late int
	// EarlyIdle and LateIdle are connections that were reset between two requests.
	EarlyIdle, LateIdle int
}

// broken judges each failure by the moment at which it was noticed: a request that was under way
// when the address moved fails afterwards. A connection that never had an answer is judged as a new
// one. Failures that are not listed, because there were too many, cannot be distinguished, and
// count as early.
func (o Observation) broken(target load.TargetResult) Broken {
	var count Broken
	var unanswered []load.Failure
	for _, failure := range target.Kept.Failures {
		switch {
		case !failure.Served.By.IsValid():
			unanswered = append(unanswered, failure)
		case o.released(target.Name, failure.Served, failure.At+failure.After), o.closedByReload(failure):
			count.Late++
		}
	}
	count.Late += o.cutAmong(target.Name, target.Kept, unanswered)
	count.Early = target.Kept.Lost() - count.Late
	for _, reset := range target.Connections.IdleResets {
		if o.released(target.Name, reset.Served, reset.At) {
			count.LateIdle++
		}
	}
	count.EarlyIdle = target.Connections.IdleReset - count.LateIdle
	return count
}

// Problems returns the reasons why an event does not fulfil its claim. Comparisons and exceptions
// claim only that they took place and were measured.
func (o Observation) Problems() []string {
	problems := slices.Clone(o.Wrong)
	if len(o.Result.Targets) == 0 {
		problems = append(problems, "nothing was measured")
	}
	problems = append(problems, o.unmeasured()...)
	for _, target := range o.Result.Targets {
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
func (o Observation) unmeasured() []string {
	var problems []string
	for _, target := range o.Result.Targets {
		problems = append(problems, unmeasured(target)...)
	}
	return problems
}

func unmeasured(target load.TargetResult) []string {
	var problems []string
	if target.New.Sent == 0 || target.Kept.Sent == 0 {
		problems = append(problems, fmt.Sprintf("unmeasured: nothing was sent through %s", target.Name))
	}
	if target.Late > answerTimeout {
		problems = append(problems, fmt.Sprintf("unmeasured: the client stood still for %s, longer than it waits for an answer through %s", seconds(target.Late), target.Name))
	}
	if target.Skipped > 0 {
		problems = append(problems, fmt.Sprintf("unmeasured: the client did not keep up, %d connections through %s were not opened", target.Skipped, target.Name))
	}
	if without := target.New.Failed[traffic.NoLocalPort] + target.Kept.Failed[traffic.NoLocalPort]; without > 0 {
		problems = append(problems, fmt.Sprintf("unmeasured: the client had no local port for %d connections through %s", without, target.Name))
	}
	return problems
}

// Problems are those of all events, each with its event, and those of all together.
func Problems(observations []Observation) []string {
	var all []string
	for _, o := range observations {
		for _, problem := range o.Problems() {
			all = append(all, o.Event+": "+problem)
		}
	}
	return append(all, blind(observations)...)
}

// blind reports where the load saw no losses in any event that has some: the crash, and what happens
// without the operator. A load that misses them would miss those of the other events too.
func blind(observations []Observation) []string {
	lost, names := map[string]int{}, []string{}
	for _, o := range observations {
		for _, target := range o.Result.Targets {
			if o.Claim == NothingLost {
				continue
			}
			if !slices.Contains(names, target.Name) {
				names = append(names, target.Name)
			}
			lost[target.Name] += target.New.Lost()
		}
	}
	var problems []string
	for _, name := range names {
		if lost[name] == 0 {
			problems = append(problems, fmt.Sprintf("the load does not see losses: no new connection through %s was lost in any event that loses some", name))
		}
	}
	return problems
}

// BrokenEarly counts the kept connections that were lost although nothing had released them.
func (o Observation) BrokenEarly() int {
	total := 0
	for _, target := range o.Result.Targets {
		broken := o.broken(target)
		total += broken.Early + broken.EarlyIdle
	}
	return total
}
