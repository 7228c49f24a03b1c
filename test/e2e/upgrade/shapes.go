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

// rate is a fifth of what the measurement of losses sends. There are three EdgeIngress objects, and OLM and Helm work beside
// them. On two cores that are never free, answers take seconds, and MetalLB moves addresses.
const rate = 30

// shapes are one EdgeIngress of each kind. The Deployment has a node without a pod. The last one is in a namespace that the
// operator did not create.
func shapes(edge [3]string) []loss.Shape {
	return []loss.Shape{
		{Name: "each-node", Nodes: edge[:2], Measured: true, Rate: rate, Clients: [2]byte{11, 17},
			Port: firstPort, FromPorts: balancer.Ports{First: 10000, Last: 17299}},
		{Name: "replicas", Nodes: edge[:], Replicas: 2, Measured: true, Rate: rate, Clients: [2]byte{18, 24},
			Port: secondPort, FromPorts: balancer.Ports{First: 17300, Last: 24599}},
		{Name: "own-namespace", Namespace: "ingress-of-our-own", Nodes: edge[1:], Measured: true, Rate: rate, Clients: [2]byte{25, 30},
			Port: thirdPort, FromPorts: balancer.Ports{First: 24600, Last: 32000}},
	}
}
