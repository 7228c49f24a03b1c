package loss

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func TestAnAddressMovesWhenAnotherNodeHasIt(t *testing.T) {
	w := &addressWitness{address: netip.MustParseAddr("10.77.0.200"), owners: map[string]string{}}
	nodes := map[string]netip.Addr{"edge1": netip.MustParseAddr("10.77.0.12"), "edge2": netip.MustParseAddr("10.77.0.13")}
	for _, line := range []string{
		"10.77.0.12 dev br0 lladdr 02:00:0a:4d:00:0c REACHABLE \n",
		"10.77.0.13 dev br0 lladdr 02:00:0a:4d:00:0d STALE \n",
		"10.77.0.200 dev br0 lladdr 02:00:0a:4d:00:0c DELAY \n",
		"203.0.113.10 dev br1 lladdr 02:00:cb:00:71:0a REACHABLE \n",
	} {
		w.know(line, nodes)
	}
	at := func(second int) time.Time { return time.Date(2026, 11, 21, 15, 40, second, 0, time.UTC) }
	announce := func(second int, ip string, last byte) {
		packet := append([]byte{0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 10, 77, 0, last}, netip.MustParseAddr(ip).AsSlice()...)
		w.see(at(second), append(packet, make([]byte, 10)...))
	}
	announce(0, "10.77.0.200", 12)
	announce(1, "10.77.0.13", 13)
	announce(2, "10.77.0.200", 13)
	announce(3, "10.77.0.200", 13)
	announce(4, "10.77.0.200", 0xff)
	w.see(at(5), []byte{0, 1, 8, 0})
	want := []Move{{At: at(2), To: "edge2"}, {At: at(4), To: "02:00:0a:4d:00:ff"}}
	if !slices.Equal(w.moves, want) {
		t.Errorf("the address moved %v, want %v", w.moves, want)
	}
}

func TestPromised(t *testing.T) {
	hook := func(command ...string) *corev1.Lifecycle {
		return &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: command}}}
	}
	tests := []struct {
		name       string
		controller corev1.Container
		want       time.Duration
	}{
		{"a sleep and a period of grace", corev1.Container{
			Lifecycle: hook("/bin/sh", "-c", "sleep 5; /wait-shutdown"), Args: []string{"/controller", "--shutdown-grace-period=15", "--post-shutdown-grace-period=2"},
		}, 20 * time.Second},
		{"no sleep", corev1.Container{Lifecycle: hook("/wait-shutdown"), Args: []string{"--shutdown-grace-period=15"}}, 15 * time.Second},
		{"neither", corev1.Container{Lifecycle: hook("/wait-shutdown")}, 0},
		{"no hook", corev1.Container{}, 0},
	}
	for _, test := range tests {
		if got := promised(test.controller); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}
