package upgrade

import (
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/loss"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/balancer"
)

// haproxies of the EdgeIngress objects.
const (
	firstPort  = 8102
	secondPort = 8103
	thirdPort  = 8104
)

// The load on each of the two ways to an EdgeIngress. The sum of the three is less than what one gets where losses are
// measured: two cores also run the control plane, OLM and six controllers, and an answer that is late counts as lost.
const (
	rate = 40
	kept = 12
)

// clientPorts are those of the clients, in turn for each way. A way ends with pods that are killed. Their node remembers a
// connection of such a pod for five minutes, and sends a new one from the same port to the same address of the balancer to
// the pod that is gone (nf_conntrack_tcp_timeout_unacknowledged, Documentation/networking/nf_conntrack-sysctl.rst of Linux).
var clientPorts = [2]balancer.Ports{{First: 10000, Last: 20999}, {First: 21000, Last: 32000}}

// shapes are one EdgeIngress of each kind, for the ways in their order. The Deployment has a node without a pod. The last one
// is in a namespace that the operator did not create.
func shapes(edge [3]string, way int) []loss.Shape {
	from := clientPorts[way%len(clientPorts)]
	return []loss.Shape{
		{Name: "each-node", Nodes: edge[:2], Measured: true, Rate: rate, Kept: kept, Clients: [2]byte{11, 17}, ClientPorts: from,
			Port: firstPort, FromPorts: balancer.Ports{First: 10000, Last: 17299}},
		{Name: "replicas", Nodes: edge[:], Replicas: 2, Measured: true, Rate: rate, Kept: kept, Clients: [2]byte{18, 24}, ClientPorts: from,
			Port: secondPort, FromPorts: balancer.Ports{First: 17300, Last: 24599}},
		{Name: "own-namespace", Namespace: "ingress-of-our-own", Nodes: edge[1:], Measured: true, Rate: rate, Kept: kept, Clients: [2]byte{25, 30}, ClientPorts: from,
			Port: thirdPort, FromPorts: balancer.Ports{First: 24600, Last: 32000}},
	}
}
