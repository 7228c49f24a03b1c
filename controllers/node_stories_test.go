package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestANodeJoinsAndLeaves(t *testing.T) {
	t.Parallel()
	s := newStory(t, "traffic")
	s.addNodes("a")
	s.addNode("b", nil)
	s.createReady()

	s.setLabel(s.node("b"), poolLabel, s.name)
	s.eventually("the node that got the label joins", s.isEdgeNode(s.node("b")))
	s.eventually("a controller runs there", s.readyPodsOn(s.node("a"), s.node("b")))
	s.eventually("the node is counted", s.counts(2))

	s.removeLabel(s.node("a"), poolLabel)
	s.eventually("the node that lost the label is clean", s.isClean(s.node("a")))
	s.eventually("its controller goes", s.readyPodsOn(s.node("b")))
	s.eventually("the node is not counted any more", s.counts(1))
	s.becomesReady()
}

func TestANodeIsReplacedUnderTheSameName(t *testing.T) {
	t.Parallel()
	s := newStory(t, "replaced")
	s.addNodes("a", "b")
	s.createReady()

	s.deleteNode("b")
	s.eventually("the node is not counted any more", s.counts(1))
	if _, err := s.readNode(s.node("b")); !apierrors.IsNotFound(err) {
		t.Fatalf("the node that was deleted is there again: %v", err)
	}
	s.addNodes("b")
	s.eventually("the node that came back is taken in", s.isEdgeNode(s.node("b")))
	s.eventually("a controller runs there", s.readyPodsOn(s.node("a"), s.node("b")))
	s.becomesReady()
}

func TestANodeThatIsGoneIsNotCreatedAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, "gone")
	s.addNodes("a", "b")
	s.create(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector, e.Spec.Nodes.Names = nil, []string{s.node("a"), s.node("b")}
	})
	s.eventually("the named node joins", s.isEdgeNode(s.node("b")))

	s.deleteNode("b")
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNodesMissing)
	s.saysOf(v1alpha1.ConditionNodesReady, s.node("b"))
	// A change of the spec makes the operator look at every node once more.
	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Isolation = v1alpha1.IsolationShared })
	s.eventually("the node that is there loses its taint", s.isNotTainted(s.node("a")))
	if _, err := s.readNode(s.node("b")); !apierrors.IsNotFound(err) {
		t.Errorf("the node that was deleted is there again: %v", err)
	}
}

func TestAnEdgeWithoutNodesSaysSo(t *testing.T) {
	t.Parallel()
	s := newStory(t, "nobody")
	s.create()
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNoNodesSelected)
	s.eventually("all conditions are there", s.hasAllConditions)
	s.becomes(v1alpha1.ConditionReady, metav1.ConditionFalse, v1alpha1.ReasonNoNodesSelected)
}

func TestTwoEdgesShareANode(t *testing.T) {
	t.Parallel()
	one, two := newStory(t, "sharing-one"), newStory(t, "sharing-two")
	one.addNode("both", map[string]string{poolLabel: one.name, "example.com/second": "true"})
	shared := one.node("both")
	one.create()
	two.create(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector.MatchLabels = map[string]v1alpha1.LabelValue{"example.com/second": "true"}
	})
	for _, s := range []*story{one, two} {
		s.eventually("the node is an edge node of both", s.isEdgeNode(shared))
		s.eventually("both run a controller there", s.readyPodsOn(shared))
	}

	one.deleteEdge()
	if err := errors.Join(one.isReleased(shared)(), two.isEdgeNode(shared)()); err != nil {
		t.Errorf("when the first was gone: %v", err)
	}
	two.eventually("the second is as it was", two.readyPodsOn(shared))
	two.deleteEdge()
	if err := two.isClean(shared)(); err != nil {
		t.Errorf("when both were gone: %v", err)
	}
}

func TestTheYoungerOfTwoEdgesDoesNotLockTheOlderOut(t *testing.T) {
	for name, isolation := range map[string]v1alpha1.Isolation{"open": v1alpha1.IsolationShared, "shut": v1alpha1.IsolationDedicated} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			older, younger := newStory(t, "older-"+name), newStory(t, "younger-"+name)
			older.addNodes("both")
			node := older.node("both")
			older.create(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Isolation = isolation })
			older.eventually("the older one runs a controller", older.readyPodsOn(node))
			younger.create(func(e *v1alpha1.EdgeIngress) {
				e.Spec.Nodes.Label = "node-role.kubernetes.io/edge-b"
				e.Spec.Nodes.Selector.MatchLabels = map[string]v1alpha1.LabelValue{poolLabel: v1alpha1.LabelValue(older.name)}
			})
			reason := v1alpha1.ReasonTaintWithheldForEdgeIngress
			if isolation == v1alpha1.IsolationDedicated {
				reason = v1alpha1.ReasonTaintOfAnotherEdgeIngress
			}
			younger.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, reason)
			younger.saysOf(v1alpha1.ConditionNodesReady, "EdgeIngress "+older.name, node)
			if err := older.hasCondition(v1alpha1.ConditionNodesReady, metav1.ConditionTrue, v1alpha1.ReasonNodesLabelled); err != nil {
				t.Errorf("the older one: %v", err)
			}
			found, err := older.readNode(node)
			if err != nil {
				t.Fatal(err)
			}
			for _, taint := range found.Spec.Taints {
				if taint.Key == "node-role.kubernetes.io/edge-b" {
					t.Errorf("the younger one tainted %s", node)
				}
			}
		})
	}
}

func TestTwoEdgesNeverLandOnEachOthersNodes(t *testing.T) {
	t.Parallel()
	one, two := newStory(t, "apart-one"), newStory(t, "apart-two")
	for _, s := range []*story{one, two} {
		s.addNodes("a")
		s.create()
	}
	for _, s := range []*story{one, two} {
		s.eventually("the role label and taint are the same", s.isEdgeNode(s.node("a")))
		s.eventually("the controller runs on its own node only", s.readyPodsOn(s.node("a")))
	}
}

func TestWhatAPersonGaveANodeSurvives(t *testing.T) {
	const person = "kubectl-label"
	for name, value := range map[string]string{"the role label as it should be": "", "the role label with another value": "true"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, "adopted"+value)
			s.addNodes("a", "b")
			node := s.node("a")
			s.setLabelAs(person, node, v1alpha1.DefaultRoleLabel, value)
			s.addTaint(node, corev1.Taint{Key: v1alpha1.DefaultRoleLabel, Effect: corev1.TaintEffectNoSchedule})
			s.createReady()

			s.eventually("the other node is an edge node", s.isEdgeNode(s.node("b")))
			if err := s.bears(node, value, true); err != nil {
				t.Errorf("while it is an edge node: %v", err)
			}
			s.deleteEdge()
			if err := errors.Join(s.bears(node, value, false), s.isReleased(node)()); err != nil {
				t.Errorf("after the EdgeIngress: %v", err)
			}
			if err := s.isClean(s.node("b"))(); err != nil {
				t.Errorf("the other node after the EdgeIngress: %v", err)
			}
		})
	}
}

// bears succeeds when the node has the role label with this value, the role's taint, and the own
// label or not.
func (s *story) bears(name, value string, own bool) error {
	node, err := s.readNode(name)
	if err != nil {
		return err
	}
	got, there := node.Labels[v1alpha1.DefaultRoleLabel]
	_, hasOwn := node.Labels[v1alpha1.NodeLabel(s.name)]
	_, claimed := node.Annotations[v1alpha1.TaintAnnotation(s.name)]
	return errors.Join(
		want("role label present", there, true, same), want("role label", got, value, same), want("own label present", hasOwn, own, same),
		want("role taint present", slices.ContainsFunc(node.Spec.Taints, isRoleTaint), true, same), want("claim on the person's taint", claimed, false, same),
	)
}

func TestOtherPeoplesTaintsSurvive(t *testing.T) {
	t.Parallel()
	s := newStory(t, "taints")
	s.addNodes("a")
	node := s.node("a")
	before := corev1.Taint{Key: "example.com/before", Value: "x", Effect: corev1.TaintEffectNoExecute}
	s.addTaint(node, before)
	s.create()

	others := []corev1.Taint{before}
	for i := range 10 {
		// Each change of the spec makes the operator write the list of taints while another client
		// writes it too.
		isolation, look := v1alpha1.IsolationShared, s.isNotTainted(node)
		if i%2 == 1 {
			isolation, look = v1alpha1.IsolationDedicated, s.isTainted(node)
		}
		s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Isolation = isolation })
		other := corev1.Taint{Key: fmt.Sprintf("example.com/during-%d", i), Effect: corev1.TaintEffectPreferNoSchedule}
		s.addTaint(node, other)
		others = append(others, other)
		s.eventually("the taint follows the spec", look)
	}
	s.deleteEdge()
	left, err := s.readNode(node)
	if err != nil {
		t.Fatal(err)
	}
	keys := func(taints []corev1.Taint) (keys []string) {
		for _, taint := range taints {
			keys = append(keys, taint.ToString())
		}
		return keys
	}
	if err := want("taints", keys(left.Spec.Taints), keys(others), sameElements); err != nil {
		t.Error(err)
	}
}

func (s *story) counts(serving int32) func() error {
	return func() error {
		return want("serving nodes", s.edge().Status.Nodes.Serving, serving, same)
	}
}

func (s *story) deleteNode(short string) {
	s.Helper()
	if err := cluster.RemoveNode(s.Context(), s.node(short)); err != nil {
		s.Fatal(err)
	}
}

// deleteEdge deletes the EdgeIngress and returns when it is gone.
func (s *story) deleteEdge() {
	s.Helper()
	edge := s.edge()
	s.delete(edge)
	s.goes(edge)
}

func (s *story) setLabel(node, key, value string) {
	s.Helper()
	s.setLabelAs("kubectl-label", node, key, value)
}

func (s *story) setLabelAs(manager, node, key, value string) {
	s.Helper()
	s.patchNode(manager, node, fmt.Sprintf(`{"metadata":{"labels":{%q:%q}}}`, key, value))
}

func (s *story) removeLabel(node, key string) {
	s.Helper()
	s.patchNode("kubectl-label", node, fmt.Sprintf(`{"metadata":{"labels":{%q:null}}}`, key))
}

func (s *story) patchNode(manager, name, patch string) {
	s.Helper()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := admin.Patch(s.Context(), node, client.RawPatch("application/merge-patch+json", []byte(patch)), client.FieldOwner(manager)); err != nil {
		s.Fatal(err)
	}
}

// addTaint adds a taint as kubectl taint does: it writes the whole list, with the version of the
// node that it read.
func (s *story) addTaint(name string, taint corev1.Taint) {
	s.Helper()
	s.changeTaints(s.Context(), name, func(taints []corev1.Taint) []corev1.Taint { return append(taints, taint) })
}

func (s *story) changeTaints(ctx context.Context, name string, change func([]corev1.Taint) []corev1.Taint) {
	s.Helper()
	err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		node := &corev1.Node{}
		if err := admin.Get(ctx, client.ObjectKey{Name: name}, node); err != nil {
			return err
		}
		node.Spec.Taints = change(node.Spec.Taints)
		return admin.Update(ctx, node, client.FieldOwner("kubectl-taint"))
	})
	if err != nil {
		s.Fatal(err)
	}
}
