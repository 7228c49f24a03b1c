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
// select pods or namespaces let nobody from outside in, and neither do ranges of the pods.
func incoming(policies []*networkingv1.NetworkPolicy, port podPort, family corev1.IPFamily, in cluster) reach {
	isolating := ofType(policies, networkingv1.PolicyTypeIngress)
	if len(isolating) == 0 {
		return everyone
	}
	var allowed []netip.Prefix
	for _, policy := range isolating {
		for _, rule := range policy.Spec.Ingress {
			if !allowsPort(rule.Ports, port) {
				continue
			}
			if len(rule.From) == 0 {
				return everyone
			}
			allowed = append(allowed, blocks(rule.From, family)...)
		}
	}
	switch {
	case covers(allowed, wholeOf(family)):
		return everyone
	case slices.ContainsFunc(allowed, in.reachesOutside):
		return some
	}
	return nobody
}

// blocks returns the peers' ranges of the family without their exceptions.
func blocks(peers []networkingv1.NetworkPolicyPeer, family corev1.IPFamily) []netip.Prefix {
	var found []netip.Prefix
	for _, peer := range peers {
		if peer.IPBlock == nil {
			continue
		}
		prefix, err := netip.ParsePrefix(peer.IPBlock.CIDR)
		if err != nil || workload.FamilyOf(prefix.Addr().String()) != family {
			continue
		}
		var except []netip.Prefix
		for _, cidr := range peer.IPBlock.Except {
			if excepted, err := netip.ParsePrefix(cidr); err == nil {
				except = append(except, excepted.Masked())
			}
		}
		found = append(found, without(prefix.Masked(), except)...)
	}
	return found
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
	low, high := halves(whole)
	return covers(inside, low) && covers(inside, high)
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
