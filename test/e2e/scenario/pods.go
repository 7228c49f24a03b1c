package scenario

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// podsByPolicy is what a cluster's policies do to the controller's pods. The workload stays as it is.
func podsByPolicy() []Scenario {
	changed := unclear(v1alpha1.ReasonPodsChanged)
	return []Scenario{{
		Name: "a policy adds a sidecar to the controller pods", Item: 5, Spec: internal(byNodePort), Deeds: []Deed{AddSidecarByPolicy},
		Requests: requests(FromClient, NodePort(Edge3), TheSender, Plain),
		Says: Says{
			v1alpha1.ConditionReady:                changed,
			v1alpha1.ConditionControllerAvailable:  is(v1alpha1.ReasonControllersReady),
			v1alpha1.ConditionConfigEffective:      changed,
			v1alpha1.ConditionSourceIPConfigured:   changed,
			v1alpha1.ConditionForwardedHeadersSafe: changed,
		},
	}}
}
