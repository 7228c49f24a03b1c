package scenario

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// Sight is the result of one request, with the owners in place of the addresses.
type Sight struct {
	// Reached reports whether the application saw the request at all.
	Reached bool
	// ForwardedFor and RealIP are the clients that the headers of these names mean. Peer is the
	// other end of the application's connection.
	ForwardedFor, RealIP, Peer Who
	// ShowsForged reports whether the forged address is anywhere in X-Forwarded-For or X-Real-IP.
	ShowsForged bool
	// Ending is how the request ended for its sender.
	Ending Ending
	// Text is the answer in the words that it came in.
	Text string
}

// Atlas knows whose addresses are whose.
type Atlas struct {
	// Known are the addresses of hosts outside of the cluster.
	Known map[netip.Addr]Who
	// Nodes are the addresses of the cluster's nodes.
	Nodes []netip.Addr
	// Pods is the range of all pods. The first address of each node's part of it is the gateway of
	// the node's pods.
	Pods netip.Prefix
}

// See reads an answer to a request that was sent from the address sender.
func (a Atlas) See(answer traffic.Answer, sender netip.Addr) Sight {
	seen := Sight{Ending: Ending{answer.Outcome, answer.Status}, Text: answer.String(), ForwardedFor: Nobody, RealIP: Nobody, Peer: Nobody}
	application, reached := answer.Sight()
	if !reached {
		return seen
	}
	seen.Reached = true
	seen.ForwardedFor = a.whoIsNamed(application.XForwardedFor, sender)
	seen.RealIP = a.whoIsNamed(application.XRealIP, sender)
	seen.Peer = a.whoHas(application.Peer, sender)
	named := strings.Join(slices.Concat(application.XForwardedFor, application.XRealIP), ",")
	seen.ShowsForged = strings.Contains(named, ForgedAddress.String())
	return seen
}

func (a Atlas) whoIsNamed(lines []string, sender netip.Addr) Who {
	text := strings.Join(lines, ",")
	if text == "" {
		return Unset
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return Several
	}
	return a.whoHas(address, sender)
}

func (a Atlas) whoHas(address, sender netip.Addr) Who {
	known, there := a.Known[address]
	switch {
	case address == sender:
		return TheSender
	case address == ForgedAddress:
		return TheForged
	case there:
		return known
	case slices.Contains(a.Nodes, address), a.isGateway(address):
		return ANode
	case a.Pods.Contains(address):
		return APod
	}
	return SomebodyElse
}

func (a Atlas) isGateway(address netip.Addr) bool {
	return a.Pods.Contains(address) && address.Is4() && address.As4()[3] == 1
}
