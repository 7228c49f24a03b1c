package controllers_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
)

// lateWriter lets another client write between the operator's read and its deletion.
type lateWriter struct {
	client.Client
	before func(client.Object)
}

func (c lateWriter) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	c.before(object)
	return c.Client.Delete(ctx, object, options...)
}

func TestAnObjectThatSomebodyAdoptedIsNotPruned(t *testing.T) {
	s := newStory(t, "adopted")
	s.addNodes("a", "b")
	s.createReady(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment })
	budget, adopter := named(s, &policyv1.PodDisruptionBudget{}), named(s, &corev1.ConfigMap{})
	s.mustRead(budget)
	s.mustRead(adopter)
	startOperator := stopOperator(t)

	one := int32(1)
	s.change(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Replicas = &one })
	adopt := func(object client.Object) {
		if object.GetName() == budget.Name && object.GetObjectKind().GroupVersionKind().Kind == "PodDisruptionBudget" {
			s.patch(budget, fmt.Sprintf(`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":%q,"uid":%q,"controller":true}]}}`, adopter.Name, adopter.UID))
		}
	}
	reconciler := &controllers.Reconciler{
		Client: lateWriter{Client: admin, before: adopt}, Reader: admin, Events: events.NewFakeRecorder(100), Now: time.Now, Options: operatorOptions,
	}
	result, err := reconciler.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(s.edge())})
	if err != nil || result.RequeueAfter == 0 {
		t.Errorf("the operator does not look again: %v, %v", result, err)
	}
	after := named(s, &policyv1.PodDisruptionBudget{})
	s.mustRead(after)
	if after.UID != budget.UID || !after.DeletionTimestamp.IsZero() {
		t.Error("the budget that somebody adopted was deleted")
	}
	startOperator()
	s.becomesReady()
	s.mustRead(after)
	if err := admin.Delete(t.Context(), after); err != nil {
		t.Error(err)
	}
}
