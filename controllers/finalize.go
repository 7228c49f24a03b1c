package controllers

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// ensureFinalizer sets the finalizer before anything else is written, so that nothing can be left
// behind. It reports done where the EdgeIngress is being deleted and was released already.
func (r *Reconciler) ensureFinalizer(ctx context.Context, edge *v1alpha1.EdgeIngress) (done bool, err error) {
	has := controllerutil.ContainsFinalizer(edge, v1alpha1.Finalizer)
	if !edge.DeletionTimestamp.IsZero() {
		return !has, nil
	}
	if has {
		return false, nil
	}
	before := edge.DeepCopy()
	controllerutil.AddFinalizer(edge, v1alpha1.Finalizer)
	if err := r.Client.Patch(ctx, edge, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
		return false, fmt.Errorf("adding the finalizer to EdgeIngress %q: %w", edge.Name, err)
	}
	return false, nil
}

// release removes the finalizer of an EdgeIngress that is being deleted, once its nodes are clean
// and its objects are gone. It reports whether the finalizer is gone.
func (r *Reconciler) release(ctx context.Context, seen snapshot.Snapshot, state desired.State) (released bool, err error) {
	clean := seen.Nodes.Err == nil && seen.Inventory.Err == nil &&
		len(state.Nodes.Labels) == 0 && len(state.Nodes.Taints) == 0 && len(state.Nodes.Traces) == 0 && len(seen.Inventory.Items) == 0
	if seen.EdgeIngress.DeletionTimestamp.IsZero() || !clean {
		return false, nil
	}
	if held, err := r.holdsNodes(ctx, seen.EdgeIngress.Name); held || err != nil {
		return false, err
	}
	edge := seen.EdgeIngress.DeepCopy()
	before := edge.DeepCopy()
	controllerutil.RemoveFinalizer(edge, v1alpha1.Finalizer)
	ctrl.LoggerFrom(ctx).Info("Releasing EdgeIngress", "EdgeIngress", klog.KObj(edge))
	err = r.Client.Patch(ctx, edge, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
	if client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("removing the finalizer from EdgeIngress %q: %w", edge.Name, err)
	}
	return true, nil
}

// holdsNodes asks the API server itself. A cache that has not received our own last writes can show
// a node as clean that is not, and anything missed here stays on the node for ever. It reads every
// node, because a node that is being released has lost the own label and kept the rest. Objects
// need no such care: Kubernetes collects what the EdgeIngress owned.
func (r *Reconciler) holdsNodes(ctx context.Context, name string) (bool, error) {
	nodes, err := r.liveNodes(ctx)
	return slices.ContainsFunc(nodes, func(node metav1.PartialObjectMetadata) bool {
		return holdsNode(node.ObjectMeta, name)
	}), err
}

// liveNodes are the metadata of the nodes as the API server has them.
func (r *Reconciler) liveNodes(ctx context.Context, options ...client.ListOption) ([]metav1.PartialObjectMetadata, error) {
	nodes := &metav1.PartialObjectMetadataList{}
	nodes.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NodeList"))
	if err := r.Reader.List(ctx, nodes, options...); err != nil {
		return nil, fmt.Errorf("listing the nodes as the API server has them: %w", err)
	}
	return nodes.Items, nil
}
