// Package nodes describes the nodes of a local cluster, of whatever kind they are.
package nodes

import "context"

// Node is a node that a cluster shall have.
type Node struct {
	// Name is the name of the Node object, and its host name.
	Name string
	// Zone becomes the label topology.kubernetes.io/zone; "" means no zone.
	Zone string
	// Labels are set in addition.
	Labels map[string]string
}

// Kind is a way to make nodes: simulated ones, or ones that run containers.
type Kind interface {
	// Add makes nodes and returns when their Node objects exist, Ready or not.
	Add(ctx context.Context, nodes ...Node) error
	// Remove takes nodes away together with their Node objects. A node that does
	// not exist is an error.
	Remove(ctx context.Context, names ...string) error
}
