package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// errNotOurs is an object of the name that we need which somebody else made.
var errNotOurs = errors.New("an object of this name exists and does not belong to this EdgeIngress")

// errTerminating is a namespace in which nothing can be made until it is gone; the event of that brings the next pass.
var errTerminating = errors.New("the namespace is being deleted")

// apply brings the cluster to the state, and writes only what differs. Every step runs even if one before failed.
func (r *Reconciler) apply(ctx context.Context, seen snapshot.Snapshot, state desired.State) (snapshot.Outcome, error) {
	w := &writer{Reconciler: r, edge: seen.EdgeIngress}
	w.applyNodes(ctx, seen, state.Nodes)
	w.applyObjects(ctx, state)
	for _, owned := range ownedKinds() {
		for _, ref := range state.Prune {
			if ref.Kind == owned.kind {
				w.note(ref, w.prune(ctx, owned, ref))
			}
		}
	}
	return w.outcome, errors.Join(w.errs...)
}

func (w *writer) applyObjects(ctx context.Context, state desired.State) {
	if len(state.Objects) == 0 {
		return
	}
	err := w.ensureNamespace(ctx, state.Namespace)
	w.note(snapshot.Ref{Kind: "Namespace", Name: state.Namespace}, err)
	if errors.Is(err, errTerminating) {
		return
	}
	for _, object := range state.Objects {
		w.note(desired.RefOf(object), w.applyObject(ctx, object))
	}
}

// writer carries out the writes of one pass and keeps what came of them.
type writer struct {
	*Reconciler
	edge    *v1alpha1.EdgeIngress
	outcome snapshot.Outcome
	errs    []error
}

// note keeps a failure for the status, and its error for the queue to try again. An object that is not ours is no error: trying again at once would not help.
func (w *writer) note(ref snapshot.Ref, err error) {
	if err == nil {
		return
	}
	if apierrors.IsConflict(err) {
		// Somebody wrote at the same time; that is no news for people, and the next try will see what they wrote.
		w.errs = append(w.errs, err)
		return
	}
	w.outcome.Failures = append(w.outcome.Failures, snapshot.Failure{Ref: ref, Reason: failureReason(err), Message: err.Error()})
	if !errors.Is(err, errNotOurs) && !errors.Is(err, errTerminating) {
		w.errs = append(w.errs, err)
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

// ensureNamespace makes the namespace where there is none. It gets no owner reference, and is never deleted or changed by us: what else is in it is not ours.
func (w *writer) ensureNamespace(ctx context.Context, name string) error {
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	err := w.Client.Get(ctx, types.NamespacedName{Name: name}, live)
	if err == nil && !live.DeletionTimestamp.IsZero() {
		return errTerminating
	}
	if !apierrors.IsNotFound(err) {
		return wrap(err, "reading namespace %q", name)
	}
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{v1alpha1.ManagedByLabel: v1alpha1.ManagedBy}}}
	if w.edge.UsesHostPorts() {
		// Where the cluster enforces a Pod Security Standard by default, pods with host ports would be refused.
		namespace.Labels["pod-security.kubernetes.io/enforce"] = "privileged"
	}
	ctrl.LoggerFrom(ctx).Info("Creating namespace", "Namespace", klog.KObj(namespace))
	err = w.Client.Create(ctx, namespace)
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return wrap(err, "creating namespace %q", name)
}

// applyObject applies an object unless the live one is as wanted already.
func (w *writer) applyObject(ctx context.Context, wanted *unstructured.Unstructured) error {
	ref := desired.RefOf(wanted)
	live, err := w.liveObject(ctx, wanted)
	if err != nil {
		return fmt.Errorf("applying %s: %w", ref, err)
	}
	log := ctrl.LoggerFrom(ctx).WithValues("kind", ref.Kind, "object", klog.KRef(ref.Namespace, ref.Name))
	if live == nil {
		log.Info("Creating object")
		// Not forced: of an object that somebody makes between the look and the write, the fields are another manager's, and where one of them
		// is to be different here the apply is refused.
		if err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(wanted.DeepCopy()), client.FieldOwner(v1alpha1.FieldManager)); err != nil {
			return fmt.Errorf("creating %s: %w", ref, err)
		}
		w.announceCreated(w.edge, wanted)
		return nil
	}
	switch {
	case isFrozen(live, wanted):
		return wrap(w.replace(ctx, live, wanted), "replacing %s", ref)
	case sameDigest(live, wanted):
		return wrap(w.repair(ctx, live, wanted), "repairing %s", ref)
	}
	log.Info("Applying object")
	return wrap(w.change(ctx, live, wanted), "applying %s", ref)
}

// isFrozen is whether Kubernetes would not let the live object become the wanted one, and nothing is lost by making it anew.
func isFrozen(live, wanted *unstructured.Unstructured) bool {
	if immutable, _, _ := unstructured.NestedBool(live.Object, "immutable"); immutable {
		return true
	}
	return slices.ContainsFunc(drift.Find(live, wanted), func(d drift.Difference) bool { return strings.HasPrefix(d.Field, "roleRef") })
}

// replace deletes the object and makes it anew. A controller that reads a ConfigMap keeps the last content that it read in between.
func (w *writer) replace(ctx context.Context, live, wanted *unstructured.Unstructured) error {
	ctrl.LoggerFrom(ctx).Info("Replacing object", "kind", live.GetKind(), "object", klog.KObj(live))
	uid := live.GetUID()
	if err := client.IgnoreNotFound(w.Client.Delete(ctx, live.DeepCopy(), client.Preconditions{UID: &uid})); err != nil {
		return err
	}
	if err := w.applyForced(ctx, wanted); err != nil {
		return err
	}
	w.announceRepaired(w.edge, live, []string{"a field that cannot be changed"})
	return nil
}

// change applies what the spec asks for now. Fields beyond that which would change the client's address go first, also where the apply
// is refused; of a workload they are left to the next pass, so that its pods are replaced once and not twice.
func (w *writer) change(ctx context.Context, live, wanted *unstructured.Unstructured) error {
	_, hasPods, _ := unstructured.NestedMap(wanted.Object, "spec", "template")
	if removals := drift.Removals(drift.Find(live, wanted)); len(removals) > 0 && !hasPods {
		if err := w.remove(ctx, live, removals); err != nil {
			return fmt.Errorf("removing added fields: %w", err)
		}
	}
	return w.applyForced(ctx, wanted)
}

// repair sets back what somebody changed since the last apply of the same wanted object. Only then are fields that we do not want
// somebody's: after a change of the spec they may be our own, and the apply takes them away in one step with the rest.
func (w *writer) repair(ctx context.Context, live, wanted *unstructured.Unstructured) error {
	differences := drift.Find(live, wanted)
	if len(differences) == 0 {
		return nil
	}
	fields := drift.Fields(differences)
	ctrl.LoggerFrom(ctx).Info("Repairing object", "kind", live.GetKind(), "object", klog.KObj(live), "fields", fields)
	if removals := drift.Removals(differences); len(removals) > 0 {
		if err := w.remove(ctx, live, removals); err != nil {
			return fmt.Errorf("removing added fields: %w", err)
		}
	}
	if drift.NeedsApply(differences) {
		if err := w.applyForced(ctx, wanted); err != nil {
			return err
		}
	}
	w.announceRepaired(w.edge, live, fields)
	return nil
}

// applyForced takes over what others changed. What they added stays in an apply, and where it excludes what is wanted (a probe of one
// kind beside ours of another) the API server refuses the whole; then the template of the pods is replaced.
func (w *writer) applyForced(ctx context.Context, wanted *unstructured.Unstructured) error {
	err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(wanted.DeepCopy()), client.FieldOwner(v1alpha1.FieldManager), client.ForceOwnership)
	template, hasTemplate, _ := unstructured.NestedMap(wanted.Object, "spec", "template")
	if !apierrors.IsInvalid(err) || !hasTemplate {
		return err
	}
	if w.patchFields(ctx, wanted, []drift.Operation{{Op: "replace", Path: drift.Pointer("spec", "template"), Value: template}}) == nil {
		return nil
	}
	return err
}

func sameDigest(live, wanted *unstructured.Unstructured) bool {
	return live.GetAnnotations()[v1alpha1.AppliedAnnotation] == wanted.GetAnnotations()[v1alpha1.AppliedAnnotation]
}

// liveObject reads the object of this kind and name: from the cache, and where it is not there from the API server, since the cache holds only what carries our labels.
func (w *writer) liveObject(ctx context.Context, wanted *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	typed, err := w.Client.Scheme().New(wanted.GroupVersionKind())
	if err != nil {
		return nil, fmt.Errorf("finding the type: %w", err)
	}
	live, isObject := typed.(client.Object)
	if !isObject {
		return nil, fmt.Errorf("finding the type: %T is not an object", typed)
	}
	key := client.ObjectKeyFromObject(wanted)
	err = w.Client.Get(ctx, key, live)
	if apierrors.IsNotFound(err) || (err == nil && !isOurs(live, w.edge)) {
		err = w.Reader.Get(ctx, key, live)
	}
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if !isOurs(live, w.edge) {
		return nil, errNotOurs
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(live)
	if err != nil {
		return nil, fmt.Errorf("converting: %w", err)
	}
	object := &unstructured.Unstructured{Object: content}
	object.SetGroupVersionKind(wanted.GroupVersionKind())
	return object, nil
}

// remove takes fields away, provided that the object is still the one that was seen.
func (w *writer) remove(ctx context.Context, live *unstructured.Unstructured, removals []drift.Operation) error {
	unchanged := drift.Operation{Op: "replace", Path: "/metadata/resourceVersion", Value: live.GetResourceVersion()}
	return w.patchFields(ctx, live, append([]drift.Operation{unchanged}, removals...))
}

func (w *writer) patchFields(ctx context.Context, object *unstructured.Unstructured, operations []drift.Operation) error {
	patch, err := json.Marshal(operations)
	if err != nil {
		return fmt.Errorf("encoding the patch: %w", err)
	}
	return w.Client.Patch(ctx, object.DeepCopy(), client.RawPatch(types.JSONPatchType, patch), client.FieldOwner(v1alpha1.FieldManager))
}

// prune deletes an object of ours, provided that it is still the one that was seen.
func (w *writer) prune(ctx context.Context, owned ownedKind, ref snapshot.Ref) error {
	object, _ := owned.object.DeepCopyObject().(client.Object)
	err := w.Client.Get(ctx, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, object)
	if apierrors.IsNotFound(err) || (err == nil && !object.GetDeletionTimestamp().IsZero()) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", ref, err)
	}
	ctrl.LoggerFrom(ctx).Info("Deleting object", "kind", ref.Kind, "object", klog.KRef(ref.Namespace, ref.Name))
	uid := object.GetUID()
	err = w.Client.Delete(ctx, object, client.Preconditions{UID: &uid}, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err = client.IgnoreNotFound(err); err != nil {
		return fmt.Errorf("deleting %s: %w", ref, err)
	}
	w.announcePruned(w.edge, ref, object)
	return nil
}

func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf(format+": %w", append(args, err)...)
}
