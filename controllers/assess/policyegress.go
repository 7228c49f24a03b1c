package assess

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// nameResolution lists the TCP ports that lead to name servers and to no application: DNS, DNS over TLS
// (RFC 7858), and the port on which OpenShift's name servers listen (openshift/cluster-dns-operator
// assets/dns/daemonset.yaml).
var nameResolution = []int32{53, 853, 5353}

// outgoing returns whether the pods may connect to applications. The controllers connect over TCP, so rules for
// other protocols, or for name resolution alone, reach no application.
func outgoing(policies []*networkingv1.NetworkPolicy, in cluster) reach {
	isolating := ofType(policies, networkingv1.PolicyTypeEgress)
	if len(isolating) == 0 {
		return everyone
	}
	found := nobody
	anywhere := map[corev1.IPFamily]bool{}
	for _, policy := range isolating {
		for _, rule := range policy.Spec.Egress {
			if !in.leadsSomewhere(rule) {
				continue
			}
			found = some
			for _, family := range in.families {
				anywhere[family] = anywhere[family] || (admitsAllTCP(rule.Ports) && in.toEverywhere(rule.To, family))
			}
		}
	}
	if found == some && !slices.ContainsFunc(in.families, func(f corev1.IPFamily) bool { return !anywhere[f] }) {
		return everyone
	}
	return found
}

// leadsSomewhere reports whether the rule admits TCP to a port of an application, and to any address.
func (in cluster) leadsSomewhere(rule networkingv1.NetworkPolicyEgressRule) bool {
	ports := len(rule.Ports) == 0 || slices.ContainsFunc(rule.Ports, admitsApplications)
	return ports && (len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(peer networkingv1.NetworkPolicyPeer) bool {
		one := []networkingv1.NetworkPolicyPeer{peer}
		return peer.IPBlock == nil || len(blocks(one, corev1.IPv4Protocol)) > 0 || len(blocks(one, corev1.IPv6Protocol)) > 0
	}))
}

func isTCP(port networkingv1.NetworkPolicyPort) bool {
	return port.Protocol == nil || *port.Protocol == corev1.ProtocolTCP
}

func admitsApplications(port networkingv1.NetworkPolicyPort) bool {
	switch {
	case !isTCP(port):
		return false
	case port.Port == nil:
		return true
	case port.Port.StrVal != "":
		// CoreDNS calls its ports dns and dns-tcp (kubernetes/kubernetes cluster/addons/dns/coredns).
		return !strings.HasPrefix(port.Port.StrVal, "dns")
	case port.EndPort != nil && *port.EndPort > port.Port.IntVal:
		return true
	}
	return !slices.Contains(nameResolution, port.Port.IntVal)
}

func admitsAllTCP(ports []networkingv1.NetworkPolicyPort) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool { return isTCP(p) && p.Port == nil })
}

// toEverywhere reports whether the peers contain every address of the family. For Cilium, ranges never contain
// pods (cilium/cilium Documentation/security/policy/language.rst, "IP/CIDR based").
func (in cluster) toEverywhere(peers []networkingv1.NetworkPolicyPeer, family corev1.IPFamily) bool {
	return len(peers) == 0 || (!in.cilium && covers(blocks(peers, family), wholeOf(family)))
}
