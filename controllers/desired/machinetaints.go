package desired

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Machine managers mark nodes with taints: before they remove one, and until a new one has started.
// Cluster API, machine-controller-manager and node pools of clouds cordon a node that they remove,
// so it needs no taint of their own here.

// RemovalTaint marks a node that the cluster autoscaler is about to remove
// (k8s.io/autoscaler/cluster-autoscaler/utils/taints, ToBeDeletedTaint).
const RemovalTaint = "ToBeDeletedByClusterAutoscaler"

// ShutdownTaint marks a node whose machine the cloud has stopped (kubernetes/kubernetes,
// staging/src/k8s.io/cloud-provider/api/well_known_taints.go).
const ShutdownTaint = "node.cloudprovider.kubernetes.io/shutdown"

// leavingTaint is a taint of a machine manager on a node that will be removed or stopped soon.
type leavingTaint struct {
	// key of the taint, or the beginning of the key where it ends in a slash.
	key string
	// manager sets the taint.
	manager string
}

// leavingTaints have sources. Candidates for removal are not among them: their taints have the
// effect PreferNoSchedule (DeletionCandidateOfClusterAutoscaler, Cluster API's
// node.cluster.x-k8s.io/outdated-revision).
var leavingTaints = []leavingTaint{
	{RemovalTaint, "the cluster autoscaler"},
	// kubernetes-sigs/karpenter, pkg/apis/v1/taints.go; before v1 it was karpenter.sh/disruption
	// (karpenter.sh/v0.32/concepts/disruption).
	{"karpenter.sh/disrupted", "Karpenter"},
	{"karpenter.sh/disruption", "Karpenter"},
	// aws/aws-node-termination-handler, pkg/node/node.go: spot-itn, scheduled-maintenance,
	// asg-lifecycle-termination, rebalance-recommendation.
	{"aws-node-termination-handler/", "AWS Node Termination Handler"},
	// GoogleCloudPlatform/k8s-node-termination-handler; also in the cluster autoscaler's
	// utils/taints as gkeNodeTerminationHandlerTaint.
	{"cloud.google.com/impending-node-termination", "Google Cloud"},
	// MicrosoftDocs/azure-aks-docs, articles/aks/node-auto-drain.md: before a spot machine goes or moves, and
	// while a machine is repaired. The first is the older name (Azure/AKS, CHANGELOG.md, 2023-09-03).
	{"remediator.aks.microsoft.com/unschedulable", "AKS"},
	{"remediator.kubernetes.azure.com/unschedulable", "AKS"},
	// castai/spot-handler, handler.go.
	{"autoscaling.cast.ai/draining", "CAST AI"},
	// medik8s/node-maintenance-operator, and its predecessor in KubeVirt.
	{"medik8s.io/drain", "the node maintenance operator"},
	{"kubevirt.io/drain", "the node maintenance operator"},
	{ShutdownTaint, "the cloud"},
	// KEP-2268, non-graceful node shutdown.
	{corev1.TaintNodeOutOfService, "an administrator"},
}

// Leaving returns the taint that marks the node as about to be removed or stopped, and the manager
// that set it; found is false where there is none.
func Leaving(node snapshot.Node) (key, manager string, found bool) {
	for _, taint := range node.Taints {
		if leaving, is := asLeaving(taint); is {
			return taint.Key, leaving.manager, true
		}
	}
	return "", "", false
}

func asLeaving(taint corev1.Taint) (leavingTaint, bool) {
	if taint.Effect == corev1.TaintEffectPreferNoSchedule {
		return leavingTaint{}, false
	}
	at := slices.IndexFunc(leavingTaints, func(l leavingTaint) bool {
		return taint.Key == l.key || strings.HasSuffix(l.key, "/") && strings.HasPrefix(taint.Key, l.key)
	})
	if at < 0 {
		return leavingTaint{}, false
	}
	return leavingTaints[at], true
}

// IsLeaving reports whether the taint marks a node that is about to be removed or stopped.
func IsLeaving(taint corev1.Taint) bool {
	_, is := asLeaving(taint)
	return is
}

// startPrefixes and startSuffixes are the known parts of the keys of taints on a node that starts.
// Who set them removes them when the node is ready for ordinary pods.
var (
	startPrefixes = []string{
		// k8s.io/autoscaler/cluster-autoscaler/utils/taints, StartupTaintPrefix and IgnoreTaintPrefix.
		"startup-taint.cluster-autoscaler.kubernetes.io/", "ignore-taint.cluster-autoscaler.kubernetes.io/",
		// kubernetes-sigs/node-readiness-controller.
		"readiness.k8s.io/",
	}
	startSuffixes = []string{
		// kubernetes-sigs/karpenter, pkg/apis/v1/taints.go: karpenter.sh/unregistered.
		"/unregistered",
		// Cluster API: node.cluster.x-k8s.io/uninitialized (api/v1beta1/common_types.go).
		"/uninitialized",
		// Node drivers remove theirs themselves: ebs.csi.aws.com/agent-not-ready
		// (kubernetes-sigs/aws-ebs-csi-driver), efs.csi.aws.com/agent-not-ready, cni.istio.io/not-ready,
		// Gardener's node.gardener.cloud/critical-components-not-ready.
		"not-ready",
	}
)

// IsStarting reports whether the taint is that of a node that starts.
func IsStarting(taint corev1.Taint) bool {
	return slices.ContainsFunc(startPrefixes, func(prefix string) bool { return strings.HasPrefix(taint.Key, prefix) }) ||
		slices.ContainsFunc(startSuffixes, func(suffix string) bool { return strings.HasSuffix(taint.Key, suffix) })
}

// Temporary reports whether the taint goes without an action of a user: it says that the node is in
// trouble, starts, or is about to be removed.
func Temporary(taint corev1.Taint) bool {
	return passes(taint) || IsStarting(taint) || IsLeaving(taint)
}
