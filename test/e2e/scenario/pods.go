package scenario

import (
	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// podsByPolicy is what a cluster's policies do to the controller's pods. The workload stays as it is.
func podsByPolicy() []Scenario {
	changed := unclear(v1alpha1.ReasonPodsChanged)
	return []Scenario{podsRefused(), {
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

// podsRefused has no pod on the only edge node. What the nodes then do with a connection is the same as
// on an edge node without a controller.
func podsRefused() Scenario {
	return Scenario{
		Name: "a policy refuses the controller pods", Item: 5, Spec: internal(byNodePort), Deeds: []Deed{RefusePods},
		Requests: failed(traffic.ConnectTimedOut).of(FromClient, NodePort(Edge3), Plain),
		Says: Says{
			v1alpha1.ConditionReady:               isNot(v1alpha1.ReasonPodsRefused),
			v1alpha1.ConditionControllerAvailable: isNot(v1alpha1.ReasonPodsRefused),
			v1alpha1.ConditionSourceIPConfigured:  unclear(v1alpha1.ReasonNoReadyEndpoints),
		},
	}
}
