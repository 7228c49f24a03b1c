package assess

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// controllerAvailable implements rows 1, 14 and 93 to 95 of docs/source-ip.md. It also reports the failed
// writes that belong to no other condition.
func controllerAvailable(sc *scene) verdict {
	return question{
		needs: []read{{"the nodes", sc.Nodes.Err}, {"the controller pods", sc.Pods.Err}, {"the " + sc.workload.ref.Kind, sc.workload.err}},
		writes: func(kind string) bool {
			return kind != "Node" && kind != "Service" && kind != "ConfigMap" && kind != "IngressClass" && kind != "Ingress" && kind != "SourceIPReport"
		},
		checks: []check{
			namespaceUnusable, workloadTaken, imageRefused, namespaceForbidsPorts, startedNowhere, hostPortsAwaited, noEdgeNodes, controllerOffEdge, workloadMissing, workloadNotCurrent,
			controllerKeptOff, podsRefused, controllersMissing, replicasMissing, rolloutInProgress,
		},
		holds: controllersReady,
	}.answer(sc)
}

// namespaceReserved finds the operator's own namespace. The API server's rules cannot, because the
// operator can be installed anywhere.
func namespaceReserved(sc *scene) *verdict {
	if !sc.state.NamespaceReserved {
		return nil
	}
	return isNot(v1alpha1.ReasonNamespaceReserved, "Namespace %s belongs to the operator. A controller there could write to the operator's leader election, "+
		"so the operator creates no object and changes no node. Create an EdgeIngress with another spec.namespace, and delete this one.", sc.state.Namespace)
}

func workloadTaken(sc *scene) *verdict {
	if !sc.workload.foreign {
		return nil
	}
	return nameTaken(sc.workload.ref, "")
}

func imageRefused(sc *scene) *verdict {
	if sc.state.ImageRefused == "" {
		return nil
	}
	return isNot(v1alpha1.ReasonImageNotAllowed, "The operator's flag --allowed-image-repositories does not allow spec.controller.image.repository %q, "+
		"so the controller was not updated. Use an allowed repository, or extend the flag.", sc.state.ImageRefused)
}

func noEdgeNodes(sc *scene) *verdict {
	if len(sc.edge) > 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonNoEdgeNodes, "There is no edge node for a controller to run on. See the condition %s.", v1alpha1.ConditionNodesReady)
}

func workloadMissing(sc *scene) *verdict {
	if sc.workload.template != nil || sc.workload.foreign {
		return nil
	}
	return unclear(v1alpha1.ReasonWorkloadMissing, "The operator has not seen %s yet.", sc.workload.ref)
}

func controllerOffEdge(sc *scene) *verdict {
	if len(sc.strays) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonControllerOffEdge, "%s outside the edge nodes: %s. %s",
		countOf(len(sc.strays), "controller pod"), listed(sc.strays), sc.strayRemedy())
}

func (sc *scene) strayRemedy() string {
	label := v1alpha1.NodeLabel(sc.EdgeIngress.Name)
	switch {
	case len(sc.strayLabelled) > 0:
		return fmt.Sprintf("Remove the label %s from %s.", label, nodesNamed(sc.strayLabelled))
	case sc.isDeployment():
		return "Delete the pod; the Deployment then starts another on an edge node."
	}
	return fmt.Sprintf("The DaemonSet controller deletes such pods, because their nodes do not have the label %s.", label)
}

func workloadNotCurrent(sc *scene) *verdict {
	if sc.workload.template == nil || sc.workload.current {
		return nil
	}
	return unclear(v1alpha1.ReasonRolloutNotObserved, "%s does not have the current template yet, or Kubernetes has not observed it yet.", sc.workload.ref)
}

// controllersMissing checks a DaemonSet, which runs a pod on every edge node.
func controllersMissing(sc *scene) *verdict {
	missing := sc.edgeWithout(sc.podOn)
	if sc.isDeployment() || sc.workload.template == nil || len(missing) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonControllersMissing, "%s a ready controller; missing on %s.%s%s",
		partOf(len(sc.edge)-len(missing), len(sc.edge), "edge node", "runs", "run"), listed(missing), sc.podTrouble(), sc.departures())
}

// replicasMissing checks a Deployment, which runs spec.controller.replicas pods on any of the edge nodes.
func replicasMissing(sc *scene) *verdict {
	if !sc.isDeployment() || sc.workload.template == nil || sc.readyPods() >= sc.replicas() {
		return nil
	}
	return isNot(v1alpha1.ReasonControllersMissing, "%s ready.%s%s",
		partOf(sc.readyPods(), sc.replicas(), "controller pod", "is", "are"), sc.podTrouble(), sc.departures())
}

func rolloutInProgress(sc *scene) *verdict {
	if sc.workload.template == nil || !sc.workload.rolling {
		return nil
	}
	return unclear(v1alpha1.ReasonRolloutInProgress, "Ready, but not all controller pods run the current template of %s yet.%s%s%s",
		sc.workload.ref, sc.pausing(), sc.unreadyPod(), sc.unendedPods())
}

func controllersReady(sc *scene) verdict {
	if sc.isDeployment() {
		return is(v1alpha1.ReasonControllersReady, "%s ready, on %s.%s",
			partOf(sc.readyPods(), sc.replicas(), "controller pod", "is", "are"), countOf(sc.edgeWith(sc.podOn), "edge node"), sc.noSuccessor()+sc.sharedNamespace()+sc.departures())
	}
	return is(v1alpha1.ReasonControllersReady, "%s a ready controller.%s",
		partOf(len(sc.edge), len(sc.edge), "edge node", "runs", "run"), sc.noSuccessor()+sc.sharedNamespace()+sc.departures())
}

// podTrouble explains why pods are missing, in sentences that each begin with a space.
func (sc *scene) podTrouble() string {
	if trouble := sc.unreachablePods() + sc.unreadyPod() + sc.otherArchitecture() + sc.unendedPods(); trouble != "" {
		return trouble
	}
	return " See the events of " + sc.workload.ref.String() + " and its pods."
}

// unreadyPod quotes the problem of the first pod that is not ready.
func (sc *scene) unreadyPod() string {
	for _, pod := range sc.Pods.Items {
		if !pod.Ready && !pod.Terminating && pod.Problem != "" {
			return fmt.Sprintf(" Pod %s: %s.", pod.Name, strings.TrimRight(pod.Problem, "."))
		}
	}
	return ""
}

// unendedPods lists pods that do not finish terminating. A DaemonSet without surge waits for them
// before it starts a new pod, even for a pod on a node that it no longer selects.
func (sc *scene) unendedPods() string {
	var unreachable, overdue []string
	for i := range sc.Pods.Items {
		pod := &sc.Pods.Items[i]
		node := sc.nodes[pod.Node]
		switch {
		case !pod.Terminating:
		case node != nil && node.Ready != corev1.ConditionTrue:
			unreachable = append(unreachable, placed(pod))
		case sc.Time.After(pod.Deadline):
			overdue = append(overdue, placed(pod))
		}
	}
	text := ""
	if len(unreachable) > 0 {
		text += fmt.Sprintf(" Still terminating, because the node is not Ready: %s. Repair the node, or delete its Node object, which also removes the pod.", listed(unreachable))
	}
	if len(overdue) > 0 {
		text += fmt.Sprintf(" Still terminating after the grace period: %s. Check the node's kubelet and the pod's finalizers, or delete the pod with kubectl delete --force.",
			listed(overdue))
	}
	return text
}

// pausing explains that the Deployment is paused. The operator never resumes it, because a user paused it.
func (sc *scene) pausing() string {
	if !sc.workload.paused {
		return ""
	}
	return fmt.Sprintf(" The Deployment is paused. Run kubectl rollout resume deployment %s --namespace %s.", sc.workload.ref.Name, sc.workload.ref.Namespace)
}

func (sc *scene) isDeployment() bool {
	return workload.Kind(sc.EdgeIngress) == v1alpha1.WorkloadDeployment
}

func (sc *scene) replicas() int {
	return int(workload.Replicas(sc.EdgeIngress))
}

func (sc *scene) readyPods() int {
	ready := 0
	for _, pod := range sc.Pods.Items {
		if pod.Ready && !pod.Terminating && pod.Workload == v1alpha1.WorkloadDeployment && workload.IsReachable(sc.EdgeIngress, pod.Spec) {
			ready++
		}
	}
	return ready
}
