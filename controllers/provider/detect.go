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

// detect finds the one load balancer that everything points to, or says why there is none. What the Service itself shows
// comes before what the cluster has: on a cloud, an address may well be MetalLB's.
func detect(s snapshot.Snapshot, v view) (found v1alpha1.Provider, why string) {
	switch shown := slices.Sorted(maps.Keys(shownByService(s, v))); {
	case len(shown) == 1:
		return shown[0], ""
	case len(shown) > 1:
		return v1alpha1.ProviderAuto, fmt.Sprintf("the Service shows signs of %s and of %s", shown[0], shown[1])
	case v.class != "":
		return v1alpha1.ProviderAuto, fmt.Sprintf("the loadBalancerClass %q is not one that is known", v.class)
	case s.Nodes.Err != nil || s.Agents.Err != nil:
		return v1alpha1.ProviderAuto, "the nodes or the load-balancer agents could not be read"
	}
	for _, agent := range s.Agents.Items {
		if lb := registration(agent.Provider); lb == nil || !lb.signs.networkPlugin {
			return v1alpha1.ProviderAuto, fmt.Sprintf("%s (DaemonSet %s/%s) runs in the cluster, and the Service does not show whose its address "+
				"is", agent.Provider, agent.Namespace, agent.Name)
		}
	}
	return cloudOf(s.Nodes.Items, v)
}

// shownByService are the load balancers that left a mark on the Service, or run something that is named after it.
func shownByService(s snapshot.Snapshot, v view) map[v1alpha1.Provider]bool {
	// A mark shows nothing where a load balancer that is not known may serve the class.
	marksCount := v.class == "" || slices.ContainsFunc(registered, func(lb *loadBalancer) bool { return lb.servesClass(v) })
	shown := map[v1alpha1.Provider]bool{}
	for _, lb := range registered {
		marked := marksCount && slices.ContainsFunc(lb.signs.marks, func(key string) bool { return v.marked(s, key) }) && lb.runs(s)
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

// marked reports whether a load balancer wrote the annotation. One that the spec asks for was written by a person.
func (v view) marked(s snapshot.Snapshot, key string) bool {
	if lb := s.EdgeIngress.Spec.Exposure.LoadBalancer; lb != nil {
		if _, asked := lb.Annotations[key]; asked {
			return false
		}
	}
	return v.annotations[key] != ""
}

// uninitializedTaint is on a node that the cloud's controller has not looked at yet, so that its providerID says nothing.
const uninitializedTaint = "node.cloudprovider.kubernetes.io/uninitialized"

// cloudOf is the cloud that all nodes belong to, if the address is such as that cloud gives.
func cloudOf(nodes []snapshot.Node, v view) (found v1alpha1.Provider, why string) {
	var cloud *loadBalancer
	for _, node := range nodes {
		if slices.ContainsFunc(node.Taints, func(t corev1.Taint) bool { return t.Key == uninitializedTaint }) {
			continue
		}
		lb := cloudOfNode(node.ProviderID)
		switch {
		case node.ProviderID == "":
			return v1alpha1.ProviderAuto, fmt.Sprintf("the Service does not show whose its address is, and node %s has no providerID", node.Name)
		case lb == nil:
			return v1alpha1.ProviderAuto, fmt.Sprintf("the Service does not show whose its address is, and the providerID of node %s is of no cloud that is known", node.Name)
		case cloud != nil && cloud != lb:
			return v1alpha1.ProviderAuto, fmt.Sprintf("the cluster has nodes of %s and of %s", cloud.provider, lb.provider)
		}
		cloud = lb
	}
	if cloud == nil {
		return v1alpha1.ProviderAuto, "no node shows a cloud"
	}
	return refine(cloud, v)
}

// cloudOfNode is the load balancer that comes with a machine; nil where the machine is of no cloud that is known.
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

// refine asks whether the Service agrees with the cloud that the nodes show.
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
