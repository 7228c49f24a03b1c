package evidence

import (
	"net/netip"
	"testing"
)

func TestPublic(t *testing.T) {
	for text, want := range map[string]bool{
		"8.8.8.8": true, "203.0.113.9": true, "2a00:1450::1": true, "::ffff:8.8.8.8": true, "10.1.2.3": false, "172.16.0.1": false, "172.32.0.1": true,
		"192.168.1.1": false, "100.64.0.1": false, "100.128.0.1": true, "169.254.1.1": false, "127.0.0.1": false, "fd00::1": false, "fe80::1": false,
		"::1": false, "::ffff:10.0.0.1": false, "0.0.0.0": false, "224.0.0.1": false,
		// What is for special purposes only, such as the addresses of a client behind a translation to IPv6.
		"192.0.0.4": false, "192.0.1.1": true, "198.18.0.1": false, "198.19.255.255": false, "198.20.0.1": true, "0.1.2.3": false, "192.88.99.1": false,
		"240.0.0.1": false, "255.255.255.255": false, "fec0::1": false, "64:ff9b::8.8.8.8": false, "64:ff9b:1::1": false, "100::1": false, "2001:0:53aa::1": false,
		"2001:20::1": false, "2001:200::1": true, "2002:c000:204::1": false, "3fff::1": false, "5f00::1": false, "4000::1": false, "ff02::1": false,
		// The test bed's machines have these.
		"192.0.2.1": true, "198.51.100.1": true, "2001:db8::1": true,
	} {
		if got := Public(netip.MustParseAddr(text)); got != want {
			t.Errorf("Public(%s) = %v", text, got)
		}
	}
}
