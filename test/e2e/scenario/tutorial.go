package scenario

import (
	"net/http"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/traffic"
)

// tutorial is what the Kubernetes tutorial "Using Source IP" shows, with the application itself behind Services: the same facts on which an EdgeIngress
// rests. The application runs on the worker; the nodes without a pod are the edge nodes, one in each mode of kube-proxy.
func tutorial() []Scenario {
	return []Scenario{
		{
			Name: "ClusterIP, from a pod on the same node and on others", Item: 1,
			Requests: []Request{
				{From: FromPod(Worker1), To: EchoClusterIP, Forge: Plain, Sees: TheSender},
				{From: FromPod(Edge1), To: EchoClusterIP, Forge: Plain, Sees: TheSender},
				{From: FromPod(Edge2), To: EchoClusterIP, Forge: Plain, Sees: TheSender},
			},
		},
		{
			// A node has two addresses, that of its own and that of its pods' gateway, and the route decides which one it sends from.
			Name: "ClusterIP, from a node", Item: 1,
			Requests: []Request{
				{From: FromNode(Edge1), To: EchoClusterIP, Forge: Plain, Sees: TheSender},
				{From: FromNode(Edge2), To: EchoClusterIP, Forge: Plain, Sees: TheSender},
			},
		},
		{
			Name: "NodePort with policy Cluster", Item: 1,
			Requests: []Request{
				{From: FromClient, To: EchoNodePortHere, Forge: Plain, Sees: ANode},
				{From: FromClient, To: EchoNodePortElsewhere, Forge: Plain, Sees: ANode},
			},
		},
		{
			Name: "NodePort with policy Local", Item: 1,
			Requests: append([]Request{
				{From: FromClient, To: EchoLocalPortHere, Forge: Plain, Sees: TheSender},
			}, failed(traffic.ConnectTimedOut).of(FromClient, EchoLocalPortElsewhere, Plain)...),
		},
		{
			Name: "LoadBalancer with policy Cluster", Item: 1,
			Requests: []Request{{From: FromClient, To: EchoVIPCluster, Forge: Plain, Sees: ANode}},
		},
		{
			Name: "LoadBalancer with policy Local", Item: 1,
			Requests: []Request{
				{From: FromClient, To: EchoVIPLocal, Forge: Plain, Sees: TheSender},
				{From: FromPod(Edge1), To: EchoVIPLocal, Forge: Plain, Sees: TheSender},
			},
		},
		{
			Name: "healthCheckNodePort tells which nodes have a pod", Item: 1,
			Requests: slices.Concat(
				answered(http.StatusOK).of(FromClient, EchoHealthHere, Plain), answered(http.StatusServiceUnavailable).of(FromClient, EchoHealthElsewhere, Plain)),
		},
	}
}
