package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// faults answers requests in place of the API server. A fault receives the request in words, such
// as "apply DaemonSet" or "patch status of EdgeIngress", and returns nil to let it pass.
type faults struct {
	mu    sync.Mutex
	fault func(ctx context.Context, request string) error
	// sent are the writes that were let through.
	sent []string
}

func (f *faults) set(fault func(ctx context.Context, request string) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault, f.sent = fault, nil
}

func (f *faults) writes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.sent)
}

func (f *faults) check(ctx context.Context, request string) error {
	f.mu.Lock()
	fault := f.fault
	f.mu.Unlock()
	if fault != nil {
		if err := fault(ctx, request); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sent = append(f.sent, request)
	return nil
}

func (f *faults) funcs() interceptor.Funcs {
	kind := func(object any) string {
		if o, isUnstructured := object.(interface{ GetKind() *string }); isUnstructured && o.GetKind() != nil {
			return *o.GetKind()
		}
		if o, isUnstructured := object.(*unstructured.Unstructured); isUnstructured {
			return o.GetKind()
		}
		gvks, _, _ := NewScheme().ObjectKinds(object.(client.Object))
		return gvks[0].Kind
	}
	return interceptor.Funcs{
		Apply: func(ctx context.Context, c client.WithWatch, object runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			if err := f.check(ctx, "apply "+kind(object)); err != nil {
				return err
			}
			return c.Apply(ctx, object, options...)
		},
		Create: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.CreateOption) error {
			if err := f.check(ctx, "create "+kind(object)); err != nil {
				return err
			}
			return c.Create(ctx, object, options...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
			verb := "patch "
			if patch.Type() == types.ApplyPatchType {
				verb = "apply "
			}
			if err := f.check(ctx, verb+kind(object)); err != nil {
				return err
			}
			return c.Patch(ctx, object, patch, options...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.DeleteOption) error {
			if err := f.check(ctx, "delete "+kind(object)); err != nil {
				return err
			}
			return c.Delete(ctx, object, options...)
		},
		SubResourcePatch: func(ctx context.Context, c client.Client, subresource string, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
			if err := f.check(ctx, "patch "+subresource+" of "+kind(object)); err != nil {
				return err
			}
			return c.SubResource(subresource).Patch(ctx, object, patch, options...)
		},
	}
}

// loop is a Reconciler with an EdgeIngress named public, the node a that it selects, and an API
// server that can fail.
type loop struct {
	*testing.T
	*Reconciler
	faults   faults
	recorder *events.FakeRecorder
}

func newLoop(t *testing.T, changes ...func(*v1alpha1.EdgeIngress)) *loop {
	t.Helper()
	l := &loop{T: t, recorder: events.NewFakeRecorder(1000)}
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public", UID: "uid-of-public"}}
	edge.Spec.Nodes = v1alpha1.NodesSpec{Label: v1alpha1.DefaultRoleLabel, Selector: &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"edge": "yes"}}}
	edge.Spec.Controller.Kind, edge.Spec.Exposure.Type = v1alpha1.WorkloadDaemonSet, v1alpha1.ExposureLoadBalancer
	for _, change := range changes {
		change(edge)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", UID: "uid-of-a", Labels: map[string]string{"edge": "yes"}}}
	other := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "b", UID: "uid-of-b"}}
	api := fake.NewClientBuilder().WithScheme(NewScheme()).WithObjects(edge, node, other).WithStatusSubresource(&v1alpha1.EdgeIngress{}).WithReturnManagedFields().
		WithInterceptorFuncs(l.faults.funcs()).Build()
	l.Reconciler = &Reconciler{
		Client: api, Reader: api, Events: l.recorder, Now: time.Now, retries: newRetries(),
		Options: snapshot.Options{
			AllowedImageRepositories: registry.DefaultImageRepositories(),
		},
	}
	return l
}

// reconcile makes a pass as the queue does.
func (l *loop) reconcile() (ctrl.Result, error) {
	l.Helper()
	result, err := l.Reconcile(l.Context(), anEdge)
	if err != nil && result.RequeueAfter != 0 {
		l.Errorf("the result has both an error and a delay: %v, %v", result, err)
	}
	return result, err
}

// passes makes passes until nothing is left to do, and fails the test where one fails.
func (l *loop) passes(count int) {
	l.Helper()
	for range count {
		if _, err := l.reconcile(); err != nil {
			l.Fatal(err)
		}
	}
}

func (l *loop) edge() *v1alpha1.EdgeIngress {
	l.Helper()
	edge := &v1alpha1.EdgeIngress{}
	if err := l.Client.Get(l.Context(), anEdge.NamespacedName, edge); err != nil {
		l.Fatal(err)
	}
	return edge
}

// told returns the events since the last call.
func (l *loop) told() []string {
	var all []string
	for {
		select {
		case text := <-l.recorder.Events:
			all = append(all, text)
		default:
			return all
		}
	}
}

func (l *loop) delete() {
	l.Helper()
	if err := l.Client.Delete(l.Context(), l.edge()); err != nil {
		l.Fatal(err)
	}
}

// refuse makes the API server answer the requests that begin so with an error.
func refuse(err error, requests ...string) func(context.Context, string) error {
	return func(_ context.Context, request string) error {
		if slices.ContainsFunc(requests, func(prefix string) bool { return strings.HasPrefix(request, prefix) }) {
			return err
		}
		return nil
	}
}

// hang makes the API server give no answer to the requests that begin so.
func hang(requests ...string) func(context.Context, string) error {
	return func(ctx context.Context, request string) error {
		if !slices.ContainsFunc(requests, func(prefix string) bool { return strings.HasPrefix(request, prefix) }) {
			return nil
		}
		<-ctx.Done()
		return ctx.Err()
	}
}

// webhook409 is the answer of an admission webhook that uses 409 for its own reasons.
var webhook409 = &apierrors.StatusError{ErrStatus: metav1.Status{
	Status: metav1.StatusFailure, Code: 409, Reason: metav1.StatusReasonConflict, Message: `admission webhook "freeze.example.com" denied the request: change freeze`,
}}

// staleClient shows an EdgeIngress as it was, as a cache does that has not seen the last writes yet.
type staleClient struct {
	client.Client
	edge *v1alpha1.EdgeIngress
}

func (c *staleClient) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	if edge, isEdge := object.(*v1alpha1.EdgeIngress); isEdge {
		c.edge.DeepCopyInto(edge)
		return nil
	}
	return c.Client.Get(ctx, key, object, options...)
}

func TestAStalePassWritesNoStatusAndAnnouncesNothing(t *testing.T) {
	l := newLoop(t)
	l.passes(1)
	stale := l.edge()
	stale.Status = v1alpha1.EdgeIngressStatus{}
	// Somebody, such as the pass before, writes after that.
	newer := l.edge()
	newer.Annotations = map[string]string{"example.com/written": "later"}
	if err := l.Client.Update(t.Context(), newer); err != nil {
		t.Fatal(err)
	}
	before := l.edge()
	l.told()

	direct := l.Client
	l.Client = &staleClient{Client: direct, edge: stale}
	result, err := l.reconcile()
	l.Client = direct
	if err != nil {
		t.Errorf("the pass failed, so it is logged and counted as an error: %v", err)
	}
	if result.RequeueAfter != conflictRetry {
		t.Errorf("the next pass comes after %s, want %s", result.RequeueAfter, conflictRetry)
	}
	if events := l.told(); len(events) > 0 {
		t.Errorf("the pass announced what it did not write: %v", events)
	}
	if after := l.edge(); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the stale pass wrote the status: %v", after.Status.Conditions)
	}
}

// withoutNodes makes the EdgeIngress select no node. The simulated API server does not release a
// node's managed fields, and the real one does.
func withoutNodes(e *v1alpha1.EdgeIngress) {
	e.Spec.Nodes.Selector.MatchLabels = map[string]v1alpha1.LabelValue{"edge": "none"}
}

// TestNoWriteDependsOnAnEventThatNeverComes answers 409 each time. Only the first answer looks like
// a version conflict.
func TestNoWriteDependsOnAnEventThatNeverComes(t *testing.T) {
	for name, test := range map[string]struct {
		// prepare brings the EdgeIngress to where the request is sent.
		prepare func(*loop)
		request string
		change  func(*v1alpha1.EdgeIngress)
		// says reports whether the status quotes the answer in the end.
		says bool
	}{
		"adding the finalizer":   {prepare: func(*loop) {}, request: "patch EdgeIngress"},
		"writing the status":     {prepare: func(*loop) {}, request: "patch status of EdgeIngress"},
		"creating the namespace": {prepare: func(*loop) {}, request: "create Namespace", says: true},
		"labelling a node":       {prepare: func(*loop) {}, request: "apply Node", says: true},
		"tainting a node":        {prepare: func(*loop) {}, request: "patch Node", says: true},
		"creating an object":     {prepare: func(*loop) {}, request: "apply DaemonSet", says: true},
		"changing an object": {prepare: func(l *loop) {
			l.passes(2)
			edge := l.edge()
			edge.Spec.Controller.Config = map[string]v1alpha1.ConfigValue{"proxy-body-size": "2m"}
			if err := l.Client.Update(l.Context(), edge); err != nil {
				l.Fatal(err)
			}
		}, request: "apply ConfigMap", says: true},
		"deleting an object": {prepare: func(l *loop) {
			l.passes(2)
			l.delete()
		}, request: "delete Service", says: true},
		"removing the finalizer": {prepare: func(l *loop) {
			l.passes(2)
			l.delete()
		}, request: "patch EdgeIngress", change: withoutNodes, says: true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.change == nil {
				test.change = func(*v1alpha1.EdgeIngress) {}
			}
			l := newLoop(t, test.change)
			test.prepare(l)
			l.faults.set(refuse(webhook409, test.request))
			for i := range 2*maxQuietConflicts + 4 {
				result, err := l.reconcile()
				delay := result.RequeueAfter
				if err != nil {
					delay = l.retries.When(anEdge)
				} else {
					l.retries.Forget(anEdge)
				}
				if limit := maxRetry + maxRetry/5; delay <= 0 || delay > limit {
					t.Fatalf("after pass %d the next comes after %s, want at most %s (error %v)", i+1, delay, limit, err)
				}
			}
			if _, err := l.reconcile(); !errors.As(err, new(*apierrors.StatusError)) {
				t.Errorf("a conflict that stays is not reported as an error: %v", err)
			}
			conditions := l.edge().Status.Conditions
			says := slices.ContainsFunc(conditions, func(c metav1.Condition) bool {
				return c.Reason == v1alpha1.ReasonApplyFailed && strings.Contains(c.Message, "change freeze")
			})
			if says != test.says {
				t.Errorf("the status quotes the answer: %t, want %t: %v", says, test.says, conditions)
			}
			l.faults.set(nil)
			l.passes(6)
			if err := l.isAtRest(); err != nil {
				t.Error(err)
			}
		})
	}
}

// isAtRest succeeds when the EdgeIngress is gone, or a pass writes nothing.
func (l *loop) isAtRest() error {
	l.faults.set(nil)
	result, err := l.reconcile()
	if writes := l.faults.writes(); len(writes) > 0 {
		return errors.New("a pass still writes: " + strings.Join(writes, ", "))
	}
	gone := apierrors.IsNotFound(l.Client.Get(l.Context(), anEdge.NamespacedName, &v1alpha1.EdgeIngress{}))
	if !gone && (result.RequeueAfter == 0 || result.RequeueAfter > restInterval) {
		return errors.New("nothing but an event brings the next pass")
	}
	return err
}

func TestAWriteThatHangsHoldsNeitherThePassNorTheOtherWrites(t *testing.T) {
	for name, test := range map[string]struct {
		hangs []string
		// written are writes that must be made nevertheless.
		written []string
	}{
		"a node":                       {hangs: []string{"apply Node"}, written: []string{"apply DaemonSet", "patch status of EdgeIngress"}},
		"the namespace":                {hangs: []string{"create Namespace"}, written: []string{"apply Node", "apply DaemonSet", "patch status of EdgeIngress"}},
		"one object":                   {hangs: []string{"apply ServiceAccount"}, written: []string{"apply Node", "apply DaemonSet", "patch status of EdgeIngress"}},
		"several objects":              {hangs: []string{"apply ServiceAccount", "apply ConfigMap", "apply Service"}, written: []string{"apply DaemonSet", "apply IngressClass", "patch status of EdgeIngress"}},
		"nodes, objects and namespace": {hangs: []string{"apply Node", "patch Node", "create Namespace", "apply ConfigMap"}, written: []string{"apply DaemonSet", "patch status of EdgeIngress"}},
		"the status":                   {hangs: []string{"patch status of EdgeIngress"}, written: []string{"apply Node", "apply DaemonSet"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { survivesAHang(t, test.hangs, test.written) })
		})
	}
}

// survivesAHang runs by a clock that moves only while everything waits.
func survivesAHang(t *testing.T, hangs, written []string) {
	t.Helper()
	l := newLoop(t)
	l.faults.set(hang(hangs...))
	begin := time.Now()
	if _, err := l.reconcile(); err == nil || !strings.Contains(err.Error(), "did not answer within 12s") {
		t.Errorf("the pass does not say what got no answer: %v", err)
	}
	if took := time.Since(begin); took > l.limits().pass {
		t.Errorf("the pass held its worker for %s", took)
	}
	writes := l.faults.writes()
	for _, write := range written {
		if !slices.Contains(writes, write) {
			t.Errorf("%q was not sent, only %v", write, writes)
		}
	}
	l.faults.set(nil)
	l.passes(4)
	if err := l.isAtRest(); err != nil {
		t.Error(err)
	}
}

// Every node and every object hangs here, which is more than one pass has time for.
func TestAPassInWhichEverythingHangsEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t)
		for i := range 200 {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("more-%d", i), UID: types.UID(fmt.Sprint(i)), Labels: map[string]string{"edge": "yes"}}}
			if err := l.Client.Create(t.Context(), node); err != nil {
				t.Fatal(err)
			}
		}
		l.faults.set(hang("apply", "create", "patch Node", "patch status", "delete"))
		begin := time.Now()
		_, err := l.reconcile()
		if took := time.Since(begin); err == nil || took >= repairBound {
			t.Errorf("the pass took %s and ended with %v", took, err)
		}
	})
}

// A cluster may be slow although nothing hangs. A pass that runs out of time then continues in the
// next one, and nothing failed.
func TestASlowClusterIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoop(t)
		l.faults.set(func(ctx context.Context, _ string) error {
			select {
			case <-time.After(10 * time.Second): // As long as the API server waits for a webhook that does not answer.
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		passes := 0
		for ; passes < 20; passes++ {
			begin := time.Now()
			result, err := l.reconcile()
			if took := time.Since(begin); err != nil || took >= repairBound {
				t.Fatalf("pass %d took %s and failed: %v", passes, took, err)
			}
			if result.RequeueAfter > time.Second {
				break
			}
		}
		for _, condition := range l.edge().Status.Conditions {
			if condition.Reason == v1alpha1.ReasonApplyFailed {
				t.Errorf("something failed: %v", condition)
			}
		}
		l.passes(1) // It reports the last writes.
		if err := l.isAtRest(); err != nil {
			t.Errorf("after %d passes: %v", passes, err)
		}
	})
}

func TestAFailedRemovalOfTheFinalizerIsReported(t *testing.T) {
	l := newLoop(t, withoutNodes)
	l.passes(2)
	l.delete()
	denied := apierrors.NewForbidden(schema.GroupResource{Resource: "edgeingresses"}, "public", errors.New("protected from deletion"))
	l.faults.set(refuse(denied, "patch EdgeIngress"))
	for range 3 {
		_, _ = l.reconcile()
	}
	condition := meta.FindStatusCondition(l.edge().Status.Conditions, v1alpha1.ConditionControllerAvailable)
	if condition == nil || condition.Status != metav1.ConditionFalse || !strings.Contains(condition.Message, "protected from deletion") {
		t.Errorf("nobody hears why the deletion takes so long: %v", condition)
	}
}
