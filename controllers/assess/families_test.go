package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// twoFamilies gives the Service, its address and the pods both families, and an IPv6 endpoint for each of the
// pods that are named.
func twoFamilies(policy corev1.IPFamilyPolicy, ready ...string) option {
	second := map[string]string{"controller-1": "fd00:1::5", "controller-2": "fd00:2::5"}
	return func(g *given) {
		onService(dualStack)(g)
		onService(func(s *corev1.Service) {
			s.Spec.IPFamilyPolicy = &policy
			s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: "2001:db8::10"})
		})(g)
		slice := discoveryv1.EndpointSlice{AddressType: discoveryv1.AddressTypeIPv6}
		for name, ip := range second {
			podChanged(name, func(p *snapshot.Pod) { p.IPs = append(p.IPs, ip) })(g)
		}
		for _, name := range ready {
			slice.Endpoints = append(slice.Endpoints, endpoint(second[name], true))
		}
		g.s.EndpointSlices.Items[0].AddressType = discoveryv1.AddressTypeIPv4
		g.s.EndpointSlices.Items = append([]discoveryv1.EndpointSlice{slice}, g.s.EndpointSlices.Items...)
	}
}

func onlyIPv4Address(s *corev1.Service) {
	s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: "203.0.113.10"}}
}

func noIPv4(g *given) { g.s.EndpointSlices.Items[1].Endpoints = nil }

func TestLoadBalancerReadyInEachFamily(t *testing.T) {
	const without = v1alpha1.ReasonEdgeNodesWithoutEndpoint
	const require, prefer = corev1.IPFamilyPolicyRequireDualStack, corev1.IPFamilyPolicyPreferDualStack
	both := []string{"controller-1", "controller-2"}
	nodePorts := all(exposed(v1alpha1.ExposureNodePort), twoFamilies(require), onService(func(s *corev1.Service) { s.Status = corev1.ServiceStatus{} }))
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 87: no IPv6 endpoint":                       {given: []option{twoFamilies(require)}, status: no, reason: without, says: "0 of 2 edge nodes have a ready IPv6 endpoint; IPv6 traffic that reaches edge-1, edge-2 is dropped"},
		"row 87: an IPv6 endpoint on one node":           {given: []option{twoFamilies(require, "controller-1")}, status: no, reason: without, says: "1 of 2 edge nodes has a ready IPv6 endpoint; IPv6 traffic that reaches edge-2 is dropped"},
		"row 87: no IPv4 endpoint":                       {given: []option{twoFamilies(require, both...), noIPv4}, status: no, reason: without, says: "0 of 2 edge nodes have a ready IPv4 endpoint"},
		"row 87: each family on another node":            {given: []option{twoFamilies(require, "controller-1"), func(g *given) { g.s.EndpointSlices.Items[1].Endpoints = g.s.EndpointSlices.Items[1].Endpoints[1:] }}, status: no, reason: without, says: "ready IPv4 endpoint"},
		"row 87: preferred, and no IPv6 endpoint":        {given: []option{twoFamilies(prefer)}, status: no, reason: without, says: "IPv6"},
		"row 87: no endpoint at all":                     {given: []option{twoFamilies(require), noIPv4}, status: no, reason: without, says: "0 of 2 edge nodes have a ready endpoint; traffic that"},
		"row 87: pods without an IPv6 address":           {given: []option{twoFamilies(require), podChanged("controller-2", func(p *snapshot.Pod) { p.IPs = p.IPs[:1] })}, status: no, reason: without, says: "IPv6"},
		"row 87: node ports, and no IPv6 endpoint":       {given: []option{nodePorts}, status: no, reason: without, says: "IPv6"},
		"row 87: a Deployment with no IPv6 endpoint":     {given: []option{deployment, twoFamilies(require)}, status: no, reason: without, says: "IPv6"},
		"row 87: a Deployment leaves out a node":         {given: []option{deployment, twoFamilies(require, "controller-1")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "2 of 2 edge nodes have a ready IPv4 endpoint and 1 of 2 edge nodes has a ready IPv6 endpoint"},
		"row 87: both families everywhere":               {given: []option{twoFamilies(require, both...)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "2 of 2 edge nodes have a ready endpoint for IPv4 and IPv6"},
		"row 87: IPv6 alone":                             {given: []option{twoFamilies(require, both...), noIPv4, onService(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} })}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 88: both are required, one address":         {given: []option{twoFamilies(require, both...), onService(onlyIPv4Address)}, status: no, reason: v1alpha1.ReasonAddressFamilyMissing, says: "has ipFamilyPolicy RequireDualStack and no IPv6 address (203.0.113.10). Give the load balancer a pool with IPv6 addresses"},
		"row 88: both are required, one of the other":    {given: []option{twoFamilies(require, both...), onService(func(s *corev1.Service) { s.Status.LoadBalancer.Ingress = s.Status.LoadBalancer.Ingress[1:] })}, status: no, reason: v1alpha1.ReasonAddressFamilyMissing, says: "no IPv4 address"},
		"row 88: both are required, two of one family":   {given: []option{twoFamilies(require, both...), onService(func(s *corev1.Service) { s.Status.LoadBalancer.Ingress[1].IP = "203.0.113.11" })}, status: no, reason: v1alpha1.ReasonAddressFamilyMissing, says: "no IPv6 address"},
		"row 88: both are required, a host name":         {given: []option{twoFamilies(require, both...), hostname("lb.example.com")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 88: both are preferred, one address":        {given: []option{twoFamilies(prefer, both...), onService(onlyIPv4Address)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "The load balancer assigned no IPv6 address"},
		"row 88: pending with two families":              {given: []option{twoFamilies(require, both...), onService(noAddress)}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "It asks for IPv4 and IPv6, which a pool with addresses of one family cannot give"},
		"row 88: pending with two preferred families":    {given: []option{twoFamilies(prefer, both...), onService(noAddress)}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "or set spec.exposure.ipFamilyPolicy to SingleStack"},
		"row 88: pending with one family, which is IPv6": {given: []option{onService(noAddress), onService(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} })}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "It asks for an IPv6 address"},
	})
}

func TestOtherConditionsInEachFamily(t *testing.T) {
	runRows(t, v1alpha1.ConditionSourceIPConfigured, map[string]row{
		"row 87: no IPv6 endpoint": {given: []option{twoFamilies(corev1.IPFamilyPolicyRequireDualStack)}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy, says: "2 of 2 edge nodes have a ready IPv4 endpoint and 0 of 2 edge nodes have a ready IPv6 endpoint"},
		"row 87: no endpoint":      {given: []option{twoFamilies(corev1.IPFamilyPolicyRequireDualStack), noIPv4}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints, says: "No edge node has a ready endpoint"},
		"row 87: both families":    {given: []option{twoFamilies(corev1.IPFamilyPolicyRequireDualStack, "controller-1", "controller-2")}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy, says: "2 of 2 edge nodes have a ready endpoint for IPv4 and IPv6"},
	})
	g := healthy(twoFamilies(corev1.IPFamilyPolicyRequireDualStack, "controller-1"))
	if got := Status(g.s, g.d, g.o, noon).Nodes.Summary; got != "1/2" {
		t.Errorf("nodes that serve in one family of two count: %s, want 1/2", got)
	}
}
