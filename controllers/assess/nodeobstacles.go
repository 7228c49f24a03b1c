package assess

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// obstacle is why no controller pod can start on an edge node.
type obstacle struct {
	node, reason string
	// what is wrong with the node, as the end of a sentence that begins with the node. remedy is a
	// sentence.
	what, remedy string
}

// obstacles finds the edge nodes on which no pod of the workload can start. Kubernetes writes no
// event about such a node, because the DaemonSet controller does not count it among those that the
// DaemonSet selects (k8s.io/kubernetes, pkg/controller/daemon/daemon_controller.go, NodeShouldRunDaemonPod).
func (sc *scene) obstacles() []obstacle {
	if sc.workload.template == nil {
		return nil
	}
	var found []obstacle
	for _, node := range sc.edge {
		if unsuitable := sc.unsuitable(node); unsuitable != nil {
			found = append(found, *unsuitable)
		} else if repelled := sc.repelled(node); repelled != nil {
			found = append(found, *repelled)
		}
	}
	return found
}

// unsuitable finds nodes of another operating system. Every kubelet sets the label.
func (sc *scene) unsuitable(node *snapshot.Node) *obstacle {
	asked, selects := sc.workload.template.Spec.NodeSelector[corev1.LabelOSStable]
	system, labelled := node.Labels[corev1.LabelOSStable]
	found := &obstacle{node: node.Name, reason: v1alpha1.ReasonNodeNotSuitable}
	switch {
	case !selects || system == asked:
		return nil
	case !labelled:
		found.what = "has no label " + corev1.LabelOSStable
		found.remedy = "Let the node's kubelet set this label again, by a restart of the kubelet."
	default:
		found.what = fmt.Sprintf("runs %s, and the controller runs on %s only", system, asked)
		found.remedy = fmt.Sprintf("Leave such nodes out of spec.nodes, for instance by %s=%s in spec.nodes.selector.", corev1.LabelOSStable, asked)
	}
	return found
}

// repelled finds the taints that the pods do not tolerate.
func (sc *scene) repelled(node *snapshot.Node) *obstacle {
	var taints []corev1.Taint
	var names []string
	for _, taint := range node.Taints {
		if sc.keepsControllerAway(taint) {
			taints, names = append(taints, taint), append(names, taint.ToString())
		}
	}
	if len(taints) == 0 {
		return nil
	}
	what := "has the taint "
	if len(taints) > 1 {
		what = "has the taints "
	}
	return &obstacle{
		node: node.Name, reason: v1alpha1.ReasonTaintNotTolerated, what: what + strings.Join(names, ", ") + ", which the controller does not tolerate",
		remedy: sc.taintRemedies(node, taints),
	}
}

func (sc *scene) keepsControllerAway(taint corev1.Taint) bool {
	if taint.Effect == corev1.TaintEffectPreferNoSchedule || (isDown(taint) && !sc.isDeployment()) {
		return false
	}
	spec := sc.workload.template.Spec
	if !sc.isDeployment() && provider.EveryDaemonSetTolerates(taint, spec.HostNetwork) {
		return false
	}
	return !provider.TolerationsFit(spec.Tolerations, taint)
}

// isDown reports whether Kubernetes set the taint because the node is not ready. A DaemonSet's pod is
// on the node already, so the node is what is wrong, and not the taint.
func isDown(taint corev1.Taint) bool {
	return taint.Key == corev1.TaintNodeNotReady || taint.Key == corev1.TaintNodeUnreachable
}

// controllerKeptOff finds edge nodes without a controller on which none can start (row 93).
func controllerKeptOff(sc *scene) *verdict {
	var missing []obstacle
	switch obstacles := sc.obstacles(); {
	case !sc.isDeployment():
		missing = slices.DeleteFunc(obstacles, func(o obstacle) bool { return sc.podOn[o.node] })
	case sc.readyPods() < sc.replicas() && len(obstacles) == len(sc.edge):
		missing = obstacles
	}
	if len(missing) == 0 {
		return nil
	}
	return isNot(missing[0].reason, "%s", describeObstacles(missing)+sc.unreadyPod()+sc.unendedPods()+sc.departures())
}

// describeObstacles names the first obstacle, its remedy, and the nodes of the others.
func describeObstacles(obstacles []obstacle) string {
	first := obstacles[0]
	var others []string
	for _, other := range obstacles[1:] {
		others = append(others, other.node)
	}
	text := fmt.Sprintf("No controller can start on node %s: it %s. %s", first.node, first.what, first.remedy)
	if len(others) > 0 {
		text += fmt.Sprintf(" Something also keeps the controller off %s.", nodesNamed(others))
	}
	return text
}

// everyNodeUnfit finds edge nodes of which none can start a controller.
func everyNodeUnfit(sc *scene) *verdict {
	obstacles := sc.obstacles()
	if len(obstacles) == 0 || len(obstacles) < len(sc.edge) {
		return nil
	}
	return isNot(obstacles[0].reason, "%s", describeObstacles(obstacles))
}

// unfit describes the edge nodes on which no controller can start, in a sentence that begins with a
// space. A pod that runs there stays, and has no successor.
func (sc *scene) unfit() string {
	obstacles := sc.obstacles()
	if len(obstacles) == 0 {
		return ""
	}
	return " " + describeObstacles(obstacles)
}

// otherArchitecture describes pods that are not ready on nodes of an architecture on which none is, in
// sentences that each begin with a space.
func (sc *scene) otherArchitecture() string {
	runs := map[string]bool{}
	for name := range sc.podOn {
		if node := sc.nodes[name]; node != nil {
			runs[node.Labels[corev1.LabelArchStable]] = true
		}
	}
	for i := range sc.Pods.Items {
		pod := &sc.Pods.Items[i]
		node := sc.nodes[pod.Node]
		if node == nil || pod.Ready || pod.Terminating || pod.Ended {
			continue
		}
		architecture := node.Labels[corev1.LabelArchStable]
		if architecture == "" || runs[architecture] || (len(runs) == 0 && isUsual(architecture)) {
			continue
		}
		return fmt.Sprintf(" Node %s has the architecture %s, on which no controller is ready. Check that the image is built for it, or leave such nodes out of spec.nodes.",
			node.Name, architecture)
	}
	return ""
}

func isUsual(architecture string) bool { return architecture == "amd64" || architecture == "arm64" }
