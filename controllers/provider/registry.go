package provider

import (
	"regexp"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// loadBalancer holds everything that this package knows about one load balancer. Each has a file of
// its own, which registers it.
type loadBalancer struct {
	// provider is its value in the API.
	provider v1alpha1.Provider
	// name for messages. describe may return a more exact one.
	name string
	// lowConfidence is set where the sources are not good enough. describe then counts only where
	// the spec declares the provider.
	lowConfidence bool
	// signs identify it. Without signs, only a declaration in the spec does.
	signs signs
	// annotations of Services that have a meaning for it.
	annotations annotations
	// excludes are labels with which it leaves a node out, besides the one that all load balancers read.
	excludes []LabelSign
	// mayExclude are those that only some of its controllers read. describe says which apply.
	mayExclude []LabelSign
	// describe returns what it does with the source address, and which health checks it sends, for the
	// current Service. Name, ProxyProtocol and Preserve may stay empty. The caller fills in Provider.
	describe func(view) Balancer
}

// signs identify a load balancer. detect weighs them.
type signs struct {
	// classes are the values of loadBalancerClass that it alone serves.
	classes []string
	// marks are keys of annotations that its agent writes to the Service. They count only where the
	// agent runs, because anyone can write an annotation.
	marks []string
	// announcers are annotations that show which nodes announce an address.
	announcers []announcerSign
	// conditions are types of conditions that it writes to the Service.
	conditions []string

	// agents are the DaemonSets that make its addresses work on the nodes.
	agents []agentSign
	// agentPerService is set where it runs a DaemonSet of its own for each Service.
	agentPerService agentPerService
	// agentOrder breaks ties where a DaemonSet shows signs of several load balancers: the lowest
	// wins, then the first by name.
	agentOrder int
	// networkPlugin is set where the agent is a network plugin. A running agent then shows nothing
	// about addresses.
	networkPlugin bool
	// owner is the custom resource from which an operator of the project writes the agents. chartPrefix stands
	// before the agent's settings in the values of the project's chart.
	owner       agentOwner
	chartPrefix string
	// versioned is set where facts depend on the version of the agent.
	versioned bool

	// providerIDs are prefixes of node.spec.providerID on its machines.
	providerIDs []string
	// providerIDPattern matches providerIDs without a common prefix. Optional.
	providerIDPattern *regexp.Regexp
	// contradicts explains why it cannot serve a Service although all nodes run on its cloud, or
	// returns "". Optional.
	contradicts func(view) string
	// onNodesOf is the provider whose nodes it shares, and onNodesOfIf the annotation that
	// distinguishes the two.
	onNodesOf   v1alpha1.Provider
	onNodesOfIf string
}

// agentOwner is a custom resource, with its fields by the setting of the agent's pods: tolerations and
// nodeSelector.
type agentOwner struct {
	resource string
	fields   map[string]string
}

// annotations of Services that have a meaning for a load balancer.
type annotations struct {
	// decide lists the keys with which users choose what it does with the client's address: its kind,
	// how it sends traffic, and what it checks. Such a key outside the spec changes what applications see.
	decide []string
	// decidePrefixes lists such keys that end in a port number, without that number.
	decidePrefixes []string
	// written lists keys that it writes itself. Removing them would start a fight with it.
	written []string
}

// registered are all load balancers, in the order of their providers.
var registered []*loadBalancer

// register adds a load balancer. Its file calls register once, in the declaration of a variable
// without a name:
//
//	var _ = register(loadBalancer{provider: v1alpha1.ProviderExample, …})
//
// Go initialises these variables, in any order, before anyone can call the package. A list of all load
// balancers would be one more place to edit, and the linter forbids init functions, because they can
// have hidden effects. register only stores its argument. No package-level variable may depend on
// registered, because Go could initialise it first. Tests compare the registrations with the API's enum
// and with each other.
func register(lb loadBalancer) *loadBalancer { //nolint:unparam // A variable needs a value to be initialised with.
	at, _ := slices.BinarySearchFunc(registered, lb.provider, byProvider)
	registered = slices.Insert(registered, at, &lb)
	return &lb
}

func byProvider(lb *loadBalancer, p v1alpha1.Provider) int {
	return strings.Compare(string(lb.provider), string(p))
}

// registration returns what is registered for a provider, or nil.
func registration(p v1alpha1.Provider) *loadBalancer {
	at, there := slices.BinarySearchFunc(registered, p, byProvider)
	if !there {
		return nil
	}
	return registered[at]
}

// IsClientAddressAnnotation reports whether an annotation of a Service decides what a load balancer, or
// the proxy on the nodes, does with the client's address.
func IsClientAddressAnnotation(key string) bool {
	return slices.Contains(nodeProxyAnnotations, key) || slices.ContainsFunc(registered, func(lb *loadBalancer) bool {
		return slices.Contains(lb.annotations.decide, key) ||
			slices.ContainsFunc(lb.annotations.decidePrefixes, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
	})
}
