package assess

import (
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
)

// namespaceForbidsPorts finds a namespace in which new pods with ports of the node would be refused, before
// the first pod is replaced (row 95).
func namespaceForbidsPorts(sc *scene) *verdict {
	if sc.state.PodSecurity == "" || sc.workload.wanted != nil {
		return nil
	}
	return isNot(v1alpha1.ReasonNamespaceForbidsHostPorts, "Namespace %s enforces the Pod Security Standard %s, which forbids the ports of the node. "+
		"So the operator did not update %s, and no pod is replaced by one that would be refused. %s",
		sc.state.Namespace, sc.state.PodSecurity, sc.workload.ref, sc.allowHostPorts())
}

func (sc *scene) allowHostPorts() string {
	return fmt.Sprintf("Run kubectl label namespace %s %s=privileged --overwrite, or choose an exposure without ports of the node.", sc.state.Namespace, desired.PodSecurityLabel)
}

// noSuccessor warns about pods that run and would not be admitted again, in a sentence that begins with a
// space.
func (sc *scene) noSuccessor() string {
	if sc.state.PodSecurity == "" {
		return ""
	}
	return fmt.Sprintf(" But no pod that ends has a successor: namespace %s enforces the Pod Security Standard %s, which forbids the ports of the node. %s",
		sc.state.Namespace, sc.state.PodSecurity, sc.allowHostPorts())
}

// unreachablePods describes pods of an older template, in a sentence that begins with a space.
func (sc *scene) unreachablePods() string {
	if len(sc.unreachable) == 0 {
		return ""
	}
	return fmt.Sprintf(" Ready, but without the ports of the node until it is replaced: %s.", listed(sc.unreachable))
}
