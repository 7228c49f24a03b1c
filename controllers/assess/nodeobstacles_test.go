package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// tainted adds a taint to a node.
func tainted(key, value string, effect corev1.TaintEffect) func(*snapshot.Node) {
	return func(n *snapshot.Node) {
		n.Taints = append(n.Taints, corev1.Taint{Key: key, Value: value, Effect: effect})
	}
}

// noPodOn takes the pod away from an edge node, as Kubernetes makes none there.
func noPodOn(nodeName string) option {
	return func(g *given) {
		var kept []snapshot.Pod
		for _, pod := range g.s.Pods.Items {
			if pod.Node != nodeName {
				kept = append(kept, pod)
			}
		}
		g.s.Pods.Items = kept
	}
}

var linuxPods = onPod(func(p *corev1.PodSpec) {
	p.NodeSelector = map[string]string{corev1.LabelOSStable: "linux"}
})

var onLinux = all(linuxPods, func(g *given) {
	for i := range g.s.Nodes.Items {
		g.s.Nodes.Items[i].Labels[corev1.LabelOSStable], g.s.Nodes.Items[i].Labels[corev1.LabelArchStable] = "linux", "amd64"
	}
})

func unfit(change func(*snapshot.Node), options ...option) []option {
	return append([]option{onLinux, noPodOn("edge-2"), node("edge-2", change)}, options...)
}

func TestControllerAvailableWithNodesThatTakeNoController(t *testing.T) {
	const condition = v1alpha1.ConditionControllerAvailable
	const repelled, unsuitable = v1alpha1.ReasonTaintNotTolerated, v1alpha1.ReasonNodeNotSuitable
	const noSchedule, noExecute = corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute
	runRows(t, condition, map[string]row{
		"row 93: the pool has a taint of its own": {given: unfit(tainted("dedicated", "ingress", noSchedule)), status: no, reason: repelled,
			says: `No controller can start on node edge-2: it has the taint dedicated=ingress:NoSchedule, which the controller does not tolerate. Add to spec.controller.tolerations {key: dedicated, value: "ingress", effect: NoSchedule}, or remove the taint.`},
		"a taint without a value":      {given: unfit(tainted("example.com/edge", "", noSchedule)), status: no, reason: repelled, says: "{key: example.com/edge, operator: Exists, effect: NoSchedule}"},
		"a taint that ends pods":       {given: unfit(tainted("team", "net", noExecute)), status: no, reason: repelled, says: "team=net:NoExecute"},
		"the control plane's taint":    {given: unfit(tainted("node-role.kubernetes.io/control-plane", "", noSchedule)), status: no, reason: repelled, says: "control-plane"},
		"spot machines of a cloud":     {given: unfit(tainted("kubernetes.azure.com/scalesetpriority", "spot", noSchedule)), status: no, reason: repelled, says: `value: "spot"`},
		"machines with a GPU":          {given: unfit(tainted("nvidia.com/gpu", "present", noSchedule)), status: no, reason: repelled, says: "nvidia.com/gpu=present:NoSchedule"},
		"both edge nodes":              {given: unfit(tainted("dedicated", "x", noSchedule), noPodOn("edge-1"), node("edge-1", tainted("dedicated", "x", noSchedule))), status: no, reason: repelled, says: "Something also keeps the controller off node edge-2."},
		"until the cloud is done":      {given: unfit(tainted("node.cloudprovider.kubernetes.io/uninitialized", "true", noSchedule)), status: no, reason: repelled, says: "removes this taint once the node is set up"},
		"about to be removed":          {given: unfit(tainted(desired.RemovalTaint, "1", noSchedule)), status: no, reason: repelled, says: "Wait for its successor."},
		"removed by Karpenter":         {given: unfit(tainted("karpenter.sh/disrupted", "", noSchedule)), status: no, reason: repelled, says: "Wait for its successor."},
		"until the driver has started": {given: unfit(tainted("ebs.csi.aws.com/agent-not-ready", "", noExecute)), status: no, reason: repelled, says: "once the node is set up"},
		"reserved by another EdgeIngress": {given: unfit(func(n *snapshot.Node) {
			tainted("edge-b", "", noSchedule)(n)
			n.TaintClaims = map[string]string{"b": "edge-b"}
		}), status: no, reason: repelled, says: "EdgeIngress b reserves the node."},
		"row 93: a node of Windows": {given: unfit(labelled(corev1.LabelOSStable, "windows")), status: no, reason: unsuitable, says: "node edge-2: it runs windows, and the controller runs on linux only. Leave such nodes out of spec.nodes"},
		"a node without its label": {given: unfit(func(n *snapshot.Node) { delete(n.Labels, corev1.LabelOSStable) }), status: no, reason: unsuitable,
			says: "has no label kubernetes.io/os"},
		"Windows with a taint of its own": {given: unfit(func(n *snapshot.Node) {
			labelled(corev1.LabelOSStable, "windows")(n)
			tainted("os", "windows", noSchedule)(n)
		}), status: no, reason: unsuitable, says: "runs windows"},
		"a Deployment without a place": {given: []option{onLinux, deployment, noPodOn("edge-1"), noPodOn("edge-2"),
			node("edge-1", tainted("a", "b", noSchedule)), node("edge-2", tainted("a", "b", noSchedule))}, status: no, reason: repelled, says: "a=b:NoSchedule"},
		"a tolerated taint":                      {given: unfit(tainted("dedicated", "ingress", noSchedule), onPod(tolerating("dedicated"))), status: no, reason: v1alpha1.ReasonControllersMissing},
		"a taint that only asks":                 {given: unfit(tainted("dedicated", "ingress", corev1.TaintEffectPreferNoSchedule)), status: no, reason: v1alpha1.ReasonControllersMissing},
		"a taint that every DaemonSet tolerates": {given: unfit(tainted(corev1.TaintNodeNotReady, "", noExecute)), status: no, reason: v1alpha1.ReasonControllersMissing},
		"a taint where the controller runs":      {given: []option{onLinux, node("edge-2", tainted("dedicated", "x", noSchedule))}, status: yes, reason: v1alpha1.ReasonControllersReady},
		"another architecture": {given: []option{onLinux, node("edge-2", labelled(corev1.LabelArchStable, "riscv64")), podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing,
			says: "Node edge-2 has the architecture riscv64, on which no controller is ready."},
		"the architecture of all": {given: []option{onLinux, podChanged("controller-2", podNotReady)}, status: no, reason: v1alpha1.ReasonControllersMissing,
			says: "missing on edge-2. See the events"},
	})
}

func TestNodesReadyWithNodesThatTakeNoController(t *testing.T) {
	const noSchedule = corev1.TaintEffectNoSchedule
	everywhere := all(node("edge-1", tainted("dedicated", "ingress", noSchedule)), node("edge-2", tainted("dedicated", "ingress", noSchedule)))
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"row 93: every edge node has a taint of its own": {given: []option{onLinux, everywhere}, status: no, reason: v1alpha1.ReasonTaintNotTolerated, says: "spec.controller.tolerations"},
		"row 93: every edge node runs Windows": {given: []option{onLinux, node("edge-1", labelled(corev1.LabelOSStable, "windows")), node("edge-2", labelled(corev1.LabelOSStable, "windows"))},
			status: no, reason: v1alpha1.ReasonNodeNotSuitable, says: "runs windows"},
		"one of two":     {given: unfit(tainted("dedicated", "ingress", noSchedule)), status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "No controller can start on node edge-2: it has the taint dedicated=ingress:NoSchedule"},
		"one of Windows": {given: unfit(labelled(corev1.LabelOSStable, "windows")), status: yes, reason: v1alpha1.ReasonNodesLabelled, says: "runs windows"},
		"where the controller still runs": {given: []option{onLinux, node("edge-2", tainted("dedicated", "ingress", noSchedule))}, status: yes, reason: v1alpha1.ReasonNodesLabelled,
			says: "No controller can start on node edge-2"},
		"no workload yet": {given: []option{everywhere, func(g *given) { g.s.DaemonSet.Value = nil }}, status: yes, reason: v1alpha1.ReasonNodesLabelled},
	})
}

func tolerating(key string) func(*corev1.PodSpec) {
	return func(p *corev1.PodSpec) {
		p.Tolerations = append(p.Tolerations, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists})
	}
}
