package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

const (
	overrulePolicy = "e2e-overrule"
	// retryLimit is how long the operator may wait before it tries again what admission undid.
	retryLimit = 2 * time.Minute
)

// overruleConfig makes the API server itself change each write to the controller's ConfigMap, so that
// the controller trusts everyone. It returns when one write was changed.
func (d *done) overruleConfig(ctx context.Context) error {
	fail := admissionregistrationv1.Fail
	d.object.mark = d.object.mark.next("")
	expression := fmt.Sprintf(`Object{data: {"use-forwarded-headers": "true", "proxy-real-ip-cidr": "0.0.0.0/0", %q: %q}}`, markKey, d.object.mark)
	policy := &admissionregistrationv1.MutatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: overrulePolicy},
		Spec: admissionregistrationv1.MutatingAdmissionPolicySpec{
			FailurePolicy: &fail, ReinvocationPolicy: admissionregistrationv1.NeverReinvocationPolicy,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{"configmaps"}},
				},
				ResourceNames: []string{d.object.key().Name},
			}}},
			Mutations: []admissionregistrationv1.Mutation{{
				PatchType: admissionregistrationv1.PatchTypeApplyConfiguration, ApplyConfiguration: &admissionregistrationv1.ApplyConfiguration{Expression: expression},
			}},
		},
	}
	binding := &admissionregistrationv1.MutatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: overrulePolicy}, Spec: admissionregistrationv1.MutatingAdmissionPolicyBindingSpec{PolicyName: overrulePolicy},
	}
	d.later(func(ctx context.Context) error {
		err := errors.Join(client.IgnoreNotFound(d.object.client().Delete(ctx, binding)), client.IgnoreNotFound(d.object.client().Delete(ctx, policy)))
		return errors.Join(err, d.awaitTrust(ctx, "the operator to repair the ConfigMap once the policy is gone", retryLimit, "false", nil))
	})
	for _, object := range []client.Object{policy, binding} {
		if err := d.object.client().Create(ctx, object); err != nil {
			return err
		}
	}
	return d.awaitTrust(ctx, "the API server to change each write", admissionLimit, "true", func(ctx context.Context) error {
		return d.patch(ctx, &corev1.ConfigMap{}, types.MergePatchType, fmt.Sprintf(`{"metadata":{"annotations":{"e2e.test/asked":%q}}}`, time.Now().Format(time.RFC3339Nano)))
	})
}

// awaitTrust returns when the ConfigMap has the value for use-forwarded-headers. It does poke before
// each look.
func (d *done) awaitTrust(ctx context.Context, what string, limit time.Duration, value string, poke func(context.Context) error) error {
	return objects.Await(ctx, what, limit, func(ctx context.Context) (bool, string, error) {
		if poke != nil {
			if err := poke(ctx); err != nil {
				return false, "", err
			}
		}
		live := &corev1.ConfigMap{}
		err := d.object.client().Get(ctx, d.object.key(), live)
		return live.Data["use-forwarded-headers"] == value, fmt.Sprint(live.Data), err
	})
}

// repelled is a DaemonSet whose rules exclude nodes with the role label, as kube-proxy's do in a
// KubeEdge cluster.
const repelled = "e2e-repelled"

// excludeRoleLabel adds such a DaemonSet, and then removes the role label from the first edge node. The
// operator must not give it back.
func (d *done) excludeRoleLabel(ctx context.Context) error {
	labels := map[string]string{"app": repelled}
	daemonSet := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: repelled}}
	daemonSet.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	daemonSet.Spec.Template.Labels = labels
	daemonSet.Spec.Template.Spec = corev1.PodSpec{
		Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
		Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{
			NodeSelectorTerms: []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{
				{Key: v1alpha1.DefaultRoleLabel, Operator: corev1.NodeSelectorOpDoesNotExist},
			}}},
		}}},
		Containers: []corev1.Container{{Name: "echo", Image: "lab.test/echo:e2e", ImagePullPolicy: corev1.PullNever}},
	}
	if err := d.object.client().Create(ctx, daemonSet); err != nil {
		return err
	}
	d.later(func(ctx context.Context) error { return d.object.client().Delete(ctx, daemonSet) })
	// The condition names the DaemonSet on nodes that have the label, so the operator knows it.
	known := func(ctx context.Context) (bool, string, error) {
		live, err := d.object.get(ctx)
		if err != nil {
			return false, "", err
		}
		found := meta.FindStatusCondition(live.Status.Conditions, v1alpha1.ConditionNodesReady)
		return found != nil && strings.Contains(found.Message, repelled), fmt.Sprint(found), nil
	}
	if err := objects.Await(ctx, "the operator to know the DaemonSet", repairLimit, known); err != nil {
		return err
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: d.firstEdge()}}
	return d.object.client().Patch(ctx, node, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"metadata":{"labels":{%q:null}}}`, v1alpha1.DefaultRoleLabel)))
}
