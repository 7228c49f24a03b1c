package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// expected are the reasons that conditions are to have, by type.
type expected map[string]string

// missing says which condition has another reason, or is about an older generation of the spec.
func (e expected) missing(edge *v1alpha1.EdgeIngress) []string {
	var missing []string
	for _, kind := range slices.Sorted(maps.Keys(e)) {
		condition := meta.FindStatusCondition(edge.Status.Conditions, kind)
		switch {
		case condition == nil:
			missing = append(missing, kind+" is not there")
		case condition.ObservedGeneration != edge.Generation:
			missing = append(missing, kind+" is about an older generation")
		case condition.Reason != e[kind]:
			missing = append(missing, fmt.Sprintf("%s is %s (%s: %s)", kind, condition.Status, condition.Reason, condition.Message))
		}
	}
	return missing
}

func (s *story) awaitConditions(ctx context.Context, what string, reasons expected) error {
	return await(ctx, what, func(ctx context.Context) (bool, string, error) {
		edge, err := s.edgeIngress(ctx)
		if err != nil {
			return false, "", err
		}
		missing := reasons.missing(edge)
		return len(missing) == 0, strings.Join(missing, "; "), nil
	})
}

func (s *story) edgeIngress(ctx context.Context) (*v1alpha1.EdgeIngress, error) {
	edge := &v1alpha1.EdgeIngress{}
	return edge, s.client.Get(ctx, client.ObjectKey{Name: edgeName}, edge)
}

// namespace is where the controller runs, as the status says.
func (s *story) namespace(ctx context.Context) (string, error) {
	edge, err := s.edgeIngress(ctx)
	return edge.Status.Namespace, err
}

func (s *story) service(ctx context.Context) (corev1.Service, error) {
	list := &corev1.ServiceList{}
	if err := s.client.List(ctx, list, client.MatchingLabels{v1alpha1.OwnerLabel: edgeName}); err != nil {
		return corev1.Service{}, fmt.Errorf("reading the Service: %w", err)
	}
	if len(list.Items) != 1 {
		return corev1.Service{}, fmt.Errorf("reading the Service: there are %d, want 1", len(list.Items))
	}
	return list.Items[0], nil
}

func (s *story) podOn(ctx context.Context, node string) (corev1.Pod, error) {
	list := &corev1.PodList{}
	if err := s.client.List(ctx, list, client.MatchingLabels{v1alpha1.OwnerLabel: edgeName}); err != nil {
		return corev1.Pod{}, fmt.Errorf("listing the controller pods: %w", err)
	}
	for _, pod := range list.Items {
		if pod.Spec.NodeName == node {
			return pod, nil
		}
	}
	return corev1.Pod{}, fmt.Errorf("looking for the controller pod on node %q: there is none", node)
}

func (s *story) nodes(ctx context.Context) (map[string]corev1.Node, error) {
	list := &corev1.NodeList{}
	if err := s.client.List(ctx, list); err != nil {
		return nil, fmt.Errorf("listing nodes: %w", err)
	}
	nodes := map[string]corev1.Node{}
	for _, node := range list.Items {
		nodes[node.Name] = node
	}
	return nodes, nil
}

// nodesReady reports whether every node is Ready and has lost the taint of a node that is not ready.
func (s *story) nodesReady(ctx context.Context) (done bool, seen string, err error) {
	nodes, err := s.nodes(ctx)
	if err != nil {
		return false, "", err
	}
	var waiting []string
	for name, node := range nodes {
		ready := slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
		})
		if !ready || len(node.Spec.Taints) > 0 {
			waiting = append(waiting, name)
		}
	}
	slices.Sort(waiting)
	return len(waiting) == 0, "not ready: " + strings.Join(waiting, ", "), nil
}

// changedNodes names the nodes whose labels, taints or annotations differ, or which came or went.
func changedNodes(before, after map[string]corev1.Node) []string {
	changed := map[string]bool{}
	for name := range before {
		_, still := after[name]
		changed[name] = !still
	}
	for name, now := range after {
		then, known := before[name]
		changed[name] = !known || !equality.Semantic.DeepEqual(then.Labels, now.Labels) ||
			!equality.Semantic.DeepEqual(then.Annotations, now.Annotations) || !equality.Semantic.DeepEqual(then.Spec.Taints, now.Spec.Taints)
	}
	maps.DeleteFunc(changed, func(_ string, differs bool) bool { return !differs })
	return slices.Sorted(maps.Keys(changed))
}

func (s *story) showEdgeIngress(ctx context.Context) error {
	return s.kubectl.show(ctx, "get", "edgeingress", "-o", "wide")
}

// showConditions shows the conditions of these types in full, and without types the beginning of all.
func (s *story) showConditions(ctx context.Context, types ...string) error {
	edge, err := s.edgeIngress(ctx)
	if err != nil {
		return fmt.Errorf("reading EdgeIngress %q: %w", edgeName, err)
	}
	if len(types) == 0 {
		s.screen.quote(conditionTable(edge.Status.Conditions))
		return nil
	}
	for _, kind := range types {
		condition := meta.FindStatusCondition(edge.Status.Conditions, kind)
		if condition == nil {
			condition = &metav1.Condition{Type: kind, Status: metav1.ConditionUnknown, Reason: "NotReported"}
		}
		s.screen.quote(conditionInFull(*condition))
	}
	return nil
}

const verdictTitle = "The verdict on the client's address"

// showVerdict shows what the operator says when all is well.
func (s *story) showVerdict(ctx context.Context) error {
	if err := s.showEdgeIngress(ctx); err != nil {
		return err
	}
	s.screen.say("All conditions, with the beginning of each message. SourceIPConfigured is about what the objects say; SourceIPPreserved, the column " +
		"SOURCE IP, is True only when the whole path was measured.")
	if err := s.showConditions(ctx); err != nil {
		return err
	}
	s.screen.say("The whole message of one of them follows the client's address, leg by leg:")
	return s.showConditions(ctx, v1alpha1.ConditionSourceIPConfigured)
}
