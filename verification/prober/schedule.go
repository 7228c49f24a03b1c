package prober

import "time"

// The intervals of rounds. After a change they are short, because what it changes takes effect some seconds later,
// and no object shows when: a controller loads its configuration, and kube-proxy its rules.
const (
	restingRound = 20 * time.Second
	repeatRound  = 2 * time.Second
	// undecidedRound is for targets at which the witness was not met.
	undecidedRound = 5 * time.Second
	undecidedFor   = 5 * time.Minute
)

// quick are the intervals after a change, by its age.
var quick = []struct{ age, interval time.Duration }{
	{10 * time.Second, time.Second},
	{40 * time.Second, 3 * time.Second},
}

// pause is how long after a round the next one begins at the earliest, however long it took.
const pause = 500 * time.Millisecond

// schedule says when to do something next. Its zero value is due.
type schedule struct {
	fingerprint string
	changed     time.Time
	// round is when the next regular round is due, and extra when something else is, if that is earlier.
	round, extra time.Time
}

func (s *schedule) next() time.Time {
	if !s.extra.IsZero() && s.extra.Before(s.round) {
		return s.extra
	}
	return s.round
}

// differs notes the fingerprint of a plan, and reports whether it is another one. Then a round is due at this time.
func (s *schedule) differs(fingerprint string, due time.Time) bool {
	if fingerprint == s.fingerprint {
		return false
	}
	s.fingerprint, s.changed = fingerprint, due
	if due.Before(s.round) {
		s.round = due
	}
	return true
}

// regular reports whether a regular round is due.
func (s *schedule) regular(now time.Time) bool {
	s.extra = time.Time{}
	return !now.Before(s.round)
}

// soon makes a repetition due, of requests or of a write.
func (s *schedule) soon(now time.Time) { s.extra = now.Add(repeatRound) }

// idle waits for a change.
func (s *schedule) idle(now time.Time) { s.round, s.extra = now.Add(restingRound), time.Time{} }

// rounded plans the regular round after one that began and ended at these times.
func (s *schedule) rounded(began, ended time.Time, undecided bool) {
	interval, age := restingRound, ended.Sub(s.changed)
	if undecided && age < undecidedFor {
		interval = undecidedRound
	}
	for i := len(quick) - 1; i >= 0; i-- {
		if age < quick[i].age {
			interval = quick[i].interval
		}
	}
	s.round = began.Add(interval)
	if earliest := ended.Add(pause); s.round.Before(earliest) {
		s.round = earliest
	}
}
