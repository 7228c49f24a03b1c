package controllers

import (
	"math/rand/v2"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

// A failed pass is repeated after firstRetry, and then after twice as long each time. Without a
// bound of its own, controller-runtime would go up to a quarter of an hour. After an outage of the
// API server, the operator repairs within 30 seconds. maxRetry with its jitter, one request that
// hangs, and the pass itself fit into that time.
const (
	firstRetry  = 50 * time.Millisecond
	maxRetry    = 10 * time.Second
	retryJitter = 0.2
)

// retries is the rate limiter of the queue. Its delay is exponential and bounded for each
// EdgeIngress, and never later than the time that a failed pass asked for. The methods that a pass
// calls work on nil, for a Reconciler without a queue.
type retries struct {
	mu     sync.Mutex
	states map[ctrl.Request]retryState
	// jitter is a random number from 0 to below 1.
	jitter func() float64
}

type retryState struct {
	failures, conflicts int
	// latest is the latest time for the next pass; zero where only the failures decide.
	latest time.Duration
}

func newRetries() *retries {
	return &retries{states: map[ctrl.Request]retryState{}, jitter: rand.Float64}
}

// When implements workqueue.TypedRateLimiter: it counts a failure and returns how long the next pass waits.
func (l *retries) When(request ctrl.Request) time.Duration {
	var delay time.Duration
	l.change(request, func(state *retryState) {
		delay = maxRetry
		if state.failures < 16 { // Beyond that the doubled delay is longer than maxRetry anyway, and would overflow in the end.
			delay = min(firstRetry<<state.failures, maxRetry)
		}
		delay += time.Duration(float64(delay) * retryJitter * l.jitter())
		if state.latest > 0 {
			delay = min(delay, state.latest)
		}
		state.failures, state.latest = state.failures+1, 0
	})
	return delay
}

// Forget implements workqueue.TypedRateLimiter: a pass succeeded. The count of conflicts stays,
// because a pass with a quiet conflict succeeds.
func (l *retries) Forget(request ctrl.Request) {
	l.change(request, func(state *retryState) { state.failures, state.latest = 0, 0 })
}

// NumRequeues implements workqueue.TypedRateLimiter.
func (l *retries) NumRequeues(request ctrl.Request) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.states[request].failures
}

// noLaterThan keeps the time that a failed pass asked for, until the queue asks When; zero is no such time.
func (l *retries) noLaterThan(request ctrl.Request, within time.Duration) {
	l.change(request, func(state *retryState) { state.latest = within })
}

// conflicts is how many passes in a row met a conflict.
func (l *retries) conflicts(request ctrl.Request) int {
	if l == nil {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.states[request].conflicts
}

func (l *retries) countConflicts(request ctrl.Request, conflicted bool) {
	l.change(request, func(state *retryState) {
		state.conflicts++
		if !conflicted {
			state.conflicts = 0
		}
	})
}

// change changes the state of a request, and drops an empty state, so that deleted objects leave
// nothing behind.
func (l *retries) change(request ctrl.Request, change func(*retryState)) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	state := l.states[request]
	change(&state)
	if state == (retryState{}) {
		delete(l.states, request)
		return
	}
	l.states[request] = state
}
