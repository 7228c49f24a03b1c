package assess

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// announcedElsewhere implements row 82. Under externalTrafficPolicy Local, a node without a ready
// endpoint drops what arrives there.
func announcedElsewhere(sc *scene) *verdict {
	if !sc.isLoadBalancer() {
		return nil
	}
	for _, announcer := range provider.Announcers(sc.Snapshot, sc.balancer) {
		if fault := sc.faultOf(announcer.Node); fault != "" {
			return isNot(v1alpha1.ReasonAnnouncedElsewhere, "%s announces the address from node %s, which %s, so the node drops the traffic. The annotation %s shows it. "+
				"%s.", capital(announcer.Balancer), announcer.Node, fault, announcer.Shown, sc.announcerRemedy(announcer.Node, "Let only edge nodes announce addresses", announcer.Follow))
		}
	}
	for _, ingress := range sc.service.Status.LoadBalancer.Ingress {
		node := sc.nodeWith(ingress.IP)
		if node == "" {
			continue
		}
		if fault := sc.faultOf(node); fault != "" {
			return isNot(v1alpha1.ReasonAnnouncedElsewhere, "The address %s of %s is that of node %s, which %s, so the node drops the traffic. %s.",
				ingress.IP, sc.serviceRef(), node, fault, sc.announcerRemedy(node, "Let the load balancer use the addresses of edge nodes only", ""))
		}
	}
	return nil
}

// faultOf returns what keeps the node from serving, as a clause for after "which", or "".
func (sc *scene) faultOf(node string) string {
	switch {
	case sc.endpointOn[node] && sc.isOurs(node):
		return ""
	case sc.nodes[node] == nil:
		return "does not exist"
	case !sc.isOurs(node):
		return "is not an edge node"
	}
	return "has no ready endpoint"
}

// announcerRemedy returns the remedy for a node that does not serve, without its full stop. elsewhere is the
// one for a node that is no edge node, and follow the setting that lets announcers follow the endpoints.
func (sc *scene) announcerRemedy(node, elsewhere, follow string) string {
	if !sc.isOurs(node) {
		return elsewhere
	}
	remedy := "wait until a controller is ready there. See the condition " + v1alpha1.ConditionControllerAvailable
	if sc.isDeployment() {
		remedy = "set spec.controller.kind to DaemonSet, so that a controller runs on every edge node"
	}
	if follow != "" {
		remedy = follow + ", or " + remedy
	}
	return capital(remedy)
}

// nodeWith returns the node that has the address, or "". An address can be written in several ways.
func (sc *scene) nodeWith(address string) string {
	wanted, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	for i := range sc.Nodes.Items {
		node := &sc.Nodes.Items[i]
		if slices.ContainsFunc(slices.Concat(node.InternalIPs, node.ExternalIPs), func(ip string) bool { parsed, err := netip.ParseAddr(ip); return err == nil && parsed == wanted }) {
			return node.Name
		}
	}
	return ""
}

// announcerUnclear says that packets may not arrive.
func announcerUnclear(sc *scene) *verdict {
	found := announcedElsewhere(sc)
	if found == nil {
		return nil
	}
	return unclear(found.reason, "The address leads to a node that drops the traffic, so the path of a packet is not known. See the condition %s.",
		v1alpha1.ConditionLoadBalancerReady)
}

// pendingAgents implements row 83. Where agents were found and none of them can run on an edge node,
// it returns a sentence that begins with a space.
func (sc *scene) pendingAgents() string {
	agents := slices.DeleteFunc(slices.Clone(sc.Agents.Items), func(agent snapshot.Agent) bool { return provider.IsNetworkPlugin(agent.Provider) })
	if len(agents) == 0 || len(sc.edge) == 0 {
		return ""
	}
	able, running := false, false
	var refs []string
	for _, agent := range agents {
		able = able || slices.ContainsFunc(sc.edge, func(node *snapshot.Node) bool { return provider.AgentRunsOn(agent, settled(node)) })
		missing, certain := sc.edgeWithoutAgent(agent)
		running = running || !certain || len(missing) < len(sc.edge)
		refs = append(refs, fmt.Sprintf("DaemonSet %s/%s", agent.Namespace, agent.Name))
	}
	found, have := "The only load-balancer agent that was found", "has"
	if len(agents) > 1 {
		found, have = "The load-balancer agents that were found", "have"
	}
	switch {
	case !able:
		return fmt.Sprintf(" %s, %s, cannot run on an edge node. %s.", found, listed(refs), sc.agentRemedy(agents, settled(sc.edge[0])))
	case !running:
		return fmt.Sprintf(" %s, %s, %s no ready pod on an edge node. %s", found, listed(refs), have, agentCause(agents[0]))
	}
	return ""
}
