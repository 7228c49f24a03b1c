package scenario

import (
	"fmt"
	"net/netip"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// Sender is a host, node or pod that sends requests.
type Sender string

// The senders. Nodes and the probing pods on them send as well.
const (
	FromClient    Sender = "client"
	FromNATClient Sender = "natclient"
)

// FromNode is a process on a node, in the node's own network.
func FromNode(name string) Sender { return Sender("node/" + name) }

// FromPod is the probing pod on a node.
func FromPod(node string) Sender { return Sender("pod/" + node) }

// Front is the target of a request.
type Front string

// The fronts of an EdgeIngress. In front of the load balancer's address is a haproxy outside of the
// cluster.
const (
	VIP        Front = "VIP"
	VIPHTTPS   Front = "VIP, HTTPS"
	EdgePort80 Front = "port 80 of the edge node"

	HTTPAppending  Front = "HTTP proxy that appends"
	HTTPReplacing  Front = "HTTP proxy that replaces"
	HTTPUnchanged  Front = "HTTP proxy that does not append"
	TCPProxy       Front = "TCP proxy"
	TCPProxyV1     Front = "PROXY v1"
	TCPProxyV2     Front = "PROXY v2"
	CDNBehindProxy Front = "HTTP proxy, then PROXY v1"
	HTTPSProxyV2   Front = "PROXY v2, HTTPS"

	NodePortTCP       Front = "TCP proxy to node ports"
	NodePortAppending Front = "HTTP proxy that appends, to node ports"
	NodePortProxyV2   Front = "PROXY v2 to node ports"
	EdgeAppending     Front = "HTTP proxy that appends, to port 80"
	// HTTPChanging appends to X-Forwarded-For until a deed changes that.
	HTTPChanging Front = "HTTP proxy that appends at first"

	// NodePortWithPod and NodePortWithoutPod are the node port of an edge node with and without a
	// controller.
	NodePortWithPod    Front = "node port, with a controller"
	NodePortWithoutPod Front = "node port, without a controller"
)

// The fronts of the application itself, without an ingress controller. The application's only pod
// is on Worker1.
const (
	EchoClusterIP          Front = "ClusterIP"
	EchoNodePortHere       Front = "NodePort Cluster of worker1, which has a pod"
	EchoNodePortElsewhere  Front = "NodePort Cluster of edge1, which has none"
	EchoLocalPortHere      Front = "NodePort Local of worker1, which has a pod"
	EchoLocalPortElsewhere Front = "NodePort Local of edge2, which has none"
	EchoVIPCluster         Front = "LoadBalancer Cluster"
	EchoVIPLocal           Front = "LoadBalancer Local"
	EchoHealthHere         Front = "healthCheckNodePort of worker1, which has a pod"
	EchoHealthElsewhere    Front = "healthCheckNodePort of edge1, which has none"
)

// NodePort is the EdgeIngress's node port for HTTP on a node.
func NodePort(node string) Front { return Front("node port of " + node) }

// Forgery is a client's claim about its own address.
type Forgery string

// The forgeries.
const (
	Plain              Forgery = "plain"
	ForgedForwardedFor Forgery = "X-Forwarded-For"
	ForgedRealIP       Forgery = "X-Real-IP"
	ForgedForwarded    Forgery = "Forwarded"
	// ForgedInternal is the header that newer builds of the engine use internally when PROXY
	// protocol and a header are on together.
	ForgedInternal Forgery = "X-Forwarded-For-Proxy-Protocol"
	ForgedProxyV1  Forgery = "PROXY v1 header"
	ForgedProxyV2  Forgery = "PROXY v2 header"
)

// headerForgeries are all that are made with HTTP alone, and none.
var headerForgeries = []Forgery{Plain, ForgedForwardedFor, ForgedRealIP, ForgedForwarded, ForgedInternal}

// proxyForgeries are those made below HTTP.
var proxyForgeries = []Forgery{ForgedProxyV1, ForgedProxyV2}

// ForgedAddress is the address that forging clients claim. It is for documentation (RFC 5737), so
// nothing in the cluster or around it has it.
var ForgedAddress = netip.MustParseAddr("198.51.100.66")

// Apply writes the forgery into a request.
func (f Forgery) Apply(request *traffic.Request) {
	forged := []string{ForgedAddress.String()}
	claimed := netip.AddrPortFrom(ForgedAddress, 40000)
	switch f {
	case ForgedForwardedFor:
		request.Forged.XForwardedFor = forged
	case ForgedRealIP:
		request.Forged.XRealIP = forged
	case ForgedForwarded:
		request.Forged.Forwarded = []string{"for=" + ForgedAddress.String()}
	case ForgedInternal:
		request.Headers = append(request.Headers, traffic.Header{Name: string(ForgedInternal), Value: ForgedAddress.String()})
	case ForgedProxyV1:
		request.Proxy = &traffic.ProxyHeader{Version: traffic.ProxyV1, Source: claimed}
	case ForgedProxyV2:
		request.Proxy = &traffic.ProxyHeader{Version: traffic.ProxyV2, Source: claimed}
	}
}

// Who is a party whose address the application can see.
type Who string

// The ones whose addresses an application can see.
const (
	// TheSender is the sender of the request, whose address the application should see.
	TheSender Who = "sender"
	// Nobody: the application saw nothing of the request.
	Nobody Who = "nobody"
	// TheForged is the address that the client claimed to have.
	TheForged Who = "forged"
	// TheBalancer is the host with the haproxy.
	TheBalancer Who = "balancer"
	// TheNATRouter is the router that masquerades.
	TheNATRouter Who = "NAT router"
	// TheRouter is the router in front of the nodes.
	TheRouter Who = "router in front of the nodes"
	// ANode is a node, or the gateway of its pods, whose address replaces a packet's source when
	// the node masquerades.
	ANode Who = "node"
	// APod is an address of the pod network that is no gateway.
	APod Who = "pod"
	// Unset: the header was not there, or it was empty.
	Unset Who = "nothing"
	// Several: the header held more than one address, or what is none.
	Several Who = "several"
	// SomebodyElse has an address that is not known.
	SomebodyElse Who = "somebody else"
)

// Request is one request and what must come of it.
type Request struct {
	From  Sender
	To    Front
	Forge Forgery
	// Sees is the client that the application must see: behind an EdgeIngress in X-Forwarded-For
	// and X-Real-IP, and otherwise at the other end of the connection.
	Sees Who
	// RealIP is the party that X-Real-IP must name, where X-Forwarded-For names another one.
	RealIP Who
	// Instead is the expected result of the request where the application sees Nobody.
	Instead Ending
}

// Ending is how a request ended for its sender.
type Ending struct {
	// Outcome is Answered where there was an answer.
	Outcome traffic.Outcome
	// Status is that of the answer.
	Status int
}

// String is the ending as the table shows it.
func (e Ending) String() string {
	if e.Outcome == traffic.Answered {
		return fmt.Sprintf("HTTP %d", e.Status)
	}
	return string(e.Outcome)
}

// result is the expected result of a request.
type result struct {
	sees, realIP Who
	instead      Ending
}

func seen(who Who) result { return result{sees: who} }
func answered(status int) result {
	return result{sees: Nobody, instead: Ending{traffic.Answered, status}}
}
func failed(how traffic.Outcome) result { return result{sees: Nobody, instead: Ending{Outcome: how}} }

// of returns a request for each forgery, with this expected result.
func (r result) of(from Sender, to Front, forgeries ...Forgery) []Request {
	var list []Request
	for _, forge := range forgeries {
		list = append(list, Request{From: from, To: to, Forge: forge, Sees: r.sees, RealIP: r.realIP, Instead: r.instead})
	}
	return list
}

// requests makes one request of each forgery, for which the application must see this.
func requests(from Sender, to Front, sees Who, forgeries ...Forgery) []Request {
	return seen(sees).of(from, to, forgeries...)
}
