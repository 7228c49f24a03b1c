package guardrails

import (
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

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

// IsInForce reports whether one of [Guards] denies something, and names the operator's account in this namespace.
// It does not compare the whole policy: users extend the list of images, and the namespace is theirs to choose.
func IsInForce(policy *admissionregistrationv1.ValidatingAdmissionPolicy, binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding, namespace string) bool {
	spec := policy.Spec
	failsClosed := spec.FailurePolicy == nil || *spec.FailurePolicy == admissionregistrationv1.Fail
	if !failsClosed || spec.MatchConstraints == nil || len(spec.MatchConstraints.ResourceRules) == 0 || len(spec.Validations) == 0 || !denies(policy, binding) {
		return false
	}
	return policy.Name == identities || slices.ContainsFunc(expressionsOf(spec), func(expression string) bool {
		return strings.Contains(expression, "'"+names.OperatorAccount(namespace)+"'")
	})
}

// expressionsOf are those that choose whom a policy binds.
func expressionsOf(spec admissionregistrationv1.ValidatingAdmissionPolicySpec) []string {
	var expressions []string
	for _, condition := range spec.MatchConditions {
		expressions = append(expressions, condition.Expression)
	}
	for _, variable := range spec.Variables {
		expressions = append(expressions, variable.Expression)
	}
	return expressions
}
