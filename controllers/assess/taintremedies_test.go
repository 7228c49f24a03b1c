package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestControllerAvailableSaysWhatEndsATaint(t *testing.T) {
	const repelled, noSchedule, noExecute = v1alpha1.ReasonTaintNotTolerated, corev1.TaintEffectNoSchedule, corev1.TaintEffectNoExecute
	const untilGone = "The node starts. Kubernetes, the cloud, a driver or the network plugin removes this taint once the node is set up. Wait until it is gone."
	// onBoth is a Deployment of which no pod can start.
	onBoth := func(key string) []option {
		taint := tainted(key, "", noSchedule)
		return []option{onLinux, deployment, noPodOn("edge-1"), noPodOn("edge-2"), node("edge-1", taint), node("edge-2", taint)}
	}
	both := func(first, second func(*snapshot.Node)) []option {
		return unfit(func(n *snapshot.Node) { first(n); second(n) })
	}
	runRows(t, v1alpha1.ConditionControllerAvailable, map[string]row{
		"row 93: Karpenter removes the node":                           {given: unfit(tainted("karpenter.sh/disrupted", "", noSchedule)), status: no, reason: repelled, says: "does not tolerate. Karpenter is about to remove or stop the node. Wait for its successor."},
		"row 93: a spot instance is taken away":                        {given: unfit(tainted("aws-node-termination-handler/spot-itn", "1", noSchedule)), status: no, reason: repelled, says: "AWS Node Termination Handler is about to remove or stop the node. Wait"},
		"row 93: the autoscaler removes the node":                      {given: unfit(tainted(desired.RemovalTaint, "1", noSchedule)), status: no, reason: repelled, says: "The cluster autoscaler is about to"},
		"row 93: AKS drains the node":                                  {given: unfit(tainted("remediator.kubernetes.azure.com/unschedulable", "", noSchedule)), status: no, reason: repelled, says: "AKS is about to"},
		"row 93: a stopped machine":                                    {given: unfit(tainted(desired.ShutdownTaint, "", noSchedule)), status: no, reason: repelled, says: "The machine is stopped. Start it, or delete the Node object."},
		"row 93: a machine that was given up":                          {given: unfit(tainted(corev1.TaintNodeOutOfService, "nodeshutdown", noExecute)), status: no, reason: repelled, says: "The machine is stopped."},
		"row 93: the driver for disks starts":                          {given: unfit(tainted("ebs.csi.aws.com/agent-not-ready", "", noExecute)), status: no, reason: repelled, says: untilGone},
		"row 93: Karpenter has not registered it":                      {given: unfit(tainted("karpenter.sh/unregistered", "", noExecute)), status: no, reason: repelled, says: untilGone},
		"row 93: Cilium starts":                                        {given: unfit(tainted("node.cilium.io/agent-not-ready", "", noSchedule)), status: no, reason: repelled, says: untilGone},
		"row 93: the node has no network yet":                          {given: unfit(tainted(corev1.TaintNodeNetworkUnavailable, "", noSchedule)), status: no, reason: repelled, says: untilGone},
		"row 93: a Deployment on cordoned nodes":                       {given: onBoth(corev1.TaintNodeUnschedulable), status: no, reason: repelled, says: "The node is cordoned. Run kubectl uncordon edge-1 once it may take pods again."},
		"row 93: a Deployment and too little memory":                   {given: onBoth(corev1.TaintNodeMemoryPressure), status: no, reason: repelled, says: "The node has the problem that the taint names. Run kubectl describe node edge-1."},
		"row 93: a Deployment and full disks":                          {given: onBoth(corev1.TaintNodeDiskPressure), status: no, reason: repelled, says: "Run kubectl describe node edge-1."},
		"row 93: a Deployment and nodes not ready":                     {given: onBoth(corev1.TaintNodeNotReady), status: no, reason: repelled, says: "The node has the problem that the taint names."},
		"row 93: a Deployment and lost nodes":                          {given: onBoth(corev1.TaintNodeUnreachable), status: no, reason: repelled, says: "The node has the problem that the taint names."},
		"row 93: a Deployment on the host network, and no network yet": {given: append([]option{exposed(v1alpha1.ExposureHostNetwork)}, onBoth(corev1.TaintNodeNetworkUnavailable)...), status: no, reason: repelled, says: "node.kubernetes.io/network-unavailable:NoSchedule, which the controller does not tolerate"},
		"row 93: two taints of people": {given: both(tainted("dedicated", "ingress", noSchedule), tainted("gpu", "", noExecute)), status: no, reason: repelled,
			says: `it has the taints dedicated=ingress:NoSchedule, gpu:NoExecute, which the controller does not tolerate. Add to spec.controller.tolerations {key: dedicated, value: "ingress", effect: NoSchedule}, {key: gpu, operator: Exists, effect: NoExecute}, or remove the taints.`},
		"row 93: a taint of people on a node that starts": {given: both(tainted("ebs.csi.aws.com/agent-not-ready", "", noExecute), tainted("dedicated", "ingress", noSchedule)), status: no, reason: repelled,
			says: untilGone + ` Add to spec.controller.tolerations {key: dedicated, value: "ingress", effect: NoSchedule}, or remove the taint dedicated.`},
		"row 93: a taint of people on a node that goes": {given: both(tainted("dedicated", "ingress", noSchedule), tainted("karpenter.sh/disrupted", "", noSchedule)), status: no, reason: repelled,
			says: "does not tolerate. Karpenter is about to remove or stop the node. Wait for its successor."},
		"row 93: two taints of a node that starts": {given: both(tainted("ebs.csi.aws.com/agent-not-ready", "", noExecute), tainted("karpenter.sh/unregistered", "", noExecute)), status: no, reason: repelled,
			says: "does not tolerate. " + untilGone},
	})
}
