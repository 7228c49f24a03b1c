package snapshot

import corev1 "k8s.io/api/core/v1"

// DaemonSet is the part of another DaemonSet of the cluster that decides on which nodes it runs.
// The controllers of EdgeIngress objects are not among them.
type DaemonSet struct {
	Namespace string
	Name      string
	Placement Placement
	// NodeNetwork is set where its pods look like a part of the node's network, as kube-proxy and network
	// plugins do. Without them a node reaches no Service or no pod.
	NodeNetwork bool
}

// String returns "DaemonSet namespace/name".
func (d DaemonSet) String() string { return "DaemonSet " + d.Namespace + "/" + d.Name }

// Placement is the part of a pod that decides on which nodes a DaemonSet runs it.
type Placement struct {
	Tolerations  []corev1.Toleration
	NodeSelector map[string]string
	// Affinity of the pods; nil where there is none.
	Affinity *corev1.Affinity
}
