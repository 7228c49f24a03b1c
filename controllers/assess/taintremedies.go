package assess

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// troubleTaints stand for a condition of the node (k8s.io/kubernetes,
// pkg/controller/nodelifecycle/node_lifecycle_controller.go). They end with it.
var troubleTaints = []string{
	corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable,
	corev1.TaintNodeMemoryPressure, corev1.TaintNodeDiskPressure, corev1.TaintNodePIDPressure,
}

// taintRemedies says, in sentences, what ends the taints that keep the controller off the node. A toleration
// is the remedy only for a taint that a person chose: a controller that tolerates the others starts on a
// node that is about to go, or is not ready for it.
func (sc *scene) taintRemedies(node *snapshot.Node, taints []corev1.Taint) string {
	if going := goingRemedy(taints); going != "" {
		return going
	}
	var remedies []string
	var chosen []corev1.Taint
	for _, taint := range taints {
		remedy := cmp.Or(sc.claimRemedy(node, taint), passingRemedy(node.Name, taint))
		switch {
		case remedy == "":
			chosen = append(chosen, taint)
		case !slices.Contains(remedies, remedy):
			remedies = append(remedies, remedy)
		}
	}
	if len(chosen) > 0 {
		remedies = append(remedies, tolerateThem(chosen, len(chosen) == len(taints)))
	}
	return strings.Join(remedies, " ")
}

// goingRemedy is empty where the node stays.
func goingRemedy(taints []corev1.Taint) string {
	key, manager, leaving := desired.Leaving(snapshot.Node{Taints: taints})
	switch {
	case !leaving:
		return ""
	case key == desired.ShutdownTaint, key == corev1.TaintNodeOutOfService:
		return "The machine is stopped. Start it, or delete the Node object."
	}
	return capital(manager) + " is about to remove or stop the node. Wait for its successor."
}

func (sc *scene) claimRemedy(node *snapshot.Node, taint corev1.Taint) string {
	for _, other := range slices.Sorted(maps.Keys(node.TaintClaims)) {
		if other != sc.EdgeIngress.Name && node.TaintClaims[other] == taint.Key {
			return fmt.Sprintf("EdgeIngress %s reserves the node. Select other nodes, or set its spec.nodes.isolation to Shared.", other)
		}
	}
	return ""
}

// passingRemedy is empty for a taint that a person chose.
func passingRemedy(node string, taint corev1.Taint) string {
	switch {
	case taint.Key == corev1.TaintNodeUnschedulable:
		return fmt.Sprintf("The node is cordoned. Run kubectl uncordon %s once it may take pods again.", node)
	case slices.Contains(troubleTaints, taint.Key):
		return fmt.Sprintf("The node has the problem that the taint names. Run kubectl describe node %s.", node)
	case desired.Temporary(taint):
		return "The node starts. Kubernetes, the cloud, a driver or the network plugin removes this taint once the node is set up. Wait until it is gone."
	}
	return ""
}

// tolerateThem offers the tolerations. They are all the taints that keep the controller off, or some of them.
func tolerateThem(taints []corev1.Taint, all bool) string {
	var tolerations, keys []string
	for _, taint := range taints {
		tolerations, keys = append(tolerations, "{"+tolerationFor(taint)+"}"), append(keys, taint.Key)
	}
	which := "the taint"
	if len(taints) > 1 {
		which = "the taints"
	}
	if !all {
		which += " " + strings.Join(keys, ", ")
	}
	return fmt.Sprintf("Add to spec.controller.tolerations %s, or remove %s.", strings.Join(tolerations, ", "), which)
}

// tolerationFor is the toleration in the flow style of YAML.
func tolerationFor(taint corev1.Taint) string {
	parts := []string{"key: " + taint.Key}
	if taint.Value == "" {
		parts = append(parts, "operator: Exists")
	} else {
		parts = append(parts, fmt.Sprintf("value: %q", taint.Value))
	}
	return strings.Join(append(parts, "effect: "+string(taint.Effect)), ", ")
}
