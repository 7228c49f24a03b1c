package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// observe reads everything that the pass decides and reports by. A read that fails is kept apart from one that finds nothing.
func (r *Reconciler) observe(ctx context.Context, edge *v1alpha1.EdgeIngress) snapshot.Snapshot {
	key := types.NamespacedName{Namespace: edge.ControllerNamespace(), Name: names.Workload(edge.Name, edge.Spec.Controller.Engine)}
	service := types.NamespacedName{Namespace: edge.ControllerNamespace(), Name: names.Service(edge.Name)}
	daemonSets, daemonSetsErr := r.listDaemonSets(ctx)
	daemonSet, deployment := readOwned(ctx, r, edge, key, &appsv1.DaemonSet{}), readOwned(ctx, r, edge, key, &appsv1.Deployment{})
	return snapshot.Snapshot{
		Time:           r.Now(),
		EdgeIngress:    edge,
		Others:         r.observeOthers(ctx, edge),
		Options:        r.Options,
		Nodes:          r.observeNodes(ctx),
		Service:        readOwned(ctx, r, edge, service, &corev1.Service{}),
		ConfigMap:      readOwned(ctx, r, edge, key, &corev1.ConfigMap{}),
		DaemonSet:      daemonSet,
		Deployment:     deployment,
		Pods:           r.observePods(ctx, edge, daemonSet, deployment),
		EndpointSlices: r.observeEndpointSlices(ctx, service),
		Agents:         agentsAmong(daemonSets, daemonSetsErr),
		Inventory:      r.observeInventory(ctx, edge),
	}
}

// readOwned reads an object of ours: from the cache, which holds objects with our labels, and, where it is not there, from the API server,
// which shows whether one that is not ours has the name, or ours has lost its labels.
func readOwned[T any, P interface {
	*T
	client.Object
}](ctx context.Context, r *Reconciler, edge *v1alpha1.EdgeIngress, key types.NamespacedName, object P) snapshot.Read[T] {
	err := r.Client.Get(ctx, key, object)
	if apierrors.IsNotFound(err) || (err == nil && !isOurs(object, edge)) {
		err = r.Reader.Get(ctx, key, object)
	}
	switch {
	case apierrors.IsNotFound(err):
		return snapshot.Read[T]{}
	case err != nil:
		return snapshot.Read[T]{Err: fmt.Errorf("reading %T %s: %w", object, key, err)}
	case !isOurs(object, edge):
		return snapshot.Read[T]{Foreign: true}
	}
	return snapshot.Read[T]{Value: (*T)(object)}
}

// isOurs is whether the operator made the object for this EdgeIngress: it is controlled by it, or somebody took the owner reference away and
// left our marks. An object that another controls is never ours, whatever it is marked with.
func isOurs(object client.Object, edge *v1alpha1.EdgeIngress) bool {
	if metav1.GetControllerOf(object) != nil {
		return metav1.IsControlledBy(object, edge)
	}
	_, applied := object.GetAnnotations()[v1alpha1.AppliedAnnotation]
	return applied && object.GetLabels()[v1alpha1.OwnerLabel] == edge.Name && object.GetLabels()[v1alpha1.ManagedByLabel] == v1alpha1.ManagedBy
}

func (r *Reconciler) observeOthers(ctx context.Context, edge *v1alpha1.EdgeIngress) snapshot.List[v1alpha1.EdgeIngress] {
	list := &v1alpha1.EdgeIngressList{}
	if err := r.Client.List(ctx, list); err != nil {
		return snapshot.List[v1alpha1.EdgeIngress]{Err: fmt.Errorf("listing EdgeIngress objects: %w", err)}
	}
	others := slices.DeleteFunc(list.Items, func(other v1alpha1.EdgeIngress) bool {
		return other.Name == edge.Name || !other.DeletionTimestamp.IsZero()
	})
	return snapshot.List[v1alpha1.EdgeIngress]{Items: others}
}

func (r *Reconciler) listDaemonSets(ctx context.Context) ([]appsv1.DaemonSet, error) {
	list := &appsv1.DaemonSetList{}
	if err := r.Client.List(ctx, list); err != nil {
		return nil, fmt.Errorf("listing DaemonSets: %w", err)
	}
	return list.Items, nil
}

func agentsAmong(daemonSets []appsv1.DaemonSet, err error) snapshot.List[snapshot.Agent] {
	agents := snapshot.List[snapshot.Agent]{Err: err}
	for i := range daemonSets {
		daemonSet := &daemonSets[i]
		belongsTo, isAgent := provider.AgentProvider(daemonSet)
		if !isAgent {
			continue
		}
		pod := daemonSet.Spec.Template.Spec
		agents.Items = append(agents.Items, snapshot.Agent{
			Provider: belongsTo, Namespace: daemonSet.Namespace, Name: daemonSet.Name,
			Tolerations: pod.Tolerations, NodeSelector: pod.NodeSelector, Affinity: pod.Affinity,
		})
	}
	slices.SortFunc(agents.Items, func(a, b snapshot.Agent) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	return agents
}

func (r *Reconciler) observeEndpointSlices(ctx context.Context, service types.NamespacedName) snapshot.List[discoveryv1.EndpointSlice] {
	list := &discoveryv1.EndpointSliceList{}
	err := r.Client.List(ctx, list, client.InNamespace(service.Namespace), client.MatchingLabels{discoveryv1.LabelServiceName: service.Name})
	if err != nil {
		return snapshot.List[discoveryv1.EndpointSlice]{Err: fmt.Errorf("listing the EndpointSlices of Service %s: %w", service, err)}
	}
	slices.SortFunc(list.Items, func(a, b discoveryv1.EndpointSlice) int { return cmp.Compare(a.Name, b.Name) })
	return snapshot.List[discoveryv1.EndpointSlice]{Items: list.Items}
}

// observeInventory lists what the EdgeIngress owns, of every kind that the operator ever makes. What is being deleted is left out: somebody's
// finalizer, a cloud's load balancer for one, may hold it for long, and no EdgeIngress should have to wait for that.
func (r *Reconciler) observeInventory(ctx context.Context, edge *v1alpha1.EdgeIngress) snapshot.List[snapshot.Ref] {
	var inventory snapshot.List[snapshot.Ref]
	for _, owned := range ownedKinds() {
		list := owned.newList()
		if err := r.Client.List(ctx, list, client.MatchingLabels{v1alpha1.OwnerLabel: edge.Name}); err != nil {
			return snapshot.List[snapshot.Ref]{Err: fmt.Errorf("listing the %s objects of EdgeIngress %q: %w", owned.kind, edge.Name, err)}
		}
		_ = meta.EachListItem(list, func(item runtime.Object) error {
			object, isObject := item.(client.Object)
			if isObject && isOurs(object, edge) && object.GetDeletionTimestamp().IsZero() {
				inventory.Items = append(inventory.Items, snapshot.Ref{Kind: owned.kind, Namespace: object.GetNamespace(), Name: object.GetName()})
			}
			return nil
		})
	}
	return inventory
}
