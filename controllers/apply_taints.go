package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
)

// taintTries is how often one pass tries to write the taints of a node while others write to the same node.
const taintTries = 4

// changeTaints changes the taints of a node and the claims on them in one write. It leaves no entry
// in the managed fields of a node without a claim.
//
// Many clients write the one list of taints, so the patch carries the node's resource version. It
// comes from the live node where the caller has it from a write, and from the cached node
// otherwise. Only a conflict, or a search for traces, costs a read.
//
// It returns the node afterwards, or nil where it is gone or was not written.
func (w *writer) changeTaints(ctx context.Context, change *nodeChange, node *corev1.Node) (*corev1.Node, error) {
	live := node != nil || change.traces
	for try := 1; ; try++ {
		if node == nil {
			var err error
			if node, err = w.readNode(ctx, change.node, live); err != nil {
				return nil, client.IgnoreNotFound(err)
			}
		}
		if node.UID != change.uid {
			return nil, nil
		}
		written, err := w.writeTaints(ctx, node, change.taints, live)
		if !apierrors.IsConflict(err) || try == taintTries {
			return written, wrap(client.IgnoreNotFound(err), "changing the taint of node %q", change.node)
		}
		node, live = nil, true
	}
}

// readNode reads from the API server (live) or from the cache.
func (w *writer) readNode(ctx context.Context, name string, live bool) (*corev1.Node, error) {
	var reader client.Reader = w.Client
	if live {
		reader = w.Reader
	}
	node := &corev1.Node{}
	if err := reader.Get(ctx, types.NamespacedName{Name: name}, node); err != nil {
		return nil, fmt.Errorf("reading node %q: %w", name, err)
	}
	return node, nil
}

// writeTaints writes the changes, provided that the node is still the one that is given.
// It returns the node after a write, and nil where nothing had to be written.
func (w *writer) writeTaints(ctx context.Context, node *corev1.Node, changes []desired.TaintChange, live bool) (*corev1.Node, error) {
	before := desired.TaintState{Taints: node.Spec.Taints, Claims: taintClaims(node.Annotations)}
	after := before
	for _, change := range changes {
		after = after.After(w.edge.Name, change)
	}
	patch, err := taintPatch(node, before, after)
	if err != nil {
		return nil, err
	}
	if patch == nil {
		if !live {
			// The cached node does not have all of its managed fields.
			return nil, nil
		}
		return nil, w.removeTrace(ctx, node)
	}
	ctrl.LoggerFrom(ctx).Info("Changing taint of node", "Node", klog.KObj(node), "claim", after.Claims[w.edge.Name])
	written, err := w.patchNode(ctx, node.Name, client.RawPatch(types.MergePatchType, patch))
	if err != nil {
		return nil, err
	}
	return written, w.removeTrace(ctx, written)
}

// taintPatch is the merge patch from one state of the node to another; nil where they are the same.
func taintPatch(node *corev1.Node, before, after desired.TaintState) ([]byte, error) {
	claims := map[string]any{}
	for name := range before.Claims {
		if _, stays := after.Claims[name]; !stays {
			claims[v1alpha1.TaintAnnotation(name)] = nil
		}
	}
	for name, key := range after.Claims {
		if before.Claims[name] != key {
			claims[v1alpha1.TaintAnnotation(name)] = key
		}
	}
	sameTaints := equality.Semantic.DeepEqual(before.Taints, after.Taints)
	if len(claims) == 0 && sameTaints {
		return nil, nil
	}
	patch := map[string]any{"metadata": map[string]any{"uid": node.UID, "resourceVersion": node.ResourceVersion, "annotations": claims}}
	if !sameTaints && len(after.Taints) == 0 {
		patch["spec"] = map[string]any{"taints": nil}
	} else if !sameTaints {
		patch["spec"] = map[string]any{"taints": after.Taints}
	}
	encoded, err := json.Marshal(patch)
	if err != nil {
		return nil, fmt.Errorf("encoding the patch: %w", err)
	}
	return encoded, nil
}

// removeTrace removes the entry that writes of taints left in the managed fields, once this
// EdgeIngress claims no taint of the node. The API server counts the last writer of the list of
// taints as its manager, so the entry would stay where others have taints on the node. It would
// also stay where our claim was the node's first annotation.
func (w *writer) removeTrace(ctx context.Context, node *corev1.Node) error {
	trace := slices.IndexFunc(node.ManagedFields, func(entry metav1.ManagedFieldsEntry) bool { return isTrace(entry, w.edge.Name) })
	if _, claims := taintClaims(node.Annotations)[w.edge.Name]; claims || trace < 0 {
		return nil
	}
	patch := fmt.Sprintf(`[{"op":"replace","path":"/metadata/resourceVersion","value":%q},{"op":"remove","path":"/metadata/managedFields/%d"}]`, node.ResourceVersion, trace)
	ctrl.LoggerFrom(ctx).Info("Removing entry from managed fields", "Node", klog.KObj(node), "manager", node.ManagedFields[trace].Manager)
	_, err := w.patchNode(ctx, node.Name, client.RawPatch(types.JSONPatchType, []byte(patch)))
	return err
}
