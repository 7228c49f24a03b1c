package assess

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// agentsOf returns the agents of a load balancer.
func (sc *scene) agentsOf(p v1alpha1.Provider) []snapshot.Agent {
	return slices.DeleteFunc(slices.Clone(sc.Agents.Items), func(a snapshot.Agent) bool { return a.Provider != p })
}

// settled is the node without its temporary taints.
func settled(node *snapshot.Node) snapshot.Node {
	bare := *node
	bare.Taints = slices.DeleteFunc(slices.Clone(node.Taints), func(taint corev1.Taint) bool {
		return !desired.KeepsPodsAway(taint) || desired.Temporary(taint)
	})
	return bare
}

// agentMissing checks the agents of the balancer in use. It reports nothing for a balancer whose
// agents the operator does not recognise. It ignores temporary taints, on a node that starts or has
// crashed: the node's endpoint shows whether it serves.
func agentMissing(sc *scene) *verdict {
	only, found := sc.onlySuspect()
	if !found {
		return nil
	}
	return sc.cannotRun(only)
}

func (sc *scene) cannotRun(s suspect) *verdict {
	if len(s.agents) == 0 {
		return nil
	}
	var without []string
	remedy := ""
	for _, node := range sc.edge {
		settled := settled(node)
		if mayRun(s.agents, settled) {
			continue
		}
		without = append(without, node.Name)
		if remedy == "" {
			remedy = sc.agentRemedy(s.agents, settled)
		}
	}
	if len(without) == 0 {
		return nil
	}
	if s.doubted {
		return unclear(v1alpha1.ReasonAgentMissingOnEdgeNodes, "%s's agent cannot run on %s%s. %s. %s", s.name, nodesNamed(without), s.doubt, remedy, nameBalancer)
	}
	return isNot(v1alpha1.ReasonAgentMissingOnEdgeNodes,
		"%s's agent cannot run on %s and does not announce the address from there. %s.", s.name, nodesNamed(without), remedy)
}

// mayRun reports whether at least one agent is meant for the node, and all that are can run there.
func mayRun(agents []snapshot.Agent, node snapshot.Node) bool {
	meant := 0
	for _, agent := range agents {
		if !provider.AgentMeantFor(agent, node) {
			continue
		}
		if !provider.AgentRunsOn(agent, node) {
			return false
		}
		meant++
	}
	return meant > 0
}

// agentRemedy names the taint that keeps an agent away, or else its selector, and where to change that.
func (sc *scene) agentRemedy(agents []snapshot.Agent, node snapshot.Node) string {
	bare := node
	bare.Taints = nil
	for _, agent := range agents {
		for _, taint := range node.Taints {
			if provider.AgentRunsOn(agent, bare) && !provider.AgentRunsOn(agent, bare, taint) {
				return provider.ToleranceRemedy(agent, taint.Key, taint.Effect, sc.serviceRef())
			}
		}
	}
	return provider.SelectorRemedy(agents[0], node.Name)
}

// needsClusterPolicy implements row 52. Facts about an agent hold for some of its versions.
func needsClusterPolicy(sc *scene) *verdict {
	b := sc.balancer
	switch {
	case !sc.isLoadBalancer() || !b.NeedsClusterPolicy:
		return nil
	case b.PolicyDoubt != "":
		return unclear(policyReason(b), "It is not known whether %s announces the address only from nodes with a ready endpoint, because %s. Other nodes drop the traffic. %s.",
			b.Name, b.PolicyDoubt, capital(b.PolicyRemedy))
	}
	return isNot(policyReason(b), "%s may announce the address from a node without an endpoint, where externalTrafficPolicy Local drops the traffic. %s.",
		capital(b.Name), capital(b.PolicyRemedy))
}

// policyReason distinguishes L2 announcements, whose reason is older.
func policyReason(b provider.Balancer) string {
	if strings.Contains(b.Name, "L2") {
		return v1alpha1.ReasonCiliumL2NeedsCluster
	}
	return v1alpha1.ReasonAgentIgnoresLocalPolicy
}
