package assess

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/guardrails"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// guarded says whether the operator's rights are limited to its work. It is about the installation, and so the same for
// every EdgeIngress.
func guarded(sc *scene) verdict {
	return question{
		needs:  []read{{"the admission policies", sc.Guards.Err}},
		checks: []check{accountUnknown, policiesMissing},
		holds: func(*scene) verdict {
			return is(v1alpha1.ReasonPoliciesInForce,
				"Admission policies keep the right to write EdgeIngress objects to administrators, and what the operator's token may do to the operator's work.")
		},
	}.answer(sc)
}

func accountUnknown(sc *scene) *verdict {
	if sc.Options.Namespace != "" {
		return nil
	}
	return unclear(v1alpha1.ReasonAccountUnknown, "The operator does not run in the cluster, so it does not know which account the admission policies of config/guard have to name.")
}

// policiesMissing says what is possible without the policies, and how each way of installing brings them.
func policiesMissing(sc *scene) *verdict {
	if sc.Options.Namespace == "" {
		return nil
	}
	missing := slices.DeleteFunc(guardrails.Guards(), func(name string) bool { return slices.Contains(sc.Guards.Items, name) })
	if len(missing) == 0 {
		return nil
	}
	risk := "a stolen token of the operator may give the cluster away"
	switch {
	case len(missing) == 1 && missing[0] == guardrails.Administrators:
		risk = "the roles admin and edit may give the right to write EdgeIngress objects, and so to read every Secret"
	case missing[0] == guardrails.Administrators:
		risk = "the roles admin and edit may give the right to write EdgeIngress objects, and so to read every Secret, and " + risk
	}
	return isNot(v1alpha1.ReasonPoliciesMissing,
		"These admission policies or their bindings are missing, do not deny, or are not those of this version for %s: %s. So %s. "+
			"Beside an OLM bundle, apply beside-bundle.yaml of this version, with the namespace %s in it. With Helm, set policies.enabled to true. "+
			"With kubectl, apply install.yaml of this version again.",
		names.OperatorAccount(sc.Options.Namespace), listed(missing), risk, sc.Options.Namespace)
}
