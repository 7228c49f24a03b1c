package load

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

const (
	// repeatedOnce and repeatedTwice are below the first and the third second, at which an
	// unanswered SYN is repeated, and far above any other cause.
	repeatedOnce  = 900 * time.Millisecond
	repeatedTwice = 2900 * time.Millisecond
	// keptFailures and keptDetails bound the memory of a run in which everything fails.
	keptFailures = 10_000
	keptDetails  = 50
)

// attempt is one request that is over.
type attempt struct {
	// at is when it began, and period the period at that time.
	at, after time.Duration
	period    int
	// outcome is Answered for a success, and nothing else.
	outcome traffic.Outcome
	detail  string
	// open is the time until the connection was open, 0 if it never was. answering is the time from
	// there to the answer.
	open, answering time.Duration
	// served is the answer before on the same connection.
	served Served
}

// recorder gathers a Tally while requests run.
type recorder struct {
	mutex                 sync.Mutex
	tally                 Tally
	periods               []Period
	lastSuccess           time.Duration
	connecting, answering histogram
}

func newRecorder() *recorder {
	return &recorder{tally: Tally{Failed: map[traffic.Outcome]int{}, Details: map[string]int{}}}
}

// connected notes how long it took to open a connection.
func (r *recorder) connected(took time.Duration) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.connecting.add(took)
	switch {
	case took > repeatedTwice:
		r.tally.SlowConnects.More++
	case took > repeatedOnce:
		r.tally.SlowConnects.Once++
	}
}

func (r *recorder) record(a attempt) {
	if a.outcome == traffic.Cancelled {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for len(r.periods) <= a.period {
		r.periods = append(r.periods, Period{})
	}
	r.tally.Sent++
	r.periods[a.period].Sent++
	if a.outcome == traffic.Answered {
		r.tally.Succeeded++
		r.answering.add(a.answering)
		r.succeeded(a.at + a.after)
		return
	}
	r.periods[a.period].Failures++
	r.failed(a)
}

// succeeded ends the time without success. Offsets come out of order by as much as goroutines wait
// for the lock.
func (r *recorder) succeeded(at time.Duration) {
	r.closeGap(at)
	r.lastSuccess = max(r.lastSuccess, at)
}

func (r *recorder) closeGap(at time.Duration) {
	if length := at - r.lastSuccess; length > r.tally.LongestGap.Length {
		r.tally.LongestGap = Gap{From: r.lastSuccess, Length: length}
	}
}

func (r *recorder) failed(a attempt) {
	r.tally.Failed[a.outcome]++
	if len(r.tally.Failures) < keptFailures {
		r.tally.Failures = append(r.tally.Failures, Failure{
			At: a.at, After: a.after, Open: a.open, Cause: a.outcome, Served: a.served, Period: a.period,
		})
	}
	text := string(a.outcome)
	if a.detail != "" {
		text += ": " + a.detail
	}
	if _, known := r.tally.Details[text]; known || len(r.tally.Details) < keptDetails {
		r.tally.Details[text]++
	}
}

// result returns the tally of a run of this length with these marks.
func (r *recorder) result(length time.Duration, marks []Mark) Tally {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	tally := r.tally
	if tally.Sent > 0 {
		r.closeGap(length)
		tally.LongestGap = r.tally.LongestGap
	}
	tally.Failed, tally.Details, tally.Failures = maps.Clone(tally.Failed), maps.Clone(tally.Details), slices.Clone(tally.Failures)
	tally.Connecting, tally.Answering = r.connecting.latency(), r.answering.latency()
	tally.Periods = named(r.periods, length, marks)
	return tally
}

// named gives the periods their names and times; one without requests is there too.
func named(counted []Period, length time.Duration, marks []Mark) []Period {
	periods := make([]Period, len(marks)+1)
	copy(periods, counted)
	for i, mark := range marks {
		periods[i+1].Name, periods[i+1].From = mark.Name, mark.At
	}
	for i := range periods {
		until := length
		if i < len(marks) {
			until = min(marks[i].At, length)
		}
		periods[i].Length = max(until-periods[i].From, 0)
	}
	return periods
}
