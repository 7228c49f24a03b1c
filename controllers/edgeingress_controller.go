// Package controllers is the only code that talks to the API server: it observes the cluster, applies what package desired
// decided, and writes the status that package assess made of it.
package controllers

import (
	"context"
	"errors"
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
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// foreignObjectRecheck is how long a pass waits before it looks again at an object that is not ours: the caches hold our own objects only, so
// nothing tells when such an object goes.
const foreignObjectRecheck = time.Minute

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
	// Now tells the time, of transitions and for what waits for a time.
	Now func() time.Time
}

// Reconcile makes one pass: it observes once, decides, applies, and reports what it saw. Every step runs even if one before failed, and the
// errors are returned after the status was written.
func (r *Reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	edge := &v1alpha1.EdgeIngress{}
	if err := r.Client.Get(ctx, request.NamespacedName, edge); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if done, err := r.ensureFinalizer(ctx, edge); done || err != nil {
		return ctrl.Result{}, err
	}
	seen := r.observe(ctx, edge)
	state, computeErr := desired.Compute(seen)
	outcome, applyErr := r.apply(ctx, seen, state)
	if !edge.DeletionTimestamp.IsZero() && computeErr == nil && applyErr == nil {
		released, err := r.release(ctx, seen, state)
		if released || err != nil {
			return ctrl.Result{}, err
		}
	}
	status := assess.Status(seen, state, outcome, seen.Time)
	statusErr := r.writeStatus(ctx, edge, status)
	return recheck(outcome, state.Nodes.Recheck, seen.Time), errors.Join(seen.ReadErrors(), computeErr, applyErr, statusErr)
}

// recheck is when to look again although nothing happens: at a foreign object, and when time alone changes what is wanted (at; zero for never).
func recheck(outcome snapshot.Outcome, at, now time.Time) ctrl.Result {
	var result ctrl.Result
	if !at.IsZero() {
		result.RequeueAfter = max(at.Sub(now), time.Millisecond)
	}
	for _, failure := range outcome.Failures {
		if failure.Reason == snapshot.FailureNameTaken && (at.IsZero() || foreignObjectRecheck < result.RequeueAfter) {
			result.RequeueAfter = foreignObjectRecheck
		}
	}
	return result
}

func (r *Reconciler) writeStatus(ctx context.Context, edge *v1alpha1.EdgeIngress, status v1alpha1.EdgeIngressStatus) error {
	if equality.Semantic.DeepEqual(edge.Status, status) {
		return nil
	}
	before := edge.DeepCopy()
	edge.Status = status
	err := r.Client.Status().Patch(ctx, edge, client.MergeFrom(before))
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("writing the status of EdgeIngress %q: %w", edge.Name, err)
	}
	r.announceTransitions(before, edge)
	return nil
}
