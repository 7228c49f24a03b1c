package guardrails

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/config"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// Administrators is the name of the policy that keeps the right to write EdgeIngress objects to administrators.
const Administrators = "edge-ingress-administrators"

// Guards are the names of the policies that limit what happens with the operator's rights, and of their bindings: of
// config/admission first, and then of config/guard.
func Guards() []string {
	return []string{
		Administrators,
		"edge-ingress-guard-accounts", "edge-ingress-guard-identities", "edge-ingress-guard-nodes", "edge-ingress-guard-objects", "edge-ingress-guard-requests",
		"edge-ingress-guard-rest", "edge-ingress-guard-settings", "edge-ingress-guard-traffic", "edge-ingress-guard-workloads",
	}
}

// All are the names of all policies that the operator looks at.
func All() []string { return append(Guards(), names.ReportPolicy) }

// IsInForce reports whether one of [Guards] is that of this version for an operator in this namespace, and denies. The list
// of image repositories may differ, which users extend.
func IsInForce(policy *admissionregistrationv1.ValidatingAdmissionPolicy, binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding, namespace string) bool {
	return digestOf(essence(policy.Spec)) == shippedFor(namespace)[policy.Name] && denies(policy, binding)
}

// repositories is the variable of a policy with the image repositories that controllers may have.
const repositories = "repositories"

// essence is a policy without what may differ: the list of image repositories, and white space in its expressions. kustomize
// writes folded texts of YAML with further empty lines.
func essence(spec admissionregistrationv1.ValidatingAdmissionPolicySpec) admissionregistrationv1.ValidatingAdmissionPolicySpec {
	kept := *spec.DeepCopy()
	for i := range kept.MatchConditions {
		kept.MatchConditions[i].Expression = inOneLine(kept.MatchConditions[i].Expression)
	}
	for i := range kept.Variables {
		kept.Variables[i].Expression = inOneLine(kept.Variables[i].Expression)
		if kept.Variables[i].Name == repositories {
			kept.Variables[i].Expression = ""
		}
	}
	for i := range kept.Validations {
		kept.Validations[i].Expression = inOneLine(kept.Validations[i].Expression)
		kept.Validations[i].MessageExpression = inOneLine(kept.Validations[i].MessageExpression)
		kept.Validations[i].Message = inOneLine(kept.Validations[i].Message)
	}
	return kept
}

func inOneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// shippedNamespace is the operator's namespace in config/. An installation into another one replaces it.
const shippedNamespace = "edge-ingress-operator-system"

// shipped are digests of [Guards] by their names, for each namespace that was asked for.
var shipped sync.Map

// shippedFor returns the digests of [Guards] by their names, for an operator in this namespace.
func shippedFor(namespace string) map[string]string {
	if known, found := shipped.Load(namespace); found {
		return known.(map[string]string)
	}
	digests, err := digestsFor(namespace)
	if err != nil {
		panic(err) // The files are part of the program, and its tests read them.
	}
	shipped.Store(namespace, digests)
	return digests
}

func digestsFor(namespace string) (map[string]string, error) {
	digests := map[string]string{}
	return digests, fs.WalkDir(config.Policies, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(config.Policies, path)
		if err != nil {
			return fmt.Errorf("reading config/%s: %w", path, err)
		}
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{}
		if err := yaml.UnmarshalStrict(bytes.ReplaceAll(content, []byte(shippedNamespace), []byte(namespace)), policy); err != nil {
			return fmt.Errorf("reading config/%s: %w", path, err)
		}
		digests[policy.Name] = digestOf(essence(policy.Spec))
		return nil
	})
}
