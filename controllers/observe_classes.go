package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func (r *Reconciler) listClasses(ctx context.Context) ([]networkingv1.IngressClass, error) {
	list := &networkingv1.IngressClassList{}
	if err := r.Client.List(ctx, list); err != nil {
		return nil, fmt.Errorf("listing IngressClasses: %w", err)
	}
	return list.Items, nil
}

// defaultsAmong returns the names of the default classes in the order in which Kubernetes prefers
// them: the newest first (kubernetes/kubernetes, plugin/pkg/admission/network/defaultingressclass).
func defaultsAmong(classes []networkingv1.IngressClass) []string {
	defaults := slices.DeleteFunc(slices.Clone(classes), func(class networkingv1.IngressClass) bool { return !isDefaultClass(&class) })
	slices.SortFunc(defaults, func(a, b networkingv1.IngressClass) int {
		return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(a.Name, b.Name))
	})
	var names []string
	for i := range defaults {
		names = append(names, defaults[i].Name)
	}
	return names
}

func isDefaultClass(class *networkingv1.IngressClass) bool {
	return class.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true"
}

// trimIngressClass keeps our own classes whole. Of another one it keeps what shows whether it is the
// default.
func trimIngressClass(object any) (any, error) {
	class, isClass := object.(*networkingv1.IngressClass)
	if !isClass {
		return object, nil
	}
	class.ManagedFields = nil
	if _, ours := class.Labels[v1alpha1.OwnerLabel]; ours {
		return class, nil
	}
	kept := &networkingv1.IngressClass{ObjectMeta: identity(class.ObjectMeta)}
	kept.CreationTimestamp = class.CreationTimestamp
	if isDefaultClass(class) {
		metav1.SetMetaDataAnnotation(&kept.ObjectMeta, networkingv1.AnnotationIsDefaultIngressClass, "true")
	}
	return kept, nil
}

// requestsForIngressClass finds one EdgeIngress where the class is its own, and those that wait for its
// name. Another class concerns all: Kubernetes may use it as the default instead of theirs.
func (r *Reconciler) requestsForIngressClass(ctx context.Context, object client.Object) []reconcile.Request {
	class, isClass := object.(*networkingv1.IngressClass)
	if requests := requestsForOwner(ctx, object); len(requests) > 0 && (!isClass || !isDefaultClass(class)) {
		return append(requests, r.requestsFor(ctx, func(e *v1alpha1.EdgeIngress) bool {
			return e.IngressClassName() == object.GetName() && e.Name != requests[0].Name
		})...)
	}
	return r.requestsForAll(ctx, object)
}
