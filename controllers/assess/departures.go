package assess

import (
	"fmt"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// departures are sentences, each with a space before it, about nodes that are on their way out, that wait, or that are withdrawn for now.
func (sc *scene) departures() string {
	plan := sc.state.Nodes
	text := ""
	if len(plan.Held) > 0 {
		text += fmt.Sprintf(" Left the edge set and still needed, %s: %s.", sc.whyHeld(), listed(plan.Held))
	}
	ending := slices.DeleteFunc(slices.Clone(plan.Releasing), func(name string) bool { return slices.Contains(plan.Held, name) })
	if len(ending) > 0 {
		text += fmt.Sprintf(" Being released, until the controller there has ended: %s.", listed(ending))
	}
	if len(sc.withdrawn) > 0 {
		text += fmt.Sprintf(" Withdrawn while cordoned or about to be removed: %s.", listed(sc.withdrawn))
	}
	if len(plan.Kept) > 0 {
		text += fmt.Sprintf(" Cordoned or about to be removed, and still needed, %s: %s.", sc.whyHeld(), listed(plan.Kept))
	}
	return text
}

// whyHeld is why a node that could be let go is not.
func (sc *scene) whyHeld() string {
	switch awaited := sc.state.Nodes.Awaited; {
	case sc.Pods.Err != nil, sc.DaemonSet.Err != nil, sc.Deployment.Err != nil, sc.EndpointSlices.Err != nil:
		return "because it could not be read what serves"
	case sc.isDeployment() && !workload.KeepsServing(sc.EdgeIngress):
		return "because none of its pods would serve while they are replaced (raise spec.controller.replicas above the number that may be missing)"
	case len(awaited) > 0:
		verb := "serves"
		if len(awaited) > 1 {
			verb = "serve"
		}
		return fmt.Sprintf("until %s %s", listed(awaited), verb)
	case sc.isDeployment() && len(sc.edge) > 0:
		return "because no edge node can take its pods"
	}
	return "because too few others would serve"
}
