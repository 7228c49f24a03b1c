package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
)

// leavesNoTrace looks at everything that the EdgeIngress touched after it is gone. The namespace stays.
func (s *story) leavesNoTrace(nodes ...string) {
	s.Helper()
	for _, node := range nodes {
		if err := s.isClean(node)(); err != nil {
			s.Error(err)
		}
	}
	s.noObjectIsLeft()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}}
	if err := s.read(namespace); err != nil || !namespace.DeletionTimestamp.IsZero() {
		s.Errorf("the namespace does not stay (reading it: %v)", err)
	}
}

func TestDeletionLeavesTheClusterAsItWas(t *testing.T) {
	t.Parallel()
	s := newStory(t, "farewell")
	s.addNodes("a", "b")
	beforeA, beforeB := s.nodeEssence("a"), s.nodeEssence("b")
	other := s.createForeign(&corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "other", Namespace: s.namespace()}})
	otherBefore := essence(t, other)
	s.createReady()
	s.eventually("both are edge nodes", func() error { return errors.Join(s.isEdgeNode(s.node("a"))(), s.isEdgeNode(s.node("b"))()) })

	s.deleteEdge()
	s.leavesNoTrace(s.node("a"), s.node("b"))
	err := errors.Join(
		s.isAsBefore(s.nodeObject("a"), beforeA)(), s.isAsBefore(s.nodeObject("b"), beforeB)(), s.isAsBefore(other, otherBefore)())
	if err != nil {
		t.Error(err)
	}
	s.eventually("the pods go", s.readyPodsOn())
}

func (s *story) nodeObject(short string) *corev1.Node {
	return &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.node(short)}}
}

// nodeEssence returns the part of a node that users can change, once Kubernetes' own controllers
// are done.
func (s *story) nodeEssence(short string) map[string]any {
	s.Helper()
	node := s.nodeObject(short)
	s.eventually("the node is Ready, and has the labels and annotations that Kubernetes gives it", func() error {
		s.mustRead(node)
		_, labelled := node.Labels["beta.kubernetes.io/os"]
		_, annotated := node.Annotations["node.alpha.kubernetes.io/ttl"]
		return errors.Join(want("taints", len(node.Spec.Taints), 0, same), want("labelled", labelled, true, same), want("annotated", annotated, true, same))
	})
	return essence(s.TB, node)
}

func TestDeletionLeavesForeignTaints(t *testing.T) {
	t.Parallel()
	s := newStory(t, "tenant")
	s.addNodes("a")
	foreign := corev1.Taint{Key: "example.com/maintenance", Effect: corev1.TaintEffectPreferNoSchedule}
	s.addTaint(s.node("a"), foreign)
	s.createReady()
	s.eventually("it is an edge node", s.isEdgeNode(s.node("a")))

	s.deleteEdge()
	s.leavesNoTrace(s.node("a"))
	node, err := s.readNode(s.node("a"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(node.Spec.Taints, foreign) {
		t.Errorf("the foreign taint is gone: %v", node.Spec.Taints)
	}
}

func TestDeletionOfAFreshEdge(t *testing.T) {
	t.Parallel()
	for i := range 5 {
		t.Run(fmt.Sprintf("attempt %d", i), func(t *testing.T) {
			t.Parallel()
			s := newStory(t, fmt.Sprintf("fresh-%d", i))
			s.addNodes("a")
			s.create()
			if i > 0 {
				// The first is deleted at once, the others in the middle of their first passes.
				s.eventually("the operator has begun", func() error { return s.hasBegun(i) })
			}
			s.deleteEdge()
			if err := s.isClean(s.node("a"))(); err != nil {
				t.Error(err)
			}
			s.eventually("nothing is left", s.nothingIsLeft)
		})
	}
}

// hasBegun succeeds when at least this many of the objects exist.
func (s *story) hasBegun(objects int) error {
	there := 0
	for _, object := range s.shortFormObjects() {
		if s.read(object) == nil {
			there++
		}
	}
	if there < objects {
		return fmt.Errorf("%d objects are there", there)
	}
	return nil
}

func (s *story) nothingIsLeft() error {
	var errs []error
	for _, object := range s.everyObject() {
		err := s.read(object)
		if err == nil {
			err = fmt.Errorf("%T is still there", object)
		}
		errs = append(errs, client.IgnoreNotFound(err))
	}
	return errors.Join(errs...)
}

func TestDeletionWhileANodeIsGone(t *testing.T) {
	t.Parallel()
	s := newStory(t, "widow")
	s.addNodes("a", "b")
	s.createReady()
	s.deleteNode("b")
	s.deleteEdge()
	s.leavesNoTrace(s.node("a"))
	if _, err := s.readNode(s.node("b")); !apierrors.IsNotFound(err) {
		t.Errorf("the node that was deleted is there again: %v", err)
	}
}

func TestDeletionLeavesForeignObjectsOfOurNames(t *testing.T) {
	t.Parallel()
	s := newStory(t, "neighbour")
	s.addNodes("a")
	service := s.createForeign(foreignService(s, map[string]string{v1alpha1.OwnerLabel: s.name}))
	before := essence(t, service)
	s.create()
	s.becomes(v1alpha1.ConditionLoadBalancerReady, metav1.ConditionFalse, v1alpha1.ReasonNameTaken)
	s.deleteEdge()
	if err := errors.Join(s.isAsBefore(service, before)(), s.isClean(s.node("a"))()); err != nil {
		t.Error(err)
	}
}

// TestDeletionWhileTheNamespaceGoes keeps the namespace terminating, with a finalizer on a foreign
// object.
func TestDeletionWhileTheNamespaceGoes(t *testing.T) {
	t.Parallel()
	s := newStory(t, "doomed")
	s.addNodes("a")
	s.createReady()
	s.holdNamespace()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}}
	s.delete(namespace)
	s.goes(named(s, &appsv1.DaemonSet{}))

	s.deleteEdge()
	if err := errors.Join(s.isClean(s.node("a"))(), s.nothingIsLeft()); err != nil {
		t.Error(err)
	}
}

func TestANamespaceThatWasDeletedIsFilledAgain(t *testing.T) {
	t.Parallel()
	s := newStory(t, "doomed-refilled")
	s.addNodes("a")
	s.createReady()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}}
	s.mustRead(namespace)
	before := namespace.UID
	s.delete(namespace)
	s.eventually("the namespace is another one", func() error {
		if err := s.read(namespace); err != nil {
			return err
		}
		return want("another namespace", namespace.UID != before, true, same)
	})
	s.eventually("the controller runs again", s.readyPodsOn(s.node("a")))
	s.assignAddress("203.0.113.10")
	s.becomesReady()
}

// holdNamespace keeps the namespace from going, once it is deleted, until the test ends.
func (s *story) holdNamespace() {
	s.Helper()
	held := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Namespace: s.namespace(), Finalizers: []string{"example.com/held"}}}
	if err := admin.Create(s.Context(), held); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		letGo := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`))
		if err := client.IgnoreNotFound(admin.Patch(context.WithoutCancel(s.Context()), held, letGo)); err != nil {
			s.Error(err)
		}
	})
}

func TestDeletionWhileTheOperatorIsDown(t *testing.T) {
	s := newStory(t, "unattended")
	s.addNodes("a", "b")
	s.createReady()
	startOperator := stopOperator(t)
	edge := s.edge()
	s.delete(edge)
	s.deleteNode("b")
	s.mustRead(edge)
	if edge.DeletionTimestamp.IsZero() {
		t.Fatal("the EdgeIngress is not being deleted")
	}
	if err := s.isEdgeNode(s.node("a"))(); err != nil {
		t.Fatalf("something else cleaned up: %v", err)
	}
	startOperator()
	s.goes(edge)
	s.leavesNoTrace(s.node("a"))
}

func TestARestartInTheMiddleLosesNothing(t *testing.T) {
	for objects := range 4 {
		t.Run(fmt.Sprintf("after %d objects", objects), func(t *testing.T) {
			s := newStory(t, fmt.Sprintf("interrupted-%d", objects))
			s.addNodes("a")
			s.create()
			s.eventually("the operator has begun", func() error { return s.hasBegun(objects) })
			startOperator := stopOperator(t)
			made := s.uids()
			startOperator()
			s.assignAddress("203.0.113.10")
			s.becomesReady()
			s.eventually("the node is an edge node", s.isEdgeNode(s.node("a")))
			for object, uid := range made {
				s.mustRead(object)
				if object.GetUID() != uid {
					t.Errorf("%T was made a second time", object)
				}
			}
		})
	}
}

// uids returns the uids of the objects that exist.
func (s *story) uids() map[client.Object]types.UID {
	there := map[client.Object]types.UID{}
	for _, object := range s.shortFormObjects() {
		if s.read(object) == nil {
			there[object] = object.GetUID()
		}
	}
	return there
}

// laggingClient shows the nodes as they were at some time, like a cache that has not received the
// last writes.
type laggingClient struct {
	client.Client
	nodes corev1.NodeList
}

func (c *laggingClient) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	if nodes, isNodes := list.(*corev1.NodeList); isNodes {
		c.nodes.DeepCopyInto(nodes)
		return nil
	}
	return c.Client.List(ctx, list, options...)
}

func TestALaggingCacheDoesNotLetAnEdgeGo(t *testing.T) {
	s := newStory(t, "lagging")
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
