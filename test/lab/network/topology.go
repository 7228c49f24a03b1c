package network

import "net/netip"

// Fabric is the name of the host that connects all segments and carries the control plane.
const Fabric = "fabric"

// Addresses that other packages use. 192.0.2.0/24 and 203.0.113.0/24 are for documentation (RFC
// 5737), so they collide with no address outside.
var (
	// ControlPlane is the fabric's address on the nodes' segment.
	ControlPlane = netip.MustParseAddr("10.77.0.1")
	// Pods holds the pod ranges of all nodes.
	Pods = netip.MustParsePrefix("10.244.0.0/16")
)

const (
	nodesSegment   = "br0"
	outsideSegment = "br1"
	hiddenSegment  = "br2"
)

// The last bytes of the nodes' addresses. Higher ones are for load balancers in the cluster, which
// announce addresses on the nodes' segment.
const (
	firstNode = 11
	lastNode  = 199
)

// host is a machine of the topology. Nodes are not in it: they come and go.
type host struct {
	name string
	// segment is the segment of the host's eth0 and of its default route; "" means none.
	segment   string
	addresses []netip.Prefix
	// routes are the segments that the host connects; it forwards between them and its own.
	routes []segment
	// masquerades is set where packets that leave through eth0 get the host's own address.
	masquerades bool
}

// segment is an Ethernet: a bridge in the namespace of the host that routes for it.
type segment struct {
	// name is unique, and the name of the bridge.
	name string
	// gateway is the router's address.
	gateway netip.Prefix
}

// topology lists each host after the one that routes for it.
func topology() []host {
	return []host{
		{name: Fabric, routes: []segment{
			{nodesSegment, netip.PrefixFrom(ControlPlane, 24)},
			{outsideSegment, netip.MustParsePrefix("203.0.113.1/24")},
		}},
		{name: "client", segment: outsideSegment, addresses: consecutive("203.0.113.10/24", 21)},
		{name: "lb", segment: outsideSegment, addresses: consecutive("203.0.113.50/24", 1)},
		{
			name: "natrouter", segment: outsideSegment, addresses: consecutive("203.0.113.60/24", 1), masquerades: true,
			routes: []segment{{hiddenSegment, netip.MustParsePrefix("192.0.2.1/24")}},
		},
		{name: "natclient", segment: hiddenSegment, addresses: consecutive("192.0.2.10/24", 1)},
	}
}

// consecutive returns count addresses from first on. The first is the default source of
// connections.
func consecutive(first string, count int) []netip.Prefix {
	prefix := netip.MustParsePrefix(first)
	addresses := make([]netip.Prefix, 0, count)
	for address := prefix.Addr(); len(addresses) < count; address = address.Next() {
		addresses = append(addresses, netip.PrefixFrom(address, prefix.Bits()))
	}
	return addresses
}

// nodeAddress and podRange belong to the node with that number.
func nodeAddress(number byte) netip.Prefix {
	bytes := ControlPlane.As4()
	bytes[3] = number
	return netip.PrefixFrom(netip.AddrFrom4(bytes), 24)
}

func podRange(number byte) netip.Prefix {
	bytes := Pods.Addr().As4()
	bytes[2] = number
	return netip.PrefixFrom(netip.AddrFrom4(bytes), 24)
}
