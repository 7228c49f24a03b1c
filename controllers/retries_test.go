package controllers

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
)

// repairBound is within which time after the end of an outage the operator repairs.
const repairBound = 30 * time.Second

var anEdge = ctrl.Request{NamespacedName: types.NamespacedName{Name: "public"}}

// worstRetries is the rate limiter with the longest jitter.
func worstRetries() *retries {
	l := newRetries()
	l.jitter = func() float64 { return 0.999999 }
	return l
}

// The outage may end just after a request was sent that hangs, or just after a pass failed.
func TestARetryComesWithinTheBoundHoweverLongTheOutage(t *testing.T) {
	l := worstRetries()
	var longest time.Duration
	for range 100_000 {
		longest = max(longest, l.When(anEdge))
	}
	if worst := DefaultRequestTimeout + longest; longest < maxRetry || worst >= repairBound {
		t.Errorf("the longest delay is %s, and %s with a request that hangs before; want less than %s", longest, worst, repairBound)
	}
	if inOnePass := (&Reconciler{}).limits().pass; inOnePass >= repairBound {
		t.Errorf("a pass may hold its worker for %s, want less than %s", inOnePass, repairBound)
	}
}

func TestRetriesSlowDownAndStartAfresh(t *testing.T) {
	l := newRetries()
	first := l.When(anEdge)
	for range 3 {
		l.When(anEdge)
	}
	if fifth := l.When(anEdge); first > 2*firstRetry || fifth < 16*firstRetry {
		t.Errorf("the first retry comes after %s, the fifth after %s", first, fifth)
	}
	other := ctrl.Request{NamespacedName: types.NamespacedName{Name: "other"}}
	if delay := l.When(other); delay > 2*firstRetry {
		t.Errorf("another EdgeIngress waits %s for this one's failures", delay)
	}
	if got := l.NumRequeues(anEdge); got != 5 {
		t.Errorf("%d failures are counted, want 5", got)
	}
	l.Forget(anEdge)
	if again := l.When(anEdge); again > 2*firstRetry {
		t.Errorf("after a success the first retry comes after %s", again)
	}
	l.Forget(anEdge)
	l.Forget(other)
	if len(l.states) != 0 {
		t.Errorf("the limiter remembers %v", l.states)
	}
}
