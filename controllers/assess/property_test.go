package assess

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// restsOn lists the reads that each condition requires, for an EdgeIngress with a DaemonSet and a
// load balancer that sends the address by PROXY protocol.
var restsOn = map[string][]string{
	v1alpha1.ConditionNodesReady:           {"Nodes"},
	v1alpha1.ConditionControllerAvailable:  {"Nodes", "Pods", "DaemonSet"},
	v1alpha1.ConditionLoadBalancerReady:    {"NetworkPolicies", "Nodes", "Pods", "Service", "EndpointSlices", "Agents"},
	v1alpha1.ConditionConfigEffective:      {"ConfigMap", "DaemonSet", "Service", "Pods"},
	v1alpha1.ConditionForwardedHeadersSafe: {"ConfigMap", "DaemonSet", "Nodes", "Pods", "Service", "EndpointSlices", "Agents"},
	v1alpha1.ConditionSourceIPConfigured:   {"NetworkPolicies", "Nodes", "Pods", "Service", "EndpointSlices", "Agents", "ConfigMap", "DaemonSet"},
	v1alpha1.ConditionReady:                {"NetworkPolicies", "Nodes", "Pods", "Service", "EndpointSlices", "Agents", "ConfigMap", "DaemonSet"},
}

func TestAFailedReadMakesExactlyTheConditionsThatRestOnItUnknown(t *testing.T) {
	whole := healthy(hetznerProxied)
	for condition, reads := range restsOn {
		if c := meta.FindStatusCondition(Status(whole.s, whole.d, whole.o, noon).Conditions, condition); c.Status != yes {
			t.Fatalf("%s is %s without any failed read: %s", condition, c.Status, c.Message)
		}
		for name, fail := range unread {
			g := healthy(hetznerProxied, fail)
			c := meta.FindStatusCondition(Status(g.s, g.d, g.o, noon).Conditions, condition)
			if slices.Contains(reads, name) {
				if c.Status != unknown || c.Reason != v1alpha1.ReasonNotRead || !strings.Contains(c.Message, errNoAPI.Error()) {
					t.Errorf("%s without %s is %s %s: %s", condition, name, c.Status, c.Reason, c.Message)
				}
			} else if c.Status != yes {
				t.Errorf("%s without %s is %s %s, though it does not rest on it: %s", condition, name, c.Status, c.Reason, c.Message)
			}
		}
	}
}

// realObjects takes what desired computes of a snapshot for what the API server holds.
func realObjects(t *testing.T, g given) given {
	t.Helper()
	g.s.EdgeIngress.Spec.Nodes = v1alpha1.NodesSpec{Names: []string{"edge-1", "edge-2"}, Label: v1alpha1.DefaultRoleLabel, Isolation: v1alpha1.IsolationDedicated}
	g.s.Options = snapshot.Options{AllowedImageRepositories: []string{runs.DefaultImage().Repository}}
	state, err := desired.Compute(g.s)
	if err != nil {
		t.Fatal(err)
	}
	seen := g.s.Service.Value.Status
	for _, object := range state.Objects {
		convert := func(into any) {
			if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, into); err != nil {
				t.Fatal(err)
			}
		}
		switch object.GetKind() {
		case "Service":
			g.s.Service.Value = &corev1.Service{}
			convert(g.s.Service.Value)
			g.s.Service.Value.Status = seen
			g.s.Service.Value.Spec.HealthCheckNodePort = 32100
			g.s.Service.Value.Annotations["metallb.io/ip-allocated-from-pool"] = "public"
		case "ConfigMap":
			g.s.ConfigMap.Value = &corev1.ConfigMap{}
			convert(g.s.ConfigMap.Value)
		case "DaemonSet":
			g.s.DaemonSet.Value = &appsv1.DaemonSet{}
			convert(g.s.DaemonSet.Value)
		}
	}
	g.d = state
	return g
}

func TestWhatDesiredComputesIsTrueOnceItIsSeen(t *testing.T) {
	g := realObjects(t, healthy())
	status := Status(g.s, g.d, g.o, noon)
	for _, name := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionSourceIPConfigured} {
		if c := meta.FindStatusCondition(status.Conditions, name); c.Status != yes {
			t.Errorf("%s is %s %s: %s", name, c.Status, c.Reason, c.Message)
		}
	}
}

func TestTheSnapshotIsNotWrittenTo(t *testing.T) {
	g := healthy(appending, strayOn("app-1"), onService(policyCluster))
	g.s.EdgeIngress.Status = Status(g.s, g.d, g.o, noon)
	copies := []runtime.Object{g.s.EdgeIngress.DeepCopy(), g.s.Service.Value.DeepCopy(), g.s.ConfigMap.Value.DeepCopy(), g.s.DaemonSet.Value.DeepCopy()}
	agents := slices.Clone(g.s.Agents.Items)
	Status(g.s, g.d, g.o, noon.Add(1))
	for i, now := range []runtime.Object{g.s.EdgeIngress, g.s.Service.Value, g.s.ConfigMap.Value, g.s.DaemonSet.Value} {
		if diff := cmp.Diff(copies[i], now); diff != "" {
			t.Errorf("the snapshot changed (-before +after)\n%s", diff)
		}
	}
	if len(agents) != len(g.s.Agents.Items) || g.s.Agents.Items[0].Name != agents[0].Name {
		t.Error("the agents of the snapshot changed")
	}
}

func BenchmarkStatusWith5000Nodes(b *testing.B) {
	g := large(5000, 1000)
	b.ReportAllocs()
	for b.Loop() {
		Status(g.s, g.d, g.o, noon)
	}
}

// large has some nodes of which the first edges are edge nodes with a ready pod each.
func large(nodes, edges int) given {
	g := healthy(appending)
	g.s.Nodes.Items, g.s.Pods.Items, g.d.Nodes.Selected = nil, nil, nil
	var slice discoveryv1.EndpointSlice
	for i := range nodes {
		name, ip := nodeName(i), hostIP(i)
		if i >= edges {
			g.s.Nodes.Items = append(g.s.Nodes.Items, appNode(name, ip))
			continue
		}
		g.s.Nodes.Items = append(g.s.Nodes.Items, edgeNode(name, ip))
		g.d.Nodes.Selected = append(g.d.Nodes.Selected, name)
		g.s.Pods.Items = append(g.s.Pods.Items, pod("controller-"+name, name, podIP(i)))
		slice.Endpoints = append(slice.Endpoints, endpoint(podIP(i), true))
	}
	g.s.EndpointSlices.Items = []discoveryv1.EndpointSlice{slice}
	return g
}

func nodeName(i int) string { return fmt.Sprintf("node-%04d", i) }

func hostIP(i int) string { return fmt.Sprintf("10.1.%d.%d", i/250, i%250) }

func podIP(i int) string { return fmt.Sprintf("10.200.%d.%d", i/250, i%250) }

func TestALargeClusterIsJudgedAsASmallOne(t *testing.T) {
	g := large(300, 200)
	status := Status(g.s, g.d, g.o, noon)
	if c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionReady); c.Status != yes {
		t.Errorf("Ready is %s: %s", c.Status, c.Message)
	}
	if status.Nodes.Summary != "200/200" {
		t.Errorf("summary %q", status.Nodes.Summary)
	}
}
