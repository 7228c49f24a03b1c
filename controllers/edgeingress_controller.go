// Package controllers is the only code that talks to the API server. It observes the cluster,
// applies what package desired decided, and writes the status that package assess computed.
package controllers

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/assess"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/skew"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Reconciler keeps every EdgeIngress true.
type Reconciler struct {
	// Client reads from the caches of CacheOptions and writes to the API server.
	Client client.Client
	// Reader reads from the API server itself, for what the caches do not hold.
	Reader client.Reader
	// Events takes what users should know of.
	Events events.EventRecorder
	// Options are the operator's own settings.
	Options snapshot.Options
	// Now returns the time for transitions and for everything that waits, by the API server's clock: it is compared
	// with times in objects.
	Now func() time.Time
	// Measured takes what passes found measured, for metrics and for the next pass; nil where nobody asks.
	Measured *Measured
	// RequestTimeout is how long a pass waits for the answer to one request. Zero means
	// DefaultRequestTimeout.
	RequestTimeout time.Duration
	// policies read the admission policies; nil where Client reads them.
	policies policyCaches
	// retries limits how soon a pass that failed is repeated; nil without a queue.
	retries *retries
	// repairs are those of earlier passes; nil where nothing is remembered.
	repairs *repairLog
	// agentReads are the pods of agents that earlier passes read; nil where nothing is remembered.
	agentReads *agentReads
	// refusalReads are the refusals of pods that earlier passes read; nil where events are not read.
	refusalReads *refusalReads
}

// Reconcile makes one pass, which has a deadline, and arranges the next one.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limits().pass)
	defer cancel()
	follow := &followUp{conflictsBefore: r.retries.conflicts(request)}
	r.withDeadlines().pass(ctx, request, follow)
	return r.result(request, follow)
}

// pass observes once, decides, applies, and reports what it saw. Every step runs even if one before failed.
func (r *Reconciler) pass(ctx context.Context, request ctrl.Request, follow *followUp) {
	edge := &v1alpha1.EdgeIngress{}
	if err := r.Client.Get(ctx, request.NamespacedName, edge); err != nil {
		follow.fail(client.IgnoreNotFound(err))
		return
	}
	if skew.Of(r.Options.Version, edge.Status.OperatorVersion) == skew.TooOld {
		r.stepAside(ctx, edge, follow)
		return
	}
	if done, err := r.ensureFinalizer(ctx, edge); done || err != nil {
		follow.fail(err)
		return
	}
	seen := r.observe(ctx, edge)
	state, err := desired.Compute(seen)
	follow.fail(err)
	outcome := r.apply(ctx, seen, state, follow)
	if len(follow.errs) == 0 {
		released, err := r.release(ctx, seen, state)
		if released {
			r.repairs.forget(edge.UID)
			r.Measured.forget(edge.UID)
			return
		}
		if follow.fail(err) {
			outcome.Failures = append(outcome.Failures, failureOf(edge, err))
		}
	}
	follow.fail(seen.ReadErrors())
	found := assess.Assess(seen, state, outcome, seen.Time)
	r.Measured.note(edge.UID, found)
	follow.fail(r.writeStatus(ctx, edge, found.Status))
	follow.lookAgain(restInterval)
	if !edge.DeletionTimestamp.IsZero() {
		follow.lookAgain(eventFallback)
	}
	if agentsToRecheck(seen) {
		follow.lookAgain(agentRecheck)
	}
	for _, at := range []time.Time{state.Recheck(), seen.Refusal.Next, found.Recheck} {
		if !at.IsZero() {
			follow.lookAgain(at.Sub(seen.Time))
		}
	}
}

// failureOf is a write to the EdgeIngress itself that failed.
func failureOf(edge *v1alpha1.EdgeIngress, err error) snapshot.Failure {
	return snapshot.Failure{Ref: snapshot.Ref{Kind: "EdgeIngress", Name: edge.Name}, Reason: failureReason(err), Message: err.Error()}
}

// writeStatus writes the status if it differs, provided that the EdgeIngress is still the one that
// the pass saw: the new status is computed from the previous one, and the patch replaces the whole
// list of conditions. It then writes the events.
func (r *Reconciler) writeStatus(ctx context.Context, edge *v1alpha1.EdgeIngress, status v1alpha1.EdgeIngressStatus) error {
	if equality.Semantic.DeepEqual(edge.Status, status) {
		return nil
	}
	before, after := edge.DeepCopy(), edge.DeepCopy()
	after.Status = status
	err := r.Client.Status().Patch(ctx, after, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("writing the status of EdgeIngress %q: %w", edge.Name, err)
	}
	r.announceTransitions(before, after)
	r.announceDowngrade(before, after)
	return nil
}
