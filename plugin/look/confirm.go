package look

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Confirm marks the sights of a controller that had loaded the configuration of the spec. It knows that where the
// operator said so of one and the same spec before and after the measurement, and the controllers that the prober met
// had the same configuration as the one that answered here. What is not marked was perhaps seen while a controller
// loaded a new configuration, or refused to.
func Confirm(result *Result, before, after *v1alpha1.EdgeIngress) {
	digest := digestInside(result.Inside)
	confirmed := digest != "" && before.UID == after.UID && before.Generation == after.Generation && hasLoaded(before) && hasLoaded(after)
	for i := range result.Sights {
		sight := &result.Sights[i]
		sight.ConfigConfirmed = confirmed && evidence.Answered(sight) && sight.ConfigDigest == digest
	}
}

// Unconfirmed reports whether a controller answered that may have had another configuration than that of the spec.
func Unconfirmed(sights []v1alpha1.Sight) bool {
	return slices.ContainsFunc(sights, func(sight v1alpha1.Sight) bool { return evidence.Answered(&sight) && !sight.ConfigConfirmed })
}

// Settles reports whether a controller that answered seems to be loading a configuration, so that a measurement a
// moment later is worth more. after is the EdgeIngress after the measurement.
func Settles(sights []v1alpha1.Sight, after *v1alpha1.EdgeIngress) bool {
	found := meta.FindStatusCondition(after.Status.Conditions, v1alpha1.ConditionConfigEffective)
	if found == nil || !Unconfirmed(sights) {
		return false
	}
	return found.ObservedGeneration != after.Generation || found.Reason == v1alpha1.ReasonConfigLoading || found.Reason == v1alpha1.ReasonConfigLoaded
}

// hasLoaded reports whether the operator says that the controllers have loaded the configuration of this spec.
func hasLoaded(edge *v1alpha1.EdgeIngress) bool {
	found := meta.FindStatusCondition(edge.Status.Conditions, v1alpha1.ConditionConfigEffective)
	return found != nil && found.Status == metav1.ConditionTrue && found.Reason == v1alpha1.ReasonConfigLoaded && found.ObservedGeneration == edge.Generation
}

// digestInside is that of the configuration which all controllers had that the prober met; "" where they had several,
// or it met none.
func digestInside(reports []*v1alpha1.SourceIPReport) string {
	digest := ""
	for _, report := range reports {
		for i := range report.Status.Sights {
			sight := &report.Status.Sights[i]
			switch {
			case !evidence.Answered(sight):
			case digest == "":
				digest = sight.ConfigDigest
			case sight.ConfigDigest != digest:
				return ""
			}
		}
	}
	return digest
}
