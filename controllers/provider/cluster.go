package provider

// What the load balancers do that run inside the cluster, and those that are declared by what they do.

func forwarding(view) Balancer { return Balancer{Path: Forwards} }

func proxying(view) Balancer { return Balancer{Path: Proxies} }

const (
	ciliumBGPClass = "io.cilium/bgp-control-plane"
	ciliumL2Class  = "io.cilium/l2-announcer"
)

func cilium(v view) Balancer {
	switch v.class {
	case ciliumBGPClass:
		return Balancer{Name: "Cilium (BGP)", Path: Forwards}
	case ciliumL2Class:
		return Balancer{Name: "Cilium (L2 announcements)", Path: Forwards, NeedsClusterPolicy: true}
	}
	return Balancer{Path: Unknown, Why: "the Service has neither of Cilium's classes " + ciliumBGPClass + " and " + ciliumL2Class +
		", so it does not show how Cilium announces its address"}
}

func serviceLB(view) Balancer {
	return Balancer{Path: Unknown, Why: "k3s ServiceLB masquerades what does not arrive at a node address of the Service's status", NeedsNodePorts: true}
}

func cloudProviderKind(view) Balancer {
	return Balancer{Path: Proxies, ProxyProtocol: Off, NeedsNodePorts: true}
}
