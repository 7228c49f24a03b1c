package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"golang.org/x/sync/errgroup"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// nodeWriters is how many nodes are written at once: a thousand nodes one after the other would take minutes.
const nodeWriters = 16

// nodeChange holds the changes of one pass on one node.
type nodeChange struct {
	node string
	uid  types.UID
	// label is nil where the labels stay.
	label  *desired.LabelChange
	taints []desired.TaintChange
	// traces is set where the node keeps nothing of the EdgeIngress but an entry in its managed fields.
	traces bool
}

// byNode puts the changes of a plan together by node, in the order of their first mention.
func byNode(plan desired.NodePlan) []*nodeChange {
	var changes []*nodeChange
	index := map[string]*nodeChange{}
	of := func(node string, uid types.UID) *nodeChange {
		if index[node] == nil {
			index[node] = &nodeChange{node: node, uid: uid}
			changes = append(changes, index[node])
		}
		return index[node]
	}
	for i, change := range plan.Labels {
		of(change.Node, change.UID).label = &plan.Labels[i]
	}
	for _, change := range plan.Taints {
		c := of(change.Node, change.UID)
		c.taints = append(c.taints, change)
	}
	for _, trace := range plan.Traces {
		of(trace.Node, trace.UID).traces = true
	}
	return changes
}

func (w *writer) applyNodes(ctx context.Context, seen snapshot.Snapshot, plan desired.NodePlan) {
	changes := byNode(w.onlyIfCurrent(ctx, seen, plan))
	results := make([]nodeResult, len(changes))
	var group errgroup.Group
	group.SetLimit(nodeWriters)
	for i, change := range changes {
		group.Go(func() error {
			results[i] = w.applyNode(ctx, change)
			return nil
		})
	}
	_ = group.Wait()
	did := map[desired.Step][]string{}
	for i, change := range changes {
		ref := snapshot.Ref{Kind: "Node", Name: change.node}
		w.note(ref, results[i].labels)
		w.note(ref, results[i].taints)
		overruled := slices.ContainsFunc(results[i].written, func(write snapshot.Write) bool { return len(write.Overruled) > 0 })
		if overruled {
			w.lookAgain(conflictRetry) // A node that stays as it was causes no event.
		}
		if change.label != nil && results[i].labels == nil && !overruled && w.repaired(change.label.Write()) < drift.ContestedAfter {
			did[change.label.Step] = append(did[change.label.Step], change.node)
		}
		w.nodeWrites = append(w.nodeWrites, results[i].written...)
	}
	for _, step := range []desired.Step{desired.StepJoin, desired.StepWithdraw, desired.StepRelease, desired.StepLetGo} {
		w.announceNodes(w.edge, step, did[step])
	}
	w.announceContestedNodes(slices.DeleteFunc(slices.Clone(w.nodeWrites), func(write snapshot.Write) bool { return !w.becomesContested(write) }))
}

// nodeResult holds the errors of the writes to one node, and the successful writes.
type nodeResult struct {
	labels, taints error
	written        []snapshot.Write
}

// applyNode writes labels first and taints second. It writes the taints even if it could not write
// the labels. The answer to the first write shows the current node, so the second needs no read.
func (w *writer) applyNode(ctx context.Context, change *nodeChange) (result nodeResult) {
	var live *corev1.Node
	if change.label != nil {
		write := w.withRival(ctx, change.label.Write())
		if live, result.labels = w.applyLabels(ctx, *change.label); result.labels == nil {
			if live != nil && w.labelsDiffer(live, change.label.Labels) {
				write.Rival, write.Overruled = admission, write.Fields
			}
			result.written = append(result.written, write)
		}
	}
	if len(change.taints) == 0 && !change.traces {
		return result
	}
	var writes []snapshot.Write
	if len(change.taints) > 0 {
		writes = append(writes, w.withRival(ctx, desired.TaintWrite(change.taints)))
	}
	answer, err := w.changeTaints(ctx, change, live)
	if result.taints = err; err != nil {
		return result
	}
	for _, write := range writes {
		if answer != nil && taintsDiffer(answer, change.taints) {
			write.Rival, write.Overruled = admission, write.Fields
		}
		result.written = append(result.written, write)
	}
	return result
}

// becomesContested reports whether this write is the first that shows another writer who undoes it.
func (w *writer) becomesContested(write snapshot.Write) bool {
	if len(write.Overruled) > 0 {
		return !w.wasOverruled(write)
	}
	return w.repaired(write) == drift.ContestedAfter
}

// withRival adds the client that undoes the write, if known.
func (w *writer) withRival(ctx context.Context, write snapshot.Write) snapshot.Write {
	write.Rival = w.rivalOf(ctx, corev1.SchemeGroupVersion.WithKind("Node"), write)
	return write
}

// labelsDiffer reports whether the node does not have all of these labels, or has the own label
// although it is not among them.
func (w *writer) labelsDiffer(node *corev1.Node, labels map[string]string) bool {
	for key, wanted := range labels {
		if value, there := node.Labels[key]; !there || value != wanted {
			return true
		}
	}
	own := v1alpha1.NodeLabel(w.edge.Name)
	_, wanted := labels[own]
	_, there := node.Labels[own]
	return there && !wanted
}

// taintsDiffer reports whether the node lacks a taint that the changes set.
func taintsDiffer(node *corev1.Node, changes []desired.TaintChange) bool {
	return slices.ContainsFunc(changes, func(change desired.TaintChange) bool {
		return change.Present && !desired.HasRoleTaint(node.Spec.Taints, change.Key)
	})
}

// onlyIfCurrent drops the changes that take something from a node if the own labels on the API
// server differ from the snapshot. A cache without our own last writes shows ending nodes as
// serving. To count on them could end the last one. The next event of the cache causes the next
// pass, or eventFallback does. An EdgeIngress that is being deleted counts on no node.
func (w *writer) onlyIfCurrent(ctx context.Context, seen snapshot.Snapshot, plan desired.NodePlan) desired.NodePlan {
	takes := func(change desired.LabelChange) bool { return change.Step != desired.StepJoin }
	if !w.edge.DeletionTimestamp.IsZero() || !slices.ContainsFunc(plan.Labels, takes) {
		return plan
	}
	current, err := w.seesOwnLabels(ctx, seen)
	if err != nil {
		w.errs = append(w.errs, err)
	}
	if !current {
		w.lookAgain(eventFallback)
		plan.Labels = slices.DeleteFunc(slices.Clone(plan.Labels), takes)
		plan.Taints = slices.DeleteFunc(slices.Clone(plan.Taints), func(change desired.TaintChange) bool { return !change.Present })
	}
	return plan
}

// seesOwnLabels reports whether the nodes with the own label are those that were seen with it.
func (w *writer) seesOwnLabels(ctx context.Context, seen snapshot.Snapshot) (bool, error) {
	own := v1alpha1.NodeLabel(w.edge.Name)
	live, err := w.liveNodes(ctx, client.HasLabels{own})
	if err != nil {
		return false, err
	}
	labelled := map[types.UID]bool{}
	for i := range live {
		labelled[live[i].UID] = true
	}
	for _, node := range seen.Nodes.Items {
		if _, has := node.Labels[own]; has != labelled[node.UID] {
			return false, nil
		}
	}
	return true, nil
}

// applyLabels makes this EdgeIngress's field manager hold exactly these labels on the node, and
// returns the node afterwards, or nil where it is gone. The uid keeps an apply from changing a new
// node with the same name. The missing right to create nodes keeps it from creating one.
func (w *writer) applyLabels(ctx context.Context, change desired.LabelChange) (*corev1.Node, error) {
	ctrl.LoggerFrom(ctx).Info("Labelling node", "Node", klog.KRef("", change.Node), "labels", change.Labels)
	metadata := map[string]any{"name": change.Node, "uid": change.UID}
	if len(change.Labels) > 0 {
		// An empty map would be owned as well, and leave an entry of ours in the node's managed fields.
		metadata["labels"] = change.Labels
	}
	patch, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": metadata})
	if err != nil {
		return nil, fmt.Errorf("encoding the labels of node %q: %w", change.Node, err)
	}
	node, err := w.patchNode(ctx, change.Node, client.RawPatch(types.ApplyPatchType, patch), client.ForceOwnership)
	if err == nil {
		node, err = w.removeOwnLabel(ctx, node, change)
	}
	if err == nil {
		return node, nil
	}
	if w.nodeIsGone(ctx, change.Node, change.UID) {
		return nil, nil
	}
	return nil, fmt.Errorf("labelling node %q: %w", change.Node, err)
}

// patchNode patches a node as the field manager of this EdgeIngress, and returns the node
// afterwards. A typed node comes as protobuf, which takes a fraction of the time of JSON.
func (w *writer) patchNode(ctx context.Context, name string, patch client.Patch, options ...client.PatchOption) (*corev1.Node, error) {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	options = append(options, client.FieldOwner(v1alpha1.NodeFieldManager(w.edge.Name)))
	if err := w.Client.Patch(ctx, node, patch, options...); err != nil {
		return nil, err
	}
	return node, nil
}

// removeOwnLabel removes the own label from a node that kept it after an apply without it, because
// another field manager holds it as well. The label is ours by its name: while a node has it, the
// controller runs there. It returns the node afterwards.
func (w *writer) removeOwnLabel(ctx context.Context, node *corev1.Node, change desired.LabelChange) (*corev1.Node, error) {
	own := v1alpha1.NodeLabel(w.edge.Name)
	_, wanted := change.Labels[own]
	if _, stays := node.Labels[own]; wanted || !stays {
		return node, nil
	}
	patch := fmt.Sprintf(`{"metadata":{"uid":%q,"labels":{%q:null}}}`, change.UID, own)
	ctrl.LoggerFrom(ctx).Info("Removing label that others hold as well", "Node", klog.KObj(node), "label", own)
	return w.patchNode(ctx, change.Node, client.RawPatch(types.MergePatchType, []byte(patch)))
}

// nodeIsGone reports whether the node was deleted since the snapshot, or another node has its name
// now.
func (w *writer) nodeIsGone(ctx context.Context, name string, uid types.UID) bool {
	node := &corev1.Node{}
	err := w.Reader.Get(ctx, types.NamespacedName{Name: name}, node)
	return apierrors.IsNotFound(err) || (err == nil && node.UID != uid)
}
