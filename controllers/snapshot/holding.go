package snapshot

// Holding is what another EdgeIngress has in the cluster, whatever its spec says now.
type Holding struct {
	// Classes are the IngressClasses that belong to it.
	Classes []string
	// NodePorts are those of its Service, the health-check port included.
	NodePorts []int32
	// Addresses are those that a load balancer gave to its Service.
	Addresses []string
	// HostPorts marks the nodes on which a controller pod of it opens ports of the node.
	HostPorts map[string]bool
}
