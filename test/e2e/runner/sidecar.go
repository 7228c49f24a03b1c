package runner

import (
	"context"
	"errors"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

const (
	sidecarPolicy = "e2e-add-sidecar"
	sidecarName   = "mesh-proxy"
	// sidecarSpec adds a native sidecar that only waits. It has the controller's image, which every
	// edge node has already, and ends at once when it is asked to.
	sidecarSpec = `[JSONPatch{op: "add", path: "/spec/initContainers", value: [Object.spec.initContainers{
		name: "` + sidecarName + `", restartPolicy: "Always", image: object.spec.containers[0].image,
		command: ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1; done"]
	}]}]`
)

// addSidecarByPolicy makes the API server add a sidecar to new pods in the controller's namespace,
// and replaces the pod on the first edge node. Undone, that pod is replaced again.
func (d *done) addSidecarByPolicy(ctx context.Context) error {
	fail := admissionregistrationv1.Fail
	policy := &admissionregistrationv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: sidecarPolicy},
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"pods"}},
				},
			}}},
			MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "namespace", Expression: fmt.Sprintf("request.namespace == %q", d.object.namespace())}},
			Mutations: []admissionregistrationv1.Mutation{{
				PatchType: admissionregistrationv1.PatchTypeJSONPatch,
				JSONPatch: &admissionregistrationv1.JSONPatch{Expression: sidecarSpec},
			}},
			ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
		},
	}
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: sidecarPolicy},
		Spec:       admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: sidecarPolicy},
	}
	d.later(func(ctx context.Context) error {
		err := errors.Join(client.IgnoreNotFound(d.object.client().Delete(ctx, binding)), client.IgnoreNotFound(d.object.client().Delete(ctx, policy)))
		return errors.Join(err, d.awaitSidecars(ctx, false), d.replacePod(ctx, false))
	})
	for _, object := range []client.Object{policy, binding} {
		if err := d.object.client().Create(ctx, object); err != nil {
			return err
		}
	}
	return errors.Join(d.awaitSidecars(ctx, true), d.replacePod(ctx, true))
}

// awaitSidecars returns when new pods get the sidecar, or no longer do. No pod is created.
func (d *done) awaitSidecars(ctx context.Context, added bool) error {
	return objects.Await(ctx, "the API server to obey a policy", admissionLimit, func(ctx context.Context) (bool, string, error) {
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: d.object.namespace(), Name: "asked"},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "a", Image: "a"}}},
		}
		err := d.object.client().Create(ctx, pod, client.DryRunAll)
		return err == nil && hasSidecar(pod) == added, fmt.Sprint(err), nil
	})
}

// replacePod deletes the pod on the first edge node and waits until another is ready there.
func (d *done) replacePod(ctx context.Context, sidecar bool) error {
	pod, err := d.object.podOn(ctx, d.firstEdge())
	if err != nil || pod == nil {
		return fmt.Errorf("finding the controller pod on %s: there is none (error %w)", d.firstEdge(), err)
	}
	if err := d.object.client().Delete(ctx, pod); err != nil {
		return err
	}
	return objects.Await(ctx, "another controller pod", restLimit, func(ctx context.Context) (bool, string, error) {
		next, err := d.object.podOn(ctx, d.firstEdge())
		if err != nil || next == nil {
			return false, "no pod", err
		}
		return next.UID != pod.UID && isReady(*next) && hasSidecar(next) == sidecar, "pod " + next.Name, nil
	})
}

func hasSidecar(pod *corev1.Pod) bool {
	for _, container := range pod.Spec.InitContainers {
		if container.Name == sidecarName {
			return true
		}
	}
	return false
}
