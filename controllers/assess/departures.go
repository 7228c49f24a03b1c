package assess

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// departures describes nodes that are being released, held or withdrawn, in sentences that each
// begin with a space.
func (sc *scene) departures() string {
	plan := sc.state.Nodes
	text := ""
	if len(plan.Held) > 0 {
		why, remedy := sc.whyHeld()
		text += fmt.Sprintf(" No longer selected but still needed %s: %s.%s", why, listed(plan.Held), remedy)
	}
	ending := slices.DeleteFunc(slices.Clone(plan.Releasing), func(name string) bool { return slices.Contains(plan.Held, name) })
	if len(ending) > 0 {
		text += fmt.Sprintf(" Being released; waiting for the controller pod to terminate: %s.", listed(ending))
	}
	if len(sc.withdrawn) > 0 {
		text += fmt.Sprintf(" Withdrawn while cordoned or about to be removed: %s.", listed(sc.withdrawn))
	}
	return text + sc.keptNodes()
}

// keptNodes describes edge nodes that are not withdrawn although they are cordoned or marked. One that
// is not ready is not needed; it keeps what it has until it is ready again or gone.
func (sc *scene) keptNodes() string {
	var needed, down []string
	for _, name := range sc.state.Nodes.Kept {
		if node := sc.nodes[name]; node != nil && node.Ready != corev1.ConditionTrue {
			down = append(down, name)
			continue
		}
		needed = append(needed, name)
	}
	text := ""
	if len(needed) > 0 {
		why, remedy := sc.whyHeld()
		text = fmt.Sprintf(" Cordoned or about to be removed but still needed %s: %s.%s", why, listed(needed), remedy)
	}
	if len(down) > 0 {
		text += fmt.Sprintf(" Cordoned or about to be removed, and not ready: %s.", listed(down))
	}
	return text
}

// whyHeld explains why a node is not released yet. The remedy is a sentence that begins with a
// space, or empty.
func (sc *scene) whyHeld() (why, remedy string) {
	switch awaited := sc.state.Nodes.Awaited; {
	case sc.Pods.Err != nil, sc.DaemonSet.Err != nil, sc.Deployment.Err != nil, sc.EndpointSlices.Err != nil:
		return "because the operator could not read which nodes serve", ""
	case sc.isDeployment() && !workload.KeepsServing(sc.EdgeIngress):
		return "because no pod would serve while the Deployment replaces its pods",
			" Increase spec.controller.replicas above the number of pods that may be unavailable during a rollout."
	case len(awaited) > 0:
		return until(awaited), ""
	case sc.isDeployment() && len(sc.edge) > 0:
		return "because no edge node can run its pods", ""
	}
	return "because too few other nodes would serve", ""
}

// until names nodes that are to serve first.
func until(awaited []string) string {
	if len(awaited) > 1 {
		return fmt.Sprintf("until %s serve", listed(awaited))
	}
	return fmt.Sprintf("until %s serves", listed(awaited))
}
