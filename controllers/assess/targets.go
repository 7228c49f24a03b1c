package assess

import (
	"maps"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

// edgeNodeNotTargeted implements row 79.
func edgeNodeNotTargeted(sc *scene) *verdict {
	choice := sc.balancer.Nodes
	if !sc.isLoadBalancer() || choice.Annotation.Key == "" {
		return nil
	}
	var leftOut []string
	for _, node := range sc.edge {
		selected, err := choice.Selects(*node)
		if err != nil {
			return unclear(v1alpha1.ReasonEdgeNodesNotTargeted, "The annotation %s, which chooses the nodes for %s, cannot be read: %v. %s.",
				choice.Annotation, sc.balancer.Name, err, targetsRemedy(sc, choice))
		}
		if !selected {
			leftOut = append(leftOut, node.Name)
		}
	}
	switch {
	case len(leftOut) == 0:
		return nil
	case choice.Doubt != "":
		return unclear(v1alpha1.ReasonEdgeNodesNotTargeted, "The annotation %s may keep %s from %s. The cluster does not show it, because %s. %s.",
			choice.Annotation, sc.balancer.Name, nodesNamed(leftOut), choice.Doubt, targetsRemedy(sc, choice))
	}
	return isNot(v1alpha1.ReasonEdgeNodesNotTargeted, "%s does not send to %s, because of the annotation %s. %s.",
		capital(sc.balancer.Name), nodesNamed(leftOut), choice.Annotation, targetsRemedy(sc, choice))
}

// targetsRemedy offers the value that fits all edge nodes, where there is one.
func targetsRemedy(sc *scene, choice provider.NodeChoice) string {
	var chosenBy []string
	if selector := sc.spec.Nodes.Selector; selector != nil {
		chosenBy = slices.Sorted(maps.Keys(selector.MatchLabels))
	}
	fitting := choice.Fitting(sc.edge, sc.spec.Nodes.Label, chosenBy)
	if fitting.Key == "" {
		return "Remove the annotation"
	}
	return "Set " + fitting.String() + " in spec.exposure.loadBalancer.annotations, or remove the annotation"
}

// edgeNodeExcludedByLabel finds labels that only the balancer in use reads.
func edgeNodeExcludedByLabel(sc *scene) *verdict {
	if !sc.isLoadBalancer() {
		return nil
	}
	for _, sign := range sc.balancer.Excludes {
		var excluded []string
		for _, node := range sc.edge {
			if sign.On(*node) {
				excluded = append(excluded, node.Name)
			}
		}
		if len(excluded) > 0 {
			return isNot(v1alpha1.ReasonEdgeNodeExcluded, "Load balancers exclude %s. Remove the label %s.", nodesNamed(excluded), sign.Key)
		}
	}
	return nil
}

// excludeLabelBefore is the name of the exclude label before Kubernetes 1.19.
const excludeLabelBefore = "alpha.service-controller.kubernetes.io/exclude-balancer"

// edgeNodeOnceExcluded implements row 16 for the older name of the label.
func edgeNodeOnceExcluded(sc *scene) *verdict {
	var marked []string
	for _, node := range sc.edge {
		if _, there := node.Labels[excludeLabelBefore]; there {
			marked = append(marked, node.Name)
		}
	}
	if !sc.isLoadBalancer() || len(marked) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonExcludeLabelAmbiguous,
		"Load balancers with an old cloud controller exclude %s, because of the label %s. Others ignore it. Remove the label.", nodesNamed(marked), excludeLabelBefore)
}

// notRead names what could still keep the balancer from the edge nodes. It returns a sentence that
// begins with a space, or "".
func (sc *scene) notRead() string {
	known := sc.balancer.NotRead
	unknown := []v1alpha1.Provider{v1alpha1.ProviderAuto, v1alpha1.ProviderPacketForwarding, v1alpha1.ProviderProxying}
	if slices.Contains(unknown, sc.balancer.Provider) {
		known = "which nodes the load balancer uses, and how it finds out which of them serve"
	}
	if known == "" {
		return ""
	}
	return " Not checked: " + known + "."
}
