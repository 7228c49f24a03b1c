package controllers

import (
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Every pass that waits for an event also sets a time for the next pass. An event can be missed,
// and some never come.
const (
	// restInterval is how long an EdgeIngress at rest goes without a pass.
	restInterval = 10 * time.Minute
	// eventFallback is how long a pass waits for an event that ends a short state, such as a
	// deletion, a terminating namespace, or a cache that is behind.
	eventFallback = 10 * time.Second
	// conflictRetry is how long a pass waits after a conflict. The event of the other write usually
	// comes first.
	conflictRetry = time.Second
)

// maxQuietConflicts is how many passes in a row may end in a conflict before the operator reports
// it. A version conflict is gone in the next pass. A webhook or a proxy that answers 409 for its
// own reasons is not.
const maxQuietConflicts = 5

// followUp is the result of a pass: its errors, and a time for the next pass.
type followUp struct {
	// within is the longest time from the end of this pass to the next one; zero for never.
	within time.Duration
	errs   []error
	// conflictsBefore counts the passes directly before this one that met a conflict.
	conflictsBefore int
	// conflicted reports whether this pass met a conflict.
	conflicted bool
	// unfinished reports whether the time of the pass ended before its writes did.
	unfinished bool
}

// lookAgain asks for a pass within this time. The shortest wish counts.
func (f *followUp) lookAgain(within time.Duration) {
	if f.within == 0 || within < f.within {
		f.within = max(within, time.Millisecond)
	}
}

// fail records the error of one write, and reports whether the status should show it. The next pass
// settles a conflict, so the status does not show that.
func (f *followUp) fail(err error) (report bool) {
	conflict := apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err)
	f.conflicted = f.conflicted || conflict
	switch {
	case err == nil:
		return false
	case conflict && f.conflictsBefore < maxQuietConflicts:
		f.lookAgain(conflictRetry)
		return false
	case errors.Is(err, errOutOfTime):
		f.unfinished = true
		f.lookAgain(time.Millisecond)
		return false
	case errors.Is(err, errNotOurs):
		f.lookAgain(snapshot.NameTakenRecheck)
		return true
	case errors.Is(err, errTerminating):
		f.lookAgain(eventFallback)
		return true
	}
	f.errs = append(f.errs, err)
	return true
}

// result returns the follow-up for controller-runtime. controller-runtime ignores a delay that
// comes with an error, so it returns only one of the two. With an error, the rate limiter keeps the
// delay and chooses the earlier time.
func (r *Reconciler) result(request ctrl.Request, f *followUp) (ctrl.Result, error) {
	r.retries.countConflicts(request, f.conflicted)
	err := errors.Join(f.errs...)
	priority := 0
	if err != nil || f.unfinished {
		// Passes that fail slowly must not keep the workers from the others.
		priority = handler.LowPriority
	}
	if err != nil {
		r.retries.noLaterThan(request, f.within)
		return ctrl.Result{Priority: &priority}, err
	}
	return ctrl.Result{RequeueAfter: f.within, Priority: &priority}, nil
}
