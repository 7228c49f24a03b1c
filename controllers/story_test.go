package controllers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
)

const (
	// patience only ends a test that would fail anyway; nothing is measured by it.
	patience     = 90 * time.Second
	pollInterval = 50 * time.Millisecond
	// poolLabel is the label that a story's EdgeIngress selects its nodes by. Its value is the
	// story's name.
	poolLabel = "example.com/pool"
)

// story is one EdgeIngress with nodes of its own.
type story struct {
	testing.TB
	// name of the EdgeIngress, the value of poolLabel, and the beginning of the names of its nodes.
	name string
}

// tellers are the tests by the names of their stories.
var tellers sync.Map

// newStory begins a story. Whatever it makes is gone when the test has ended.
func newStory(t testing.TB, name string) *story {
	t.Helper()
	if other, taken := tellers.LoadOrStore(name, t.Name()); taken && other != t.Name() {
		t.Fatalf("%v has a story %q too: give this one another name, because both may run at once", other, name)
	}
	s := &story{TB: t, name: name}
	s.cleanUp(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}})
	return s
}

// cleanUp deletes an object, if it is still there, when the test has ended.
func (s *story) cleanUp(object client.Object) {
	s.Helper()
	key := object.DeepCopyObject().(client.Object)
	s.Cleanup(func() {
		if err := client.IgnoreNotFound(admin.Delete(context.WithoutCancel(s.Context()), key)); err != nil {
			s.Error(err)
		}
	})
}

func (s *story) namespace() string { return "edge-" + s.name }

// node is the name of a node of this story.
func (s *story) node(short string) string { return s.name + "-" + short }

// addNodes adds nodes that the story's EdgeIngress selects.
func (s *story) addNodes(short ...string) {
	s.Helper()
	for _, name := range short {
		s.addNode(name, map[string]string{poolLabel: s.name})
	}
}

// addNode adds a node with these labels.
func (s *story) addNode(short string, labels map[string]string) {
	s.Helper()
	if err := cluster.AddNode(s.Context(), testcluster.Node{Name: s.node(short), Zone: "zone-1", Labels: labels}); err != nil {
		s.Fatal(err)
	}
	s.cleanUp(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.node(short)}})
}

// create creates the EdgeIngress, in its short form but for the changes.
func (s *story) create(changes ...func(*v1alpha1.EdgeIngress)) {
	s.Helper()
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: s.name}}
	edge.Spec.Nodes.Selector = &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{poolLabel: v1alpha1.LabelValue(s.name)}}
	for _, change := range changes {
		change(edge)
	}
	if err := admin.Create(s.Context(), edge); err != nil {
		s.Fatal(err)
	}
	s.deleteAtTheEnd(edge)
}

// deleteAtTheEnd deletes the EdgeIngress when the test has ended, and waits until it is gone.
func (s *story) deleteAtTheEnd(edge *v1alpha1.EdgeIngress) {
	s.Helper()
	s.Cleanup(func() {
		ctx := context.WithoutCancel(s.Context())
		if err := client.IgnoreNotFound(admin.Delete(ctx, edge)); err != nil {
			s.Error(err)
		}
		if err := poll(ctx, s.isGone(ctx, edge)); err != nil {
			s.Errorf("deleting EdgeIngress %s: %v", s.name, err)
		}
	})
}

// createReady creates the EdgeIngress, gives its Service an address, and returns when it is Ready.
func (s *story) createReady(changes ...func(*v1alpha1.EdgeIngress)) {
	s.Helper()
	s.create(changes...)
	if exposure := s.edge().Spec.Exposure; exposure.Type == v1alpha1.ExposureLoadBalancer {
		s.assignAddress(addressFor(exposure))
	}
	s.becomesReady()
}

// addressFor returns the address that a load balancer gives: the one that the spec asks for, if it does.
func addressFor(exposure v1alpha1.ExposureSpec) string {
	if exposure.LoadBalancer != nil {
		if fixed := provider.FixedAddresses(exposure.LoadBalancer.Annotations); len(fixed) > 0 {
			return fixed[0]
		}
	}
	return "203.0.113.10"
}

func (s *story) becomesReady() {
	s.Helper()
	s.becomes(v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonAllConditionsMet)
}

// change changes the spec as a person does.
func (s *story) change(change func(*v1alpha1.EdgeIngress)) {
	s.Helper()
	edge := &v1alpha1.EdgeIngress{}
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if err := admin.Get(s.Context(), types.NamespacedName{Name: s.name}, edge); err != nil {
			return err
		}
		change(edge)
		return admin.Update(s.Context(), edge)
	})
	if err != nil {
		s.Fatal(err)
	}
}

// edge is the EdgeIngress as it is now.
func (s *story) edge() *v1alpha1.EdgeIngress {
	s.Helper()
	edge := &v1alpha1.EdgeIngress{}
	if err := admin.Get(s.Context(), types.NamespacedName{Name: s.name}, edge); err != nil {
		s.Fatal(err)
	}
	return edge
}

// named gives an empty object the name and namespace that the operator gives to its own objects.
func named[P client.Object](s *story, object P) P {
	object.SetName(names.Service(s.name))
	object.SetNamespace(s.namespace())
	return object
}

// read reads the object of this kind, namespace and name. It first clears the object, because
// decoding into it would keep old fields.
func (s *story) read(object client.Object) error {
	fresh := reflect.New(reflect.TypeOf(object).Elem())
	if err := admin.Get(s.Context(), client.ObjectKeyFromObject(object), fresh.Interface().(client.Object)); err != nil {
		return err
	}
	reflect.ValueOf(object).Elem().Set(fresh.Elem())
	return nil
}

// mustRead is for an object that is known to be there.
func (s *story) mustRead(object client.Object) {
	s.Helper()
	if err := s.read(object); err != nil {
		s.Fatal(err)
	}
}

// patch changes an object by a JSON merge patch, as a person does with kubectl.
func (s *story) patch(object client.Object, patch string) {
	s.Helper()
	if err := admin.Patch(s.Context(), object, client.RawPatch(types.MergePatchType, []byte(patch)), client.FieldOwner("kubectl-edit")); err != nil {
		s.Fatalf("patching %T %s with %s: %v", object, object.GetName(), patch, err)
	}
}

func (s *story) delete(object client.Object) {
	s.Helper()
	if err := admin.Delete(s.Context(), object); err != nil {
		s.Fatal(err)
	}
}

// assignAddress does what a load balancer does once the Service is there.
func (s *story) assignAddress(ip string) {
	s.Helper()
	service := named(s, &corev1.Service{})
	s.eventually("the Service exists", func() error { return s.read(service) })
	status, err := json.Marshal(map[string]any{"status": map[string]any{"loadBalancer": map[string]any{"ingress": []any{map[string]any{"ip": ip}}}}})
	if err != nil {
		s.Fatal(err)
	}
	if err := admin.Status().Patch(s.Context(), service, client.RawPatch(types.MergePatchType, status)); err != nil {
		s.Fatal(err)
	}
}

// eventually returns when check succeeds, and fails the test with check's last error.
func (s *story) eventually(what string, check func() error) {
	s.Helper()
	if err := poll(s.Context(), check); err != nil {
		s.Fatalf("%s: %v%s", what, err, s.explain())
	}
}

// explain returns the conditions, for whoever debugs a failed story.
func (s *story) explain() string {
	edge := &v1alpha1.EdgeIngress{}
	if err := admin.Get(s.Context(), types.NamespacedName{Name: s.name}, edge); err != nil {
		return ""
	}
	text := ""
	for _, c := range edge.Status.Conditions {
		text += fmt.Sprintf("\n\t%s=%s %s (generation %d of %d): %s", c.Type, c.Status, c.Reason, c.ObservedGeneration, edge.Generation, c.Message)
	}
	return text
}

func poll(ctx context.Context, check func() error) error {
	var last error
	err := wait.PollUntilContextTimeout(ctx, pollInterval, patience, true, func(context.Context) (bool, error) {
		last = check()
		return last == nil, nil
	})
	if err != nil && last != nil {
		return last
	}
	return err
}

// becomes waits until a condition of the current generation has this status and reason.
func (s *story) becomes(condition string, status metav1.ConditionStatus, reason string) {
	s.Helper()
	s.eventually(condition, func() error { return s.hasCondition(condition, status, reason) })
}

func (s *story) hasCondition(condition string, status metav1.ConditionStatus, reason string) error {
	edge := &v1alpha1.EdgeIngress{}
	if err := admin.Get(s.Context(), types.NamespacedName{Name: s.name}, edge); err != nil {
		return err
	}
	got := meta.FindStatusCondition(edge.Status.Conditions, condition)
	switch {
	case got == nil:
		return fmt.Errorf("the condition is missing")
	case got.ObservedGeneration != edge.Generation:
		return fmt.Errorf("the condition is about generation %d, the object has %d", got.ObservedGeneration, edge.Generation)
	case got.Status != status || got.Reason != reason:
		return fmt.Errorf("want %s %s, got %s %s: %s", status, reason, got.Status, got.Reason, got.Message)
	}
	return nil
}

// isGone succeeds when the API server does not have the object any more.
func (s *story) isGone(ctx context.Context, object client.Object) func() error {
	return func() error {
		err := admin.Get(ctx, client.ObjectKeyFromObject(object), object)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return fmt.Errorf("%T %s is still there, deleted at %v, finalizers %v", object, object.GetName(), object.GetDeletionTimestamp(), object.GetFinalizers())
	}
}

func (s *story) goes(object client.Object) {
	s.Helper()
	s.eventually(fmt.Sprintf("%T %s goes", object, object.GetName()), s.isGone(s.Context(), object))
}

// want is an error unless got is wanted.
func want[T any](what string, got, wanted T, equal func(a, b T) bool) error {
	if equal(got, wanted) {
		return nil
	}
	return fmt.Errorf("%s: want %v, got %v", what, wanted, got)
}

func same[T comparable](a, b T) bool { return a == b }

func sameElements(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}
