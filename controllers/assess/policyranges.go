package assess

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// cluster holds what NetworkPolicies are judged against.
type cluster struct {
	// families are those of the Service.
	families []corev1.IPFamily
	// pods are the ranges of the nodes' pods.
	pods []netip.Prefix
	// outside are addresses that are no pod's: those of the nodes and of the Service.
	outside []netip.Addr
	// cilium is set where Cilium's agent runs.
	cilium bool
}

func (sc *scene) cluster() cluster {
	c := cluster{families: sc.families(), cilium: len(sc.agentsOf(v1alpha1.ProviderCilium)) > 0}
	var addresses []string
	for i := range sc.Nodes.Items {
		node := &sc.Nodes.Items[i]
		for _, cidr := range node.PodCIDRs {
			if prefix, err := netip.ParsePrefix(cidr); err == nil {
				c.pods = append(c.pods, prefix.Masked())
			}
		}
		addresses = slices.Concat(addresses, node.InternalIPs, node.ExternalIPs)
	}
	if sc.service != nil {
		for _, ingress := range sc.service.Status.LoadBalancer.Ingress {
			addresses = append(addresses, ingress.IP)
		}
	}
	for _, address := range addresses {
		if parsed, err := netip.ParseAddr(address); err == nil {
			c.outside = append(c.outside, parsed)
		}
	}
	return c
}

// fromNobody are ranges that are no sender's: loopback and multicast (RFC 6890 and RFC 1112).
var fromNobody = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("ff00::/8"),
}

// podRangeBits is how many bits the range of all pods is shorter than that of one node, at most, to be told by
// its looks: enough for 256 nodes, as with /16 and /24, the defaults of most installers.
const podRangeBits = 8

// reachesOutside reports whether the range contains an address from outside of the cluster.
func (c cluster) reachesOutside(prefix netip.Prefix) bool {
	return len(without(prefix, slices.Concat(c.pods, fromNobody))) > 0 && !c.isRangeOfPods(prefix)
}

// isRangeOfPods tells the range from which all nodes got theirs. No object shows that range. It contains those
// of all nodes, and neither a node nor the load balancer.
func (c cluster) isRangeOfPods(prefix netip.Prefix) bool {
	seen := 0
	for _, pods := range c.pods {
		if pods.Addr().Is4() != prefix.Addr().Is4() {
			continue
		}
		if seen++; prefix.Bits() > pods.Bits() || !prefix.Contains(pods.Addr()) || pods.Bits()-prefix.Bits() > podRangeBits {
			return false
		}
	}
	return seen > 0 && prefix.Addr().IsPrivate() && !slices.ContainsFunc(c.outside, prefix.Contains)
}

// halves splits a range that holds more than one address.
func halves(whole netip.Prefix) (low, high netip.Prefix) {
	low = netip.PrefixFrom(whole.Addr(), whole.Bits()+1)
	bytes := whole.Addr().AsSlice()
	bytes[whole.Bits()/8] |= 1 << (7 - whole.Bits()%8)
	middle, _ := netip.AddrFromSlice(bytes)
	return low, netip.PrefixFrom(middle, low.Bits())
}

// without returns what is left of a range.
func without(whole netip.Prefix, taken []netip.Prefix) []netip.Prefix {
	taken = slices.DeleteFunc(slices.Clone(taken), func(p netip.Prefix) bool { return !p.Overlaps(whole) })
	switch {
	case len(taken) == 0:
		return []netip.Prefix{whole}
	case slices.ContainsFunc(taken, func(p netip.Prefix) bool { return p.Bits() <= whole.Bits() }):
		return nil
	}
	low, high := halves(whole)
	return append(without(low, taken), without(high, taken)...)
}
