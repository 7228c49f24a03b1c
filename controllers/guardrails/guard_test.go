package guardrails

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const namespace = "edge-ingress-operator-system"

// inConfig reads the policies of config/admission and config/guard, and their bindings, as they bind the operator of a namespace.
func inConfig(t *testing.T, namespace string) (map[string]*policyType, map[string]*bindingType) {
	t.Helper()
	policies, bindings := map[string]*policyType{}, map[string]*bindingType{}
	for _, directory := range []string{"admission", "guard"} {
		paths, err := filepath.Glob(filepath.Join("..", "..", "config", directory, "*_policy*.yaml"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no policies in config/%s: %v", directory, err)
		}
		for _, path := range paths {
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			text := []byte(strings.ReplaceAll(string(content), "edge-ingress-operator-system", namespace))
			if strings.HasSuffix(path, "_binding.yaml") {
				binding := &bindingType{}
				err = yaml.UnmarshalStrict(text, binding)
				bindings[binding.Name] = binding
			} else {
				policy := &policyType{}
				err = yaml.UnmarshalStrict(text, policy)
				policies[policy.Name] = policy
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return policies, bindings
}

func TestEveryPolicyThatShipsIsLookedAtAndInForce(t *testing.T) {
	policies, bindings := inConfig(t, namespace)
	var found []string
	for name, policy := range policies {
		found = append(found, name)
		if bindings[name] == nil || !IsInForce(policy, bindings[name], namespace) {
			t.Errorf("%s is not in force as it ships", name)
		}
	}
	known := Guards()
	slices.Sort(found)
	slices.Sort(known)
	if !slices.Equal(found, known) {
		t.Errorf("config/admission and config/guard have the policies\n%v, and the operator looks at\n%v", found, known)
	}
}

// controllers/rbac.go has the names once more, because a marker cannot call a function.
func TestTheOperatorMayReadThesePoliciesAndNoOthers(t *testing.T) {
	content, err := os.ReadFile(filepath.Join("..", "..", "config", "rbac", "role.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	role := &rbacv1.ClusterRole{}
	if err := yaml.UnmarshalStrict(content, role); err != nil {
		t.Fatal(err)
	}
	found := slices.IndexFunc(role.Rules, func(rule rbacv1.PolicyRule) bool {
		return slices.Contains(rule.Resources, "validatingadmissionpolicies")
	})
	if found < 0 {
		t.Fatal("no rule of config/rbac/role.yaml is about policies")
	}
	known := All()
	slices.Sort(known)
	if got := role.Rules[found].ResourceNames; !slices.Equal(got, known) {
		t.Errorf("the operator may read\n%v, and looks at\n%v", got, known)
	}
}

// OLM and Helm install into any namespace, and then a policy has to name that one.
func TestAPolicyBindsTheOperatorOfOneNamespace(t *testing.T) {
	policies, bindings := inConfig(t, "operators")
	for name, policy := range policies {
		if !IsInForce(policy, bindings[name], "operators") {
			t.Errorf("%s does not bind the operator in the namespace that it was changed for", name)
		}
		for _, other := range []string{namespace, "operator", "my-operators"} {
			if got, want := IsInForce(policy, bindings[name], other), name == "edge-ingress-guard-identities"; got != want {
				t.Errorf("%s for operators binds the operator in %s: %t, want %t", name, other, got, want)
			}
		}
	}
}

func TestAPolicyThatDoesLessIsNotInForce(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*policyType, *bindingType)
		want   bool
	}{
		"another list of images": {func(p *policyType, _ *bindingType) {
			p.Spec.Variables[0].Expression = "['registry.example.com/controller']"
		}, true},
		"what the API server fills in": {func(p *policyType, _ *bindingType) {
			p.Spec.FailurePolicy = nil
			p.Spec.MatchConstraints = filled(p.Spec.MatchConstraints)
		}, true},
		"further empty lines, as kustomize writes them": {func(p *policyType, _ *bindingType) {
			p.Spec.Validations[1].Expression = strings.ReplaceAll(p.Spec.Validations[1].Expression, "\n", "\n\n")
		}, true},
		"a validation that lets everything pass":  {func(p *policyType, _ *bindingType) { p.Spec.Validations[0].Expression += " || true" }, false},
		"another variable, as of another version": {func(p *policyType, _ *bindingType) { p.Spec.Variables[1].Expression = "[]" }, false},
		"a binding that warns": {func(_ *policyType, b *bindingType) {
			b.Spec.ValidationActions = []admissionregistrationv1.ValidationAction{admissionregistrationv1.Warn}
		}, false},
		"a binding of another policy": {func(_ *policyType, b *bindingType) { b.Spec.PolicyName = "other" }, false},
		"a binding for some objects": {func(_ *policyType, b *bindingType) {
			b.Spec.MatchResources = &admissionregistrationv1.MatchResources{ExcludeResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{}}}
		}, false},
		"a policy that fails open": {func(p *policyType, _ *bindingType) {
			p.Spec.FailurePolicy = new(admissionregistrationv1.Ignore)
		}, false},
		"a policy without validations":   {func(p *policyType, _ *bindingType) { p.Spec.Validations = nil }, false},
		"a policy for nothing":           {func(p *policyType, _ *bindingType) { p.Spec.MatchConstraints = nil }, false},
		"a policy of no kind of objects": {func(p *policyType, _ *bindingType) { p.Spec.MatchConstraints.ResourceRules = nil }, false},
		"a policy for objects with a label": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConstraints.ObjectSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"guarded": "true"}}
		}, false},
		"a policy for some namespaces": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConstraints.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"guarded": "true"}}
		}, false},
		"a policy that leaves out some objects": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConstraints.ExcludeResourceRules = []admissionregistrationv1.NamedRuleWithOperations{{}}
		}, false},
		"a policy with one more condition": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConditions = append(p.Spec.MatchConditions, admissionregistrationv1.MatchCondition{Name: "never", Expression: "false"})
		}, false},
		"a policy of an account that only a variable names": {func(p *policyType, _ *bindingType) {
			p.Spec.Variables = append(p.Spec.Variables, admissionregistrationv1.Variable{Name: "account", Expression: p.Spec.MatchConditions[0].Expression})
			p.Spec.MatchConditions[0].Expression = "false"
		}, false},
		"a policy of another account": {func(p *policyType, _ *bindingType) { p.Spec.Variables, p.Spec.MatchConditions = nil, nil }, false},
		"a policy of an account with a longer name": {func(p *policyType, _ *bindingType) {
			p.Spec.MatchConditions[0].Expression = strings.ReplaceAll(p.Spec.MatchConditions[0].Expression, ":edge-ingress-operator'", ":edge-ingress-operator-2'")
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			policies, bindings := inConfig(t, namespace)
			policy, binding := policies["edge-ingress-guard-workloads"], bindings["edge-ingress-guard-workloads"]
			row.change(policy, binding)
			if got := IsInForce(policy, binding, namespace); got != row.want {
				t.Errorf("it is in force: %t, want %t", got, row.want)
			}
		})
	}
}
