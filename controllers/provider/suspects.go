package provider

import (
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Suspects returns the load balancers whose agents may announce the address, in order: the one in use, or,
// where nobody knows which that is, all that have agents, apart from network plugins, which run for other
// reasons, too. A declaration of packet forwarding names none. With a class that is not theirs, it rules out
// those that left no mark.
func Suspects(s snapshot.Snapshot, inUse v1alpha1.Provider) []v1alpha1.Provider {
	switch {
	case inUse == v1alpha1.ProviderProxying || s.Service.Value == nil:
		return nil
	case !Anonymous(inUse):
		return []v1alpha1.Provider{inUse}
	}
	v := newView(s.Service.Value)
	var found []v1alpha1.Provider
	for _, lb := range registered {
		if !lb.runs(s) || lb.signs.networkPlugin {
			continue
		}
		if inUse == v1alpha1.ProviderAuto || v.class == "" || lb.servesClass(v) || lb.marks(s, v) != "" {
			found = append(found, lb.provider)
		}
	}
	return found
}

// marks returns the key of an annotation that the load balancer wrote to the Service, or "".
func (lb *loadBalancer) marks(s snapshot.Snapshot, v view) string {
	if at := slices.IndexFunc(lb.signs.marks, func(key string) bool { return v.marked(s, key) }); at >= 0 {
		return lb.signs.marks[at]
	}
	return ""
}

// MarkWithoutAgent returns the load balancer whose annotation is on the Service although no DaemonSet of its
// agent was found. It returns false if there is none. The annotation stays when a load balancer is removed.
func MarkWithoutAgent(s snapshot.Snapshot) (p v1alpha1.Provider, key string, found bool) {
	if s.Service.Value == nil {
		return "", "", false
	}
	v := newView(s.Service.Value)
	for _, lb := range registered {
		if key := lb.marks(s, v); key != "" && !lb.runs(s) {
			return lb.provider, key, true
		}
	}
	return "", "", false
}
