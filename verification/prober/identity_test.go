package prober

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

func TestWhoAnswered(t *testing.T) {
	onHost := func(f *fixture) {
		for _, name := range []string{"web-1", "web-2"} {
			p := f.pod(name)
			p.hostNetwork, p.addresses = true, f.node(p.node).addresses
			f.node(p.node).podCIDRs = []netip.Prefix{netip.MustParsePrefix(map[string]string{"web-1": "10.244.1.0/24", "web-2": "10.244.2.0/24"}[name])}
		}
	}
	long := strings.Repeat("w", 50) + "-edge-ingress"
	tests := map[string]struct {
		edit      func(f *fixture)
		pod, peer string
		want      string
	}{
		"a pod by its name":                          {pod: "web-2", peer: "10.244.1.2", want: "web-2"},
		"a name alone counts":                        {pod: "web-2", peer: "10.244.7.7", want: "web-2"},
		"a name that nobody has":                     {pod: "web-9", want: ""},
		"no name":                                    {pod: "", want: ""},
		"a node's name is no name of a pod":          {pod: "edge-1", want: ""},
		"the host network's name":                    {edit: onHost, pod: "edge-1", peer: "10.0.0.11", want: "web-1"},
		"the host network's name, written otherwise": {edit: func(f *fixture) { onHost(f); f.node("edge-1").hostnames = []string{"edge-1", "EDGE-1.example.com"} }, pod: "edge-1.example.com", want: "web-1"},
		"a pod's name on the host network":           {edit: onHost, pod: "web-1", want: ""},
		"two nodes with one name, by the address": {edit: func(f *fixture) {
			onHost(f)
			f.node("edge-1").hostnames = []string{"edge"}
			f.node("edge-2").hostnames = []string{"edge"}
		}, pod: "edge", peer: "10.0.0.12", want: "web-2"},
		"two nodes with one name, by the tunnel": {edit: func(f *fixture) {
			onHost(f)
			f.node("edge-1").hostnames = []string{"edge"}
			f.node("edge-2").hostnames = []string{"edge"}
		}, pod: "edge", peer: "10.244.2.0", want: "web-2"},
		"two nodes with one name, by the bridge": {edit: func(f *fixture) {
			onHost(f)
			f.node("edge-1").hostnames = []string{"edge"}
			f.node("edge-2").hostnames = []string{"edge"}
		}, pod: "edge", peer: "::ffff:10.244.1.1", want: "web-1"},
		"two nodes with one name, by nothing": {edit: func(f *fixture) {
			onHost(f)
			f.node("edge-1").hostnames = []string{"edge"}
			f.node("edge-2").hostnames = []string{"edge"}
		}, pod: "edge", peer: "10.244.3.1", want: ""},
		"a name that the kubelet cuts, by the address": {edit: func(f *fixture) { f.pod("web-1").Name = long + "-aaaaa"; f.pod("web-2").Name = long + "-bbbbb" }, pod: long, peer: "10.244.1.2", want: long + "-bbbbb"},
		"a name that is cut at a hyphen":               {edit: func(f *fixture) { f.pod("web-1").Name = strings.Repeat("w", 62) + "-aaaaa" }, pod: strings.Repeat("w", 62), want: strings.Repeat("w", 62) + "-aaaaa"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := cluster2()
			if test.edit != nil {
				test.edit(f)
			}
			who, known := whoAnswered(answer.Answer{Pod: test.pod, Peer: test.peer}, controllers(f.view, f.edge))
			if who.pod.Name != test.want || known != (test.want != "") {
				t.Errorf("it is %q (%v), want %q", who.pod.Name, known, test.want)
			}
		})
	}
}

func TestTheWitnessAnswersControllersOfMeasuredEdgeIngressesOnly(t *testing.T) {
	f := cluster2()
	f.addEdgeIngress("other")
	f.addPod("other", "other-1", "edge-1")
	f.view.pods["other"][0].addresses = []netip.Addr{netip.MustParseAddr("10.244.5.5")}
	f.addEdgeIngress("unmeasured")
	delete(f.view.routed, names.WitnessIngress("unmeasured"))
	f.addPod("unmeasured", "unmeasured-1", "edge-1")
	f.view.pods["unmeasured"][0].addresses = []netip.Addr{netip.MustParseAddr("10.244.6.6")}
	f.pod("web-2").ready = false // It may answer nevertheless.
	p := f.pod("web-1")
	p.hostNetwork, p.addresses = true, nil
	f.node("edge-1").podCIDRs = []netip.Prefix{netip.MustParsePrefix("10.244.1.0/24"), netip.MustParsePrefix("fd01::/64")}
	want := []string{"10.0.0.11", "10.244.1.0", "10.244.1.1", "10.244.1.2", "10.244.5.5", "fd01::", "fd01::1"}
	if got := allPeers(f.view); !slices.Equal(got, want) {
		t.Errorf("the peers are %v, want %v", got, want)
	}
}

func TestReportedControllersAreBounded(t *testing.T) {
	f := cluster2()
	p := f.pod("web-1")
	p.hostNetwork = true
	f.node("edge-1").hostnames = []string{"edge-1", "edge-1.example.com"}
	all := reported(controllers(f.view, f.edge))
	if len(all) != 3 || all[0].Name != "edge-1" || all[1].Name != "web-2" || all[2].Name != "edge-1.example.com" || all[2].PodUID != "uid-web-1" || all[2].NodeUID != "uid-edge-1" {
		t.Errorf("reported are %+v", all)
	}
	if got := len(reported(slices.Repeat(controllers(f.view, f.edge), 400))); got != maxControllers {
		t.Errorf("%d are reported, and a report holds %d", got, maxControllers)
	}
}
