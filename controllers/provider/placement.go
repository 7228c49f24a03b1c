package provider

import (
	"slices"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// AgentRunsOn reports whether the agent's DaemonSet runs a pod on the node: its selector and affinity
// select the node, and it tolerates the node's taints and the extra ones.
func AgentRunsOn(agent snapshot.Agent, node snapshot.Node, extra ...corev1.Taint) bool {
	return RunsOn(placementOf(agent), node, extra...)
}

// AgentMeantFor reports whether the agent's selector and affinity select the node, whatever its taints.
func AgentMeantFor(agent snapshot.Agent, node snapshot.Node) bool {
	return selects(placementOf(agent), node)
}

func placementOf(agent snapshot.Agent) snapshot.Placement {
	return snapshot.Placement{Tolerations: agent.Tolerations, NodeSelector: agent.NodeSelector, Affinity: agent.Affinity}
}

// RunsOn reports whether a DaemonSet with this placement runs a pod on the node, as AgentRunsOn.
// The DaemonSet controller decides in the same way (pkg/controller/daemon/daemon_controller.go of
// kubernetes/kubernetes, NodeShouldRunDaemonPod).
func RunsOn(p snapshot.Placement, node snapshot.Node, extra ...corev1.Taint) bool {
	return selects(p, node) && Tolerates(p, node.Taints) && Tolerates(p, extra)
}

func selects(p snapshot.Placement, node snapshot.Node) bool {
	if !labels.SelectorFromSet(p.NodeSelector).Matches(labels.Set(node.Labels)) {
		return false
	}
	if p.Affinity == nil || p.Affinity.NodeAffinity == nil {
		return true
	}
	required := p.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	return required == nil || slices.ContainsFunc(required.NodeSelectorTerms, func(term corev1.NodeSelectorTerm) bool { return termMatches(term, node) })
}

// toleratedByDaemonSets are the taints that every pod of a DaemonSet tolerates. That of a missing network
// is tolerated only on the host network.
var toleratedByDaemonSets = []corev1.Taint{
	{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeUnreachable, Effect: corev1.TaintEffectNoExecute},
	{Key: corev1.TaintNodeDiskPressure, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeMemoryPressure, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodePIDPressure, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeUnschedulable, Effect: corev1.TaintEffectNoSchedule},
	{Key: corev1.TaintNodeNetworkUnavailable, Effect: corev1.TaintEffectNoSchedule},
}

// Tolerates reports whether none of the taints keeps a DaemonSet with this placement off a node.
func Tolerates(p snapshot.Placement, taints []corev1.Taint) bool {
	return !slices.ContainsFunc(taints, func(taint corev1.Taint) bool {
		return taint.Effect != corev1.TaintEffectPreferNoSchedule && !toleratesTaint(p.Tolerations, taint)
	})
}

// TolerationsFit reports whether one of the tolerations fits the taint.
func TolerationsFit(tolerations []corev1.Toleration, taint corev1.Taint) bool {
	return slices.ContainsFunc(tolerations, func(t corev1.Toleration) bool {
		// The comparison operators are an alpha feature, off by default.
		return t.ToleratesTaint(logr.Discard(), &taint, false)
	})
}

func toleratesTaint(tolerations []corev1.Toleration, taint corev1.Taint) bool {
	const hostNetwork = true // Agents use it.
	return EveryDaemonSetTolerates(taint, hostNetwork) || TolerationsFit(tolerations, taint)
}

// EveryDaemonSetTolerates reports whether Kubernetes adds a toleration for the taint to the pods of each
// DaemonSet (pkg/controller/daemon/util/daemonset_util.go of kubernetes/kubernetes).
func EveryDaemonSetTolerates(taint corev1.Taint, hostNetwork bool) bool {
	if taint.Key == corev1.TaintNodeNetworkUnavailable && !hostNetwork {
		return false
	}
	return slices.ContainsFunc(toleratedByDaemonSets, func(known corev1.Taint) bool { return known.MatchTaint(&taint) })
}

// termMatches implements a term of a required node affinity: all expressions must hold, and an
// empty term matches nothing.
func termMatches(term corev1.NodeSelectorTerm, node snapshot.Node) bool {
	if len(term.MatchExpressions) == 0 && len(term.MatchFields) == 0 {
		return false
	}
	return allMatch(term.MatchExpressions, node.Labels) &&
		allMatch(term.MatchFields, map[string]string{"metadata.name": node.Name})
}

var operators = map[corev1.NodeSelectorOperator]selection.Operator{
	corev1.NodeSelectorOpIn:           selection.In,
	corev1.NodeSelectorOpNotIn:        selection.NotIn,
	corev1.NodeSelectorOpExists:       selection.Exists,
	corev1.NodeSelectorOpDoesNotExist: selection.DoesNotExist,
	corev1.NodeSelectorOpGt:           selection.GreaterThan,
	corev1.NodeSelectorOpLt:           selection.LessThan,
}

func allMatch(requirements []corev1.NodeSelectorRequirement, values map[string]string) bool {
	return !slices.ContainsFunc(requirements, func(r corev1.NodeSelectorRequirement) bool {
		requirement, err := labels.NewRequirement(r.Key, operators[r.Operator], r.Values)
		return err != nil || !requirement.Matches(labels.Set(values))
	})
}
