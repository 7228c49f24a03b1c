package assess

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var allConditions = []string{
	v1alpha1.ConditionReady, v1alpha1.ConditionNodesReady, v1alpha1.ConditionControllerAvailable, v1alpha1.ConditionLoadBalancerReady,
	v1alpha1.ConditionConfigEffective, v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionSourceIPConfigured,
	v1alpha1.ConditionNodesKeepSourceIP, v1alpha1.ConditionSourceIPPreserved, v1alpha1.ConditionEngineSupported, v1alpha1.ConditionGuarded,
}

func TestReady(t *testing.T) {
	const condition = v1alpha1.ConditionReady
	runRows(t, condition, map[string]row{
		"all four conditions are met":                      {status: yes, reason: v1alpha1.ReasonAllConditionsMet, says: "NodesReady, ControllerAvailable, LoadBalancerReady and ConfigEffective are True."},
		"it takes the reason of what is not True":          {given: []option{onService(noAddress)}, status: no, reason: v1alpha1.ReasonLoadBalancerPending, says: "LoadBalancerReady is False: No load balancer"},
		"the first of two that are False":                  {given: []option{onService(noAddress), config("a-a", "1")}, status: no, reason: v1alpha1.ReasonLoadBalancerPending},
		"False beats an Unknown before it":                 {given: []option{node("edge-1", untainted), config("a-a", "1")}, status: no, reason: v1alpha1.ReasonUnknownConfigKeys, says: "ConfigEffective is False"},
		"Unknown where nothing is False":                   {given: []option{node("edge-1", untainted)}, status: unknown, reason: v1alpha1.ReasonTaintMissing, says: "NodesReady is Unknown"},
		"the client's address is no part of it":            {given: []option{noMetalLB}, status: yes, reason: v1alpha1.ReasonAllConditionsMet},
		"unsafe headers are no part of it":                 {given: []option{header("X-Real-IP", "")}, status: yes, reason: v1alpha1.ReasonAllConditionsMet},
		"what does not apply does not stand in the way":    {given: []option{exposed(v1alpha1.ExposureHostNetwork)}, status: yes, reason: v1alpha1.ReasonAllConditionsMet},
		"a name that is taken":                             {given: []option{liveService(snapshot.Read[corev1.Service]{Foreign: true})}, status: no, reason: v1alpha1.ReasonNameTaken},
		"deletion":                                         {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
		"deletion that does not get on tells what is left": {given: []option{deleted, failed(snapshot.FailureOther, "Node", "edge-1", "timeout")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "timeout"},
	})
}

func TestStatusOnTheFirstPassHasEveryCondition(t *testing.T) {
	g := healthy()
	g.s = snapshot.Snapshot{EdgeIngress: g.s.EdgeIngress}
	g.d.Nodes.Selected = nil
	status := Status(g.s, g.d, g.o, noon)
	var types []string
	for _, c := range status.Conditions {
		types = append(types, c.Type)
		if c.ObservedGeneration != 3 || !c.LastTransitionTime.Time.Equal(noon) || c.Message == "" || c.Reason == "" {
			t.Errorf("incomplete condition: %+v", c)
		}
		// Without a ConfigMap and a controller there is nothing that could be True.
		if c.Status == yes {
			t.Errorf("%s is True although nothing was seen: %s", c.Type, c.Message)
		}
	}
	if !slices.Equal(types, allConditions) {
		t.Errorf("conditions %v, want %v", types, allConditions)
	}
	if status.ObservedGeneration != 3 || status.Namespace != namespace || status.IngressClass != ingressName {
		t.Errorf("got generation %d, namespace %q, class %q", status.ObservedGeneration, status.Namespace, status.IngressClass)
	}
}

func TestTransitionTimesChangeWithTheStatusOnly(t *testing.T) {
	g := healthy()
	g.s.EdgeIngress.Status = Status(g.s, g.d, g.o, noon)
	g.s.EdgeIngress.Status.Conditions = append(g.s.EdgeIngress.Status.Conditions, metav1.Condition{Type: "OfAnotherVersion", Status: yes})
	g.s.EdgeIngress.Generation = 4
	g.s.Service.Value.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
	later := noon.Add(time.Hour)
	status := Status(g.s, g.d, g.o, later)
	expect := map[string]time.Time{v1alpha1.ConditionNodesReady: noon, v1alpha1.ConditionSourceIPConfigured: later, v1alpha1.ConditionSourceIPPreserved: later}
	for name, want := range expect {
		c := meta.FindStatusCondition(status.Conditions, name)
		if !c.LastTransitionTime.Time.Equal(want) || c.ObservedGeneration != 4 {
			t.Errorf("%s: transition %s, generation %d; want %s, 4", name, c.LastTransitionTime, c.ObservedGeneration, want)
		}
	}
	if len(status.Conditions) != len(allConditions) {
		t.Errorf("a condition that this version does not know was kept: %d conditions", len(status.Conditions))
	}
}

func TestStatusCountsAndAddresses(t *testing.T) {
	type facts struct {
		nodes     v1alpha1.NodesStatus
		addresses []string
		port      int32
	}
	counts := func(selected, labelled, serving int32) v1alpha1.NodesStatus {
		return v1alpha1.NodesStatus{Selected: selected, Labelled: labelled, Serving: serving, Summary: fmt.Sprintf("%d/%d", serving, selected)}
	}
	before := func(g *given) {
		g.s.EdgeIngress.Status = v1alpha1.EdgeIngressStatus{Nodes: counts(5, 5, 4), Addresses: []string{"203.0.113.99"}, HealthCheckNodePort: 32100}
	}
	external := node("edge-2", func(n *snapshot.Node) { n.ExternalIPs = []string{"203.0.113.2"} })
	vip := []string{"203.0.113.10"}
	leftEdge2 := planned(func(p *desired.NodePlan) { p.Selected, p.Releasing = []string{"edge-1"}, []string{"edge-2"} })
	heldEdge2 := planned(func(p *desired.NodePlan) { p.Held = []string{"edge-2"} })
	leaving := v1alpha1.NodesStatus{Selected: 1, Labelled: 1, Serving: 1, Releasing: 1, Summary: "1/1"}
	tests := map[string]struct {
		given []option
		want  facts
	}{
		"healthy": {want: facts{nodes: counts(2, 2, 2), addresses: vip, port: 32100}},
		"a node that is not labelled does not serve":         {given: []option{node("edge-1", unlabelled)}, want: facts{nodes: counts(2, 1, 1), addresses: vip, port: 32100}},
		"a node without an endpoint does not serve":          {given: []option{endpointsOf(endpoint("10.244.1.5", true))}, want: facts{nodes: counts(2, 2, 1), addresses: vip, port: 32100}},
		"a node whose pod is going does not serve":           {given: []option{podChanged("controller-1", podTerminating)}, want: facts{nodes: counts(2, 2, 1), addresses: vip, port: 32100}},
		"nothing selected":                                   {given: []option{selected()}, want: facts{nodes: counts(0, 0, 0), addresses: vip, port: 32100}},
		"host network serves without endpoints":              {given: []option{exposed(v1alpha1.ExposureHostNetwork)}, want: facts{nodes: counts(2, 2, 2), addresses: []string{"10.0.0.1", "10.0.0.2"}, port: 0}},
		"external addresses come first":                      {given: []option{exposed(v1alpha1.ExposureHostNetwork), external}, want: facts{nodes: counts(2, 2, 2), addresses: []string{"203.0.113.2", "10.0.0.1", "10.0.0.2"}, port: 0}},
		"node ports: addresses of nodes that serve":          {given: []option{exposed(v1alpha1.ExposureNodePort), endpointsOf(endpoint("10.244.2.5", true))}, want: facts{nodes: counts(2, 2, 1), addresses: []string{"10.0.0.2"}, port: 0}},
		"a node that left and is needed has an address, too": {given: []option{exposed(v1alpha1.ExposureNodePort), leftEdge2, heldEdge2}, want: facts{nodes: leaving, addresses: []string{"10.0.0.1", "10.0.0.2"}, port: 0}},
		"the last node, which left, alone has an address":    {given: []option{exposed(v1alpha1.ExposureHostPort), leftEdge2, heldEdge2, selected("app-1")}, want: facts{nodes: v1alpha1.NodesStatus{Selected: 1, Releasing: 1, Summary: "0/1"}, addresses: []string{"10.0.0.2"}, port: 0}},
		"a node that is needed and does not serve has none":  {given: []option{exposed(v1alpha1.ExposureHostPort), leftEdge2, heldEdge2, podChanged("controller-2", podNotReady)}, want: facts{nodes: leaving, addresses: []string{"10.0.0.1"}, port: 0}},
		"a node that ends has none":                          {given: []option{exposed(v1alpha1.ExposureHostPort), leftEdge2}, want: facts{nodes: leaving, addresses: []string{"10.0.0.1"}, port: 0}},
		"a host name and an address":                         {given: []option{onService(func(s *corev1.Service) { s.Status.LoadBalancer.Ingress[0].Hostname = "lb.example.com" })}, want: facts{nodes: counts(2, 2, 2), addresses: []string{"203.0.113.10", "lb.example.com"}, port: 32100}},
		"no address yet":                                     {given: []option{onService(noAddress)}, want: facts{nodes: counts(2, 2, 2), addresses: nil, port: 32100}},
		"the port is kept while the Service is gone":         {given: []option{before, liveService(snapshot.Read[corev1.Service]{})}, want: facts{nodes: counts(2, 2, 2), addresses: nil, port: 32100}},
		"the port is kept while the policy is wrong":         {given: []option{before, onService(policyCluster)}, want: facts{nodes: counts(2, 2, 2), addresses: vip, port: 32100}},
		"a new port is reported":                             {given: []option{before, onService(func(s *corev1.Service) { s.Spec.HealthCheckNodePort = 32111 })}, want: facts{nodes: counts(2, 2, 2), addresses: vip, port: 32111}},
		"the port goes with the way in":                      {given: []option{before, exposed(v1alpha1.ExposureHostNetwork)}, want: facts{nodes: counts(2, 2, 2), addresses: []string{"10.0.0.1", "10.0.0.2"}, port: 0}},
		"nodes not read: counts stay":                        {given: []option{before, unread["Nodes"]}, want: facts{nodes: counts(5, 5, 4), addresses: vip, port: 32100}},
		"pods not read: counts stay":                         {given: []option{before, unread["Pods"]}, want: facts{nodes: counts(5, 5, 4), addresses: vip, port: 32100}},
		"slices not read: counts stay":                       {given: []option{before, unread["EndpointSlices"]}, want: facts{nodes: counts(5, 5, 4), addresses: vip, port: 32100}},
		"the Service not read: addresses stay":               {given: []option{before, unread["Service"]}, want: facts{nodes: counts(2, 2, 2), addresses: []string{"203.0.113.99"}, port: 32100}},
		"nodes not read: their addresses stay":               {given: []option{before, exposed(v1alpha1.ExposureHostNetwork), unread["Nodes"]}, want: facts{nodes: counts(5, 5, 4), addresses: []string{"203.0.113.99"}, port: 0}},
		"deletion counts nothing":                            {given: []option{deleted}, want: facts{nodes: counts(0, 0, 0), addresses: vip, port: 32100}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := healthy(test.given...)
			status := Status(g.s, g.d, g.o, noon)
			got := facts{nodes: status.Nodes, addresses: status.Addresses, port: status.HealthCheckNodePort}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(facts{})); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAddressesAreAtMostSixteen(t *testing.T) {
	g := healthy(onService(func(s *corev1.Service) {
		for i := range 40 {
			s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: fmt.Sprintf("203.0.113.%d", i)})
		}
	}))
	if got := Status(g.s, g.d, g.o, noon).Addresses; len(got) != 16 {
		t.Errorf("%d addresses, want 16", len(got))
	}
}

func TestMessagesAreBoundedText(t *testing.T) {
	for name, message := range map[string]string{"many bytes": strings.Repeat("é", 5000), "no text": "\xff\xfe" + strings.Repeat("a", 5000)} {
		t.Run(name, func(t *testing.T) {
			g := healthy(failed(snapshot.FailureOther, "Node", "edge-1", message))
			for _, c := range Status(g.s, g.d, g.o, noon).Conditions {
				if utf8.RuneCountInString(c.Message) > 1024 || !utf8.ValidString(c.Message) {
					t.Errorf("%s: message of %d runes, valid %t", c.Type, utf8.RuneCountInString(c.Message), utf8.ValidString(c.Message))
				}
			}
			ready := meta.FindStatusCondition(Status(g.s, g.d, g.o, noon).Conditions, v1alpha1.ConditionReady)
			if !strings.HasSuffix(ready.Message, "…") {
				t.Errorf("a message that was cut does not say so: %q", ready.Message[len(ready.Message)-10:])
			}
		})
	}
}
