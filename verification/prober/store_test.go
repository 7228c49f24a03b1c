package prober

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

func readyNode() *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "edge-1", UID: "u", Labels: map[string]string{corev1.LabelHostname: "host-1"}}}
	n.Spec.PodCIDRs = []string{"10.244.1.0/24"}
	n.Status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeExternalIP, Address: "203.0.113.1"}, {Type: corev1.NodeInternalIP, Address: "10.0.0.11"}, {Type: corev1.NodeInternalIP, Address: "fd00::11"},
		{Type: corev1.NodeInternalIP, Address: "nonsense"}, {Type: corev1.NodeHostName, Address: "host-1.example.com"},
	}
	n.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	return n
}

func TestOnlyWhatMattersWakesTheProber(t *testing.T) {
	tests := map[string]struct {
		edit func(n *corev1.Node)
		want int
	}{
		"nothing":             {func(*corev1.Node) {}, 0},
		"a heartbeat":         {func(n *corev1.Node) { n.Status.Conditions[0].LastHeartbeatTime = metav1.NewTime(time.Unix(9, 0)) }, 0},
		"an image":            {func(n *corev1.Node) { n.Status.Images = []corev1.ContainerImage{{SizeBytes: 1}} }, 0},
		"a taint":             {func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "a"}} }, 0},
		"another label":       {func(n *corev1.Node) { n.Labels["a"] = "b" }, 0},
		"the node is down":    {func(n *corev1.Node) { n.Status.Conditions[0].Status = corev1.ConditionUnknown }, 1},
		"another address":     {func(n *corev1.Node) { n.Status.Addresses[1].Address = "10.0.0.12" }, 1},
		"another node":        {func(n *corev1.Node) { n.UID = "v" }, 1},
		"another host name":   {func(n *corev1.Node) { n.Labels[corev1.LabelHostname] = "host-2" }, 1},
		"another pod network": {func(n *corev1.Node) { n.Spec.PodCIDRs[0] = "10.244.2.0/24" }, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			woken := 0
			s := newStore(always(keptNode), func() { woken++ })
			if err := s.Replace([]any{readyNode()}, ""); err != nil {
				t.Fatal(err)
			}
			woken = 0
			changed := readyNode()
			test.edit(changed)
			if err := s.Update(changed); err != nil {
				t.Fatal(err)
			}
			if woken != test.want {
				t.Errorf("the prober is woken %d times, want %d", woken, test.want)
			}
		})
	}
}

func TestStoreFollowsItsReflector(t *testing.T) {
	woken := 0
	s := newStore(always(keptNode), func() { woken++ })
	if _, synced := s.all(); synced {
		t.Error("nothing was read, and it is synced")
	}
	steps := []struct {
		name  string
		do    func() error
		nodes int
		woken int
	}{
		{"an empty list", func() error { return s.Replace(nil, "") }, 0, 1},
		{"the same list", func() error { return s.Replace(nil, "") }, 0, 1},
		{"a node", func() error { return s.Add(readyNode()) }, 1, 2},
		{"the list with it", func() error { return s.Replace([]any{readyNode()}, "") }, 1, 2},
		{"its deletion", func() error { return s.Delete(readyNode()) }, 0, 3},
		{"its deletion again", func() error { return s.Delete(readyNode()) }, 0, 3},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if all, synced := s.all(); len(all) != step.nodes || !synced || woken != step.woken {
			t.Errorf("after %s there are %d nodes, and the prober was woken %d times, want %d and %d", step.name, len(all), woken, step.nodes, step.woken)
		}
	}
}

func TestWhatIsKeptOfANode(t *testing.T) {
	n := keptNode(readyNode())
	got := fmt.Sprint(n.name, " ", n.uid, " ", n.ready, n.addresses, n.hostnames, n.podCIDRs)
	if want := "edge-1 u true [10.0.0.11 fd00::11] [edge-1 host-1 host-1.example.com] [10.244.1.0/24]"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}

func TestWhatCountsAsAControllerPod(t *testing.T) {
	controllerPod := func() *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "edge-web", Name: "web-1", Labels: names.Labels("web")}}
		p.Spec.NodeName, p.Status.Phase = "edge-1", corev1.PodRunning
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		p.Status.PodIPs = []corev1.PodIP{{IP: "10.244.1.2"}, {IP: "fd01::2"}}
		return p
	}
	tests := map[string]struct {
		edit        func(p *corev1.Pod)
		kept, ready bool
	}{
		"a controller":            {func(*corev1.Pod) {}, true, true},
		"not ready":               {func(p *corev1.Pod) { p.Status.Conditions[0].Status = corev1.ConditionFalse }, true, false},
		"no conditions":           {func(p *corev1.Pod) { p.Status.Conditions = nil }, true, false},
		"terminating":             {func(p *corev1.Pod) { p.DeletionTimestamp = ptr.To(metav1.Now()) }, true, false},
		"ended":                   {func(p *corev1.Pod) { p.Status.Phase = corev1.PodSucceeded }, true, false},
		"not scheduled":           {func(p *corev1.Pod) { p.Spec.NodeName = "" }, false, true},
		"another object of ours":  {func(p *corev1.Pod) { delete(p.Labels, "app.kubernetes.io/component") }, false, true},
		"of another EdgeIngress":  {func(p *corev1.Pod) { p.Labels["app.kubernetes.io/instance"] = "other" }, false, true},
		"without the owner label": {func(p *corev1.Pod) { delete(p.Labels, v1alpha1.OwnerLabel) }, false, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			object := controllerPod()
			test.edit(object)
			p, kept := keptPod(object)
			if kept != test.kept || kept && (p.ready != test.ready || len(p.addresses) != 2 || p.edgeIngress != "web") {
				t.Errorf("kept: %v, %+v", kept, p)
			}
		})
	}
}

func TestWhatIsKeptOfAnEndpointSlice(t *testing.T) {
	pod := func(uid string) *corev1.ObjectReference {
		return &corev1.ObjectReference{Kind: "Pod", UID: types.UID(uid)}
	}
	object := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Namespace: "edge-web", Labels: map[string]string{discoveryv1.LabelServiceName: "web-edge-ingress"}}}
	object.Endpoints = []discoveryv1.Endpoint{
		{Addresses: []string{"10.244.1.2"}, TargetRef: pod("ready"), Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(true)}},
		{Addresses: []string{"10.244.1.3"}, TargetRef: pod("not"), Conditions: discoveryv1.EndpointConditions{Ready: ptr.To(false)}},
		{Addresses: []string{"10.244.1.4"}, TargetRef: pod("unsaid")},
		{Addresses: []string{"10.244.1.5"}},
	}
	kept := keptSlice(object)
	if got, want := fmt.Sprint(kept.service, kept.pods, kept.addresses), "edge-web/web-edge-ingress [ready unsaid] [10.244.1.2 10.244.1.4]"; got != want {
		t.Errorf("it is %s, want %s", got, want)
	}
}
