package controllers

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"golang.org/x/sync/errgroup"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// nodeWriters is how many nodes are written at once: a thousand nodes one after the other would take minutes.
const nodeWriters = 16

func (w *writer) applyNodes(ctx context.Context, seen snapshot.Snapshot, plan desired.NodePlan) {
	plan = w.onlyIfCurrent(ctx, seen, plan)
	did := map[desired.Step][]string{}
	errs := inParallel(plan.Labels, func(change desired.LabelChange) error { return w.applyLabels(ctx, change) })
	for i, change := range plan.Labels {
		w.note(snapshot.Ref{Kind: "Node", Name: change.Node}, errs[i])
		if errs[i] == nil {
			did[change.Step] = append(did[change.Step], change.Node)
		}
	}
	errs = inParallel(plan.Taints, func(change desired.TaintChange) error { return w.applyTaint(ctx, change) })
	for i, change := range plan.Taints {
		w.note(snapshot.Ref{Kind: "Node", Name: change.Node}, errs[i])
	}
	for _, step := range []desired.Step{desired.StepJoin, desired.StepWithdraw, desired.StepRelease, desired.StepLetGo} {
		w.announceNodes(w.edge, step, did[step])
	}
}

// onlyIfCurrent leaves out the changes that take something from a node where the API server holds other own labels than were seen. A cache that has not seen
// our own last writes yet shows nodes as serving that go already, and counting on them could let the last one go. Its next event brings the next pass. An
// EdgeIngress that is being deleted counts on nobody.
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
		plan.Labels = slices.DeleteFunc(slices.Clone(plan.Labels), takes)
		plan.Taints = slices.DeleteFunc(slices.Clone(plan.Taints), func(change desired.TaintChange) bool { return !change.Present })
	}
	return plan
}

// seesOwnLabels is whether the nodes that carry the own label are those that were seen with it.
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

// inParallel calls do for every item and answers the errors in the order of the items.
func inParallel[T any](items []T, do func(T) error) []error {
	errs := make([]error, len(items))
	var group errgroup.Group
	group.SetLimit(nodeWriters)
	for i, item := range items {
		group.Go(func() error {
			errs[i] = do(item)
			return nil
		})
	}
	_ = group.Wait()
	return errs
}

// applyLabels makes this EdgeIngress's field manager hold exactly these labels on the node. The uid keeps an apply from touching a node
// that came back under the same name, and the missing right to create nodes keeps it from making one.
func (w *writer) applyLabels(ctx context.Context, change desired.LabelChange) error {
	ctrl.LoggerFrom(ctx).Info("Labelling node", "Node", klog.KRef("", change.Node), "labels", change.Labels)
	node := &unstructured.Unstructured{}
	node.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Node"))
	node.SetName(change.Node)
	node.SetUID(change.UID)
	if len(change.Labels) > 0 {
		// An empty map would be owned as well, and leave an entry of ours in the node's managed fields.
		node.SetLabels(change.Labels)
	}
	err := w.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(node), client.FieldOwner(v1alpha1.NodeFieldManager(w.edge.Name)), client.ForceOwnership)
	if err == nil {
		err = w.removeOwnLabel(ctx, node, change)
	}
	if err != nil && w.nodeIsGone(ctx, change.Node, change.UID) {
		return nil
	}
	return wrap(err, "labelling node %q", change.Node)
}

// removeOwnLabel takes the own label off a node that kept it after the apply that wanted it no more, because another field manager holds it as well. Its name
// makes it ours: as long as it is there, the controller runs there.
func (w *writer) removeOwnLabel(ctx context.Context, applied *unstructured.Unstructured, change desired.LabelChange) error {
	own := v1alpha1.NodeLabel(w.edge.Name)
	_, wanted := change.Labels[own]
	if _, stays := applied.GetLabels()[own]; wanted || !stays {
		return nil
	}
	patch := fmt.Sprintf(`{"metadata":{"uid":%q,"labels":{%q:null}}}`, change.UID, own)
	ctrl.LoggerFrom(ctx).Info("Removing label that others hold as well", "Node", klog.KRef("", change.Node), "label", own)
	return w.Client.Patch(ctx, applied, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner(v1alpha1.FieldManager))
}

// applyTaint reads the node itself before it writes: the taints are one list that many write to, and the resource version in the patch
// makes sure that no taint which was not seen is lost.
func (w *writer) applyTaint(ctx context.Context, change desired.TaintChange) error {
	node := &corev1.Node{}
	err := w.Reader.Get(ctx, types.NamespacedName{Name: change.Node}, node)
	if apierrors.IsNotFound(err) || (err == nil && node.UID != change.UID) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading node %q: %w", change.Node, err)
	}
	before := node.DeepCopy()
	if !changeTaint(node, w.edge.Name, change) {
		return nil
	}
	ctrl.LoggerFrom(ctx).Info("Changing taint of node", "Node", klog.KObj(node), "taint", change.Taint.ToString(), "present", change.Present)
	err = w.Client.Patch(ctx, node, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(v1alpha1.FieldManager))
	return wrap(client.IgnoreNotFound(err), "changing the taint of node %q", change.Node)
}

// changeTaint changes the taint and this EdgeIngress's claim on it, and answers whether anything changed. A taint that is there without a claim
// is a person's: it is not claimed, and so not taken away later.
func changeTaint(node *corev1.Node, name string, change desired.TaintChange) bool {
	claims := taintClaims(node.Annotations)
	same := func(t corev1.Taint) bool { return t.MatchTaint(&change.Taint) }
	tainted := slices.ContainsFunc(node.Spec.Taints, same)
	claim, claimed := claims[name]
	delete(claims, name)
	claimedByOthers := false
	for _, key := range claims {
		claimedByOthers = claimedByOthers || key == change.Taint.Key
	}
	annotation := v1alpha1.TaintAnnotation(name)
	if !change.Present {
		delete(node.Annotations, annotation)
		// A claim on another taint is not one that the operator wrote, so it gives no right to take that taint away.
		if claim == change.Taint.Key && tainted && !claimedByOthers {
			node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, same)
		}
		return claimed
	}
	if tainted && !claimedByOthers {
		return false
	}
	if !tainted {
		node.Spec.Taints = append(node.Spec.Taints, change.Taint)
	}
	if node.Annotations == nil {
		node.Annotations = map[string]string{}
	}
	node.Annotations[annotation] = change.Taint.Key
	return true
}

// nodeIsGone is whether a write failed because the node was deleted, or came back as another node under the same name, since it was seen.
func (w *writer) nodeIsGone(ctx context.Context, name string, uid types.UID) bool {
	node := &corev1.Node{}
	err := w.Reader.Get(ctx, types.NamespacedName{Name: name}, node)
	return apierrors.IsNotFound(err) || (err == nil && node.UID != uid)
}
