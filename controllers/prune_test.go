package controllers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers"
)

// lateWriter lets another client write between the operator's read and its deletion or JSON patch.
type lateWriter struct {
	client.Client
	before func(client.Object)
}

func (c lateWriter) Patch(ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption) error {
	if patch.Type() == types.JSONPatchType {
		c.before(object)
	}
	return c.Client.Patch(ctx, object, patch, options...)
}

func (c lateWriter) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	c.before(object)
	return c.Client.Delete(ctx, object, options...)
}

func TestAnObjectThatSomebodyAdoptedIsNotPruned(t *testing.T) {
	s := newStory(t, "taken-over")
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
	result, _, err := s.passWhile(adopt)
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

// passWhile makes one pass, lets somebody write before each deletion and JSON patch, and returns
// the events as well.
func (s *story) passWhile(before func(client.Object)) (result ctrl.Result, told []string, err error) {
	s.Helper()
	recorder := events.NewFakeRecorder(100)
	reconciler := &controllers.Reconciler{
		Client: lateWriter{Client: admin, before: before}, Reader: admin, Events: recorder, Now: time.Now, Options: operatorOptions,
	}
	result, err = reconciler.Reconcile(s.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(s.edge())})
	close(recorder.Events)
	for event := range recorder.Events {
		told = append(told, event)
	}
	return result, told, err
}

// TestOnlyWhatWasDeletedIsAnnounced: somebody deletes one of the objects just before the operator does.
func TestOnlyWhatWasDeletedIsAnnounced(t *testing.T) {
	s := newStory(t, "deletedfirst")
	s.addNodes("a", "b")
	s.createReady()
	startOperator := stopOperator(t)
	s.delete(s.edge())
	ahead := func(object client.Object) {
		if object.GetObjectKind().GroupVersionKind().Kind == "ConfigMap" {
			s.delete(named(s, &corev1.ConfigMap{}))
		}
	}
	_, told, _ := s.passWhile(ahead)
	announces := func(kind string) bool {
		return slices.ContainsFunc(told, func(event string) bool {
			return strings.Contains(event, v1alpha1.EventPruned) && strings.Contains(event, kind+" ")
		})
	}
	if announces("ConfigMap") || !announces("Service") {
		t.Errorf("events: %q", told)
	}
	startOperator()
}

// TestTheTemplateOfAnAdoptedWorkloadStays: the workload is of another version, somebody's probe
// excludes ours, so that the apply is refused, and meanwhile somebody adopts the workload.
func TestTheTemplateOfAnAdoptedWorkloadStays(t *testing.T) {
	s := newStory(t, "adoptedworkload")
	s.addNodes("a")
	s.createReady()
	adopter, daemonSet := named(s, &corev1.ConfigMap{}), named(s, &appsv1.DaemonSet{})
	s.mustRead(adopter)
	s.mustRead(daemonSet)
	startOperator := stopOperator(t)

	const older = `{"metadata":{"annotations":{%q:"older"}},"spec":{"template":{"spec":{"containers":[{"name":%q,"livenessProbe":{"httpGet":null,"exec":{"command":["x"]}}}]}}}}`
	probe := fmt.Sprintf(older, v1alpha1.AppliedAnnotation, daemonSet.Spec.Template.Spec.Containers[0].Name)
	if err := admin.Patch(t.Context(), daemonSet, client.RawPatch(types.StrategicMergePatchType, []byte(probe))); err != nil {
		t.Fatal(err)
	}
	adopted := false
	adopt := func(object client.Object) {
		if object.GetObjectKind().GroupVersionKind().Kind != "DaemonSet" || adopted {
			return
		}
		adopted = true
		s.patch(named(s, &appsv1.DaemonSet{}), fmt.Sprintf(
			`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":%q,"uid":%q,"controller":true}]}}`, adopter.Name, adopter.UID))
	}
	_, _, err := s.passWhile(adopt)
	after := named(s, &appsv1.DaemonSet{})
	s.mustRead(after)
	if !adopted || err == nil {
		t.Errorf("adopted: %t, error of the pass: %v", adopted, err)
	}
	if after.Generation != daemonSet.Generation {
		t.Errorf("the template of a workload that somebody adopted was replaced: %v", after.Spec.Template.Spec.Containers[0].LivenessProbe)
	}
	s.delete(after)
	startOperator()
	s.becomesReady()
}
