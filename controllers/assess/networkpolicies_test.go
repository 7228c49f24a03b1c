package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// policy adds a NetworkPolicy for all pods of the controller's namespace, changed by the changes.
func policy(name string, changes ...func(*networkingv1.NetworkPolicySpec)) option {
	added := networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	for _, change := range changes {
		change(&added.Spec)
	}
	return func(g *given) { g.s.NetworkPolicies.Items = append(g.s.NetworkPolicies.Items, added) }
}

func types(directions ...networkingv1.PolicyType) func(*networkingv1.NetworkPolicySpec) {
	return func(s *networkingv1.NetworkPolicySpec) { s.PolicyTypes = directions }
}

func selecting(key, value string) func(*networkingv1.NetworkPolicySpec) {
	return func(s *networkingv1.NetworkPolicySpec) { s.PodSelector.MatchLabels = map[string]string{key: value} }
}

// lets adds an ingress rule for the TCP ports from the peers.
func lets(peers []networkingv1.NetworkPolicyPeer, ports ...intstr.IntOrString) func(*networkingv1.NetworkPolicySpec) {
	rule := networkingv1.NetworkPolicyIngressRule{From: peers}
	for _, port := range ports {
		rule.Ports = append(rule.Ports, networkingv1.NetworkPolicyPort{Port: &port})
	}
	return func(s *networkingv1.NetworkPolicySpec) { s.Ingress = append(s.Ingress, rule) }
}

func letsOut(ports ...int) func(*networkingv1.NetworkPolicySpec) {
	rule := networkingv1.NetworkPolicyEgressRule{}
	for _, port := range ports {
		number := intstr.FromInt(port)
		rule.Ports = append(rule.Ports, networkingv1.NetworkPolicyPort{Port: &number})
	}
	return func(s *networkingv1.NetworkPolicySpec) { s.Egress = append(s.Egress, rule) }
}

func fromRanges(cidrs ...string) (peers []networkingv1.NetworkPolicyPeer) {
	for _, cidr := range cidrs {
		peers = append(peers, networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr}})
	}
	return peers
}

func portRange(from, to int32) func(*networkingv1.NetworkPolicySpec) {
	first := intstr.FromInt32(from)
	return func(s *networkingv1.NetworkPolicySpec) {
		s.Ingress = append(s.Ingress, networkingv1.NetworkPolicyIngressRule{Ports: []networkingv1.NetworkPolicyPort{{Port: &first, EndPort: &to}}})
	}
}

func overUDP(s *networkingv1.NetworkPolicySpec) {
	protocol := corev1.ProtocolUDP
	s.Ingress = append(s.Ingress, networkingv1.NetworkPolicyIngressRule{Ports: []networkingv1.NetworkPolicyPort{{Protocol: &protocol}}})
}

func except(s *networkingv1.NetworkPolicySpec) {
	s.Ingress = append(s.Ingress, networkingv1.NetworkPolicyIngressRule{From: []networkingv1.NetworkPolicyPeer{{IPBlock: &networkingv1.IPBlock{CIDR: "0.0.0.0/0", Except: []string{"198.51.100.0/24"}}}}})
}

func podsLabelled(key string, values ...string) option {
	return func(g *given) {
		for i, value := range values {
			g.s.Pods.Items[i].Labels = map[string]string{key: value}
		}
	}
}

var (
	in, out     = networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress
	denyAll     = policy("default-deny", types(in))
	fromPods    = []networkingv1.NetworkPolicyPeer{{NamespaceSelector: &metav1.LabelSelector{}}, {PodSelector: &metav1.LabelSelector{}}}
	http, https = intstr.FromInt32(80), intstr.FromInt32(443)
	byName      = []intstr.IntOrString{intstr.FromString("http"), intstr.FromString("https")}
)

func TestLoadBalancerReadyBehindNetworkPolicies(t *testing.T) {
	const blocks, fine = v1alpha1.ReasonNetworkPolicyBlocks, v1alpha1.ReasonAddressAssigned
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 89: nothing is allowed": {given: []option{denyAll}, status: no, reason: blocks,
			says: "NetworkPolicy edge-public/default-deny lets nobody outside of the cluster reach the controller pods on port 80 (IPv4), 443 (IPv4), so that traffic is dropped. Add a NetworkPolicy that allows TCP ports 80 and 443 from every address, or from the load balancer's, to the pods with the label edgeingress.dev/name=public in namespace edge-public"},
		"row 89: without types":                         {given: []option{policy("default-deny")}, status: no, reason: blocks},
		"row 89: both directions":                       {given: []option{policy("default-deny", types(in, out))}, status: no, reason: blocks},
		"row 89: the controller pods alone":             {given: []option{policy("strict", types(in), selecting(v1alpha1.OwnerLabel, ingressName))}, status: no, reason: blocks, says: "edge-public/strict"},
		"row 89: only pods are allowed":                 {given: []option{policy("same-cluster", types(in), lets(fromPods))}, status: no, reason: blocks},
		"row 89: only port 443":                         {given: []option{policy("tls", types(in), lets(nil, https))}, status: no, reason: blocks, says: "on port 80 (IPv4), so"},
		"row 89: only the metrics":                      {given: []option{denyAll, policy("metrics", types(in), lets(nil, intstr.FromInt32(10254)))}, status: no, reason: blocks, says: "The union of the NetworkPolicies edge-public/default-deny, edge-public/metrics lets nobody"},
		"row 89: only UDP":                              {given: []option{policy("udp", types(in), overUDP)}, status: no, reason: blocks},
		"row 89: only IPv6 addresses":                   {given: []option{policy("v6", types(in), lets(fromRanges("::/0")))}, status: no, reason: blocks},
		"row 89: IPv4 alone for a dual-stack Service":   {given: []option{twoFamilies(corev1.IPFamilyPolicyRequireDualStack, "controller-1", "controller-2"), policy("v4", types(in), lets(fromRanges("0.0.0.0/0")))}, status: no, reason: blocks, says: "on port 80 (IPv6), 443 (IPv6), so"},
		"row 89: a range of ports without them":         {given: []option{policy("high", types(in), portRange(8000, 9000))}, status: no, reason: blocks},
		"row 89: one of the pods is selected":           {given: []option{podsLabelled("team", "a", "b"), policy("b", types(in), selecting("team", "b"))}, status: no, reason: blocks},
		"row 89: nothing may go out":                    {given: []option{policy("no-egress", types(out))}, status: no, reason: blocks, says: "NetworkPolicy edge-public/no-egress lets the controller pods connect to no application"},
		"row 89: only name resolution may go out":       {given: []option{policy("dns", types(out), letsOut(53))}, status: no, reason: blocks, says: "connect to no application"},
		"row 89: node ports":                            {given: []option{exposed(v1alpha1.ExposureNodePort), denyAll}, status: no, reason: blocks},
		"row 89: host ports":                            {given: []option{exposed(v1alpha1.ExposureHostPort), denyAll}, status: no, reason: blocks},
		"row 89: host network":                          {given: []option{exposed(v1alpha1.ExposureHostNetwork), denyAll}, status: yes, reason: v1alpha1.ReasonNotApplicable},
		"row 89: everyone is allowed by another policy": {given: []option{denyAll, policy("open", types(in), lets(nil, http, https))}, status: yes, reason: fine},
		"row 89: everyone by the names of the ports":    {given: []option{policy("open", types(in), lets(nil, byName...))}, status: yes, reason: fine},
		"row 89: everyone by two rules":                 {given: []option{policy("open", types(in), lets(nil, http), lets(nil, https))}, status: yes, reason: fine},
		"row 89: everyone by a range of ports":          {given: []option{policy("open", types(in), portRange(1, 1024))}, status: yes, reason: fine},
		"row 89: everyone by 0.0.0.0/0":                 {given: []option{policy("open", types(in), lets(fromRanges("0.0.0.0/0"), http, https))}, status: yes, reason: fine, says: "2 of 2 edge nodes have a ready endpoint"},
		"row 89: everyone by two halves":                {given: []option{policy("open", types(in), lets(fromRanges("0.0.0.0/1", "128.0.0.0/1")))}, status: yes, reason: fine},
		"row 89: other pods are selected":               {given: []option{policy("apps", types(in), selecting("app", "shop"))}, status: yes, reason: fine},
		"row 89: no pod runs that is selected":          {given: []option{podsLabelled("team", "a", "a"), policy("b", types(in), selecting("team", "b"))}, status: yes, reason: fine},
		"row 89: only outgoing traffic, and all of it":  {given: []option{policy("egress", types(out), letsOut())}, status: yes, reason: fine},
		"row 89: a label of the workload":               {given: []option{policy("ds", types(in), selecting(names.WorkloadLabel, "DaemonSet"))}, status: no, reason: blocks},
		"row 89: not read":                              {given: []option{unread["NetworkPolicies"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the NetworkPolicies"},
		"row 90: the balancer's range alone":            {given: []option{policy("lb", types(in), lets(fromRanges("192.0.2.0/24"), http, https))}, status: yes, reason: fine, says: "NetworkPolicy edge-public/lb lets only some addresses reach the controller pods"},
		"row 90: everyone except a range":               {given: []option{policy("most", types(in), except)}, status: yes, reason: fine, says: "lets only some addresses"},
		"row 90: one half":                              {given: []option{policy("half", types(in), lets(fromRanges("0.0.0.0/1")))}, status: yes, reason: fine, says: "lets only some addresses"},
		"row 90: a range and the pods":                  {given: []option{policy("lb", types(in), lets(append(fromRanges("192.0.2.0/24"), fromPods...)))}, status: yes, reason: fine, says: "lets only some addresses"},
		"row 90: some may go out":                       {given: []option{policy("egress", types(out), letsOut(53), letsOut(8080))}, status: yes, reason: fine, says: "NetworkPolicy edge-public/egress limits which applications the controller pods reach"},
		"row 90: other APIs":                            {status: yes, reason: fine, says: "Policies of other APIs (AdminNetworkPolicy, Cilium, Calico) were not checked"},
	})
}

func TestSourceIPConfiguredBehindNetworkPolicies(t *testing.T) {
	runRows(t, v1alpha1.ConditionSourceIPConfigured, map[string]row{
		"row 89: nothing is allowed": {given: []option{denyAll}, status: unknown, reason: v1alpha1.ReasonNetworkPolicyBlocks, says: "lets nobody outside of the cluster reach the controller pods"},
		"row 89: only port 443":      {given: []option{policy("tls", types(in), lets(nil, https))}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 89: host network":       {given: []option{exposed(v1alpha1.ExposureHostNetwork), denyAll}, status: yes, reason: v1alpha1.ReasonHostNetworkDirect},
		"row 89: not read":           {given: []option{unread["NetworkPolicies"]}, status: unknown, reason: v1alpha1.ReasonNotRead},
	})
}

func TestPoliciesOfPodsThatEndDoNotCount(t *testing.T) {
	g := healthy(podsLabelled("team", "a", "b"), policy("b", types(in), selecting("team", "b")), podChanged("controller-2", func(p *snapshot.Pod) { p.Terminating = true }))
	if found := newScene(g.s, g.d, g.o).judgePolicies(); len(found.closed) > 0 {
		t.Errorf("closed: %v", found.closed)
	}
}
