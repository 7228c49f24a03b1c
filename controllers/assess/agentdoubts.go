package assess

import (
	"fmt"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// suspect is a load balancer whose agents announce the address, or may.
type suspect struct {
	name   string
	agents []snapshot.Agent
	// doubted is set where no object shows that this balancer serves the Service. doubt says so, as a clause
	// that begins with a comma, or is empty where somebody else says it.
	doubted bool
	doubt   string
}

// nameBalancer ends such a doubt.
const nameBalancer = "Or set spec.exposure.loadBalancer.provider to the load balancer that serves the Service."

func (sc *scene) suspects() []suspect {
	var found []suspect
	for _, p := range provider.Suspects(sc.Snapshot, sc.balancer.Provider) {
		found = append(found, suspect{name: provider.Name(p), agents: sc.agentsOf(p), doubted: p != sc.balancer.Provider})
	}
	return found
}

// onlySuspect returns the balancer in use, or else the only one with agents in the cluster.
func (sc *scene) onlySuspect() (only suspect, found bool) {
	suspects := sc.suspects()
	if len(suspects) != 1 {
		return suspect{}, false
	}
	only = suspects[0]
	if only.doubted {
		only.doubt = fmt.Sprintf(", and the Service does not show whether %s serves it", only.name)
	} else {
		only.name = sc.balancer.Name
	}
	return only, true
}

// noSuspectRuns doubts the address where agents of several balancers are in the cluster and each of them is
// missing on an edge node: whichever balancer serves the Service, one node does not announce the address.
func noSuspectRuns(sc *scene) *verdict {
	suspects := sc.suspects()
	if len(suspects) < 2 {
		return nil
	}
	var names []string
	var first *verdict
	for _, s := range suspects {
		fault := sc.cannotRun(s)
		if fault == nil {
			fault = sc.doesNotRun(s)
		}
		if fault == nil {
			return nil
		}
		if first == nil {
			first = fault
		}
		names = append(names, s.name)
	}
	return unclear(first.reason, "The Service does not show which of %s serves it, and the agent of none of them runs on every edge node. %s",
		strings.Join(names, ", "), first.message)
}

// agentUnseen implements row 86 for an annotation that a load balancer wrote when it assigned the address. It
// stays there when the load balancer is removed.
func agentUnseen(sc *scene) *verdict {
	b := sc.balancer.Provider
	if !sc.isLoadBalancer() || (b != v1alpha1.ProviderAuto && b != v1alpha1.ProviderPacketForwarding) {
		return nil
	}
	left, key, found := provider.MarkWithoutAgent(sc.Snapshot)
	if !found {
		return nil
	}
	return unclear(v1alpha1.ReasonAgentMissingOnEdgeNodes, "%s's annotation %s is on the Service, and no DaemonSet of its agent was found, so nothing may announce the address. "+
		"Install %s again, or set spec.exposure.loadBalancer.provider to %s if its agent runs in another way. "+
		"If another load balancer serves the Service, run kubectl -n %s annotate service %s %s-.",
		provider.Name(left), key, provider.Name(left), left, sc.state.Namespace, sc.service.Name, key)
}
