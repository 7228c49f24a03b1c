package workload

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// clientPorts are the names of the ports that clients connect to.
var clientPorts = []string{"http", "https"}

// IsReachable reports whether clients can reach a pod in the way that the spec asks for. With ports of the
// node that is a pod that opens these. A pod from before a change of spec.exposure.type may be ready and
// open none. For any other exposure the endpoints decide. The pod's spec is nil where it is not known.
func IsReachable(e *v1alpha1.EdgeIngress, pod *corev1.PodSpec) bool {
	return !e.UsesHostPorts() || pod == nil || OpensHostPorts(pod)
}

// OpensHostPorts reports whether a controller pod has the ports of its node that clients connect to.
func OpensHostPorts(pod *corev1.PodSpec) bool {
	if pod.HostNetwork {
		return true
	}
	opened := map[string]bool{}
	for _, container := range pod.Containers {
		for _, port := range container.Ports {
			opened[port.Name] = opened[port.Name] || port.HostPort != 0
		}
	}
	for _, name := range clientPorts {
		if !opened[name] {
			return false
		}
	}
	return true
}
