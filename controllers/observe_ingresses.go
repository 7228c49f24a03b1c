package controllers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// legacyClassAnnotation is how Ingress objects named their class before the field. It goes before the field.
const legacyClassAnnotation = "kubernetes.io/ingress.class"

func classOf(ingress *networkingv1.Ingress) string {
	if class, annotated := ingress.Annotations[legacyClassAnnotation]; annotated {
		return class
	}
	if ingress.Spec.IngressClassName == nil {
		return ""
	}
	return *ingress.Spec.IngressClassName
}

// signsOf returns what the engines look at in the annotations of an Ingress.
func signsOf(ingress *networkingv1.Ingress) map[string]string {
	signs := map[string]string{}
	for _, known := range registry.All() {
		maps.Copy(signs, known.AddressSigns(ingress.Annotations))
	}
	return signs
}

// trimIngress keeps our own Ingress objects whole. Of another one it keeps the class, and the signs that its
// application sees another address than the witness.
func trimIngress(object any) (any, error) {
	ingress, isIngress := object.(*networkingv1.Ingress)
	if !isIngress {
		return object, nil
	}
	ingress.ManagedFields = nil
	if _, ours := ingress.Labels[v1alpha1.OwnerLabel]; ours {
		return ingress, nil
	}
	kept := &networkingv1.Ingress{ObjectMeta: identity(ingress.ObjectMeta)}
	kept.Labels = nil
	if class := shared(classOf(ingress)); class != "" {
		kept.Spec.IngressClassName = &class
	}
	for key, value := range signsOf(ingress) {
		if kept.Annotations == nil {
			kept.Annotations = map[string]string{}
		}
		kept.Annotations[shared(key)] = shared(value)
	}
	return kept, nil
}

// observeDeparting finds the Ingress objects of the class that may show their application another address
// than the witness sees. settings are those of the ConfigMap that was seen.
func (r *Reconciler) observeDeparting(ctx context.Context, edge *v1alpha1.EdgeIngress, settings map[string]string) snapshot.List[snapshot.Departure] {
	runs, err := registry.For(edge)
	if err != nil {
		return snapshot.List[snapshot.Departure]{} // Whoever chooses the engine reports it.
	}
	list := &networkingv1.IngressList{}
	if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return snapshot.List[snapshot.Departure]{Err: fmt.Errorf("listing Ingress objects: %w", err)}
	}
	return snapshot.List[snapshot.Departure]{Items: departuresAmong(list.Items, edge.IngressClassName(), runs, settings)}
}

func departuresAmong(ingresses []networkingv1.Ingress, class string, runs engine.Engine, settings map[string]string) (departures []snapshot.Departure) {
	for i := range ingresses {
		ingress := &ingresses[i]
		if classOf(ingress) != class {
			continue
		}
		if why := runs.Departure(runs.AddressSigns(ingress.Annotations), settings); why != "" {
			departures = append(departures, snapshot.Departure{Namespace: ingress.Namespace, Name: ingress.Name, Why: why})
		}
	}
	slices.SortFunc(departures, func(a, b snapshot.Departure) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return departures
}

// requestsForIngress finds the EdgeIngress of one of our own Ingress objects. Another Ingress concerns the
// EdgeIngress of its class, if it has signs. Most have none, and cause no pass.
func (r *Reconciler) requestsForIngress(ctx context.Context, object client.Object) []reconcile.Request {
	if requests := requestsForOwner(ctx, object); len(requests) > 0 {
		return requests
	}
	ingress, isIngress := object.(*networkingv1.Ingress)
	if !isIngress || len(signsOf(ingress)) == 0 {
		return nil
	}
	return r.requestsFor(ctx, func(e *v1alpha1.EdgeIngress) bool { return e.IngressClassName() == classOf(ingress) })
}
