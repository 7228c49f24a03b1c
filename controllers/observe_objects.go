package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// liveObjects are the live objects of the owned kinds.
type liveObjects struct {
	// ours, foreign and errs are by name; an object is in one of them, or does not exist.
	ours    map[snapshot.Ref]client.Object
	foreign map[snapshot.Ref]bool
	errs    map[snapshot.Ref]error
	// inventory names our objects in the order of ownedKinds, without those that are being deleted.
	// A finalizer, such as that of a cloud's load balancer, may keep such an object for long, and
	// no EdgeIngress should wait for that.
	inventory snapshot.List[snapshot.Ref]
}

// observeObjects reads the objects that the EdgeIngress owns from the caches, which hold objects
// with our labels. It asks the API server for the names that the caches do not have: a foreign
// object may have the name, or ours has lost its labels. named returns the names that are needed, from
// what the caches have.
func (r *Reconciler) observeObjects(ctx context.Context, edge *v1alpha1.EdgeIngress, named func(ours liveObjects) []snapshot.Ref) liveObjects {
	found := liveObjects{ours: map[snapshot.Ref]client.Object{}, foreign: map[snapshot.Ref]bool{}, errs: map[snapshot.Ref]error{}}
	unread := map[string]error{}
	for _, owned := range ownedKinds() {
		if err := r.listOwned(ctx, edge, owned, &found); err != nil {
			found.inventory.Err, unread[owned.kind] = err, err
		}
	}
	if found.inventory.Err != nil {
		found.inventory.Items = nil
	}
	refs := named(found)
	for _, owned := range ownedKinds() {
		for _, ref := range refs {
			switch {
			case ref.Kind != owned.kind || found.ours[ref] != nil:
			case unread[owned.kind] != nil:
				found.errs[ref] = unread[owned.kind]
			default:
				r.lookUp(ctx, edge, owned, ref, &found)
			}
		}
	}
	return found
}

func (r *Reconciler) listOwned(ctx context.Context, edge *v1alpha1.EdgeIngress, owned ownedKind, found *liveObjects) error {
	list, options := owned.newList(), []client.ListOption{client.MatchingLabels{v1alpha1.OwnerLabel: edge.Name}}
	if owned.kind == "Ingress" {
		if r.Options.Namespace == "" {
			return nil
		}
		// Everybody may make Ingress objects. Ours are here only, and only here the operator may write them.
		options = append(options, client.InNamespace(r.Options.Namespace))
	}
	if err := r.Client.List(ctx, list, options...); err != nil {
		return fmt.Errorf("listing the %s objects of EdgeIngress %q: %w", owned.kind, edge.Name, err)
	}
	return meta.EachListItem(list, func(item runtime.Object) error {
		if object, isObject := item.(client.Object); isObject && isOurs(object, edge) {
			found.add(owned.kind, object)
		}
		return nil
	})
}

func (r *Reconciler) lookUp(ctx context.Context, edge *v1alpha1.EdgeIngress, owned ownedKind, ref snapshot.Ref, found *liveObjects) {
	object, _ := owned.object.DeepCopyObject().(client.Object)
	err := r.Reader.Get(ctx, types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}, object)
	switch {
	case apierrors.IsNotFound(err):
	case err != nil:
		found.errs[ref] = fmt.Errorf("reading %s: %w", ref, err)
	case !isOurs(object, edge):
		found.foreign[ref] = true
	default:
		found.add(owned.kind, object)
	}
}

func (o *liveObjects) add(kind string, object client.Object) {
	ref := snapshot.Ref{Kind: kind, Namespace: object.GetNamespace(), Name: object.GetName()}
	o.ours[ref] = object
	if object.GetDeletionTimestamp().IsZero() {
		o.inventory.Items = append(o.inventory.Items, ref)
	}
}

// leftovers names objects that still have an effect although the spec may not need them: a workload
// with pods, or a Service with endpoints.
func leftovers(workload types.NamespacedName, pods []corev1.Pod, service types.NamespacedName, endpointSlices []discoveryv1.EndpointSlice) []snapshot.Ref {
	var refs []snapshot.Ref
	if len(endpointSlices) > 0 {
		refs = append(refs, refTo("Service", service))
	}
	kinds := map[v1alpha1.WorkloadKind]bool{}
	for i := range pods {
		kinds[workloadOf(&pods[i], workload.Name, false, false)] = true
	}
	for _, kind := range []v1alpha1.WorkloadKind{v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment} {
		if kinds[kind] {
			refs = append(refs, refTo(string(kind), workload))
		}
	}
	return refs
}

func refTo(kind string, key types.NamespacedName) snapshot.Ref {
	return snapshot.Ref{Kind: kind, Namespace: key.Namespace, Name: key.Name}
}

// readAs is the object of this name as its type.
func readAs[T any, P interface {
	*T
	client.Object
}](objects liveObjects, ref snapshot.Ref) snapshot.Read[T] {
	if typed, isTyped := objects.ours[ref].(P); isTyped {
		return snapshot.Read[T]{Value: (*T)(typed)}
	}
	return snapshot.Read[T]{Err: objects.errs[ref], Foreign: objects.foreign[ref]}
}

// encoded is every object as the API server encodes it.
func (r *Reconciler) encoded(objects liveObjects) map[snapshot.Ref]snapshot.Live {
	all := map[snapshot.Ref]snapshot.Live{}
	for ref := range objects.foreign {
		all[ref] = snapshot.Live{Foreign: true}
	}
	for ref, err := range objects.errs {
		all[ref] = snapshot.Live{Err: err}
	}
	for ref, object := range objects.ours {
		encoded, err := r.encode(object)
		if err != nil {
			err = fmt.Errorf("converting %s: %w", ref, err)
		}
		all[ref] = snapshot.Live{Object: encoded, Err: err}
	}
	return all
}

func (r *Reconciler) encode(object client.Object) (*unstructured.Unstructured, error) {
	gvk, err := apiutil.GVKForObject(object, r.Client.Scheme())
	if err != nil {
		return nil, err
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, err
	}
	encoded := &unstructured.Unstructured{Object: content}
	encoded.SetGroupVersionKind(gvk)
	encoded.SetManagedFields(nil)
	return encoded, nil
}

func (r *Reconciler) observeNamespace(ctx context.Context, name string) snapshot.Namespace {
	live := &metav1.PartialObjectMetadata{}
	live.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	err := r.Client.Get(ctx, types.NamespacedName{Name: name}, live)
	switch {
	case apierrors.IsNotFound(err):
		return snapshot.Namespace{}
	case err != nil:
		return snapshot.Namespace{Err: fmt.Errorf("reading namespace %q: %w", name, err)}
	}
	return snapshot.Namespace{Exists: true, Terminating: !live.DeletionTimestamp.IsZero(), PodSecurity: live.Labels[desired.PodSecurityLabel]}
}

// isOurs reports whether the operator created the object for this EdgeIngress: the EdgeIngress is its
// controlling owner, or the owner reference is missing and the object still has our marks. An object
// with another controlling owner is never ours, whatever its marks say.
func isOurs(object client.Object, edge *v1alpha1.EdgeIngress) bool {
	if metav1.GetControllerOf(object) != nil {
		return metav1.IsControlledBy(object, edge)
	}
	_, applied := object.GetAnnotations()[v1alpha1.AppliedAnnotation]
	return applied && object.GetLabels()[v1alpha1.OwnerLabel] == edge.Name && object.GetLabels()[v1alpha1.ManagedByLabel] == v1alpha1.ManagedBy
}
