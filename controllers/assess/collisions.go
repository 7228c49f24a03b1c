package assess

import (
	"fmt"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
)

// comesFirst names the other EdgeIngress of a collision as the subject of a sentence.
func comesFirst(with desired.Collision) string {
	if with.Older {
		return "EdgeIngress " + with.With + ", which is older,"
	}
	return "EdgeIngress " + with.With
}

// namespaceUnusable finds a namespace in which the controller must not start.
func namespaceUnusable(sc *scene) *verdict {
	if reserved := namespaceReserved(sc); reserved != nil {
		return reserved
	}
	with := sc.state.Collisions.Namespace
	if with == nil || !sc.state.Collisions.Waits || sc.Inventory.Err != nil {
		return nil
	}
	return isNot(v1alpha1.ReasonNamespaceTaken, "%s uses namespace %s, and a pod in a controller's namespace can act as the controller. "+
		"So the operator creates no object and changes no node. Create an EdgeIngress with another spec.namespace, and delete this one.",
		comesFirst(*with), sc.state.Namespace)
}

// sharedNamespace warns about a controller that runs in the namespace of an older EdgeIngress, in a sentence
// that begins with a space.
func (sc *scene) sharedNamespace() string {
	with := sc.state.Collisions.Namespace
	if with == nil {
		return ""
	}
	return fmt.Sprintf(" %s uses namespace %s too, so the pods of each can act as the controller of the other. "+
		"Create an EdgeIngress with another spec.namespace, then delete this one.", comesFirst(*with), sc.state.Namespace)
}

// classTaken finds a class that belongs to another EdgeIngress.
func classTaken(sc *scene) *verdict {
	with := sc.state.Collisions.Class
	if with == nil || sc.state.Collisions.Waits || sc.Inventory.Err != nil {
		return nil
	}
	return isNot(v1alpha1.ReasonIngressClassTaken, "%s has IngressClass %s, so Ingress objects of that class do not reach this EdgeIngress.%s "+
		"Create an EdgeIngress with another spec.ingressClass.name, and delete this one.",
		comesFirst(*with), sc.EdgeIngress.IngressClassName(), sc.notStarted())
}

// notStarted says that no controller was started, in a sentence that begins with a space.
func (sc *scene) notStarted() string {
	if sc.workload.template != nil {
		return ""
	}
	return " The operator does not start its controller."
}

// startedNowhere finds a controller that was not started because it would have no class. One that was started
// before stays.
func startedNowhere(sc *scene) *verdict {
	if sc.workload.template != nil {
		return nil
	}
	return classTaken(sc)
}

// defaultClassTaken finds a default class of another EdgeIngress, from which ours would take Ingress objects away.
func defaultClassTaken(sc *scene) *verdict {
	with := sc.state.Collisions.Default
	if with == nil {
		return nil
	}
	return isNot(v1alpha1.ReasonOtherDefaultClass, "%s asks to have the default class too, and Kubernetes would use the newest. "+
		"So the operator did not mark IngressClass %s as the default. Set spec.ingressClass.default to Disabled in one of the two.",
		comesFirst(*with), sc.EdgeIngress.IngressClassName())
}

// hostPortsTaken finds selected nodes that are no edge nodes, because another EdgeIngress has their ports.
func hostPortsTaken(sc *scene) *verdict {
	taken := sc.state.Nodes.PortsTaken
	if len(taken) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonHostPortsTaken, "%s. So the operator changes nothing there, and no controller of this EdgeIngress runs there.%s %s",
		holders(taken), sc.edgeNodesLeft(), freeHostPorts)
}

// hostPortsAwaited finds edge nodes on which no pod with ports of the node could start, before the first pod is
// replaced.
func hostPortsAwaited(sc *scene) *verdict {
	awaited := sc.state.Nodes.PortsAwaited
	if len(awaited) == 0 || sc.workload.wanted != nil {
		return nil
	}
	return isNot(v1alpha1.ReasonHostPortsTaken, "%s. So the operator did not update %s, and no pod is replaced by one that cannot start. %s",
		holders(awaited), sc.workload.ref, freeHostPorts)
}

const freeHostPorts = "Select other nodes, or set spec.exposure.type to LoadBalancer or NodePort."

// holders says which EdgeIngress has the ports of which nodes.
func holders(taken []desired.PortsTaken) string {
	var clauses []string
	for _, t := range taken[:min(len(taken), maxNames)] {
		clauses = append(clauses, fmt.Sprintf("%s uses ports 80 and 443 of %s", comesFirst(t.Collision), nodesNamed(t.Nodes)))
	}
	return strings.Join(clauses, "; ")
}

// edgeNodesLeft counts the other edge nodes, in a sentence that begins with a space.
func (sc *scene) edgeNodesLeft() string {
	if len(sc.edge) == 0 {
		return ""
	}
	return fmt.Sprintf(" It runs on %s.", countOf(len(sc.edge), "other node"))
}

// serviceValueTaken reports a value of the Service that another EdgeIngress has.
func serviceValueTaken(block desired.Block) *verdict {
	const left = "So the operator leaves %s as it is."
	if block.Cause == desired.BlockedByNodePort {
		return isNot(v1alpha1.ReasonNodePortTaken, "%s has node port %s. "+left+" Set other ports in spec.exposure.nodePorts, or let Kubernetes choose them.",
			comesFirst(*block.With), block.Wanted, block.Ref)
	}
	return isNot(v1alpha1.ReasonAddressTaken, "%s has address %s. "+left+" Ask for another address in spec.exposure.loadBalancer.annotations, or let the load balancer choose.",
		comesFirst(*block.With), block.Wanted, block.Ref)
}
