package assess

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// reach says which addresses outside of the cluster NetworkPolicies allow.
type reach int

const (
	nobody reach = iota
	some
	everyone
)

// podPort is a port of a controller pod, as policies name it.
type podPort struct {
	name   string
	number int32
}

// ofType returns the policies that isolate the pods in this direction. A policy without types isolates
// incoming traffic always, and outgoing traffic where it has rules for it (NetworkPolicySpec in
// k8s.io/api/networking/v1).
func ofType(policies []*networkingv1.NetworkPolicy, direction networkingv1.PolicyType) []*networkingv1.NetworkPolicy {
	return slices.DeleteFunc(slices.Clone(policies), func(p *networkingv1.NetworkPolicy) bool {
		if len(p.Spec.PolicyTypes) > 0 {
			return !slices.Contains(p.Spec.PolicyTypes, direction)
		}
		return direction == networkingv1.PolicyTypeEgress && len(p.Spec.Egress) == 0
	})
}

// incoming returns who outside of the cluster may reach the port over the family. Policies add up. Peers that
// select pods or namespaces let nobody from outside in.
func incoming(policies []*networkingv1.NetworkPolicy, port podPort, family corev1.IPFamily) reach {
	isolating := ofType(policies, networkingv1.PolicyTypeIngress)
	if len(isolating) == 0 {
		return everyone
	}
	var allowed []netip.Prefix
	partly := false
	for _, policy := range isolating {
		for _, rule := range policy.Spec.Ingress {
			if !allowsPort(rule.Ports, port) {
				continue
			}
			if len(rule.From) == 0 {
				return everyone
			}
			whole, excepted := blocks(rule.From, family)
			allowed, partly = append(allowed, whole...), partly || excepted
		}
	}
	switch {
	case covers(allowed, wholeOf(family)):
		return everyone
	case len(allowed) > 0 || partly:
		return some
	}
	return nobody
}

// blocks returns the peers' ranges of the family that have no exception, and whether others have one.
func blocks(peers []networkingv1.NetworkPolicyPeer, family corev1.IPFamily) (whole []netip.Prefix, excepted bool) {
	for _, peer := range peers {
		if peer.IPBlock == nil {
			continue
		}
		prefix, err := netip.ParsePrefix(peer.IPBlock.CIDR)
		switch {
		case err != nil || workload.FamilyOf(prefix.Addr().String()) != family:
		case len(peer.IPBlock.Except) > 0:
			excepted = true
		default:
			whole = append(whole, prefix.Masked())
		}
	}
	return whole, excepted
}

func wholeOf(family corev1.IPFamily) netip.Prefix {
	if family == corev1.IPv6Protocol {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}

// covers reports whether the prefixes together contain all of the range.
func covers(prefixes []netip.Prefix, whole netip.Prefix) bool {
	inside := slices.DeleteFunc(slices.Clone(prefixes), func(p netip.Prefix) bool { return !p.Overlaps(whole) })
	switch {
	case slices.ContainsFunc(inside, func(p netip.Prefix) bool { return p.Bits() <= whole.Bits() }):
		return true
	case len(inside) < 2:
		return false
	}
	low := netip.PrefixFrom(whole.Addr(), whole.Bits()+1)
	bytes := whole.Addr().AsSlice()
	bytes[whole.Bits()/8] |= 1 << (7 - whole.Bits()%8)
	middle, _ := netip.AddrFromSlice(bytes)
	return covers(inside, low) && covers(inside, netip.PrefixFrom(middle, low.Bits()))
}

// allowsPort reports whether one of the ports of a rule is this one. A rule without ports allows all.
func allowsPort(ports []networkingv1.NetworkPolicyPort, port podPort) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		switch {
		case p.Protocol != nil && *p.Protocol != corev1.ProtocolTCP:
			return false
		case p.Port == nil:
			return true
		case p.Port.StrVal != "":
			return p.Port.StrVal == port.name
		case p.EndPort != nil:
			return p.Port.IntVal <= port.number && port.number <= *p.EndPort
		}
		return p.Port.IntVal == port.number
	})
}

const dns = 53

// outgoing returns whether the pods may connect to anything. Rules for name resolution alone reach no
// application.
func outgoing(policies []*networkingv1.NetworkPolicy) reach {
	isolating := ofType(policies, networkingv1.PolicyTypeEgress)
	found := everyone
	for _, policy := range isolating {
		found = min(found, nobody)
		for _, rule := range policy.Spec.Egress {
			if len(rule.To) == 0 && len(rule.Ports) == 0 {
				return everyone
			}
		}
	}
	for _, policy := range isolating {
		for _, rule := range policy.Spec.Egress {
			onlyDNS := len(rule.Ports) > 0 && !slices.ContainsFunc(rule.Ports, func(p networkingv1.NetworkPolicyPort) bool {
				return p.Port == nil || p.Port.IntValue() != dns || p.EndPort != nil
			})
			if !onlyDNS {
				return some
			}
		}
	}
	return found
}
