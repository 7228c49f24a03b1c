// Package serverclock tells the time by the API server's clock. Evidence has an end, and the clock of the machine that
// compares times may be wrong.
package serverclock

import (
	"net/http"
	"sync"
	"time"

	"k8s.io/client-go/rest"
)

// Clock is the API server's clock: the Date of its newest answer (RFC 9110, section 6.6.1), and the time that passed
// since then by the monotonic clock.
type Clock struct {
	mu   sync.Mutex
	date time.Time
	// at is when the date arrived. It has a monotonic reading.
	at time.Time
	// passed is the monotonic clock.
	passed func(since time.Time) time.Duration
}

// New returns a clock that runs from the first answer on.
func New() *Clock { return &Clock{passed: time.Since} }

// Now is the API server's time, and false before its first answer.
func (c *Clock) Now() (now time.Time, runs bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.at.IsZero() {
		return time.Time{}, false
	}
	return c.date.Add(c.passed(c.at)), true
}

// NowOr is the API server's time, and that of another clock before its first answer.
func (c *Clock) NowOr(other func() time.Time) time.Time {
	if now, runs := c.Now(); runs {
		return now
	}
	return other()
}

// Set notes a Date that arrived at a time of this machine. It has whole seconds. So an answer may seem to set the clock
// back by up to a second, and such an answer is ignored unless an old one could be wrong by now.
func (c *Clock) Set(date, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() {
		if behind := c.date.Add(c.passed(c.at)).Sub(date); behind >= 0 && behind <= time.Second && c.passed(c.at) < trustedDate {
			return
		}
	}
	c.date, c.at = date, at
}

// trustedDate is how long a Date is good. Clocks drift by less than a second in this time.
const trustedDate = time.Hour

// Observe makes the clock read the Date of every answer to a client with this configuration, which has to be made
// afterwards.
func (c *Clock) Observe(config *rest.Config) {
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &reader{next: next, clock: c} })
}

type reader struct {
	next  http.RoundTripper
	clock *Clock
}

// RoundTrip sends the request.
func (r *reader) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err == nil {
		if date, failed := http.ParseTime(response.Header.Get("Date")); failed == nil {
			r.clock.Set(date, time.Now())
		}
	}
	return response, err
}
