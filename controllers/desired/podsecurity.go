package desired

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// PodSecurityLabel sets the Pod Security Standard of a namespace (k8s.io/pod-security-admission/api).
const PodSecurityLabel = "pod-security.kubernetes.io/enforce"

// levelAgainstHostPorts returns the level of the namespace that forbids the ports of the node to the pods
// that the spec asks for. It is empty where nothing forbids them.
func levelAgainstHostPorts(s snapshot.Snapshot) string {
	level := s.Namespace.PodSecurity
	if s.EdgeIngress.UsesHostPorts() && (level == "baseline" || level == "restricted") {
		return level
	}
	return ""
}

// wouldBeRefused reports whether the workload's new pods would be refused. To replace the first pod would then
// cost one that serves. A workload that is as wanted stays, and is repaired.
func (state *State) wouldBeRefused(s snapshot.Snapshot, wanted *unstructured.Unstructured) bool {
	live := s.Live[RefOf(wanted)].Object
	return state.PodSecurity != "" && (live == nil || !sameDigest(live, wanted))
}
