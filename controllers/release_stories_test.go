package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
)

// lingers makes a pod end slowly, as a real one does: it keeps terminating until the test calls the
// returned function. Pods of simulated nodes end at once otherwise.
func (s *story) lingers(pod *corev1.Pod) (end func()) {
	s.Helper()
	s.patch(pod.DeepCopy(), `{"metadata":{"finalizers":["example.com/lingers"]}}`)
	letGo := func(ctx context.Context) {
		patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		if err := client.IgnoreNotFound(admin.Patch(ctx, pod.DeepCopy(), patch)); err != nil {
			s.Error(err)
		}
	}
	s.Cleanup(func() { letGo(context.WithoutCancel(s.Context())) })
	return func() { letGo(s.Context()) }
}

// isEnding succeeds when the node has lost the label that its controller follows, and has kept role
// label, taint and claim.
func (s *story) isEnding(name string) func() error {
	return func() error {
		node, err := s.readNode(name)
		if err != nil {
			return err
		}
		_, own := node.Labels[v1alpha1.NodeLabel(s.name)]
		_, role := node.Labels[v1alpha1.DefaultRoleLabel]
		return errors.Join(want("own label", own, false, same), want("role label", role, true, same), s.isTainted(name)())
	}
}

// countsNodes succeeds when the status has these counts.
func (s *story) countsNodes(wanted v1alpha1.NodesStatus) func() error {
	return func() error { return want("nodes", s.edge().Status.Nodes, wanted, same) }
}

func (s *story) cordon(short string, cordoned bool) {
	s.Helper()
	s.patchNode("kubectl-cordon", s.node(short), fmt.Sprintf(`{"spec":{"unschedulable":%t}}`, cordoned))
}

func TestANodeKeepsItsRoleUntilItsControllerHasEnded(t *testing.T) {
	t.Parallel()
	s := newStory(t, "leaving")
	s.addNodes("a", "b")
	s.createReady()
	end := s.lingers(s.podOn(s.node("b")))

	s.removeLabel(s.node("b"), poolLabel)
	s.eventually("the controller's label goes first", s.isEnding(s.node("b")))
	s.eventually("the pod is ending", s.readyPodsOn(s.node("a"), s.node("b")+" (not ready)"))
	s.eventually("the node is counted as on its way", s.countsNodes(v1alpha1.NodesStatus{Selected: 1, Labelled: 1, Serving: 1, Releasing: 1, Summary: "1/1"}))
	s.becomesReady()
	s.saysOf(v1alpha1.ConditionNodesReady, "Being released", s.node("b"))
	s.saysOf(v1alpha1.ConditionControllerAvailable, "Being released", s.node("b"))
	s.eventually("an event reports that the release began", s.told(corev1.EventTypeNormal, v1alpha1.EventNodeReleasing, s.node("b")))
	if err := s.isEnding(s.node("b"))(); err != nil {
		t.Errorf("while the pod is ending: %v", err)
	}

	end()
	s.eventually("the rest follows when the pod has ended", s.isClean(s.node("b")))
	s.eventually("nothing is on its way any more", s.countsNodes(v1alpha1.NodesStatus{Selected: 1, Labelled: 1, Serving: 1, Summary: "1/1"}))
	s.becomesReady()
}

// The own label goes although another client, such as kubectl label or a cluster's provisioner, set
// it as well. An apply alone would leave it there.
func TestALabelThatOthersHoldAsWellGoes(t *testing.T) {
	t.Parallel()
	s := newStory(t, "coheld")
	s.addNodes("a", "b", "c", "d")
	for _, short := range []string{"b", "c", "d"} {
		s.setLabelAs("provisioner", s.node(short), v1alpha1.NodeLabel(s.name), "")
	}
	s.createReady()
	s.removeLabel(s.node("b"), poolLabel)
	s.cordon("c", true)
	s.eventually("the node that left is let go", s.isClean(s.node("b")))
	s.eventually("the cordoned one is withdrawn", s.isEnding(s.node("c")))
	s.eventually("the others serve", s.readyPodsOn(s.node("a"), s.node("d")))
	s.becomesReady()

	s.deleteEdge()
	for _, short := range []string{"a", "b", "c", "d"} {
		if err := s.isReleased(s.node(short))(); err != nil {
			t.Error(err)
		}
	}
}

// A pod that never ends, because its kubelet hangs for instance, holds its node for its grace
// period and half a minute, and no longer.
func TestAPodThatNeverEndsDoesNotHoldItsNode(t *testing.T) {
	t.Parallel()
	s := newStory(t, "undying")
	s.addNodes("a", "b")
	s.createReady()
	s.lingers(s.podOn(s.node("b")))
	s.removeLabel(s.node("b"), poolLabel)
	s.eventually("the controller's label goes first", s.isEnding(s.node("b")))
	s.eventually("the node is let go although the pod is there", s.isClean(s.node("b")))
	if err := s.readyPodsOn(s.node("a"), s.node("b")+" (not ready)")(); err != nil {
		t.Error(err)
	}
}

func TestTheOldNodeServesUntilTheNewOneDoes(t *testing.T) {
	t.Parallel()
	s := newStory(t, "swap")
	s.addNodes("a")
	s.addNode("b", nil)
	s.createReady()
	s.setLabel(s.node("b"), poolLabel, s.name)
	s.eventually("both serve", s.readyPodsOn(s.node("a"), s.node("b")))
	newOne := s.podOn(s.node("b"))
	s.patch(newOne, `{"metadata":{"annotations":{"lab.test/simulate-not-ready":"true"}}}`)
	s.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonControllersMissing)

	s.removeLabel(s.node("a"), poolLabel)
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionUnknown, v1alpha1.ReasonReleaseHeld)
	s.saysOf(v1alpha1.ConditionNodesReady, "until "+s.node("b")+" serves", s.node("a"))
	if err := s.isEdgeNode(s.node("a"))(); err != nil {
		t.Errorf("the old node is to stay as it is: %v", err)
	}
	s.patch(newOne, `{"metadata":{"annotations":{"lab.test/simulate-not-ready":null}}}`)
	s.eventually("the old node is released", s.isClean(s.node("a")))
	s.eventually("the new one serves alone", s.readyPodsOn(s.node("b")))
	s.becomesReady()
}

func TestTheLastNodeStaysWhereTheSelectorChoosesNone(t *testing.T) {
	t.Parallel()
	s := newStory(t, "typo")
	s.addNodes("a", "b")
	s.createReady()
	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector.MatchLabels = map[string]v1alpha1.LabelValue{poolLabel: "nobody"}
	})
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNoNodesSelected)
	s.eventually("one is released", s.isClean(s.node("a")))
	s.eventually("the other serves on", s.readyPodsOn(s.node("b")))
	s.saysOf(v1alpha1.ConditionNodesReady, "still needed", s.node("b"))
	// Its pod is deleted, and takes its time to end; the next one can start only where the label still is.
	pod := s.podOn(s.node("b"))
	end := s.lingers(pod)
	s.delete(pod)
	s.eventually("its pod is ending", func() error {
		ending := &corev1.Pod{}
		err := admin.Get(s.Context(), client.ObjectKeyFromObject(pod), ending)
		return errors.Join(err, want("ending", ending.DeletionTimestamp != nil, true, same))
	})
	// What shows that a pass has seen it.
	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector.MatchLabels = map[string]v1alpha1.LabelValue{poolLabel: "nobody-either"}
	})
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNoNodesSelected)
	end()
	s.eventually("its next pod serves on", s.readyPodsOn(s.node("b")))
	s.saysOf(v1alpha1.ConditionNodesReady, "still needed", s.node("b"))
	s.change(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector.MatchLabels = map[string]v1alpha1.LabelValue{poolLabel: v1alpha1.LabelValue(s.name)}
	})
	s.eventually("both are back", s.readyPodsOn(s.node("a"), s.node("b")))
	s.becomesReady()
}

func TestACordonedNodeIsWithdrawnAndComesBack(t *testing.T) {
	t.Parallel()
	s := newStory(t, "cordon")
	s.addNodes("a", "b")
	s.createReady()

	s.cordon("a", true)
	s.eventually("the controller's label goes", s.isEnding(s.node("a")))
	s.eventually("the other serves alone", s.readyPodsOn(s.node("b")))
	s.eventually("the node is counted as withdrawn", s.countsNodes(v1alpha1.NodesStatus{Selected: 2, Labelled: 1, Serving: 1, Withdrawn: 1, Summary: "1/2"}))
	s.becomesReady()
	s.saysOf(v1alpha1.ConditionNodesReady, "Withdrawn while cordoned", s.node("a"))
	s.eventually("an event reports it", s.told(corev1.EventTypeNormal, v1alpha1.EventNodeWithdrawn, s.node("a")))

	s.cordon("b", true)
	s.eventually("the condition says that the other has to serve on", func() error {
		message := meta.FindStatusCondition(s.edge().Status.Conditions, v1alpha1.ConditionNodesReady).Message
		if !strings.Contains(message, "Cordoned or about to be removed but still needed") {
			return errors.New(message)
		}
		return nil
	})
	if err := errors.Join(s.isEdgeNode(s.node("b"))(), s.readyPodsOn(s.node("b"))()); err != nil {
		t.Errorf("with all cordoned: %v", err)
	}

	s.cordon("a", false)
	s.eventually("the first is back, and the second is withdrawn", s.isEnding(s.node("b")))
	s.eventually("the first serves alone", s.readyPodsOn(s.node("a")))
	s.cordon("b", false)
	s.eventually("both are back", s.readyPodsOn(s.node("a"), s.node("b")))
	s.becomesReady()
	s.eventually("both count", s.countsNodes(v1alpha1.NodesStatus{Selected: 2, Labelled: 2, Serving: 2, Summary: "2/2"}))
}

// TestAnotherOperatorGoesOn stops the operator before and in the middle of a release.
func TestAnotherOperatorGoesOn(t *testing.T) {
	s := newStory(t, "successor")
	s.addNodes("a", "b")
	s.createReady()
	end := s.lingers(s.podOn(s.node("b")))

	startOperator := stopOperator(t)
	s.removeLabel(s.node("b"), poolLabel)
	startOperator()
	s.eventually("the release begins", s.isEnding(s.node("b")))
	s.eventually("the pod is ending", s.readyPodsOn(s.node("a"), s.node("b")+" (not ready)"))

	startOperator = stopOperator(t)
	startOperator()
	s.eventually("the next operator has looked", s.countsNodes(v1alpha1.NodesStatus{Selected: 1, Labelled: 1, Serving: 1, Releasing: 1, Summary: "1/1"}))
	s.rests()
	operator.requests.Reset()
	passForEveryEdge(s, 1)
	if err := errors.Join(s.isEnding(s.node("b"))(), want("writes", operator.requests.Writes(), nil, slices.Equal)); err != nil {
		t.Errorf("while the pod is ending: %v", err)
	}

	startOperator = stopOperator(t)
	end()
	s.eventually("the pod is gone", s.readyPodsOn(s.node("a")))
	if err := s.isEnding(s.node("b"))(); err != nil {
		t.Fatalf("something else cleaned up: %v", err)
	}
	startOperator()
	s.eventually("the last operator lets the node go", s.isClean(s.node("b")))
	s.becomesReady()
}

func TestADeploymentsPodsMoveOffANodeThatLeaves(t *testing.T) {
	t.Parallel()
	s := newStory(t, "moving")
	s.addNodes("a", "b", "c")
	s.createReady(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment })
	s.eventually("two pods run", func() error { return want("pods", len(s.pods()), 2, same) })
	from := s.pods()[0].Spec.NodeName
	fewest := s.watchReadyPods()

	s.removeLabel(from, poolLabel)
	s.eventually("the node is let go", s.isClean(from))
	s.becomesReady()
	if got := fewest(); got < 2 {
		t.Errorf("at some time only %d controller pods were ready, want always 2", got)
	}
	deployment := named(s, &appsv1.Deployment{})
	s.eventually("two pods run elsewhere", func() error {
		pods := s.pods()
		onIt := slices.ContainsFunc(pods, func(pod corev1.Pod) bool { return pod.Spec.NodeName == from })
		return errors.Join(want("pods", len(pods), 2, same), want("a pod on the node that left", onIt, false, same))
	})
	s.mustRead(deployment)
	generation := deployment.Generation
	// Any pass from here on sees that all is done.
	s.setLabel(from, "example.com/after", "the-move")
	s.removeLabel(from, "example.com/after")
	s.addNodes("d")
	s.eventually("a node joins", s.isEdgeNode(s.node("d")))
	s.mustRead(deployment)
	if deployment.Generation != generation {
		t.Errorf("the Deployment was changed again, from generation %d to %d", generation, deployment.Generation)
	}
}

func TestDeletionDoesNotWaitForPodsOrNodes(t *testing.T) {
	t.Parallel()
	s := newStory(t, "impatient")
	s.addNodes("a", "b", "c")
	s.createReady()
	s.lingers(s.podOn(s.node("a")))
	s.patchNode("kubectl-annotate", s.node("b"), `{"metadata":{"annotations":{"lab.test/simulate-not-ready":"true"}}}`)
	s.eventually("the node is down", func() error {
		node, err := s.readNode(s.node("b"))
		if err != nil {
			return err
		}
		down := slices.ContainsFunc(node.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionFalse
		})
		return want("down", down, true, same)
	})
	s.removeLabel(s.node("c"), poolLabel)

	s.deleteEdge()
	for _, node := range []string{"a", "b", "c"} {
		// The taints that Kubernetes put on the node that is down are in the one list that was written.
		if err := errors.Join(s.isReleased(s.node(node))(), s.isNotTainted(s.node(node))()); err != nil {
			t.Error(err)
		}
	}
	s.noObjectIsLeft()
}

// pastClient shows nodes, controller pods and endpoints as they were at some time, like caches that
// are behind.
type pastClient struct {
	client.Client
	lists []client.ObjectList
}

func (c *pastClient) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	for _, past := range c.lists {
		if reflect.TypeOf(past) == reflect.TypeOf(list) {
			reflect.ValueOf(list).Elem().Set(reflect.ValueOf(past.DeepCopyObject()).Elem())
			return nil
		}
	}
	return c.Client.List(ctx, list, options...)
}

// TestALaggingCacheDoesNotReleaseTheLastNode: one of two nodes is already released, but the caches
// do not show it, and the spec releases the other one.
func TestALaggingCacheDoesNotReleaseTheLastNode(t *testing.T) {
	t.Run("that serves", func(t *testing.T) { aLaggingCacheKeepsTheLastNode(t, "lagging-release", true) })
	t.Run("whose pod restarts", func(t *testing.T) { aLaggingCacheKeepsTheLastNode(t, "lagging-restart", false) })
}

func aLaggingCacheKeepsTheLastNode(t *testing.T, name string, lastServes bool) {
	t.Helper()
	s := newStory(t, name)
	s.addNodes("a", "b")
	s.createReady()
	startOperator := stopOperator(t)
	for _, short := range []string{"a", "b"} {
		s.removeLabel(s.node(short), poolLabel)
	}
	s.cordon("b", true)
	own := client.HasLabels{v1alpha1.NodeLabel(s.name)}
	past := &pastClient{lists: []client.ObjectList{&corev1.NodeList{}, &corev1.PodList{}, &discoveryv1.EndpointSliceList{}}}
	for i, options := range [][]client.ListOption{{own}, {client.InNamespace(s.namespace())}, {client.InNamespace(s.namespace())}} {
		if err := admin.List(t.Context(), past.lists[i], options...); err != nil {
			t.Fatal(err)
		}
	}
	if pods, ok := past.lists[1].(*corev1.PodList); ok && !lastServes {
		pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return pod.Spec.NodeName == s.node("b") })
	}
	s.removeLabel(s.node("a"), v1alpha1.NodeLabel(s.name))

	connection := newClient(t, cluster.ServiceAccountConfig(operatorNamespace, operatorAccount))
	past.Client = connection
	// By then the pods have been ready for long enough to count.
	later := func() time.Time { return time.Now().Add(time.Minute) }
	reconciler := &controllers.Reconciler{Client: past, Reader: connection, Events: events.NewFakeRecorder(100), Now: later, Options: operatorOptions}
	if _, err := reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Name: s.name}}); err != nil {
		t.Fatal(err)
	}
	if err := s.isEdgeNode(s.node("b"))(); err != nil {
		t.Errorf("the last node was released: %v", err)
	}
	startOperator()
	s.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNoNodesSelected)
	s.eventually("the last one serves on", s.readyPodsOn(s.node("b")))
}

// TestALaggingCacheForgetsNoNodeThatIsBeingReleased: the cache shows the node as it was before it
// became an edge node. Meanwhile it has lost the own label.
func TestALaggingCacheForgetsNoNodeThatIsBeingReleased(t *testing.T) {
	s := newStory(t, "lagging-end")
	s.addNodes("a")
	connection := newClient(t, cluster.ServiceAccountConfig(operatorNamespace, operatorAccount))
	lagging := &laggingClient{Client: connection}
	if err := admin.List(t.Context(), &lagging.nodes); err != nil {
		t.Fatal(err)
	}
	s.create()
	s.eventually("the node is an edge node", s.isEdgeNode(s.node("a")))
	// The operator marks the nodes first. Stopped before it creates the namespace, it never does.
	s.eventually("the namespace exists", func() error {
		return s.read(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}})
	})
	startOperator := stopOperator(t)
	s.removeLabel(s.node("a"), v1alpha1.NodeLabel(s.name))
	edge := s.edge()
	s.delete(edge)

	reconciler := &controllers.Reconciler{Client: lagging, Reader: connection, Events: events.NewFakeRecorder(100), Now: time.Now, Options: operatorOptions}
	s.eventually("the objects go", func() error {
		if _, err := reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(edge)}); err != nil {
			return err
		}
		return s.nothingIsLeft()
	})
	if _, err := reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(edge)}); err != nil {
		t.Fatal(err)
	}
	if err := s.read(edge); err != nil {
		t.Fatalf("the EdgeIngress was let go while its node was not clean: %v", err)
	}
	startOperator()
	s.goes(edge)
	s.leavesNoTrace(s.node("a"))
}
