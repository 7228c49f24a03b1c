package controllers

import (
	"errors"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var (
	services        = schema.GroupResource{Resource: "services"}
	errConflict     = fmt.Errorf("applying: %w", apierrors.NewConflict(services, "a", errors.New("it changed")))
	errExists       = fmt.Errorf("creating: %w", apierrors.NewAlreadyExists(services, "a"))
	errForbidden    = fmt.Errorf("applying: %w", apierrors.NewForbidden(services, "a", errors.New("quota")))
	errUnderWay     = fmt.Errorf("applying: %w", errTerminating)
	errTaken        = fmt.Errorf("applying: %w", errNotOurs)
	errNoTimeIsLeft = fmt.Errorf("applying: %w", errOutOfTime)
)

func TestWhatAPassLeavesToDo(t *testing.T) {
	for name, test := range map[string]struct {
		wishes    []time.Duration
		errs      []error
		conflicts int

		reports int
		fails   bool
		// next is the longest time until the next pass. After a failed pass it is the delay that
		// the queue gets.
		next time.Duration
		low  bool
	}{
		"nothing happened":                                   {wishes: []time.Duration{restInterval}, next: restInterval},
		"the earliest time counts":                           {wishes: []time.Duration{restInterval, time.Second, time.Minute}, next: time.Second},
		"a time that has passed is now":                      {wishes: []time.Duration{restInterval, -time.Hour}, next: time.Millisecond},
		"an error is repeated soon":                          {wishes: []time.Duration{restInterval}, errs: []error{errForbidden}, reports: 1, fails: true, next: firstRetry, low: true},
		"an error does not cost a known time":                {wishes: []time.Duration{7 * time.Millisecond}, errs: []error{errForbidden}, reports: 1, fails: true, next: 7 * time.Millisecond, low: true},
		"a conflict is repeated quietly":                     {wishes: []time.Duration{restInterval}, errs: []error{errConflict}, next: conflictRetry},
		"so is an object that exists already":                {wishes: []time.Duration{restInterval}, errs: []error{errExists}, next: conflictRetry},
		"a conflict does not cost a known time":              {wishes: []time.Duration{7 * time.Millisecond}, errs: []error{errConflict}, next: 7 * time.Millisecond},
		"a conflict beside an error is not what is reported": {errs: []error{errConflict, errForbidden}, reports: 1, fails: true, next: firstRetry, low: true},
		"a conflict that stays is an error":                  {errs: []error{errConflict}, conflicts: maxQuietConflicts, reports: 1, fails: true, next: firstRetry, low: true},
		"an object that stays in the way is an error":        {errs: []error{errExists}, conflicts: maxQuietConflicts, reports: 1, fails: true, next: firstRetry, low: true},
		"a name that is taken is looked at again":            {wishes: []time.Duration{restInterval}, errs: []error{errTaken}, reports: 1, next: snapshot.NameTakenRecheck},
		"a namespace that goes is looked at again":           {wishes: []time.Duration{restInterval}, errs: []error{errUnderWay}, reports: 1, next: eventFallback},
		"writes without time go on at once, after others":    {wishes: []time.Duration{restInterval}, errs: []error{errNoTimeIsLeft}, next: time.Millisecond, low: true},
		"no error is none":                                   {wishes: []time.Duration{restInterval}, errs: []error{nil}, next: restInterval},
	} {
		t.Run(name, func(t *testing.T) {
			r := &Reconciler{retries: newRetries()}
			r.retries.jitter = func() float64 { return 0 }
			follow := &followUp{conflictsBefore: test.conflicts}
			for _, wish := range test.wishes {
				follow.lookAgain(wish)
			}
			reports := 0
			for _, err := range test.errs {
				if follow.fail(err) {
					reports++
				}
			}
			result, err := r.result(anEdge, follow)
			next := result.RequeueAfter
			if err != nil {
				next = r.retries.When(anEdge)
			}
			if reports != test.reports || (err != nil) != test.fails || next != test.next {
				t.Errorf("want %d reports, failed %t, next pass after %s; got %d, %v, %s", test.reports, test.fails, test.next, reports, err, next)
			}
			if err != nil && result.RequeueAfter != 0 {
				t.Error("the result has both an error and a delay, and controller-runtime drops the delay")
			}
			if low := *result.Priority == handler.LowPriority; low != test.low {
				t.Errorf("low priority: want %t, got %t", test.low, low)
			}
		})
	}
}

func TestConflictsInARowAreCounted(t *testing.T) {
	r := &Reconciler{retries: newRetries()}
	pass := func(errs ...error) (failed bool) {
		follow := &followUp{conflictsBefore: r.retries.conflicts(anEdge)}
		for _, err := range errs {
			follow.fail(err)
		}
		_, err := r.result(anEdge, follow)
		r.retries.Forget(anEdge)
		return err != nil
	}
	for i := range maxQuietConflicts {
		if pass(errConflict) {
			t.Fatalf("conflict %d is an error", i+1)
		}
	}
	for range 2 {
		if !pass(errConflict) {
			t.Error("a conflict that stays is not reported")
		}
	}
	if pass() || pass(errConflict) {
		t.Error("after a pass without a conflict the next one is not quiet")
	}
}
