package guardrails

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// Administrators is the name of the policy that keeps the right to write EdgeIngress objects to administrators.
const Administrators = "edge-ingress-administrators"

// identities is the policy of config/guard that binds everybody: only controllers use accounts of controllers.
const identities = "edge-ingress-guard-identities"

// Guards are the names of the policies that limit what happens with the operator's rights, and of their bindings: of
// config/admission first, and then of config/guard.
func Guards() []string {
	return []string{
		Administrators,
		"edge-ingress-guard-accounts", identities, "edge-ingress-guard-nodes", "edge-ingress-guard-objects", "edge-ingress-guard-requests",
		"edge-ingress-guard-rest", "edge-ingress-guard-settings", "edge-ingress-guard-traffic", "edge-ingress-guard-workloads",
	}
}

// All are the names of all policies that the operator looks at.
func All() []string { return append(Guards(), names.ReportPolicy) }

// conditions are how many match conditions each of [Guards] has that has not one. With more of them a policy does less.
var conditions = map[string]int{identities: 2, "edge-ingress-guard-requests": 2}

// IsInForce reports whether one of [Guards] denies something of all objects of its kinds, and names the operator's account
// in this namespace where it says whom it binds. It does not compare the whole policy: users extend the list of images,
// and the namespace is theirs to choose.
func IsInForce(policy *admissionregistrationv1.ValidatingAdmissionPolicy, binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding, namespace string) bool {
	spec := policy.Spec
	failsClosed := spec.FailurePolicy == nil || *spec.FailurePolicy == admissionregistrationv1.Fail
	if !failsClosed || !concernsAll(spec.MatchConstraints) || len(spec.Validations) == 0 || !denies(policy, binding) {
		return false
	}
	if len(spec.MatchConditions) != max(1, conditions[policy.Name]) {
		return false
	}
	return policy.Name == identities || slices.ContainsFunc(spec.MatchConditions, func(condition admissionregistrationv1.MatchCondition) bool {
		return strings.Contains(condition.Expression, "'"+names.OperatorAccount(namespace)+"'")
	})
}

// concernsAll reports whether a policy has rules, and leaves out none of the objects that they choose.
func concernsAll(match *admissionregistrationv1.MatchResources) bool {
	chosen := filled(match)
	rules := len(chosen.ResourceRules)
	chosen.ResourceRules = nil
	return rules > 0 && equality.Semantic.DeepEqual(chosen, filled(nil))
}
