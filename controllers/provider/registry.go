package provider

import (
	"regexp"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// loadBalancer is all that this package knows about one load balancer. Each has a file of its own, which registers it.
type loadBalancer struct {
	// provider is its value in the API.
	provider v1alpha1.Provider
	// name is what people call it. describe may return a more exact one.
	name string
	// lowConfidence: too little is known about it. What describe says is believed only where the spec declares the provider.
	lowConfidence bool
	// signs are what it is recognised by. None: only where the spec declares it.
	signs signs
	// annotations of Services that have a meaning for it.
	annotations annotations
	// describe says what it does with the source address and which health checks it sends, as the Service stands.
	// Name, ProxyProtocol and Preserve may stay empty. Provider is filled in.
	describe func(view) Balancer
}

// signs are what a load balancer is recognised by: see detect for how they are weighed.
type signs struct {
	// classes are the values of loadBalancerClass that it alone serves.
	classes []string
	// marks are keys of annotations that its agent writes to the Service. Anybody can write an annotation, so they
	// count only where the agent runs.
	marks []string
	// conditions are types of conditions that it writes to the Service.
	conditions []string

	// agents are the DaemonSets that make its addresses work on the nodes.
	agents []agentSign
	// agentPerService is set where it runs a DaemonSet of its own for each Service.
	agentPerService agentPerService
	// agentOrder decides whose a DaemonSet is that shows signs of several: that of the lowest, then of the first by name.
	agentOrder int
	// networkPlugin: the agent is the cluster's network first. That it runs says nothing about addresses.
	networkPlugin bool

	// providerIDs are the beginnings of node.spec.providerID by which its controller knows its machines.
	providerIDs []string
	// providerIDPattern is for providerIDs that have no beginning in common. Optional.
	providerIDPattern *regexp.Regexp
	// contradicts returns why a Service cannot be its own although all nodes are, or "". Optional.
	contradicts func(view) string
	// onNodesOf is the provider whose nodes it uses as well, and onNodesOfIf the annotation that tells the two apart.
	onNodesOf   v1alpha1.Provider
	onNodesOfIf string
}

// annotations of Services that have a meaning for a load balancer.
type annotations struct {
	// decide are the keys by which people choose what it does with the client's address: what kind it is, how it sends,
	// and what it checks. One that the spec does not ask for changes what applications see.
	decide []string
	// decidePrefixes are such keys that end in a port's number.
	decidePrefixes []string
	// written are keys that it writes itself. To remove them would start a quarrel with it.
	written []string
}

// registered are all load balancers, in the order of their providers.
var registered []*loadBalancer

// register adds a load balancer. Its file calls register once, in the declaration of a variable without a name:
//
//	var _ = register(loadBalancer{provider: v1alpha1.ProviderExample, …})
//
// Go initialises these variables before anything of the package can be called, in any order. A list that names them all would be
// a further place to touch, and the linter forbids init functions for what they can do unseen; register does nothing but
// keep its argument. The price: no package-level variable may be computed from registered, because it could be computed first.
// Tests hold the registrations against the API's enum and against each other.
func register(lb loadBalancer) *loadBalancer { //nolint:unparam // A variable needs a value to be initialised with.
	at, _ := slices.BinarySearchFunc(registered, lb.provider, byProvider)
	registered = slices.Insert(registered, at, &lb)
	return &lb
}

func byProvider(lb *loadBalancer, p v1alpha1.Provider) int {
	return strings.Compare(string(lb.provider), string(p))
}

// registration of a provider; nil where there is none.
func registration(p v1alpha1.Provider) *loadBalancer {
	at, there := slices.BinarySearchFunc(registered, p, byProvider)
	if !there {
		return nil
	}
	return registered[at]
}

// IsClientAddressAnnotation reports whether an annotation of a Service decides what a load balancer, or the proxy on the nodes, does with the
// client's address.
func IsClientAddressAnnotation(key string) bool {
	return slices.Contains(nodeProxyAnnotations, key) || slices.ContainsFunc(registered, func(lb *loadBalancer) bool {
		return slices.Contains(lb.annotations.decide, key) ||
			slices.ContainsFunc(lb.annotations.decidePrefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
	})
}
