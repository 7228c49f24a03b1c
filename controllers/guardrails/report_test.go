package guardrails

import (
	"os"
	"path/filepath"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

type (
	policyType  = admissionregistrationv1.ValidatingAdmissionPolicy
	bindingType = admissionregistrationv1.ValidatingAdmissionPolicyBinding
)

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "verification", file))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(text, into); err != nil {
		t.Fatal(err)
	}
}

func TestOnlyThePolicyThatIsInstalledKeepsReports(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*policyType, *bindingType)
		want   bool
	}{
		"as in the files": {func(*policyType, *bindingType) {}, true},
		"with the API server's defaults": {func(p *policyType, b *bindingType) {
			equivalent, every := admissionregistrationv1.Equivalent, admissionregistrationv1.AllScopes
			p.Spec.MatchConstraints.MatchPolicy = &equivalent
			p.Spec.MatchConstraints.NamespaceSelector, p.Spec.MatchConstraints.ObjectSelector = &metav1.LabelSelector{}, &metav1.LabelSelector{}
			p.Spec.MatchConstraints.ResourceRules[0].Scope = &every
			b.Spec.MatchResources = &admissionregistrationv1.MatchResources{MatchPolicy: &equivalent, NamespaceSelector: &metav1.LabelSelector{}, ObjectSelector: &metav1.LabelSelector{}}
		}, true},
		"with a label, and audited too": {func(p *policyType, b *bindingType) {
			p.Labels = map[string]string{"a": "b"}
			p.Spec.AuditAnnotations = []admissionregistrationv1.AuditAnnotation{{Key: "a", ValueExpression: "'b'"}}
			b.Spec.ValidationActions = append(b.Spec.ValidationActions, admissionregistrationv1.Audit)
		}, true},
		"a binding that audits": {func(_ *policyType, b *bindingType) {
			b.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Audit}
		}, false},
		"a binding that warns": {func(_ *policyType, b *bindingType) {
			b.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn, admissionregistrationv1.Audit}
		}, false},
		"a binding of another policy": {func(_ *policyType, b *bindingType) { b.Spec.PolicyName = "another" }, false},
		"a binding with a parameter":  {func(_ *policyType, b *bindingType) { b.Spec.ParamRef = &admissionregistrationv1.ParamRef{Name: "a"} }, false},
		"a binding for some objects": {func(_ *policyType, b *bindingType) {
			b.Spec.MatchResources = &admissionregistrationv1.MatchResources{ObjectSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}}
		}, false},
		"a binding without some objects": {func(_ *policyType, b *bindingType) {
			b.Spec.MatchResources = &admissionregistrationv1.MatchResources{ExcludeResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{}}}
		}, false},
		"a policy that fails open": {func(p *policyType, _ *bindingType) {
			ignore := admissionregistrationv1.Ignore
			p.Spec.FailurePolicy = &ignore
		}, false},
		"a policy without validations":     {func(p *policyType, _ *bindingType) { p.Spec.Validations = nil }, false},
		"a validation that is always true": {func(p *policyType, _ *bindingType) { p.Spec.Validations[0].Expression = "true" }, false},
		"another prober":                   {func(p *policyType, _ *bindingType) { p.Spec.Variables[1].Expression = "true" }, false},
		"not for the status": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConstraints.ResourceRules[0].Resources = []string{"sourceipreports"}
		}, false},
		"not for some objects": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConstraints.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		}, false},
		"not for objects of one scope": {func(p *policyType, _ *bindingType) {
			namespaced := admissionregistrationv1.NamespacedScope
			p.Spec.MatchConstraints.ResourceRules[0].Scope = &namespaced
		}, false},
		"not always": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConditions = []admissionregistrationv1.MatchCondition{{Name: "a", Expression: "false"}}
		}, false},
		"for nothing": {func(p *policyType, _ *bindingType) { p.Spec.MatchConstraints = nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			policy, binding := &policyType{}, &bindingType{}
			read(t, "report_policy.yaml", policy)
			read(t, "report_policy_binding.yaml", binding)
			row.change(policy, binding)
			if got := KeepsReports(policy, binding); got != row.want {
				t.Errorf("got %v, want %v; the digest of the policy is %s", got, row.want, digestOf(policy.Spec))
			}
		})
	}
}
