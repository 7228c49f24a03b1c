package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

const (
	refusalPolicy  = "e2e-refuse-repairs"
	refusalMessage = "repairs are refused for a while"
	// admissionLimit is how long the API server may take to obey a new policy.
	admissionLimit = 20 * time.Second
)

// operatorUser is the operator's user name at the API server.
var operatorUser = "system:serviceaccount:" + lab.OperatorNamespace + ":" + lab.OperatorName

// refuseRepairs makes the API server refuse the operator's writes to objects of a kind in the
// controller's namespace, as a policy of a cluster may do. It returns when the refusal works.
func (d *done) refuseRepairs(ctx context.Context, resource string, sample client.Object) error {
	fail, deny := admissionregistrationv1.Fail, admissionregistrationv1.Deny
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{Name: refusalPolicy},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: &fail,
			MatchConstraints: &admissionregistrationv1.MatchResources{ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{
				RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Update},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{""}, APIVersions: []string{"v1"}, Resources: []string{resource}},
				},
			}}},
			MatchConditions: []admissionregistrationv1.MatchCondition{{Name: "namespace", Expression: fmt.Sprintf("request.namespace == %q", d.object.namespace())}},
			Validations:     []admissionregistrationv1.Validation{{Expression: fmt.Sprintf("request.userInfo.username != %q", operatorUser), Message: refusalMessage}},
		},
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: refusalPolicy},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName: refusalPolicy, ValidationActions: []admissionregistrationv1.ValidationAction{deny},
		},
	}
	d.later(func(ctx context.Context) error {
		err := errors.Join(client.IgnoreNotFound(d.object.client().Delete(ctx, binding)), client.IgnoreNotFound(d.object.client().Delete(ctx, policy)))
		return errors.Join(err, d.awaitRefusal(ctx, sample, false))
	})
	for _, object := range []client.Object{policy, binding} {
		if err := d.object.client().Create(ctx, object); err != nil {
			return err
		}
	}
	return d.awaitRefusal(ctx, sample, true)
}

// awaitRefusal returns when the API server refuses the operator's writes, or no longer does. It
// tries a dry run as the operator.
func (d *done) awaitRefusal(ctx context.Context, sample client.Object, refused bool) error {
	config := rest.CopyConfig(d.object.runner.lab.Config)
	config.Impersonate = rest.ImpersonationConfig{UserName: operatorUser, Groups: []string{"system:serviceaccounts", "system:authenticated"}}
	operator, err := client.New(config, client.Options{Scheme: d.object.client().Scheme()})
	if err != nil {
		return fmt.Errorf("asking as the operator: %w", err)
	}
	key := d.object.key()
	return objects.Await(ctx, "the API server to obey a policy", admissionLimit, func(ctx context.Context) (bool, string, error) {
		asked, ok := sample.DeepCopyObject().(client.Object)
		if !ok {
			return false, "", errors.New("no object")
		}
		asked.SetNamespace(key.Namespace)
		asked.SetName(key.Name)
		// A patch that changes nothing is not an update: admission would not see it.
		patch := fmt.Sprintf(`{"metadata":{"annotations":{"e2e.test/asked":%q}}}`, time.Now().Format(time.RFC3339Nano))
		err := operator.Patch(ctx, asked, client.RawPatch(types.MergePatchType, []byte(patch)), client.DryRunAll)
		isRefusal := err != nil && strings.Contains(err.Error(), refusalMessage)
		if err != nil && !isRefusal && !apierrors.IsConflict(err) {
			return false, "", err
		}
		return isRefusal == refused, fmt.Sprint(err), nil
	})
}
