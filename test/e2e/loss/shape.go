package loss

import (
	"net/netip"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/balancer"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic/loadprocess"
)

// Shape is what an EdgeIngress is like whose requests are counted.
type Shape struct {
	// Name of the EdgeIngress, of its class and of its Ingress.
	Name string
	// Namespace is where its controllers run, made before the EdgeIngress as an administrator makes one; empty for the
	// one that the operator makes.
	Namespace string
	// Nodes are its edge nodes.
	Nodes []string
	// Replicas are those of a Deployment; zero for a DaemonSet.
	Replicas int32
	// Measured is set where the operator measures from the beginning.
	Measured bool
	// Rate is how many new connections each of the two ways gets in a second; zero for the usual number.
	Rate int
	// Kept is how many connections are kept open on each of the two ways; zero for the usual number.
	Kept int
	// Port of the haproxy in front of it, and the ports from which that asks the nodes.
	Port      uint16
	FromPorts balancer.Ports
	// Clients are the last numbers of the first and the last address that its clients have, and ClientPorts the ports on
	// each; zero for all.
	Clients     [2]byte
	ClientPorts balancer.Ports
}

// allClients are all further addresses of the client's host.
var allClients = [2]byte{11, 30}

// allPorts are those that no system gives out by itself.
var allPorts = balancer.Ports{First: 10000, Last: 32000}

// sources are the client's further addresses, with ports that its own system does not give out.
func (s Shape) sources() loadprocess.Sources {
	ports := s.ClientPorts
	if ports == (balancer.Ports{}) {
		ports = allPorts
	}
	from := loadprocess.Sources{FirstPort: ports.First, LastPort: ports.Last}
	for last := s.Clients[0]; last <= s.Clients[1]; last++ {
		from.Addresses = append(from.Addresses, netip.AddrFrom4([4]byte{203, 0, 113, last}))
	}
	return from
}
