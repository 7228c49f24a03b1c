package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

const (
	podPolicy  = "e2e-refuse-pods"
	podRefusal = "no pod is allowed here for a while"
)

// refusePods makes the API server refuse new pods in the controller's namespace, and deletes the pod on
// the first edge node. Undone, it returns when a pod is ready there again.
func (d *done) refusePods(ctx context.Context) error {
	fail, deny := admissionregistrationv1.Fail, admissionregistrationv1.Deny
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: podPolicy},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
				},
			}}},
			MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "namespace", Expression: fmt.Sprintf("request.namespace == %q", d.object.namespace())}},
			Validations:     []admissionregistrationv1.Validation{{Expression: "false", Message: podRefusal}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: podPolicy},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: podPolicy, ValidationActions: []admissionregistrationv1.ValidationAction{deny},
		},
	}
	d.later(func(ctx context.Context) error {
		err := errors.Join(client.IgnoreNotFound(d.object.client().Delete(ctx, binding)), client.IgnoreNotFound(d.object.client().Delete(ctx, policy)))
		// Kubernetes waits longer after each refusal. A change of the DaemonSet makes it try at once.
		again := func() error {
			return d.patch(ctx, &appsv1.DaemonSet{}, types.MergePatchType, `{"metadata":{"annotations":{"e2e.test/again":"1"}}}`)
		}
		return errors.Join(err, d.awaitPodRefusal(ctx, false), again(), d.awaitPod(ctx))
	})
	for _, object := range []client.Object{policy, binding} {
		if err := d.object.client().Create(ctx, object); err != nil {
			return err
		}
	}
	if err := d.awaitPodRefusal(ctx, true); err != nil {
		return err
	}
	pod, err := d.object.podOn(ctx, d.firstEdge())
	if err != nil || pod == nil {
		return fmt.Errorf("finding the controller pod on %s: there is none (error %w)", d.firstEdge(), err)
	}
	// With a short grace period, because nothing is sent while the pod drains.
	return d.object.client().Delete(ctx, pod, client.GracePeriodSeconds(1))
}

// awaitPodRefusal returns when new pods are refused, or no longer are. No pod is created.
func (d *done) awaitPodRefusal(ctx context.Context, refused bool) error {
	return objects.Await(ctx, "the API server to obey a policy", admissionLimit, func(ctx context.Context) (bool, string, error) {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: d.object.namespace(), Name: "asked"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}},
		}
		err := d.object.client().Create(ctx, pod, client.DryRunAll)
		isRefusal := err != nil && strings.Contains(err.Error(), podRefusal)
		return isRefusal == refused, fmt.Sprint(err), nil
	})
}

func (d *done) awaitPod(ctx context.Context) error {
	return objects.Await(ctx, "a controller pod", restLimit, func(ctx context.Context) (bool, string, error) {
		pod, err := d.object.podOn(ctx, d.firstEdge())
		return err == nil && pod != nil && isReady(*pod), "no ready pod", err
	})
}
