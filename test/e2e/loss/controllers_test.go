package loss

import (
	"maps"
	"net/netip"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

func TestPromised(t *testing.T) {
	hook := func(command ...string) *corev1.Lifecycle {
		return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}}
	}
	tests := []struct {
		name       string
		controller corev1.Container
		want       time.Duration
	}{
		{name: "a sleep and a period of grace", controller: corev1.Container{
			Lifecycle: hook("/bin/sh", "-c", "sleep 5; /wait-shutdown"), Args: []string{"/controller", "--shutdown-grace-period=15", "--post-shutdown-grace-period=2"},
		}, want: 20 * time.Second},
		{name: "no sleep", controller: corev1.Container{Lifecycle: hook("/wait-shutdown"), Args: []string{"--shutdown-grace-period=15"}}, want: 15 * time.Second},
		{name: "neither", controller: corev1.Container{Lifecycle: hook("/wait-shutdown")}, want: 0},
		{name: "no hook", controller: corev1.Container{}, want: 0},
	}
	for _, test := range tests {
		if got := promised(test.controller); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestControllersAreRememberedWithTheEndOfTheirDrain(t *testing.T) {
	now := time.Date(2026, 11, 21, 15, 40, 0, 0, time.UTC)
	w := &controllerWitness{drained: map[types.UID]time.Time{}, controllers: map[netip.Addr]Controller{}}
	pod := func(uid types.UID, node, address string, ending bool) *corev1.Pod {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: uid}, Status: corev1.PodStatus{PodIP: address}}
		p.Spec.NodeName, p.Spec.Containers = node, []corev1.Container{{
			Args:      []string{"--shutdown-grace-period=15"},
			Lifecycle: &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"sleep 5"}}}},
		}}
		if ending {
			p.DeletionTimestamp = &metav1.Time{Time: now}
		}
		return p
	}
	w.see(pod("a", "edge1", "10.244.11.2", false), now)
	w.see(pod("b", "edge2", "", false), now)
	w.see(pod("b", "edge2", "10.244.12.2", false), now)
	w.see(pod("a", "edge1", "10.244.11.2", true), now.Add(time.Second))
	w.see(pod("a", "edge1", "10.244.11.2", true), now.Add(9*time.Second))
	want := map[netip.Addr]Controller{
		netip.MustParseAddr("10.244.11.2"): {Node: "edge1", Drained: now.Add(21 * time.Second)}, netip.MustParseAddr("10.244.12.2"): {Node: "edge2"},
	}
	if !maps.Equal(w.controllers, want) {
		t.Errorf("the controllers are %v, want %v", w.controllers, want)
	}
}
