package controllers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// addBareNodes adds nodes without a machine, not even a simulated one. They are only objects with
// labels.
func (s *story) addBareNodes(count int) {
	s.Helper()
	var group errgroup.Group
	group.SetLimit(16)
	for i := range count {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: s.node(fmt.Sprintf("%04d", i)), Labels: map[string]string{poolLabel: s.name}}}
		group.Go(func() error { return admin.Create(s.Context(), node) })
	}
	if err := group.Wait(); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		// The API server gives up on one request after a minute, which thousands of nodes can take.
		ctx := context.WithoutCancel(s.Context())
		if err := poll(ctx, func() error { return admin.DeleteAllOf(ctx, &corev1.Node{}, client.MatchingLabels{poolLabel: s.name}) }); err != nil {
			s.Error(err)
		}
	})
}

// allAreEdgeNodes succeeds when all nodes of the story have both labels, the taint and the claim.
func (s *story) allAreEdgeNodes(count int) func() error {
	return func() error {
		list := &corev1.NodeList{}
		if err := admin.List(s.Context(), list, client.MatchingLabels{poolLabel: s.name, v1alpha1.NodeLabel(s.name): "", v1alpha1.DefaultRoleLabel: ""}); err != nil {
			return err
		}
		done := 0
		for _, node := range list.Items {
			if slices.ContainsFunc(node.Spec.Taints, isRoleTaint) && node.Annotations[v1alpha1.TaintAnnotation(s.name)] != "" {
				done++
			}
		}
		return want("edge nodes", done, count, same)
	}
}

// kubernetesIsDone succeeds when Kubernetes' own controllers have processed the workload and the
// Service. Until then they still change the status.
func (s *story) kubernetesIsDone() error {
	set := named(s, &appsv1.DaemonSet{})
	if err := s.read(set); err != nil {
		return err
	}
	return errors.Join(want("the generation that the DaemonSet's controller has seen", set.Status.ObservedGeneration, set.Generation, same),
		want("slices of endpoints", s.hasSlices(), true, same))
}

func (s *story) hasSlices() bool {
	slices := &discoveryv1.EndpointSliceList{}
	return admin.List(s.Context(), slices, client.InNamespace(s.namespace())) == nil && len(slices.Items) > 0
}

// isAlone waits until nothing of other stories is left. Their garbage causes passes as well, which a story
// that counts passes would take for its own.
func (s *story) isAlone() {
	s.Helper()
	s.eventually("nothing of other stories is left", func() error {
		for _, kind := range []string{"Pod", "DaemonSet", "Deployment", "Service", "ConfigMap", "ServiceAccount", "EndpointSlice"} {
			list := &metav1.PartialObjectMetadataList{}
			list.SetGroupVersionKind(groupVersions[kind].WithKind(kind + "List"))
			if err := admin.List(s.Context(), list, client.HasLabels{v1alpha1.OwnerLabel}); err != nil {
				return err
			}
			for i := range list.Items {
				if owner := list.Items[i].Labels[v1alpha1.OwnerLabel]; owner != s.name {
					return fmt.Errorf("%s %s of EdgeIngress %s is there", kind, list.Items[i].Name, owner)
				}
			}
		}
		return nil
	})
}

// groupVersions of the kinds whose events cause passes.
var groupVersions = map[string]schema.GroupVersion{
	"Pod": corev1.SchemeGroupVersion, "Service": corev1.SchemeGroupVersion, "ConfigMap": corev1.SchemeGroupVersion, "ServiceAccount": corev1.SchemeGroupVersion,
	"DaemonSet": appsv1.SchemeGroupVersion, "Deployment": appsv1.SchemeGroupVersion, "EndpointSlice": discoveryv1.SchemeGroupVersion,
}

// rests waits until passes write nothing more.
func (s *story) rests() {
	s.Helper()
	s.eventually("it comes to rest", func() error {
		// Other stories that run in parallel count requests as well, so nothing is reset.
		before := len(operator.requests.Writes())
		passForEveryEdge(s, 1)
		return want("writes", operator.requests.Writes()[before:], nil, slices.Equal)
	})
}

func TestManyNodesBecomeEdgeNodes(t *testing.T) {
	const count = 250
	s := newStory(t, "many")
	s.addBareNodes(count)
	s.create()
	s.eventually("all nodes become edge nodes", s.allAreEdgeNodes(count))
	s.eventually("Kubernetes is done", s.kubernetesIsDone)
	s.rests()
	s.eventually("all are counted", func() error {
		nodes := s.edge().Status.Nodes
		return errors.Join(want("selected", nodes.Selected, count, same), want("labelled", nodes.Labelled, count, same))
	})
	operator.requests.Reset()
	passForEveryEdge(s, 1)
	passForEveryEdge(s, 1)
	if err := want("writes at rest", operator.requests.Writes(), nil, slices.Equal); err != nil {
		t.Error(err)
	}
	s.deleteEdge()
	left := &corev1.NodeList{}
	if err := admin.List(t.Context(), left, client.HasLabels{v1alpha1.NodeLabel(s.name)}); err != nil {
		t.Fatal(err)
	}
	if len(left.Items) > 0 {
		t.Errorf("%d nodes are still labelled", len(left.Items))
	}
}

// BenchmarkPass measures one pass over an EdgeIngress at rest, with filled caches and all nodes
// chosen.
func BenchmarkPass(b *testing.B) {
	if testing.Short() {
		b.Skip("it makes many nodes")
	}
	for _, count := range []int{5, 1000} {
		b.Run(fmt.Sprintf("%d nodes", count), func(b *testing.B) {
			s := newStory(b, fmt.Sprintf("bench-%d", count))
			s.addBareNodes(count)
			s.create()
			s.eventually("all nodes become edge nodes", s.allAreEdgeNodes(count))
			s.rests()
			request := ctrl.Request{NamespacedName: client.ObjectKey{Name: s.name}}
			operator.requests.Reset()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := operator.reconciler.Reconcile(b.Context(), request); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(operator.requests.Reads()))/float64(b.N), "reads/op")
			b.ReportMetric(float64(len(operator.requests.Writes()))/float64(b.N), "writes/op")
		})
	}
}
