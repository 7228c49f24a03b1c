// Package guardrails knows the operator's admission policies: those of config/admission and config/guard, and that of
// config/verification, which keeps the prober's reports to the prober. It is pure.
package guardrails

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// digest of the policy in config/verification/report_policy.yaml. The package's test says what it should be.
const digest = "a1140f9141defb58d41b019bf660d45ef95f3c42abe83391d2d455eacd90f78a"

// KeepsReports reports whether the policy and its binding do what those of config/verification do. An object of the
// same name can do less: warn instead of deny, or let everything pass.
func KeepsReports(policy *admissionregistrationv1.ValidatingAdmissionPolicy, binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding) bool {
	return digestOf(policy.Spec) == digest && policy.Name == names.ReportPolicy && denies(policy, binding)
}

// denies reports whether the binding makes the API server deny all that the policy refuses.
func denies(policy *admissionregistrationv1.ValidatingAdmissionPolicy, binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding) bool {
	all, narrowed := filled(nil), filled(binding.Spec.MatchResources)
	return binding.Spec.PolicyName == policy.Name && binding.Spec.ParamRef == nil && equality.Semantic.DeepEqual(narrowed, all) &&
		slices.Contains(binding.Spec.ValidationActions, admissionregistrationv1.Deny)
}

// digestOf is a digest of all that decides what the policy refuses. What the API server fills in makes no difference.
func digestOf(spec admissionregistrationv1.ValidatingAdmissionPolicySpec) string {
	kept := *spec.DeepCopy()
	kept.AuditAnnotations, kept.MatchConstraints = nil, filled(kept.MatchConstraints)
	if kept.FailurePolicy == nil {
		kept.FailurePolicy = new(admissionregistrationv1.Fail)
	}
	text, err := json.Marshal(kept)
	if err != nil {
		panic(err) // It is a struct of texts.
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// filled is a copy with the API server's defaults.
func filled(match *admissionregistrationv1.MatchResources) *admissionregistrationv1.MatchResources {
	all := &admissionregistrationv1.MatchResources{}
	if match != nil {
		all = match.DeepCopy()
	}
	if all.MatchPolicy == nil {
		all.MatchPolicy = new(admissionregistrationv1.Equivalent)
	}
	if all.NamespaceSelector == nil {
		all.NamespaceSelector = &metav1.LabelSelector{}
	}
	if all.ObjectSelector == nil {
		all.ObjectSelector = &metav1.LabelSelector{}
	}
	for _, rules := range [][]admissionregistrationv1.NamedRuleWithOperations{all.ResourceRules, all.ExcludeResourceRules} {
		for i := range rules {
			if rules[i].Scope == nil {
				rules[i].Scope = new(admissionregistrationv1.AllScopes)
			}
		}
	}
	return all
}
