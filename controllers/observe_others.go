package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// observeOthers returns the other EdgeIngress objects, and what they have in the cluster. It reads the
// caches only.
func (r *Reconciler) observeOthers(
	ctx context.Context, edge *v1alpha1.EdgeIngress, classes []networkingv1.IngressClass,
) (snapshot.List[v1alpha1.EdgeIngress], map[string]snapshot.Holding) {
	list := &v1alpha1.EdgeIngressList{}
	if err := r.Client.List(ctx, list); err != nil {
		return snapshot.List[v1alpha1.EdgeIngress]{Err: fmt.Errorf("listing EdgeIngress objects: %w", err)}, nil
	}
	others := slices.DeleteFunc(list.Items, func(other v1alpha1.EdgeIngress) bool {
		return other.Name == edge.Name || !other.DeletionTimestamp.IsZero()
	})
	if len(others) == 0 {
		return snapshot.List[v1alpha1.EdgeIngress]{}, nil
	}
	held := map[string]snapshot.Holding{}
	for i := range classes {
		if owner := ownerOf(&classes[i]); owner != "" {
			holding := held[owner]
			holding.Classes = append(holding.Classes, classes[i].Name)
			held[owner] = holding
		}
	}
	err := errors.Join(r.holdServices(ctx, edge, held), r.holdHostPorts(ctx, edge, held))
	return snapshot.List[v1alpha1.EdgeIngress]{Items: others, Err: err}, held
}

// ownerOf returns the EdgeIngress that controls the object, or "".
func ownerOf(object client.Object) string {
	owner := metav1.GetControllerOf(object)
	if owner == nil || owner.Kind != "EdgeIngress" || owner.APIVersion != v1alpha1.GroupVersion.String() {
		return ""
	}
	return owner.Name
}

func (r *Reconciler) holdServices(ctx context.Context, edge *v1alpha1.EdgeIngress, held map[string]snapshot.Holding) error {
	if !desired.FixesService(edge) {
		return nil
	}
	list := &corev1.ServiceList{}
	if err := r.Client.List(ctx, list); err != nil {
		return fmt.Errorf("listing the Services of other EdgeIngress objects: %w", err)
	}
	for i := range list.Items {
		if owner := ownerOf(&list.Items[i]); owner != "" {
			held[owner] = desired.Hold(held[owner], &list.Items[i])
		}
	}
	return nil
}

func (r *Reconciler) holdHostPorts(ctx context.Context, edge *v1alpha1.EdgeIngress, held map[string]snapshot.Holding) error {
	if !edge.UsesHostPorts() {
		return nil
	}
	list := &corev1.PodList{}
	if err := r.Client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing the controller pods of other EdgeIngress objects: %w", err)
	}
	for i := range list.Items {
		pod := &list.Items[i]
		owner := pod.Labels[v1alpha1.OwnerLabel]
		ended := pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
		if spec := drift.PodSpecOf(pod.Spec); ended || pod.Spec.NodeName == "" || !workload.OpensHostPorts(&spec) {
			continue
		}
		holding := held[owner]
		if holding.HostPorts == nil {
			holding.HostPorts = map[string]bool{}
		}
		holding.HostPorts[pod.Spec.NodeName] = true
		held[owner] = holding
	}
	return nil
}

// asksDifferently passes only the events of an EdgeIngress by which another one may get what it waits for: the
// spec changed, or the deletion began or ended. One that is new waits for the others itself.
var asksDifferently = builder.WithPredicates(predicate.Funcs{
	CreateFunc:  func(event.CreateEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
	UpdateFunc: func(update event.UpdateEvent) bool {
		return update.ObjectOld.GetGeneration() != update.ObjectNew.GetGeneration()
	},
})

// requestsForRivals finds all EdgeIngress objects but the one that changed.
func (r *Reconciler) requestsForRivals(ctx context.Context, changed client.Object) []reconcile.Request {
	return r.requestsFor(ctx, func(e *v1alpha1.EdgeIngress) bool { return e.Name != changed.GetName() })
}

// requestsForService finds the EdgeIngress of the Service, and those that may wait for its ports or addresses.
func (r *Reconciler) requestsForService(ctx context.Context, service client.Object) []reconcile.Request {
	owners := requestsForOwner(ctx, service)
	return append(owners, r.requestsFor(ctx, func(e *v1alpha1.EdgeIngress) bool {
		return desired.FixesService(e) && (len(owners) == 0 || e.Name != owners[0].Name)
	})...)
}
