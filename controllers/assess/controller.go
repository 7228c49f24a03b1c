package assess

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// controllerAvailable answers rows 1 and 14 of docs/source-ip.md. Failed writes that belong nowhere else are reported here.
func controllerAvailable(sc *scene) verdict {
	return question{
		needs: []read{{"the nodes", sc.Nodes.Err}, {"the controller pods", sc.Pods.Err}, {"the " + sc.workload.ref.Kind, sc.workload.err}},
		writes: func(kind string) bool {
			return kind != "Node" && kind != "Service" && kind != "ConfigMap" && kind != "IngressClass"
		},
		checks: []check{
			workloadTaken, imageRefused, noEdgeNodes, controllerOffEdge, workloadMissing, workloadNotCurrent,
			controllersMissing, replicasMissing, rolloutInProgress,
		},
		holds: controllersReady,
	}.answer(sc)
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
	return isNot(v1alpha1.ReasonImageNotAllowed, "spec.controller.image.repository %q is none that the operator's flag --allowed-image-repositories names; "+
		"the controller is left as it was. Use one of those, or have the flag extended.", sc.state.ImageRefused)
}

func noEdgeNodes(sc *scene) *verdict {
	if len(sc.edge) > 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonNoEdgeNodes, "There is no edge node that a controller could run on: see the condition %s.", v1alpha1.ConditionNodesReady)
}

func workloadMissing(sc *scene) *verdict {
	if sc.workload.template != nil || sc.workload.foreign {
		return nil
	}
	return unclear(v1alpha1.ReasonWorkloadMissing, "%s has not been seen yet.", sc.workload.ref)
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
		return "Delete the pod: the Deployment starts another on an edge node."
	}
	return fmt.Sprintf("The DaemonSet ends it, since the node does not carry the label %s any more.", label)
}

func workloadNotCurrent(sc *scene) *verdict {
	if sc.workload.template == nil || sc.workload.current {
		return nil
	}
	return unclear(v1alpha1.ReasonRolloutNotObserved, "%s does not have the template that is wanted now, or its controller has not taken it up yet.", sc.workload.ref)
}

// controllersMissing is about a DaemonSet, which has a pod for every edge node.
func controllersMissing(sc *scene) *verdict {
	missing := sc.edgeWithout(sc.podOn)
	if sc.isDeployment() || sc.workload.template == nil || len(missing) == 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonControllersMissing, "%s a ready controller; not %s.%s%s",
		partOf(len(sc.edge)-len(missing), len(sc.edge), "edge node", "runs", "run"), listed(missing), sc.podTrouble(), sc.departures())
}

// replicasMissing is about a Deployment, which has as many pods as were asked for, on whichever edge nodes.
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
			partOf(sc.readyPods(), sc.replicas(), "controller pod", "is", "are"), countOf(sc.edgeWith(sc.podOn), "edge node"), sc.departures())
	}
	return is(v1alpha1.ReasonControllersReady, "%s a ready controller.%s",
		partOf(len(sc.edge), len(sc.edge), "edge node", "runs", "run"), sc.departures())
}

// podTrouble says why pods are missing. Like what it consists of, it is sentences, each with a space before it.
func (sc *scene) podTrouble() string {
	if trouble := sc.unreadyPod() + sc.unendedPods(); trouble != "" {
		return trouble
	}
	return " See the events of " + sc.workload.ref.String() + " and its pods."
}

// unreadyPod quotes the first pod that is not ready and says why.
func (sc *scene) unreadyPod() string {
	for _, pod := range sc.Pods.Items {
		if !pod.Ready && !pod.Terminating && pod.Problem != "" {
			return fmt.Sprintf(" Pod %s: %s.", pod.Name, strings.TrimRight(pod.Problem, "."))
		}
	}
	return ""
}

// unendedPods are those that should have ended or that nobody ends. A DaemonSet that starts a new pod only after an old one waits for them, also for one on a
// node that it left.
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
		text += fmt.Sprintf(" Not ended, because the node is not Ready: %s. Bring the node back, or delete its Node object: the pod goes with it.", listed(unreachable))
	}
	if len(overdue) > 0 {
		text += fmt.Sprintf(" Not ended in time: %s. Look at the node's kubelet and the pod's finalizers, or delete the pod with kubectl delete --force.", listed(overdue))
	}
	return text
}

// pausing says that somebody paused a Deployment, which the operator leaves to them.
func (sc *scene) pausing() string {
	if !sc.workload.paused {
		return ""
	}
	return fmt.Sprintf(" Somebody paused it: kubectl rollout resume deployment %s --namespace %s lets it go on.", sc.workload.ref.Name, sc.workload.ref.Namespace)
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
		if pod.Ready && !pod.Terminating && pod.Workload == v1alpha1.WorkloadDeployment {
			ready++
		}
	}
	return ready
}
