package scenario

import (
	"net/http"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// tutorial repeats the Kubernetes tutorial "Using Source IP", with the application itself behind
// Services. An EdgeIngress depends on the same facts. The application runs on the worker. The nodes
// without a pod are the edge nodes, one in each mode of kube-proxy.
func tutorial() []Scenario { return slices.Concat(fromOutside(), fromInside()) }

func fromOutside() []Scenario {
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
			// A node has two addresses, its own and that of its pods' gateway. The route decides
			// which one it sends from.
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
			Requests: []Request{{From: FromClient, To: EchoVIPLocal, Forge: Plain, Sees: TheSender}},
		},
		{
			Name: "healthCheckNodePort tells which nodes have a pod", Item: 1,
			Requests: slices.Concat(
				answered(http.StatusOK).of(FromClient, EchoHealthHere, Plain), answered(http.StatusServiceUnavailable).of(FromClient, EchoHealthElsewhere, Plain)),
		},
	}
}

// fromInside sends requests to the same Services from nodes and pods. Requests from a node or from
// its own pods reach the application whatever the policy is. With policy Cluster the node's address
// replaces the sender's; where the sender is that node, both are the same. With policy Local the
// sender stays, but a pod's address ends at its node where the packet leaves for an address that is
// no pod's.
func fromInside() []Scenario {
	row := func(name string, sent ...[]Request) Scenario {
		return Scenario{Name: name, Item: 1, Requests: slices.Concat(sent...)}
	}
	return []Scenario{
		row("NodePort with policy Cluster, from pods and nodes",
			requests(FromPod(Edge1), EchoNodePortHere, ANode, Plain), requests(FromPod(Edge2), EchoNodePortElsewhere, ANode, Plain),
			requests(FromPod(Edge1), EchoNodePortElsewhere, ANode, Plain), requests(FromNode(Edge2), EchoNodePortHere, ANode, Plain),
			requests(FromNode(Edge2), EchoNodePortElsewhere, ANode, Plain), requests(FromNode(Edge1), EchoNodePortElsewhere, TheSender, Plain)),
		row("NodePort with policy Local, from pods and nodes",
			requests(FromPod(Worker1), EchoLocalPortHere, TheSender, Plain), requests(FromPod(Edge1), EchoLocalPortHere, ANode, Plain),
			requests(FromNode(Edge1), EchoLocalPortHere, TheSender, Plain), requests(FromPod(Edge2), EchoLocalPortElsewhere, TheSender, Plain),
			requests(FromNode(Edge2), EchoLocalPortElsewhere, TheSender, Plain),
			failed(traffic.ConnectTimedOut).of(FromNode(Edge1), EchoLocalPortElsewhere, Plain)),
		row("LoadBalancer with policy Cluster, from pods and nodes",
			requests(FromPod(Edge1), EchoVIPCluster, ANode, Plain), requests(FromPod(Edge2), EchoVIPCluster, ANode, Plain),
			requests(FromNode(Edge1), EchoVIPCluster, TheSender, Plain), requests(FromNode(Edge2), EchoVIPCluster, TheSender, Plain)),
		row("LoadBalancer with policy Local, from pods and nodes",
			requests(FromPod(Edge1), EchoVIPLocal, TheSender, Plain), requests(FromPod(Edge2), EchoVIPLocal, TheSender, Plain),
			requests(FromNode(Edge1), EchoVIPLocal, TheSender, Plain), requests(FromNode(Edge2), EchoVIPLocal, TheSender, Plain)),
	}
}
