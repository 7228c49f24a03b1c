package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// DaemonSetServes reports whether the DaemonSet has a current, available pod on every node that it
// selects, and selects at least one.
func DaemonSetServes(live *appsv1.DaemonSet) bool {
	status := live.Status
	return status.ObservedGeneration == live.Generation && status.DesiredNumberScheduled > 0 &&
		status.UpdatedNumberScheduled == status.DesiredNumberScheduled && status.NumberAvailable == status.DesiredNumberScheduled
}

// DeploymentServes reports whether all replicas of the Deployment are current and available, and no
// older pod remains.
func DeploymentServes(live *appsv1.Deployment) bool {
	status, replicas := live.Status, int32(1)
	if live.Spec.Replicas != nil {
		replicas = *live.Spec.Replicas
	}
	return status.ObservedGeneration == live.Generation && status.Replicas == replicas &&
		status.UpdatedReplicas == replicas && status.AvailableReplicas == replicas
}

// DaemonSetObserved reports whether the DaemonSet's controller has observed the current spec.
func DaemonSetObserved(live *appsv1.DaemonSet) bool {
	return live.Status.ObservedGeneration >= live.Generation
}

// DaemonSetRolls reports whether pods of an older template may run beside those of the current one.
func DaemonSetRolls(live *appsv1.DaemonSet) bool {
	return !DaemonSetObserved(live) || live.Status.UpdatedNumberScheduled < live.Status.CurrentNumberScheduled
}

// DaemonSetLacksPods reports whether a node that the DaemonSet selects has no pod of the current
// template, although its controller has observed the template.
func DaemonSetLacksPods(live *appsv1.DaemonSet) bool {
	status := live.Status
	return DaemonSetObserved(live) && (status.CurrentNumberScheduled < status.DesiredNumberScheduled || status.UpdatedNumberScheduled < status.DesiredNumberScheduled)
}

// DeploymentObserved reports whether the Deployment's controller has observed the current spec.
func DeploymentObserved(live *appsv1.Deployment) bool {
	return live.Status.ObservedGeneration >= live.Generation
}

// DeploymentRolls reports whether pods of an older template may run beside those of the current one.
func DeploymentRolls(live *appsv1.Deployment) bool {
	return !DeploymentObserved(live) || live.Status.UpdatedReplicas < live.Status.Replicas
}

// EndpointReady reports whether an endpoint is ready. An endpoint without the condition is ready
// (EndpointConditions in k8s.io/api/discovery/v1).
func EndpointReady(endpoint discoveryv1.Endpoint) bool {
	return endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
}

// EndpointInUse reports whether an endpoint may receive traffic: it is ready, or it still serves while it
// terminates, which kube-proxy uses if a node has no other endpoint (KEP-1669).
func EndpointInUse(endpoint discoveryv1.Endpoint) bool {
	return EndpointReady(endpoint) || (endpoint.Conditions.Serving != nil && *endpoint.Conditions.Serving)
}
