package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// DaemonSetServes reports whether the DaemonSet has a current, available pod on every node that it
// wants one on, and wants one on some node.
func DaemonSetServes(live *appsv1.DaemonSet) bool {
	status := live.Status
	return status.ObservedGeneration == live.Generation && status.DesiredNumberScheduled > 0 &&
		status.UpdatedNumberScheduled == status.DesiredNumberScheduled && status.NumberAvailable == status.DesiredNumberScheduled
}

// DeploymentServes reports whether all replicas of the Deployment are current and available, and no
// older pod is left.
func DeploymentServes(live *appsv1.Deployment) bool {
	status, replicas := live.Status, int32(1)
	if live.Spec.Replicas != nil {
		replicas = *live.Spec.Replicas
	}
	return status.ObservedGeneration == live.Generation && status.Replicas == replicas &&
		status.UpdatedReplicas == replicas && status.AvailableReplicas == replicas
}

// DaemonSetObserved reports whether the DaemonSet's controller has taken up the current spec.
func DaemonSetObserved(live *appsv1.DaemonSet) bool {
	return live.Status.ObservedGeneration >= live.Generation
}

// DaemonSetRolls reports whether pods of an older template may run beside those of the current one.
func DaemonSetRolls(live *appsv1.DaemonSet) bool {
	return !DaemonSetObserved(live) || live.Status.UpdatedNumberScheduled < live.Status.CurrentNumberScheduled
}

// DeploymentObserved reports whether the Deployment's controller has taken up the current spec.
func DeploymentObserved(live *appsv1.Deployment) bool {
	return live.Status.ObservedGeneration >= live.Generation
}

// DeploymentRolls reports whether pods of an older template may run beside those of the current one.
func DeploymentRolls(live *appsv1.Deployment) bool {
	return !DeploymentObserved(live) || live.Status.UpdatedReplicas < live.Status.Replicas
}

// EndpointReady reports whether an endpoint is ready. An endpoint that does not say is ready
// (EndpointConditions in k8s.io/api/discovery/v1).
func EndpointReady(endpoint discoveryv1.Endpoint) bool {
	return endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready
}

// EndpointInUse reports whether traffic may go to an endpoint: one that is ready, and, where a node
// has no other, one that still serves while it ends (KEP-1669).
func EndpointInUse(endpoint discoveryv1.Endpoint) bool {
	return EndpointReady(endpoint) || (endpoint.Conditions.Serving != nil && *endpoint.Conditions.Serving)
}
