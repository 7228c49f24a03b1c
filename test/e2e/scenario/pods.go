package scenario

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// podsByPolicy is what a cluster's policies do to the controller's pods. The workload stays as it is.
func podsByPolicy() []Scenario {
	changed := unclear(v1alpha1.ReasonPodsChanged)
	return []Scenario{podsRefused(), hostPortsForbidden(), {
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

// podsRefused has no pod on the only edge node, so the Service has no endpoint, and nodes refuse
// connections.
func podsRefused() Scenario {
	return Scenario{
		Name: "a policy refuses the controller pods", Item: 5, Spec: internal(byNodePort), Deeds: []Deed{RefusePods},
		Requests: failed(traffic.Refused).of(FromClient, NodePort(Edge3), Plain),
		Says: Says{
			v1alpha1.ConditionReady:               isNot(v1alpha1.ReasonPodsRefused),
			v1alpha1.ConditionControllerAvailable: isNot(v1alpha1.ReasonPodsRefused),
			v1alpha1.ConditionSourceIPConfigured:  unclear(v1alpha1.ReasonNoReadyEndpoints),
		},
	}
}

// hostPortsForbidden keeps the pods of before, which serve the node ports until the namespace allows others.
func hostPortsForbidden() Scenario {
	return Scenario{
		Name: "to the host network in a namespace that forbids it", Item: 5, Spec: internal(byNodePort), Deeds: []Deed{ForbidHostPorts},
		Requests: slices.Concat(
			requests(FromClient, NodePort(Edge3), TheSender, Plain),
			failed(traffic.Refused).of(FromClient, EdgePort80, Plain)),
		Undecided: "no address is published for the host network, and the prober asks for it",
		Unlooked:  true,
		Says: Says{
			v1alpha1.ConditionReady:               isNot(v1alpha1.ReasonNamespaceForbidsHostPorts),
			v1alpha1.ConditionControllerAvailable: isNot(v1alpha1.ReasonNamespaceForbidsHostPorts),
			v1alpha1.ConditionSourceIPConfigured:  unclear(v1alpha1.ReasonConfigNotEffective),
			v1alpha1.ConditionNodesKeepSourceIP:   unclear(v1alpha1.ReasonNoReadyEndpoints),
		},
	}
}
