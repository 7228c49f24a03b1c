package load

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// Causes of losses beside the outcomes of package traffic: a complete answer came, but not the right one.
const (
	// WrongStatus: the answer was not 200.
	WrongStatus traffic.Outcome = "WrongStatus"
	// WrongAddress: the application saw another address than the one the connection was dialled from.
	WrongAddress traffic.Outcome = "WrongAddress"
	// NotEcho: the answer was 200, but not the echo application's.
	NotEcho traffic.Outcome = "NotEcho"
)

// Result is the result of a load.
type Result struct {
	// Began is when the load started. All offsets in the result count from there.
	Began time.Time
	// Length is the time until Stop was called. Answers that came later count.
	Length time.Duration
	Marks  []Mark
	// Targets are in the order of the configuration.
	Targets []TargetResult
}

// Mark is a named moment.
type Mark struct {
	Name string
	At   time.Duration
}

// TargetResult is the result of the requests to one target.
type TargetResult struct {
	Name string
	// New are the requests on new connections, Kept those on kept connections.
	New, Kept Tally
	// Late is the longest delay of a new connection behind its schedule. It shows how far the
	// client itself was delayed.
	Late time.Duration
	// Skipped is how many new connections were due but not opened, because too many were open: the
	// client could not keep up.
	Skipped int
	// Connections are those that were kept.
	Connections Connections
}

// Connections counts how kept connections began and ended. None of these ends is a loss.
type Connections struct {
	Opened int
	// Announced were closed after an answer that said so, Idle without a word between two requests.
	Announced, Idle int
	// IdleReset were reset between two requests.
	IdleReset int
	// IdleData received unrequested data between two requests, and were given up.
	IdleData int
	// IdleResets are the first resets while idle, at most 10,000.
	IdleResets []IdleReset
}

// IdleReset is the end of a kept connection between two requests.
type IdleReset struct {
	At     time.Duration
	Served Served
}

// Served is the last answer that a kept connection had; the zero value if it had none.
type Served struct {
	// By is the other end of the application's connection: the proxy that served.
	By netip.Addr
	// Asked is when the request began.
	Asked time.Duration
}

// Tally counts requests to one target on one kind of connections. It omits requests that their
// caller cancelled.
type Tally struct {
	// Sent requests either Succeeded or are counted once in Failed. A connection that could not be
	// opened counts as a request.
	Sent, Succeeded int
	Failed          map[traffic.Outcome]int
	// Details counts failures by their cause with the status, the wrong address or the error, at
	// most 50 different ones.
	Details map[string]int
	// Failures are the first 10,000 failures, in the order in which they were noticed.
	Failures []Failure
	// Periods are the times between marks. The first one ends at the first mark. A request belongs
	// to the period in which it began.
	Periods []Period
	// LongestGap is the longest time without any success.
	LongestGap Gap
	// SlowConnects are the connections of which a SYN was lost. They are successes if an answer came.
	SlowConnects SlowConnects
	// Connecting is the time that opened connections took. Answering is the time from there to the
	// answer, of successes.
	Connecting, Answering Latency
}

// SlowConnects counts connections by how often the client repeated their SYN until they were open.
// It derives that from the time that they took to open, and assumes that a SYN is repeated after 1,
// 3 and 7 s, as Linux does. Since Linux 6.5 this holds only where net.ipv4.tcp_syn_linear_timeouts
// is 0.
type SlowConnects struct {
	// Once took longer than 0.9 s, More longer than 2.9 s.
	Once, More int
}

// String returns 0 if there are none.
func (s SlowConnects) String() string {
	switch {
	case s == SlowConnects{}:
		return "0"
	case s.More == 0:
		return fmt.Sprintf("%d after 1 s", s.Once)
	case s.Once == 0:
		return fmt.Sprintf("%d after 3 s", s.More)
	}
	return fmt.Sprintf("%d after 1 s, %d after 3 s", s.Once, s.More)
}

// Lost is how many requests failed.
func (t Tally) Lost() int { return t.Sent - t.Succeeded }

// Failure is one lost request.
type Failure struct {
	// At is when the request began, After how long later it had failed.
	At, After time.Duration
	// Open is how long after At its connection was open; 0 if it never was, or if it was kept and
	// open before. The kernel reports it in ticks of up to 10 ms, however late the client itself
	// noticed. It is the least possible time where the connection was reset before the client noticed
	// that it was open.
	Open  time.Duration
	Cause traffic.Outcome
	// Served is the answer before on the same connection.
	Served Served
	// Period is the index of the period that the request began in; 0 is before any mark.
	Period int
}

// Period is the time from a mark to the next.
type Period struct {
	// Name is the mark's; empty before the first.
	Name           string
	From, Length   time.Duration
	Sent, Failures int
}

// LostShare is the share of the period's requests that failed, from 0 to 1.
func (p Period) LostShare() float64 {
	if p.Sent == 0 {
		return 0
	}
	return float64(p.Failures) / float64(p.Sent)
}

// Gap is a time without success.
type Gap struct {
	From, Length time.Duration
}

// Latency holds a median, the 99th percentile (both at most 1/32 too large) and the maximum.
type Latency struct {
	Median, P99, Max time.Duration
}
