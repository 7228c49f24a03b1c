package loss

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

func TestAnAddressMovesWhenAnotherNodeHasIt(t *testing.T) {
	w := &addressWitness{
		address: netip.MustParseAddr("10.77.0.200"), owners: map[string]string{},
		nodes: map[netip.Addr]string{netip.MustParseAddr("10.77.0.12"): "edge1", netip.MustParseAddr("10.77.0.13"): "edge2", netip.MustParseAddr("10.77.0.14"): "edge3"},
	}
	for _, line := range []string{
		"IP address       HW type     Flags       HW address            Mask     Device\n",
		"10.77.0.12       0x1         0x2         02:00:0a:4d:00:0c     *        br0\n",
		"10.77.0.13       0x1         0x2         02:00:0a:4d:00:0d     *        br0\n",
		"10.77.0.14       0x1         0x0         00:00:00:00:00:00     *        br0\n",
		"10.77.0.200      0x1         0x2         02:00:0a:4d:00:0c     *        br0\n",
		"203.0.113.10     0x1         0x2         02:00:cb:00:71:0a     *        br1\n",
	} {
		w.know(line)
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
	announce(5, "10.77.0.200", 14)
	announce(6, "10.77.0.14", 14)
	w.see(at(7), []byte{0, 1, 8, 0})
	want := []Move{{At: at(2), To: "edge2"}, {At: at(4), To: "02:00:0a:4d:00:ff"}, {At: at(5), To: "edge3"}}
	if got := w.seen(); !slices.Equal(got, want) {
		t.Errorf("the address moved %v, want %v", got, want)
	}
}
