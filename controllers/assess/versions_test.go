package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// ciliumAgent adds Cilium's agent in a version.
func ciliumAgent(version string) option {
	return all(agent(v1alpha1.ProviderCilium, "kube-system", "cilium", corev1.Toleration{Operator: corev1.TolerationOpExists}),
		func(g *given) { g.s.Agents.Items[len(g.s.Agents.Items)-1].Version = version })
}

func layer2(version string) option {
	return all(noMetalLB, class("io.cilium/l2-announcer"), ciliumAgent(version))
}

func bgp(version string) option {
	return all(noMetalLB, class("io.cilium/bgp-control-plane"), ciliumAgent(version))
}

func mixed(g *given) { g.s.Agents.Items[0].Mixed = true }

// ciliumPool is a Service with an address from a pool of Cilium and without a class.
func ciliumPool(version string) option {
	return all(noMetalLB, ciliumAgent(version), onService(func(s *corev1.Service) {
		s.Status.Conditions = []metav1.Condition{{Type: "cilium.io/IPAMRequestSatisfied", Status: metav1.ConditionTrue}}
	}))
}

func TestLoadBalancerReadyKnowsTheVersionsOfAFact(t *testing.T) {
	const l2, ignores, fine = v1alpha1.ReasonCiliumL2NeedsCluster, v1alpha1.ReasonAgentIgnoresLocalPolicy, v1alpha1.ReasonAddressAssigned
	layer2 := func(version string) option {
		return all(noMetalLB, class("io.cilium/l2-announcer"), ciliumAgent(version))
	}
	bgp := func(version string) option {
		return all(noMetalLB, class("io.cilium/bgp-control-plane"), ciliumAgent(version))
	}
	other := func(g *given) {
		g.s.Agents.Items = append(g.s.Agents.Items, snapshot.Agent{Provider: v1alpha1.ProviderCilium, Name: "cilium-arm", Version: "v1.17.1",
			Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}}, Pods: g.s.Agents.Items[0].Pods})
	}
	const bgpUnseen = "Not checked: the node selectors of CiliumBGPClusterConfig objects, and whether Cilium is 1.14.0 or newer, because "
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 52: layer 2 with a version that honours Local":      {given: []option{layer2("v1.20.2")}, status: yes, reason: fine, says: "announces the address only from nodes with a ready endpoint"},
		"row 52: layer 2 with a newer line":                      {given: []option{layer2("1.21.0")}, status: yes, reason: fine},
		"row 52: layer 2 with an older version":                  {given: []option{layer2("v1.17.1")}, status: no, reason: l2, says: "or update Cilium from v1.17.1 to 1.20.2 or newer"},
		"row 52: layer 2 with the patch before":                  {given: []option{layer2("v1.20.1")}, status: no, reason: l2},
		"row 52: layer 2 with a line of which nothing is known":  {given: []option{layer2("v1.19.7")}, status: unknown, reason: l2, says: "it is not known whether Cilium v1.19.7 keeps to nodes"},
		"row 52: layer 2 without a version":                      {given: []option{layer2("")}, status: unknown, reason: l2, says: "the image of DaemonSet kube-system/cilium has no tag that shows its version. Other nodes drop the traffic. Run kubectl get daemonsets"},
		"row 52: layer 2 with a tag that is no version":          {given: []option{layer2("latest")}, status: unknown, reason: l2},
		"row 52: layer 2 with no agent":                          {given: []option{noMetalLB, class("io.cilium/l2-announcer")}, status: unknown, reason: l2, says: "no DaemonSet of its agent was recognised"},
		"row 52: layer 2 during the update":                      {given: []option{layer2("v1.20.2"), mixed}, status: unknown, reason: l2, says: "not all pods of DaemonSet kube-system/cilium run its current image"},
		"row 52: layer 2 with two versions":                      {given: []option{layer2("v1.20.2"), other}, status: unknown, reason: l2, says: "its agents have different versions"},
		"row 91: no class, and the version is old":               {given: []option{ciliumPool("v1.17.1")}, status: unknown, reason: ignores, says: "the Service has no loadBalancerClass, so Cilium may announce its address on layer 2, and Cilium v1.17.1 does that also"},
		"row 91: no class, and the version is unknown":           {given: []option{ciliumPool("")}, status: unknown, reason: ignores, says: "Set spec.exposure.loadBalancer.class to io.cilium/bgp-control-plane"},
		"row 91: no class, and both ways honour Local":           {given: []option{ciliumPool("v1.20.2")}, status: yes, reason: fine},
		"row 91: declared, and the version is unknown":           {given: []option{noMetalLB, declared(v1alpha1.ProviderCilium)}, status: unknown, reason: ignores},
		"row 91: BGP before it honoured Local":                   {given: []option{bgp("v1.13.4")}, status: no, reason: ignores, says: "Update Cilium from v1.13.4 to 1.14.0 or newer"},
		"row 91: BGP since":                                      {given: []option{bgp("v1.14.0")}, status: yes, reason: fine},
		"row 91: BGP without a version":                          {given: []option{bgp("")}, status: yes, reason: fine, says: bgpUnseen + "the image of DaemonSet kube-system/cilium has no tag"},
		"row 91: BGP with the tag latest":                        {given: []option{bgp("latest")}, status: yes, reason: fine, says: bgpUnseen + "its tag latest is not that of a release"},
		"row 91: BGP with no agent":                              {given: []option{noMetalLB, class("io.cilium/bgp-control-plane")}, status: yes, reason: fine, says: bgpUnseen + "no DaemonSet of its agent was recognised"},
		"row 91: BGP with the date of a mirror":                  {given: []option{bgp("2026.11.1")}, status: yes, reason: fine, says: bgpUnseen + "its tag 2026.11.1"},
		"row 91: BGP with a candidate of the first":              {given: []option{bgp("v1.14.0-rc.1")}, status: yes, reason: fine, says: bgpUnseen},
		"row 91: BGP during an update":                           {given: []option{bgp("v1.14.0"), mixed}, status: yes, reason: fine, says: bgpUnseen + "not all pods"},
		"row 91: BGP with a new line alone":                      {given: []option{bgp("v1.20")}, status: yes, reason: fine, says: "Not checked: the node selectors of CiliumBGPClusterConfig objects."},
		"row 91: BGP with an old line alone":                     {given: []option{bgp("v1.13")}, status: no, reason: ignores},
		"row 91: no class, and the version is known":             {given: []option{ciliumPool("v1.16.3")}, status: unknown, reason: ignores, says: "where Cilium announces over BGP, or update Cilium from v1.16.3 to 1.20.2 or newer."},
		"row 91: no class, and a line in between":                {given: []option{ciliumPool("v1.19.7")}, status: unknown, reason: ignores, says: "or update Cilium from v1.19.7 to 1.20.2 or newer."},
		"row 91: no class, and the date of a mirror":             {given: []option{ciliumPool("2026.11.1")}, status: unknown, reason: ignores, says: "Run kubectl get daemonsets"},
		"row 91: no class, new, and node selectors":              {given: []option{ciliumPool("v1.20.2")}, status: yes, reason: fine, says: "Not checked: the node selectors of CiliumBGPClusterConfig and CiliumL2AnnouncementPolicy objects"},
		"row 91: no class, and before BGP honoured it":           {given: []option{ciliumPool("v1.13.4")}, status: unknown, reason: ignores},
		"row 52: layer 2 with the date of a mirror":              {given: []option{layer2("2026.11.1")}, status: unknown, reason: l2, says: "Run kubectl get daemonsets"},
		"row 52: layer 2 with a line in between, and its remedy": {given: []option{layer2("v1.19.7")}, status: unknown, reason: l2, says: "Update Cilium from v1.19.7 to 1.20.2 or newer."},
		"row 91: Cilium as a network plugin beside MetalLB":      {given: []option{ciliumAgent("v1.13.4")}, status: yes, reason: fine},
	})
}

func TestSourceIPConfiguredKnowsTheVersionsOfAFact(t *testing.T) {
	const l2, ignores = v1alpha1.ReasonCiliumL2NeedsCluster, v1alpha1.ReasonAgentIgnoresLocalPolicy
	runRows(t, v1alpha1.ConditionSourceIPConfigured, map[string]row{
		"row 52: layer 2 since":   {given: []option{layer2("v1.20.2")}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 52: layer 2 unknown": {given: []option{layer2("")}, status: unknown, reason: l2},
		"row 91: old BGP":         {given: []option{bgp("v1.13.4")}, status: unknown, reason: ignores},
	})
}
