package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// errNotOurs means that a foreign object has the name that we need.
var errNotOurs = errors.New("an object of this name exists and does not belong to this EdgeIngress")

// errTerminating is a namespace in which nothing can be made until it is gone.
var errTerminating = errors.New("the namespace is being deleted")

// apply sends the planned changes. Every step runs even if an earlier one failed. Nodes, which are
// many, and objects each have their own time. follow records the errors.
func (r *Reconciler) apply(ctx context.Context, seen snapshot.Snapshot, state desired.State, follow *followUp) snapshot.Outcome {
	w := &writer{Reconciler: r, followUp: follow, edge: seen.EdgeIngress}
	ctx, cancel := context.WithTimeout(ctx, r.limits().apply)
	defer cancel()
	nodesCtx, cancelNodes := context.WithTimeout(ctx, r.limits().nodes)
	w.applyNodes(nodesCtx, seen, state.Nodes)
	cancelNodes()
	for _, change := range state.Changes {
		w.note(change.Ref, w.carryOut(ctx, change))
	}
	r.repairs.note(seen.EdgeIngress.UID, slices.Concat(w.outcome.Written, w.nodeWrites), w.pruned, seen.Time)
	return w.outcome
}

// writer carries out the writes of one pass and keeps what came of them.
type writer struct {
	*Reconciler
	*followUp
	edge    *v1alpha1.EdgeIngress
	outcome snapshot.Outcome
	// rivals are the other writers of contested fields, where the API server was asked.
	rivals map[snapshot.Ref]string
	// nodeWrites are the successful writes to nodes.
	nodeWrites []snapshot.Write
	// pruned are the objects that the operator deleted.
	pruned []snapshot.Ref
}

// note keeps the error of a write for the next pass and, where people should hear of it, for the status.
func (w *writer) note(ref snapshot.Ref, err error) {
	if w.fail(err) {
		w.outcome.Failures = append(w.outcome.Failures, snapshot.Failure{Ref: ref, Reason: failureReason(err), Cause: refusalCause(err), Message: err.Error()})
	}
}

func failureReason(err error) snapshot.FailureReason {
	switch {
	case errors.Is(err, errNotOurs):
		return snapshot.FailureNameTaken
	case apierrors.IsInvalid(err), apierrors.IsForbidden(err), apierrors.IsBadRequest(err):
		return snapshot.FailureRefused
	}
	return snapshot.FailureOther
}

func (w *writer) carryOut(ctx context.Context, change desired.Change) error {
	log := ctrl.LoggerFrom(ctx).WithValues("kind", change.Ref.Kind, "object", klog.KRef(change.Ref.Namespace, change.Ref.Name))
	switch change.Kind {
	case desired.Create:
		log.Info("Creating object")
		return wrap(w.create(ctx, change), "creating %s", change.Ref)
	case desired.Apply:
		log.Info("Applying object")
		w.findRival(ctx, change)
		return wrap(w.set(ctx, change, true), "applying %s", change.Ref)
	case desired.Repair:
		log.Info("Repairing object", "fields", drift.Fields(change.Differences))
		return wrap(w.repair(ctx, change), "repairing %s", change.Ref)
	case desired.Replace:
		log.Info("Replacing object")
		return wrap(w.replace(ctx, change), "replacing %s", change.Ref)
	case desired.Delete:
		log.Info("Deleting object")
		return wrap(w.prune(ctx, change), "deleting %s", change.Ref)
	case desired.Leave:
		return left(change)
	}
	return nil
}

// left returns the error of an object that is left alone. An earlier step reported a failed read.
func left(change desired.Change) error {
	switch change.Cause {
	case desired.CauseNameTaken:
		return fmt.Errorf("applying %s: %w", change.Ref, errNotOurs)
	case desired.CauseTerminating:
		return errTerminating
	case desired.CauseNotRead, desired.CauseContested:
	}
	return nil
}

// create does not force its apply. If another client creates the object in the meantime, that
// client manages the fields, and the API server refuses the apply where a field differs.
func (w *writer) create(ctx context.Context, change desired.Change) error {
	if change.Ref.Kind == "Namespace" {
		return client.IgnoreAlreadyExists(w.Client.Create(ctx, change.Wanted.DeepCopy()))
	}
	answer := change.Wanted.DeepCopy()
	if err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(answer), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
		return err
	}
	w.wrote(change, answer)
	w.announceCreated(w.edge, change.Wanted)
	return nil
}

// replace deletes the object and creates it again. A controller that reads a ConfigMap keeps the
// last content in between.
func (w *writer) replace(ctx context.Context, change desired.Change) error {
	w.findRival(ctx, change)
	if _, err := w.delete(ctx, change.Live); err != nil {
		return err
	}
	times := w.repaired(change.Write())
	answer, err := w.applyForced(ctx, change.Wanted, nil)
	if err != nil {
		return err
	}
	w.wrote(change, answer)
	w.announceRepaired(change, times)
	return nil
}

func (w *writer) repair(ctx context.Context, change desired.Change) error {
	w.findRival(ctx, change)
	if err := w.set(ctx, change, drift.NeedsApply(change.Differences)); err != nil {
		return err
	}
	w.announceRepaired(change, w.repaired(change.Write()))
	return nil
}

// set takes away what was added, and applies the wanted object where that is needed.
func (w *writer) set(ctx context.Context, change desired.Change, needsApply bool) error {
	answer := change.Live
	if removals := drift.Removals(change.Differences); len(removals) > 0 {
		var err error
		if answer, err = w.patchSeen(ctx, change.Live, removals); err != nil {
			return fmt.Errorf("removing added fields: %w", err)
		}
	}
	if needsApply {
		wanted := change.Wanted.DeepCopy()
		// An object that was created under the same name since may be foreign.
		wanted.SetUID(change.Live.GetUID())
		var err error
		if answer, err = w.applyForced(ctx, wanted, answer); err != nil {
			return err
		}
	}
	w.wrote(change, answer)
	return nil
}

// applyForced takes over the fields that others changed, and returns the object that the API server
// answers. Fields that others added stay. Where such a field excludes ours, such as a probe of
// another kind, the API server refuses the apply. Then applyForced replaces the pod template of the
// live object, if it is still ours. live is nil where there is no object.
func (w *writer) applyForced(ctx context.Context, wanted, live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	answer := wanted.DeepCopy()
	err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(answer), client.FieldOwner(v1alpha1.FieldManager), client.ForceOwnership)
	template, hasTemplate, _ := unstructured.NestedMap(wanted.Object, "spec", "template")
	if !apierrors.IsInvalid(err) || !hasTemplate || live == nil {
		return answer, err
	}
	var replaced *unstructured.Unstructured
	replaceErr := w.asSeen(ctx, live, func(seen *unstructured.Unstructured) (err error) {
		replaced, err = w.patchSeen(ctx, seen, []drift.Operation{{Op: "replace", Path: drift.Pointer("spec", "template"), Value: template}})
		return err
	})
	if replaceErr != nil {
		return nil, err
	}
	return replaced, nil
}

// patchSeen changes fields, provided that the object is still the one that was seen.
func (w *writer) patchSeen(ctx context.Context, seen *unstructured.Unstructured, operations []drift.Operation) (*unstructured.Unstructured, error) {
	unchanged := drift.Operation{Op: "replace", Path: "/metadata/resourceVersion", Value: seen.GetResourceVersion()}
	patch, err := json.Marshal(append([]drift.Operation{unchanged}, operations...))
	if err != nil {
		return nil, fmt.Errorf("encoding the patch: %w", err)
	}
	answer := seen.DeepCopy()
	err = w.Client.Patch(ctx, answer, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(v1alpha1.FieldManager))
	return answer, err
}

// prune deletes an object of ours.
func (w *writer) prune(ctx context.Context, change desired.Change) error {
	deleted, err := w.delete(ctx, change.Live)
	if err != nil {
		return err
	}
	w.pruned = append(w.pruned, change.Ref)
	if deleted {
		w.announcePruned(w.edge, change.Ref, change.Live)
	}
	return nil
}

// delete deletes an object as it was seen: the resource version shows that no one adopted it since.
// It reports whether the object still existed.
func (w *writer) delete(ctx context.Context, live *unstructured.Unstructured) (deleted bool, err error) {
	err = w.asSeen(ctx, live, func(seen *unstructured.Unstructured) error {
		uid, version := seen.GetUID(), seen.GetResourceVersion()
		return w.Client.Delete(ctx, seen.DeepCopy(), client.Preconditions{UID: &uid, ResourceVersion: &version}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	})
	return err == nil, client.IgnoreNotFound(err)
}

// asSeen writes with the resource version of an object that was seen. The status may have changed
// since, as that of a workload often does. After a conflict, asSeen therefore reads the object again,
// and writes once more if it is still ours.
func (w *writer) asSeen(ctx context.Context, live *unstructured.Unstructured, write func(seen *unstructured.Unstructured) error) error {
	err := write(live)
	if !apierrors.IsConflict(err) {
		return err
	}
	fresh := &unstructured.Unstructured{}
	fresh.SetGroupVersionKind(live.GroupVersionKind())
	if readErr := w.Reader.Get(ctx, client.ObjectKeyFromObject(live), fresh); readErr != nil {
		return fmt.Errorf("reading it again: %w", readErr)
	}
	if fresh.GetUID() != live.GetUID() || !isOurs(fresh, w.edge) {
		return err
	}
	return write(fresh)
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
