package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// detect returns the one load balancer to which all signs point, or explains why there is none. Signs
// on the Service come before signs in the cluster, because MetalLB can run on a cloud, too.
func detect(s snapshot.Snapshot, v view) (found v1alpha1.Provider, why string) {
	switch shown := slices.Sorted(maps.Keys(shownByService(s, v))); {
	case len(shown) == 1:
		return shown[0], ""
	case len(shown) > 1:
		return v1alpha1.ProviderAuto, fmt.Sprintf("the Service shows signs of %s and of %s", shown[0], shown[1])
	case v.class != "":
		return v1alpha1.ProviderAuto, fmt.Sprintf("the loadBalancerClass %q is unknown", v.class)
	case s.Nodes.Err != nil || s.Agents.Err != nil:
		return v1alpha1.ProviderAuto, "reading the nodes or the load-balancer agents failed"
	}
	if left, key, found := MarkWithoutAgent(s); found {
		return v1alpha1.ProviderAuto, fmt.Sprintf("the Service does not show which load balancer assigns its address: %s's annotation %s is on it, "+
			"and no DaemonSet of its agent was found", Name(left), key)
	}
	for _, agent := range s.Agents.Items {
		if lb := registration(agent.Provider); lb == nil || !lb.signs.networkPlugin {
			return v1alpha1.ProviderAuto, fmt.Sprintf("%s (DaemonSet %s/%s) runs in the cluster, but the Service does not show which load balancer "+
				"assigns its address", agent.Provider, agent.Namespace, agent.Name)
		}
	}
	return cloudOf(s.Nodes.Items, v)
}

// shownByService returns the load balancers that left a mark on the Service, or run a DaemonSet
// that is named after it.
func shownByService(s snapshot.Snapshot, v view) map[v1alpha1.Provider]bool {
	// With an unknown class, a load balancer that this package does not know may have written the mark.
	marksCount := v.class == "" || slices.ContainsFunc(registered, func(lb *loadBalancer) bool { return lb.servesClass(v) })
	shown := map[v1alpha1.Provider]bool{}
	for _, lb := range registered {
		marked := marksCount && lb.marks(s, v) != "" && lb.runs(s)
		conditioned := slices.ContainsFunc(lb.signs.conditions, func(kind string) bool { return slices.Contains(v.conditions, kind) })
		if marked || conditioned || lb.servesClass(v) || lb.runsFor(s) {
			shown[lb.provider] = true
		}
	}
	return shown
}

func (lb *loadBalancer) servesClass(v view) bool { return slices.Contains(lb.signs.classes, v.class) }

// runsFor reports whether the load balancer runs a DaemonSet for the Service of the snapshot.
func (lb *loadBalancer) runsFor(s snapshot.Snapshot) bool {
	return slices.ContainsFunc(s.Agents.Items, func(agent snapshot.Agent) bool {
		return agent.Provider == lb.provider && lb.signs.agentPerService.serves(agent.Name, s.Service.Value.Name)
	})
}

// marked reports whether a load balancer wrote the annotation. An annotation in the spec comes from a person.
func (v view) marked(s snapshot.Snapshot, key string) bool {
	if lb := s.EdgeIngress.Spec.Exposure.LoadBalancer; lb != nil {
		if _, asked := lb.Annotations[key]; asked {
			return false
		}
	}
	return v.annotations[key] != ""
}

// uninitializedTaint marks a node that the cloud's controller has not initialized yet. Its
// providerID shows nothing.
const uninitializedTaint = "node.cloudprovider.kubernetes.io/uninitialized"

// cloudOf returns the cloud of all nodes, if that cloud could have assigned the Service's address.
func cloudOf(nodes []snapshot.Node, v view) (found v1alpha1.Provider, why string) {
	var cloud *loadBalancer
	for _, node := range nodes {
		if slices.ContainsFunc(node.Taints, func(t corev1.Taint) bool { return t.Key == uninitializedTaint }) {
			continue
		}
		lb := cloudOfNode(node.ProviderID)
		switch {
		case node.ProviderID == "":
			return v1alpha1.ProviderAuto, fmt.Sprintf("the Service does not show which load balancer assigns its address, and node %s has no providerID", node.Name)
		case lb == nil:
			return v1alpha1.ProviderAuto, fmt.Sprintf("the Service does not show which load balancer assigns its address, and the providerID of node %s "+
				"belongs to no known cloud", node.Name)
		case cloud != nil && cloud != lb:
			return v1alpha1.ProviderAuto, fmt.Sprintf("the cluster has nodes of both %s and %s", cloud.provider, lb.provider)
		}
		cloud = lb
	}
	if cloud == nil {
		return v1alpha1.ProviderAuto, "no node shows its cloud"
	}
	return refine(cloud, v)
}

// cloudOfNode returns the load balancer of the node's cloud, or nil for an unknown cloud.
func cloudOfNode(providerID string) *loadBalancer {
	for _, lb := range registered {
		if slices.ContainsFunc(lb.signs.providerIDs, func(prefix string) bool { return strings.HasPrefix(providerID, prefix) }) {
			return lb
		}
	}
	for _, lb := range registered {
		if lb.signs.providerIDPattern != nil && lb.signs.providerIDPattern.MatchString(providerID) {
			return lb
		}
	}
	return nil
}

// refine checks the Service against the cloud that the nodes show.
func refine(cloud *loadBalancer, v view) (found v1alpha1.Provider, why string) {
	if cloud.signs.contradicts != nil {
		if why := cloud.signs.contradicts(v); why != "" {
			return v1alpha1.ProviderAuto, why
		}
	}
	for _, lb := range registered {
		if lb.signs.onNodesOf == cloud.provider && v.has(lb.signs.onNodesOfIf) {
			return lb.provider, ""
		}
	}
	return cloud.provider, ""
}
