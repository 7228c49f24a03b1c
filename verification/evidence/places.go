package evidence

import (
	"fmt"
	"net/netip"
	"slices"
)

// Places says whose an address is. It is not safe for concurrent use.
type Places struct {
	// Members are the nodes of the cluster.
	Members []Member
	// Pods are the controller pods by address.
	Pods map[string]string
	// Balancer holds the addresses of the load balancer.
	Balancer []string
	// Trusted are the ranges of the declared proxies and balancers.
	Trusted []netip.Prefix

	nodes  map[netip.Addr]string
	ranges []podRange
}

// Member is a node of the cluster with its addresses.
type Member struct {
	Name      string
	Addresses []string
	PodCIDRs  []string
}

type podRange struct {
	prefix netip.Prefix
	node   string
}

func (p *Places) index() {
	if p.nodes != nil {
		return
	}
	p.nodes = map[netip.Addr]string{}
	for _, member := range p.Members {
		for _, text := range member.Addresses {
			if address := addressOf(text); address.IsValid() {
				p.nodes[address] = member.Name
			}
		}
		for _, text := range member.PodCIDRs {
			if prefix, err := netip.ParsePrefix(text); err == nil {
				p.ranges = append(p.ranges, podRange{prefix.Masked(), member.Name})
			}
		}
	}
}

// Place is where on the path an address belongs.
type Place string

// The values of Place.
const (
	// PlaceUnknown: nothing of the cluster or of what is declared in front of it.
	PlaceUnknown Place = ""
	// PlaceController: the controller itself.
	PlaceController Place = "Controller"
	// PlaceCluster: a node or a pod.
	PlaceCluster Place = "Cluster"
	// PlaceBalancer: the load balancer.
	PlaceBalancer Place = "Balancer"
	// PlaceProxy: a declared proxy.
	PlaceProxy Place = "Proxy"
)

// Of returns where on the path the address belongs.
func (p *Places) Of(address netip.Addr) Place {
	switch {
	case !address.IsValid():
		return PlaceUnknown
	case address.IsLoopback():
		return PlaceController
	case p.InCluster(address):
		return PlaceCluster
	case slices.ContainsFunc(p.Balancer, func(text string) bool { return addressOf(text) == address }):
		return PlaceBalancer
	case p.Trusts(address):
		return PlaceProxy
	}
	return PlaceUnknown
}

// Whose returns whose the address is, in words, where it belongs to the cluster, to its load balancer or to a
// declared proxy; otherwise "". asked is the node that was asked, or "".
func (p *Places) Whose(address netip.Addr, asked string) string {
	switch p.Of(address) {
	case PlaceController, PlaceCluster:
		return p.inCluster(address, asked)
	case PlaceBalancer:
		return "the load balancer"
	case PlaceProxy:
		return "a proxy in trustedCIDRs"
	default:
		return ""
	}
}

func (p *Places) inCluster(address netip.Addr, asked string) string {
	if !address.IsValid() {
		return ""
	}
	if address.IsLoopback() {
		return "the controller itself"
	}
	p.index()
	if node := p.nodes[address]; node != "" {
		return "node " + node
	}
	if pod := p.Pods[address.String()]; pod != "" {
		return "controller pod " + pod
	}
	at := slices.IndexFunc(p.ranges, func(r podRange) bool { return r.prefix.Contains(address) })
	if at < 0 {
		return ""
	}
	switch found := p.ranges[at]; {
	// Network plugins give the first address to the bridge or router on the node.
	case address == found.prefix.Addr().Next() && found.node == asked:
		return "the node's own pod gateway"
	case address == found.prefix.Addr().Next():
		return "the pod gateway of node " + found.node
	default:
		return fmt.Sprintf("in the pod range of node %s", found.node)
	}
}

// InCluster reports whether the address is one of a node or pod.
func (p *Places) InCluster(address netip.Addr) bool { return p.inCluster(address, "") != "" }

// Trusts reports whether the controller believes addresses that this one tells.
func (p *Places) Trusts(address netip.Addr) bool {
	return address.IsValid() && slices.ContainsFunc(p.Trusted, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}

// special are ranges that no host has at a place from which it reaches the Internet without a translation, besides
// those that package netip knows (https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry). The ranges for documentation 192.0.2.0/24,
// 198.51.100.0/24, 203.0.113.0/24 and 2001:db8::/32 are not among them: nobody has such an address, except the
// machines of a test bed that stand for public ones.
var special = prefixes(
	"0.0.0.0/8",
	"100.64.0.0/10",  // Carrier-grade NAT (RFC 6598).
	"192.0.0.0/24",   // Protocols; clients behind a translation to IPv6 have these (RFC 7335).
	"192.88.99.0/24", // Relays to 6to4, not used any more (RFC 7526).
	"198.18.0.0/15",  // Benchmarks, and tunnels of VPN clients (RFC 2544).
	"240.0.0.0/4",    // Reserved.
	"2001::/23",      // Protocols, such as Teredo, which crosses a NAT (RFC 4380).
	"2002::/16",      // 6to4: a relay that is nobody's leads there (RFC 3056).
	"3fff::/20",      // Documentation (RFC 9637).
)

// global is all of IPv6 that is given to hosts on the Internet (RFC 4291, section 2.4, and IANA).
var global = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// Public reports whether a socket with this address has no NAT of its own in front. It is false for private
// (RFC 1918), unique-local (RFC 4193), link-local and loopback addresses, and for those of special.
func Public(address netip.Addr) bool {
	address = address.Unmap()
	if !address.IsGlobalUnicast() || address.IsPrivate() || (address.Is6() && !global.Contains(address)) {
		return false
	}
	return !slices.ContainsFunc(special, func(prefix netip.Prefix) bool { return prefix.Contains(address) })
}
