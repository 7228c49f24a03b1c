package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// fromExcept adds an ingress rule for a range without parts of it.
func fromExcept(cidr string, except ...string) func(*networkingv1.NetworkPolicySpec) {
	return func(s *networkingv1.NetworkPolicySpec) {
		s.Ingress = append(s.Ingress, networkingv1.NetworkPolicyIngressRule{From: []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: cidr, Except: except}}}})
	}
}

func to(peers []networkingv1.NetworkPolicyPeer, ports ...networkingv1.NetworkPolicyPort) func(*networkingv1.NetworkPolicySpec) {
	return func(s *networkingv1.NetworkPolicySpec) {
		s.Egress = append(s.Egress, networkingv1.NetworkPolicyEgressRule{To: peers, Ports: ports})
	}
}

func portOf(protocol corev1.Protocol, port string) networkingv1.NetworkPolicyPort {
	p := networkingv1.NetworkPolicyPort{Protocol: &protocol}
	if port != "" {
		parsed := intstr.Parse(port)
		p.Port = &parsed
	}
	return p
}

func upTo(p networkingv1.NetworkPolicyPort, end int32) networkingv1.NetworkPolicyPort {
	p.EndPort = &end
	return p
}

// dualStackPods gives each node a range for its IPv6 pods.
func dualStackPods(g *given) {
	for i := range g.s.Nodes.Items {
		g.s.Nodes.Items[i].PodCIDRs = append(g.s.Nodes.Items[i].PodCIDRs, []string{"fd00:10:244:1::/64", "fd00:10:244:2::/64", "fd00:10:244:9::/64"}[i])
	}
}

func TestPoliciesThatLetNothingUsefulIn(t *testing.T) {
	const blocks, fine = v1alpha1.ReasonNetworkPolicyBlocks, v1alpha1.ReasonAddressAssigned
	in := func(change func(*networkingv1.NetworkPolicySpec)) option { return policy("p", types(in), change) }
	ranges := func(cidrs ...string) func(*networkingv1.NetworkPolicySpec) { return lets(fromRanges(cidrs...)) }
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 89: the range of all pods alone":                  {given: []option{in(ranges("10.244.0.0/16"))}, status: no, reason: blocks, says: "lets nobody outside of the cluster reach the controller pods on port 80 (IPv4), 443 (IPv4)"},
		"row 89: the pods of one node":                         {given: []option{in(ranges("10.244.1.0/24"))}, status: no, reason: blocks},
		"row 89: a part of the pods of one node":               {given: []option{in(ranges("10.244.1.64/26", "10.244.2.5/32"))}, status: no, reason: blocks},
		"row 89: the pods of all nodes, each":                  {given: []option{in(ranges("10.244.1.0/24", "10.244.2.0/24", "10.244.9.0/24"))}, status: no, reason: blocks},
		"row 89: the IPv6 pods alone, of a dual-stack Service": {given: []option{twoFamilies(corev1.IPFamilyPolicyRequireDualStack, "controller-1", "controller-2"), dualStackPods, in(ranges("0.0.0.0/0", "fd00:10:244::/56"))}, status: no, reason: blocks, says: "on port 80 (IPv6), 443 (IPv6)"},
		"row 89: all addresses except both halves":             {given: []option{in(fromExcept("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1"))}, status: no, reason: blocks},
		"row 89: a range except all of it":                     {given: []option{in(fromExcept("192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25"))}, status: no, reason: blocks},
		"row 89: a range except itself":                        {given: []option{in(fromExcept("192.0.2.0/24", "192.0.2.0/24"))}, status: no, reason: blocks},
		"row 89: loopback alone":                               {given: []option{in(ranges("127.0.0.0/8", "224.0.0.0/4"))}, status: no, reason: blocks},
		"row 89: an exception that another rule allows":        {given: []option{policy("p", types(networkingv1.PolicyTypeIngress), fromExcept("0.0.0.0/0", "192.0.2.0/24"), ranges("192.0.2.0/24"))}, status: yes, reason: fine, says: "announces the address. Policies of other APIs"},
		"row 90: the pods and the balancer's range":            {given: []option{in(ranges("10.244.0.0/16", "192.0.2.0/24"))}, status: yes, reason: fine, says: "only some addresses"},
		"row 90: a range with pods and nodes":                  {given: []option{in(ranges("10.0.0.0/8"))}, status: yes, reason: fine, says: "only some addresses"},
		"row 90: the nodes' addresses":                         {given: []option{in(ranges("10.0.0.0/24"))}, status: yes, reason: fine, says: "only some addresses"},
		"row 90: much more than the pods": {given: []option{in(ranges("10.0.0.0/8")), func(g *given) {
			for i := range g.s.Nodes.Items {
				g.s.Nodes.Items[i].InternalIPs = []string{"192.168.1.1"}
			}
		}}, status: yes, reason: fine, says: "only some addresses"},
		"row 90: a range beside the pods": {given: []option{in(ranges("10.245.0.0/16"))}, status: yes, reason: fine, says: "only some addresses"},
		"row 90: no node shows its pods": {given: []option{in(ranges("10.244.0.0/16")), func(g *given) {
			for i := range g.s.Nodes.Items {
				g.s.Nodes.Items[i].PodCIDRs = nil
			}
		}}, status: yes, reason: fine, says: "only some addresses"},
		"row 90: all addresses except a half": {given: []option{in(fromExcept("0.0.0.0/0", "0.0.0.0/1"))}, status: yes, reason: fine, says: "only some addresses"},
	})
}

func TestPoliciesThatLetNothingUsefulOut(t *testing.T) {
	const blocks, fine = v1alpha1.ReasonNetworkPolicyBlocks, v1alpha1.ReasonAddressAssigned
	tcp, udp := corev1.ProtocolTCP, corev1.ProtocolUDP
	only := func(ports ...networkingv1.NetworkPolicyPort) option {
		return policy("p", types(out), to(nil, ports...))
	}
	into := func(cidrs ...string) option { return policy("p", types(out), to(fromRanges(cidrs...))) }
	cilium := func(g *given) {
		g.s.Agents.Items = append(g.s.Agents.Items, snapshot.Agent{Provider: v1alpha1.ProviderCilium})
	}
	const silent, limits = "announces the address. Policies of other APIs", "limits which applications"
	pods := []networkingv1.NetworkPolicyPeer{{PodSelector: &metav1.LabelSelector{}}}
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 89: out, port 5353 alone":                        {given: []option{only(portOf(udp, "5353"), portOf(tcp, "5353"))}, status: no, reason: blocks, says: "lets the controller pods connect to no application"},
		"row 89: out, the port called dns":                    {given: []option{only(portOf(udp, "dns"))}, status: no, reason: blocks},
		"row 89: out, the ports called dns and dns-tcp":       {given: []option{only(portOf(udp, "dns"), portOf(tcp, "dns-tcp"))}, status: no, reason: blocks},
		"row 89: out, UDP alone":                              {given: []option{only(portOf(udp, ""))}, status: no, reason: blocks},
		"row 89: out, a port over UDP":                        {given: []option{only(portOf(udp, "8080"))}, status: no, reason: blocks},
		"row 89: out, SCTP alone":                             {given: []option{only(portOf(corev1.ProtocolSCTP, ""))}, status: no, reason: blocks},
		"row 89: out, DNS over TLS":                           {given: []option{only(portOf(udp, "53"), portOf(tcp, "853"))}, status: no, reason: blocks},
		"row 89: out, a range of one port":                    {given: []option{only(upTo(portOf(tcp, "53"), 53))}, status: no, reason: blocks},
		"row 89: out, all addresses except both halves":       {given: []option{policy("p", types(out), to([]networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"0.0.0.0/1", "128.0.0.0/1"}}}}))}, status: no, reason: blocks},
		"row 89: out, to pods over UDP":                       {given: []option{policy("p", types(out), to(pods, portOf(udp, "")))}, status: no, reason: blocks},
		"row 89: out, to all IPv4 addresses":                  {given: []option{into("0.0.0.0/0")}, status: yes, reason: fine, says: silent},
		"row 89: out, to both halves":                         {given: []option{into("0.0.0.0/1", "128.0.0.0/1")}, status: yes, reason: fine, says: silent},
		"row 89: out, to all addresses of both families":      {given: []option{twoFamilies(corev1.IPFamilyPolicyRequireDualStack, "controller-1", "controller-2"), into("0.0.0.0/0", "::/0")}, status: yes, reason: fine, says: silent},
		"row 89: out, all of TCP":                             {given: []option{only(portOf(tcp, ""))}, status: yes, reason: fine, says: silent},
		"row 90: out, to all IPv4 addresses, dual-stack":      {given: []option{twoFamilies(corev1.IPFamilyPolicyRequireDualStack, "controller-1", "controller-2"), into("0.0.0.0/0")}, status: yes, reason: fine, says: limits},
		"row 90: out, to all addresses, where Cilium decides": {given: []option{cilium, into("0.0.0.0/0")}, status: yes, reason: fine, says: limits},
		"row 90: out, to all addresses on one port":           {given: []option{policy("p", types(out), to(fromRanges("0.0.0.0/0"), portOf(tcp, "8080")))}, status: yes, reason: fine, says: limits},
		"row 90: out, to pods alone":                          {given: []option{policy("p", types(out), to(pods))}, status: yes, reason: fine, says: limits},
		"row 90: out, a range that begins with 53":            {given: []option{only(upTo(portOf(tcp, "53"), 9000))}, status: yes, reason: fine, says: limits},
		"row 90: out, two rules, one for names":               {given: []option{policy("p", types(out), to(nil, portOf(udp, "53")), to(pods, portOf(tcp, "8080")))}, status: yes, reason: fine, says: limits},
	})
}
