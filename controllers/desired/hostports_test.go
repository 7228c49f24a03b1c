package desired

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// portPod is a controller pod on a node, with or without the node's ports.
func portPod(node string, opens bool) snapshot.Pod {
	port := func(name string, number int32) corev1.ContainerPort {
		if !opens {
			return corev1.ContainerPort{Name: name, ContainerPort: number}
		}
		return corev1.ContainerPort{Name: name, ContainerPort: number, HostPort: number}
	}
	spec := &corev1.PodSpec{Containers: []corev1.Container{{Name: "controller", Ports: []corev1.ContainerPort{port("http", 80), port("https", 443)}}}}
	return snapshot.Pod{Name: "pod-" + node, Node: node, Workload: v1alpha1.WorkloadDaemonSet, Spec: spec}
}

// describePorts returns what the plan says about ports: nodes that are taken and awaited, and those that lose the
// own label.
func describePorts(plan NodePlan) string {
	var all []string
	for _, list := range []struct {
		what  string
		taken []PortsTaken
	}{{"taken", plan.PortsTaken}, {"awaited", plan.PortsAwaited}} {
		for _, t := range list.taken {
			all = append(all, fmt.Sprintf("%s by %s (older: %t): %s", list.what, t.With, t.Older, strings.Join(t.Nodes, ",")))
		}
	}
	all = append(all, "selected "+strings.Join(plan.Selected, ","))
	for _, change := range plan.Labels {
		if _, stays := change.Labels[ownLabel]; !stays {
			all = append(all, "unlabels "+change.Node)
		}
	}
	return strings.Join(all, "; ")
}

// TestHostPortsOfAnother is about an EdgeIngress with host ports that was created at noon and selects the nodes a
// and b. Options change what is on node a.
func TestHostPortsOfAnother(t *testing.T) {
	hostPort, hostNetwork, balanced := exposed(v1alpha1.ExposureHostPort), exposed(v1alpha1.ExposureHostNetwork), exposed(v1alpha1.ExposureLoadBalancer)
	older, younger := createdAfter(-time.Hour), createdAfter(time.Hour)
	theirs := label(v1alpha1.NodeLabel("other"), "")
	type nodeOptions = []func(*snapshot.Node)
	opens := map[string]bool{"a": true}
	for name, test := range map[string]struct {
		ours   edgeOption
		others []v1alpha1.EdgeIngress
		a      nodeOptions
		// pods are ours, and held are the nodes where the other one opens the ports.
		pods []snapshot.Pod
		held map[string]bool
		// live says whether the pods of our live workload open ports; nil where there is no workload.
		live *bool
		want string
	}{
		"an older one selects a node":                      {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, want: "taken by other (older: true): a; selected b"},
		"host network and host ports collide":              {ours: hostNetwork, others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, want: "taken by other (older: true): a; selected b"},
		"an older one selects both":                        {others: []v1alpha1.EdgeIngress{another("other", older, hostNetwork)}, want: "taken by other (older: true): a,b; selected "},
		"two older ones select a node each":                {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a")), another("third", older, hostPort, named("b"))}, want: "taken by other (older: true): a; taken by third (older: true): b; selected "},
		"a younger one selects a node":                     {others: []v1alpha1.EdgeIngress{another("other", younger, hostPort, named("a"))}, want: "selected a,b"},
		"a younger one has a node":                         {others: []v1alpha1.EdgeIngress{another("other", younger, hostPort, named("a"))}, a: nodeOptions{theirs}, want: "taken by other (older: false): a; selected b"},
		"made at once, with an earlier name":               {others: []v1alpha1.EdgeIngress{another("other", createdAfter(0), hostPort, named("a"))}, want: "taken by other (older: true): a; selected b"},
		"an older one behind a load balancer":              {others: []v1alpha1.EdgeIngress{another("other", older, balanced, named("a"))}, a: nodeOptions{theirs}, want: "selected a,b"},
		"ours behind a load balancer":                      {ours: balanced, others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, a: nodeOptions{theirs}, want: "selected a,b"},
		"an older one that has left the node":              {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("w"))}, want: "selected a,b"},
		"an older one that still has a node":               {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("w"))}, a: nodeOptions{theirs}, want: "taken by other (older: true): a; selected b"},
		"ours has the node, and an older one selects it":   {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, a: nodeOptions{labelled, tainted}, pods: []snapshot.Pod{portPod("a", true)}, live: &yes, want: "selected a,b"},
		"ours has the node, and its pod is being replaced": {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, a: nodeOptions{labelled, tainted}, live: &yes, want: "selected a,b"},
		"both have labels, and ours runs":                  {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, a: nodeOptions{labelled, tainted, theirs}, pods: []snapshot.Pod{portPod("a", true)}, live: &yes, want: "selected a,b"},
		"both have labels, and neither runs":               {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, a: nodeOptions{labelled, tainted, theirs}, live: &yes, want: "selected a,b"},
		"both have labels, and the other one runs":         {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, a: nodeOptions{labelled, tainted, theirs}, held: opens, live: &yes, want: "taken by other (older: true): a; selected b; unlabels a"},
		"both have labels, and the younger one runs":       {others: []v1alpha1.EdgeIngress{another("other", younger, hostPort, named("a"))}, a: nodeOptions{labelled, tainted, theirs}, held: opens, live: &yes, want: "taken by other (older: false): a; selected b; unlabels a"},
		"somebody removed our label, and ours still runs":  {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("a"))}, pods: []snapshot.Pod{portPod("a", true)}, live: &yes, want: "selected a,b"},
		"an older one has left, and its pod still ends":    {others: []v1alpha1.EdgeIngress{another("other", older, hostPort, named("w"))}, held: opens, want: "taken by other (older: true): a; selected b"},
		"a younger one lost its label, and still runs":     {others: []v1alpha1.EdgeIngress{another("other", younger, hostPort, named("a"))}, held: opens, want: "taken by other (older: false): a; selected b"},
		"ours serves without ports beside the other one":   {others: []v1alpha1.EdgeIngress{another("other", younger, hostPort, named("a"))}, a: nodeOptions{labelled, tainted, theirs}, pods: []snapshot.Pod{portPod("a", false)}, live: &no, want: "awaited by other (older: false): a; selected a,b"},
	} {
		t.Run(name, func(t *testing.T) {
			if test.ours == nil {
				test.ours = hostPort
			}
			s := seen(edge(createdAfter(0), test.ours), node("a", append(test.a, pool)...), node("b", pool), node("w"))
			s.Others.Items, s.Pods.Items = test.others, test.pods
			s.Held = map[string]snapshot.Holding{"other": {HostPorts: test.held}}
			if test.live != nil {
				s.DaemonSet.Value = liveDaemonSet("before", 1, 1, 2, 2, 2)
				s.DaemonSet.Value.Spec.Template.Spec = *portPod("a", *test.live).Spec
			}
			if got := describePorts(plan(t, s)); got != test.want {
				t.Errorf("want %q\n got %q", test.want, got)
			}
		})
	}
}

var yes, no = true, false

// TestNoPodIsReplacedByOneThatWaitsForPorts is about a change from a load balancer to host ports on a node whose
// ports another EdgeIngress has.
func TestNoPodIsReplacedByOneThatWaitsForPorts(t *testing.T) {
	s := seen(edge(createdAfter(0), exposed(v1alpha1.ExposureHostPort)), node("a", pool, labelled, tainted, label(v1alpha1.NodeLabel("other"), "")), node("w"))
	s.Others.Items = []v1alpha1.EdgeIngress{another("other", createdAfter(time.Hour), exposed(v1alpha1.ExposureHostPort), named("a"))}
	s.Pods.Items = []snapshot.Pod{portPod("a", false)}
	s.DaemonSet.Value = liveDaemonSet("before", 1, 1, 1, 1, 1)
	s.DaemonSet.Value.Spec.Template.Spec = *portPod("a", false).Spec
	ref := snapshot.Ref{Kind: "DaemonSet", Namespace: "edge-public", Name: "public-edge-ingress"}
	s.Live = map[snapshot.Ref]snapshot.Live{ref: {Object: &unstructured.Unstructured{}}}
	state := compute(t, s)
	if slices.ContainsFunc(state.Changes, func(change Change) bool { return change.Ref == ref }) {
		t.Error("the workload is updated")
	}
	s.Others.Items = nil
	if !slices.ContainsFunc(compute(t, s).Changes, func(change Change) bool { return change.Ref == ref }) {
		t.Error("the workload is not updated when the ports are free")
	}
}
