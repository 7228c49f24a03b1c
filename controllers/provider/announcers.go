package provider

import (
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// announcerSign is an annotation in which a load balancer writes the nodes that announce an address.
type announcerSign struct {
	key string
	// nodes reads the names of the nodes from the value.
	nodes func(value string) []string
	// follow is the setting with which only nodes with an endpoint announce, as an imperative clause. It is
	// empty where there is none.
	follow string
}

// oneNode reads a value that is the name of a node.
func oneNode(value string) []string { return []string{strings.TrimSpace(value)} }

// firstOfEach reads a list with spaces, in which each entry begins with the name of a node and a comma.
func firstOfEach(value string) []string {
	var nodes []string
	for entry := range strings.FieldsSeq(value) {
		node, _, _ := strings.Cut(entry, ",")
		nodes = append(nodes, node)
	}
	return nodes
}

// Announcer is a node that announces an address of the Service.
type Announcer struct {
	Node string
	// Balancer is the load balancer's name for messages.
	Balancer string
	// Shown is the annotation that shows it.
	Shown Annotation
	// Follow is the setting with which only nodes with an endpoint announce, as an imperative clause. It is
	// empty where none is known.
	Follow string
}

// Announcers returns the nodes that announce the addresses of the Service, as far as annotations
// show them: those of the load balancer in use, or, if that is not known, those that the only load
// balancer with a sign on the Service wrote.
func Announcers(s snapshot.Snapshot, inUse Balancer) []Announcer {
	service := s.Service.Value
	if service == nil {
		return nil
	}
	v := newView(service)
	var found []Announcer
	for _, lb := range registered {
		for _, sign := range lb.signs.announcers {
			value := strings.TrimSpace(v.annotations[sign.key])
			if value == "" || !lb.announces(s, v, inUse, sign.key) {
				continue
			}
			for _, node := range sign.nodes(value) {
				found = append(found, Announcer{Node: node, Balancer: lb.name, Shown: v.annotation(sign.key), Follow: sign.follow})
			}
		}
	}
	return found
}

func (lb *loadBalancer) announces(s snapshot.Snapshot, v view, inUse Balancer, key string) bool {
	if lb.provider == inUse.Provider {
		return true
	}
	if inUse.Provider != v1alpha1.ProviderAuto && inUse.Provider != v1alpha1.ProviderPacketForwarding {
		return false
	}
	others := shownByService(s, v)
	delete(others, lb.provider)
	return len(others) == 0 && v.marked(s, key)
}

// IsNetworkPlugin reports whether the agents of the load balancer are network plugins, which run on
// every node whether or not they announce addresses.
func IsNetworkPlugin(p v1alpha1.Provider) bool {
	lb := registration(p)
	return lb != nil && lb.signs.networkPlugin
}
