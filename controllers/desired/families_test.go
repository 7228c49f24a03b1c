package desired

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// dualPod returns a ready controller pod with addresses of both families. serves are the families in which it
// is a ready endpoint.
type dualPod struct {
	node   string
	serves string
	v6less bool
}

// dualScene is a cluster with a dual-stack Service, whose EndpointSlices have a family each.
func dualScene(nodes []snapshot.Node, dual ...dualPod) snapshot.Snapshot {
	ready := true
	v4, v6 := discoveryv1.EndpointSlice{AddressType: discoveryv1.AddressTypeIPv4}, discoveryv1.EndpointSlice{AddressType: discoveryv1.AddressTypeIPv6}
	var pods []snapshot.Pod
	for i, d := range dual {
		octet := string(rune('1' + i))
		ips := []string{"10.244." + octet + ".5", "fd00::" + octet}
		if d.v6less {
			ips = ips[:1]
		}
		pods = append(pods, onNode(d.node, func(p *snapshot.Pod) { p.IPs = ips }))
		add := func(slice *discoveryv1.EndpointSlice, address string) {
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{address}, Conditions: discoveryv1.EndpointConditions{Ready: &ready}})
		}
		if d.serves == "4" || d.serves == "46" {
			add(&v4, ips[0])
		}
		if d.serves == "6" || d.serves == "46" {
			add(&v6, ips[1])
		}
	}
	s := scene(edge(), nodes, pods...)
	s.EndpointSlices.Items = []discoveryv1.EndpointSlice{v6, v4}
	s.Service.Value = &corev1.Service{Spec: corev1.ServiceSpec{IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}}}
	return s
}

func single(family corev1.IPFamily) func(*snapshot.Snapshot) {
	return func(s *snapshot.Snapshot) { s.Service.Value.Spec.IPFamilies = []corev1.IPFamily{family} }
}

// row 87 of docs/source-ip.md.
func TestANodeIsReleasedWhenOthersServeInEachFamily(t *testing.T) {
	type nodes = []snapshot.Node
	swap := nodes{former("a"), memberNode("b")}
	for name, test := range map[string]struct {
		nodes  nodes
		pods   []dualPod
		change func(*snapshot.Snapshot)
		want   string
	}{
		"row 87: the new one has no IPv6 endpoint":         {nodes: swap, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "4"}}, want: "releasing a; held a"},
		"row 87: the new one has no IPv4 endpoint":         {nodes: swap, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "6"}}, want: "releasing a; held a"},
		"row 87: the new one serves both":                  {nodes: swap, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "46"}}, want: "releasing a; Release a"},
		"row 87: the new pod has no IPv6 address":          {nodes: swap, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "4", v6less: true}}, want: "releasing a; held a"},
		"row 87: no pod has an IPv6 address":               {nodes: swap, pods: []dualPod{{node: "a", serves: "4", v6less: true}, {node: "b", serves: "4", v6less: true}}, want: "releasing a; Release a"},
		"row 87: cordon of the only one with IPv6":         {nodes: nodes{memberNode("a", cordoned), memberNode("b")}, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "4"}}, want: "kept a"},
		"row 87: cordon of the one without IPv6":           {nodes: nodes{memberNode("a", cordoned), memberNode("b")}, pods: []dualPod{{node: "a", serves: "4"}, {node: "b", serves: "46"}}, want: "withdrawn a; Withdraw a"},
		"row 87: cordon of one of two that serve both":     {nodes: nodes{memberNode("a", cordoned), memberNode("b")}, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "46"}}, want: "withdrawn a; Withdraw a"},
		"row 87: removal of the only one with IPv6":        {nodes: nodes{memberNode("a", removing), memberNode("b")}, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "4"}}, want: "kept a"},
		"row 87: a Service of IPv4, and no IPv6 endpoint":  {nodes: swap, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "4"}}, change: single(corev1.IPv4Protocol), want: "releasing a; Release a"},
		"row 87: a Service that is missing":                {nodes: swap, pods: []dualPod{{node: "a", serves: "46"}, {node: "b", serves: "4"}}, change: func(s *snapshot.Snapshot) { s.Service.Value = nil }, want: "releasing a; Release a"},
		"row 87: no IPv6 endpoint anywhere, yet addresses": {nodes: swap, pods: []dualPod{{node: "a", serves: "4"}, {node: "b", serves: "4"}}, want: "releasing a; held a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := dualScene(test.nodes, test.pods...)
			if test.change != nil {
				test.change(&s)
			}
			if got := told(plan(t, s)); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}
