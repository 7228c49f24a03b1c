package assess

import (
	"slices"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/guardrails"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// installed is an operator that runs in a namespace, with all policies but these.
func installed(namespace string, without ...string) option {
	return func(g *given) {
		g.s.Options.Namespace = namespace
		g.s.Guards.Items = slices.DeleteFunc(guardrails.Guards(), func(name string) bool { return slices.Contains(without, name) })
	}
}

func TestGuarded(t *testing.T) {
	const own, reading, theft = "operators", "read every Secret", "stolen token"
	runRows(t, v1alpha1.ConditionGuarded, map[string]row{
		"all policies are in force":                      {given: []option{installed(own)}, status: yes, reason: v1alpha1.ReasonPoliciesInForce},
		"none is, as after an installation by OLM":       {given: []option{installed(own, guardrails.Guards()...)}, status: no, reason: v1alpha1.ReasonPoliciesMissing, says: "apply beside-bundle.yaml of this version, with the namespace "},
		"none is: both consequences are named":           {given: []option{installed(own, guardrails.Guards()...)}, status: no, reason: v1alpha1.ReasonPoliciesMissing, says: reading + ", and a " + theft},
		"everybody with the role edit may write":         {given: []option{installed(own, guardrails.Administrators)}, status: no, reason: v1alpha1.ReasonPoliciesMissing, says: guardrails.Administrators + ". So the roles admin and edit"},
		"a part of the guard is missing":                 {given: []option{installed(own, "edge-ingress-guard-nodes")}, status: no, reason: v1alpha1.ReasonPoliciesMissing, says: "edge-ingress-guard-nodes. So a " + theft},
		"the account is named, as it may be another one": {given: []option{installed(own, "edge-ingress-guard-nodes")}, status: no, reason: v1alpha1.ReasonPoliciesMissing, says: "system:serviceaccount:operators:edge-ingress-operator"},
		"outside a cluster there is no account":          {given: []option{installed("")}, status: unknown, reason: v1alpha1.ReasonAccountUnknown},
		"the policies were not read":                     {given: []option{installed(own), func(g *given) { g.s.Guards = snapshot.List[string]{Err: errNoAPI} }}, status: unknown, reason: v1alpha1.ReasonNotRead},
	})
	runRows(t, v1alpha1.ConditionReady, map[string]row{
		"Ready does not need the policies": {given: []option{installed(own, guardrails.Guards()...)}, status: yes, reason: v1alpha1.ReasonAllConditionsMet},
	})
}
