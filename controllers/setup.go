package controllers

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// NewScheme returns a scheme with Kubernetes' own kinds and EdgeIngress.
func NewScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}

// SetupWithManager watches everything that a pass looks at. concurrency is the number of
// EdgeIngress objects that are reconciled at the same time.
func (r *Reconciler) SetupWithManager(mgr ctrl.Manager, concurrency int) error {
	r.retries, r.repairs, r.agentReads, r.refusalReads = newRetries(), &repairLog{}, &agentReads{}, &refusalReads{}
	unseen := builder.WithPredicates(ignoreUnseen)
	build := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.EdgeIngress{}, builder.WithPredicates(predicate.Not(onlyStatusChanged))).
		Watches(&v1alpha1.EdgeIngress{}, lookAfterStatus, builder.WithPredicates(onlyStatusChanged)).
		Watches(&v1alpha1.EdgeIngress{}, handler.EnqueueRequestsFromMapFunc(r.requestsForRivals), asksDifferently).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrency, RateLimiter: r.retries}).
		Watches(&corev1.Node{}, handler.EnqueueRequestsFromMapFunc(r.requestsForAll), builder.WithPredicates(ignoreHeartbeats)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(requestsForOwner), unseen).
		Watches(&discoveryv1.EndpointSlice{}, handler.EnqueueRequestsFromMapFunc(r.requestsForEndpointSlice), unseen).
		Watches(&networkingv1.NetworkPolicy{}, handler.EnqueueRequestsFromMapFunc(r.requestsForNetworkPolicy), unseen).
		Watches(&v1alpha1.SourceIPReport{}, handler.EnqueueRequestsFromMapFunc(requestsForReport), unseen).
		WatchesMetadata(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.requestsForNamespace), unseen)
	build, err := r.watchPolicies(mgr, build)
	if err != nil {
		return err
	}
	for _, owned := range ownedKinds() {
		build = build.Watches(owned.object, handler.EnqueueRequestsFromMapFunc(r.requestsForOwned(owned.kind)), unseen)
	}
	if err := build.Complete(r); err != nil {
		return fmt.Errorf("setting up the EdgeIngress controller: %w", err)
	}
	return nil
}

// requestsForOwned returns what finds the EdgeIngress objects that an object of an owned kind concerns.
func (r *Reconciler) requestsForOwned(kind string) handler.MapFunc {
	switch kind {
	case "DaemonSet":
		return r.requestsForDaemonSet
	case "IngressClass":
		return r.requestsForIngressClass
	case "Ingress":
		return r.requestsForIngress
	case "Service":
		return r.requestsForService
	}
	return requestsForOwner
}

// ignoreHeartbeats passes only those updates of a node that a pass would see. Status and managed
// fields change every few seconds.
var ignoreHeartbeats = predicate.Funcs{
	UpdateFunc: func(update event.UpdateEvent) bool {
		before, isNode := update.ObjectOld.(*corev1.Node)
		after, areNodes := update.ObjectNew.(*corev1.Node)
		return isNode && areNodes && nodesDiffer(before, after)
	},
}

// requestsForOwner finds the EdgeIngress of an object by the label. Where the object lost the
// label, the event still carries the old state.
func requestsForOwner(_ context.Context, object client.Object) []reconcile.Request {
	name := object.GetLabels()[v1alpha1.OwnerLabel]
	if owner := metav1.GetControllerOf(object); owner != nil && owner.Kind == "EdgeIngress" {
		name = owner.Name
	}
	if name == "" {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: name}}}
}

// requestsForAll serves events that may concern every EdgeIngress. A node that joins, leaves or is
// tainted changes which nodes remain for applications.
func (r *Reconciler) requestsForAll(ctx context.Context, _ client.Object) []reconcile.Request {
	return r.requestsFor(ctx, func(*v1alpha1.EdgeIngress) bool { return true })
}

func (r *Reconciler) requestsForNamespace(ctx context.Context, namespace client.Object) []reconcile.Request {
	return r.requestsFor(ctx, func(e *v1alpha1.EdgeIngress) bool { return e.ControllerNamespace() == namespace.GetName() })
}

func (r *Reconciler) requestsForNetworkPolicy(ctx context.Context, policy client.Object) []reconcile.Request {
	return r.requestsFor(ctx, func(e *v1alpha1.EdgeIngress) bool { return e.ControllerNamespace() == policy.GetNamespace() })
}

func (r *Reconciler) requestsForEndpointSlice(_ context.Context, slice client.Object) []reconcile.Request {
	if name, ours := edgeIngressOfSlice(slice); ours {
		return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: name}}}
	}
	return nil
}

// requestsForDaemonSet finds one EdgeIngress where the DaemonSet is its controller. Any other
// DaemonSet concerns all: it may be a load balancer's agent, or leave nodes with a role label.
func (r *Reconciler) requestsForDaemonSet(ctx context.Context, object client.Object) []reconcile.Request {
	if requests := requestsForOwner(ctx, object); len(requests) > 0 {
		return requests
	}
	return r.requestsForAll(ctx, object)
}

func (r *Reconciler) requestsFor(ctx context.Context, concerned func(*v1alpha1.EdgeIngress) bool) []reconcile.Request {
	list := &v1alpha1.EdgeIngressList{}
	if err := r.Client.List(ctx, list); err != nil {
		ctrl.LoggerFrom(ctx).Error(err, "Listing EdgeIngress objects for an event")
		return nil
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if concerned(&list.Items[i]) {
			requests = append(requests, reconcile.Request{NamespacedName: types.NamespacedName{Name: list.Items[i].Name}})
		}
	}
	return requests
}
