package prober

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestWhomToAsk(t *testing.T) {
	dual := func(f *fixture) {
		f.service().Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
		for i := range f.view.nodes {
			f.view.nodes[i].addresses = append(f.view.nodes[i].addresses, netip.MustParseAddr(fmt.Sprintf("fd00::%d", i+1)))
		}
		for i := range f.view.pods["web"] {
			f.view.pods["web"][i].addresses = append(f.view.pods["web"][i].addresses, netip.MustParseAddr("fd01::1"))
		}
	}
	onHost := func(f *fixture) {
		f.exposed(v1alpha1.ExposureHostNetwork)
		delete(f.view.services, f.serviceKey("web"))
		for i := range f.view.pods["web"] {
			p := &f.view.pods["web"][i]
			n := f.node(p.node)
			p.hostNetwork, p.addresses = true, n.addresses
		}
	}
	tests := map[string]struct {
		edit    func(f *fixture)
		problem v1alpha1.ReportProblem
		detail  string
		// targets as node/address:http/https, and "+" behind those that each round asks.
		targets, control string
	}{
		"both edge nodes by node port": {edit: func(*fixture) {}, targets: "edge-1/10.0.0.11:30080/30443+ edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080"},
		"node ports of type NodePort": {
			edit:    func(f *fixture) { f.exposed(v1alpha1.ExposureNodePort) },
			targets: "edge-1/10.0.0.11:30080/30443+ edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080",
		},
		"host network": {edit: onHost, targets: "edge-1/10.0.0.11:80/443+ edge-2/10.0.0.12:80/443+", control: "worker-2/10.0.0.2:80"},
		"host port": {
			edit:    func(f *fixture) { f.exposed(v1alpha1.ExposureHostPort); delete(f.view.services, f.serviceKey("web")) },
			targets: "edge-1/10.0.0.11:80/443+ edge-2/10.0.0.12:80/443+", control: "worker-2/10.0.0.2:80",
		},
		"a Service that is left over does not matter on the host network": {
			edit: func(f *fixture) { f.exposed(v1alpha1.ExposureHostPort); f.service().Spec.Ports = nil }, targets: "edge-1/10.0.0.11:80/443+ edge-2/10.0.0.12:80/443+", control: "worker-2/10.0.0.2:80",
		},
		"both families": {
			edit:    dual,
			targets: "edge-1/10.0.0.11:30080/30443+ edge-1/fd00::1:30080/30443 edge-2/10.0.0.12:30080/30443+ edge-2/fd00::2:30080/30443", control: "worker-2/10.0.0.2:30080",
		},
		"IPv6 first": {
			edit:    func(f *fixture) { dual(f); slices.Reverse(f.service().Spec.IPFamilies) },
			targets: "edge-1/10.0.0.11:30080/30443 edge-1/fd00::1:30080/30443+ edge-2/10.0.0.12:30080/30443 edge-2/fd00::2:30080/30443+", control: "worker-2/fd00::4:30080",
		},
		"both families of the host network": {
			edit: func(f *fixture) { dual(f); onHost(f) }, targets: "edge-1/10.0.0.11:80/443+ edge-1/fd00::1:80/443 edge-2/10.0.0.12:80/443+ edge-2/fd00::2:80/443", control: "worker-2/10.0.0.2:80",
		},
		"a second family that the prober's node does not have": {
			edit:    func(f *fixture) { dual(f); f.node(own).addresses = f.node(own).addresses[:1] },
			targets: "edge-1/10.0.0.11:30080/30443+ edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080",
		},
		"a second family that no pod has": {
			edit:    func(f *fixture) { dual(f); f.pod("web-2").addresses = f.pod("web-2").addresses[:1] },
			targets: "edge-1/10.0.0.11:30080/30443+ edge-1/fd00::1:30080/30443 edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080",
		},
		"a node that has the second family only": {
			edit:    func(f *fixture) { dual(f); f.node("edge-2").addresses = f.node("edge-2").addresses[1:] },
			targets: "edge-1/10.0.0.11:30080/30443+ edge-1/fd00::1:30080/30443 edge-2/fd00::2:30080/30443+", control: "worker-2/10.0.0.2:30080",
		},
		"HTTPS alone": {
			edit:    func(f *fixture) { f.service().Spec.Ports = f.service().Spec.Ports[1:] },
			targets: "edge-1/10.0.0.11:0/30443+ edge-2/10.0.0.12:0/30443+", control: "worker-2/10.0.0.2:30443",
		},
		"no node ports": {
			edit: func(f *fixture) { f.service().Spec.Ports = []corev1.ServicePort{{Port: 80}, {Port: 443}} }, problem: v1alpha1.ReportNoNodePorts, detail: "no node ports",
		},
		"no Service yet": {edit: func(f *fixture) { delete(f.view.services, f.serviceKey("web")) }, problem: v1alpha1.ReportNoServingNode, detail: "does not exist yet"},
		"a Service of the same name elsewhere": {
			edit: func(f *fixture) {
				elsewhere := f.serviceKey("web")
				elsewhere.Namespace = "tenant"
				f.view.services[elsewhere] = f.service()
				delete(f.view.services, f.serviceKey("web"))
			},
			problem: v1alpha1.ReportNoServingNode, detail: "does not exist yet",
		},
		"a pod that is not ready": {edit: func(f *fixture) { f.pod("web-1").ready = false }, targets: "edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080"},
		"a ready pod that is no endpoint": {
			edit: func(f *fixture) { f.view.endpoints[f.serviceKey("web")]["uid-web-1"] = false }, targets: "edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080",
		},
		"a pod in another namespace": {
			edit: func(f *fixture) { f.pod("web-1").Namespace = "tenant" }, targets: "edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080",
		},
		"nobody serves": {
			edit:    func(f *fixture) { f.pod("web-1").ready = false; f.pod("web-2").ready = false },
			problem: v1alpha1.ReportNoServingNode, detail: "No edge node has a controller pod that is ready",
		},
		"an edge node without InternalIP": {edit: func(f *fixture) { f.node("edge-1").addresses = nil }, targets: "edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080"},
		"no edge node with an InternalIP": {
			edit:    func(f *fixture) { f.node("edge-1").addresses = nil; f.node("edge-2").addresses = nil },
			problem: v1alpha1.ReportNoServingNode, detail: "no InternalIP",
		},
		"a node that is gone":                 {edit: func(f *fixture) { f.removeNode("edge-1") }, targets: "edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080"},
		"the prober's node has no InternalIP": {edit: func(f *fixture) { f.node(own).addresses = nil }, problem: v1alpha1.ReportNotRead, detail: own},
		"the prober's node is gone":           {edit: func(f *fixture) { f.removeNode(own) }, problem: v1alpha1.ReportNotRead, detail: own},
		"the prober's node is an edge node": {
			edit: func(f *fixture) { f.addPod("web", "web-3", own) }, targets: "edge-1/10.0.0.11:30080/30443+ edge-2/10.0.0.12:30080/30443+", control: "worker-2/10.0.0.2:30080",
		},
		"the prober's node is the only edge node": {
			edit: func(f *fixture) { f.pod("web-1").node = own; f.pod("web-2").ready = false }, problem: v1alpha1.ReportOnlyNode, detail: own,
		},
		"one node": {
			edit: func(f *fixture) {
				f.view.nodes = []node{*f.node(own)}
				f.pod("web-1").node = own
			}, problem: v1alpha1.ReportOnlyNode, detail: own,
		},
		"edge nodes only": {
			edit:    func(f *fixture) { f.addPod("web", "web-3", own); f.addPod("web", "web-4", "worker-2") },
			targets: "edge-1/10.0.0.11:30080/30443+ edge-2/10.0.0.12:30080/30443+ worker-2/10.0.0.2:30080/30443+",
		},
		"the only other node is down": {
			edit: func(f *fixture) { f.node("worker-2").ready = false }, targets: "edge-1/10.0.0.11:30080/30443+ edge-2/10.0.0.12:30080/30443+",
		},
		"a controller starts on the only other node": {
			edit:    func(f *fixture) { f.addPod("web", "web-3", "worker-2"); f.pod("web-3").ready = false },
			targets: "edge-1/10.0.0.11:30080/30443+ edge-2/10.0.0.12:30080/30443+",
		},
		"not read yet": {edit: func(f *fixture) { f.view.missing = []string{"Node", "Pod"} }, problem: v1alpha1.ReportNotRead, detail: "Node, Pod"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := cluster2()
			test.edit(f)
			p := f.plan()
			if p.problem != test.problem || !strings.Contains(p.detail, test.detail) {
				t.Errorf("the problem is %q (%s), want %q (%s)", p.problem, p.detail, test.problem, test.detail)
			}
			var asked []string
			for _, t := range p.targets {
				text := fmt.Sprintf("%s/%s:%d/%d", t.node, t.address, t.http, t.https)
				if t.primary {
					text += "+"
				}
				asked = append(asked, text)
			}
			if got := strings.Join(asked, " "); got != test.targets {
				t.Errorf("asked are\n%s, want\n%s", got, test.targets)
			}
			control := ""
			if p.control.address.IsValid() {
				control = fmt.Sprintf("%s/%s:%d", p.control.node, p.control.address, p.control.port)
			}
			if control != test.control {
				t.Errorf("the control is %q, want %q", control, test.control)
			}
		})
	}
}

func TestTheFingerprintChangesWithWhatMatters(t *testing.T) {
	tests := map[string]struct {
		edit func(f *fixture)
		want bool
	}{
		"nothing":                        {func(*fixture) {}, false},
		"the spec":                       {func(f *fixture) { f.edge.Generation++ }, true},
		"the EdgeIngress is another one": {func(f *fixture) { f.edge.UID = "x" }, true},
		"a pod is replaced":              {func(f *fixture) { f.pod("web-1").uid = "x"; f.view.endpoints[f.serviceKey("web")]["x"] = true }, true},
		"a pod is not ready":             {func(f *fixture) { f.pod("web-1").ready = false }, true},
		"a node is created again":        {func(f *fixture) { f.node("edge-1").uid = "x" }, true},
		"a node gets another address":    {func(f *fixture) { f.node("edge-1").addresses[0] = netip.MustParseAddr("10.0.0.99") }, true},
		"the prober's node does":         {func(f *fixture) { f.node(own).addresses[0] = netip.MustParseAddr("10.0.0.99") }, true},
		"a node port":                    {func(f *fixture) { f.service().Spec.Ports[0].NodePort++ }, true},
		"the Service is another one":     {func(f *fixture) { f.service().UID = "x" }, true},
		"the path":                       {func(f *fixture) { f.service().Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster }, true},
		"the witness":                    {func(f *fixture) { f.view.witnesses[0] = netip.MustParseAddr("10.244.9.10") }, true},
		"the control":                    {func(f *fixture) { f.node("worker-2").ready = false }, true},
		"a node that nobody asks":        {func(f *fixture) { f.addNode("worker-3"); f.node("worker-3").addresses = nil }, false},
		"another EdgeIngress":            {func(f *fixture) { f.addEdgeIngress("other"); f.addPod("other", "other-1", "edge-1") }, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := cluster2()
			before := f.plan().fingerprint()
			test.edit(f)
			if changed := f.plan().fingerprint() != before; changed != test.want {
				t.Errorf("it changed: %v, want %v", changed, test.want)
			}
		})
	}
}

func TestProbersChooseDifferentControls(t *testing.T) {
	f := cluster2()
	for i := range 20 {
		f.addNode(fmt.Sprintf("spare-%d", i), fmt.Sprintf("10.0.1.%d", i))
	}
	chosen := map[string]bool{}
	for _, n := range f.view.nodes {
		if p := planFor(f.view, f.edge, n.name); p.problem == "" {
			if p.control.node == n.name || strings.HasPrefix(p.control.node, "edge-") {
				t.Errorf("the prober on %s takes %s for its control", n.name, p.control.node)
			}
			chosen[p.control.node] = true
		}
	}
	if len(chosen) < 5 {
		t.Errorf("all probers choose among %d nodes", len(chosen))
	}
}
