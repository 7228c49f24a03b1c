package trust

import (
	"math/big"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// FuzzTrustedCIDRs checks trustedCIDRs by other means than the code itself: package net instead of
// netip, sums of intervals instead of prefixes, and probes spread over the whole space.
func FuzzTrustedCIDRs(f *testing.F) {
	for _, seed := range []string{
		"10.0.0.0/24", "0.0.0.0/0", "::/0", "0.0.0.0/1 128.0.0.0/1", "0.0.0.0/2 64.0.0.0/2 128.0.0.0/2 192.0.0.0/2", "::ffff:0:0/96", "::ffff:0.0.0.0/97 ::ffff:128.0.0.0/97",
		"64:ff9b::/96", "64:ff9b::/97 64:ff9b::8000:0/97", "64:ff9b:1::/48", "2002::/16", "2002::/17 2002:8000::/17", "2001::/32", "2001::/16", "::/96", "::/16", "2000::/3",
		"10.0.0.5/8", "010.0.0.0/8", "0.0.0.0/00", "0.0.0.0/0.0.0.0", "0/0", "::", "10.0.0.0/8,0.0.0.0/0", "10.0.0.0/8; 0.0.0.0/0", "2600::/16 2601::/16 2602::/16 2603::/16",
		"10.0.0.0/8 11.0.0.0/8 12.0.0.0/8 13.0.0.0/8", "198.51.100.0/24 2001:db8::/48 198.51.100.0/24", "fe80::%25eth0/64", "١٠.0.0.0/8", "proxy.example.com", "unix:/tmp/x",
		strings.Join(everyIPv4(8), " "), strings.Join(everyIPv4(9)[:256], " "), strings.Join(everyIPv4(10)[:300], " "),
	} {
		f.Add(seed, "")
		f.Add("", seed)
		f.Add(seed, "198.51.100.0/24")
	}
	f.Fuzz(func(t *testing.T, proxies, senders string) {
		clientIP := &v1alpha1.ClientIPSpec{}
		if proxies != "" {
			clientIP.ProxyProtocol = proxyProtocol(strings.Split(proxies, " ")...)
		}
		if senders != "" {
			clientIP.ForwardedHeader = header("", "", strings.Split(senders, " ")...)
		}
		asked, problems := AskedBy(clientIP, anyHeader)
		written := texts(asked.CIDRs)
		if len(problems) > 0 && (written != "" || asked.Header != "") {
			t.Fatalf("refused (%s), and yet %+v is trusted", problems[0].Message, asked)
		}
		if len(problems) == 0 && (proxies != "" || senders != "") == (written == "") {
			t.Fatalf("accepted %q and %q, and wrote %q", proxies, senders, written)
		}
		if written != "" && MayCoverEveryone(strings.Split(written, ",")) {
			t.Fatalf("what was accepted covers everyone: %s", written)
		}
		networks := networksOf(t, written)
		checkCoverage(t, networks)
		checkProbes(t, networks)
	})
}

func networksOf(t *testing.T, written string) []*net.IPNet {
	t.Helper()
	var networks []*net.IPNet
	if written == "" {
		return nil
	}
	for _, cidr := range strings.Split(written, ",") {
		ip, network, err := net.ParseCIDR(cidr)
		if err != nil || !ip.Equal(network.IP) {
			t.Fatalf("wrote %q: %v", cidr, err)
		}
		networks = append(networks, network)
	}
	return networks
}

// checkCoverage adds up the intervals from first to last address, family by family, without what overlaps.
func checkCoverage(t *testing.T, networks []*net.IPNet) {
	t.Helper()
	type interval struct{ first, last *big.Int }
	intervals := map[int][]interval{}
	for _, network := range networks {
		ones, bits := network.Mask.Size()
		first := new(big.Int).SetBytes(network.IP)
		last := new(big.Int).Add(first, new(big.Int).Lsh(big.NewInt(1), uint(bits-ones)))
		intervals[bits] = append(intervals[bits], interval{first: first, last: last})
	}
	for bits, most := range map[int]*big.Int{32: new(big.Int).Lsh(big.NewInt(4), 24), 128: new(big.Int).Lsh(big.NewInt(4), 112)} {
		slices.SortFunc(intervals[bits], func(a, b interval) int { return a.first.Cmp(b.first) })
		covered, end := new(big.Int), new(big.Int)
		for _, i := range intervals[bits] {
			if i.first.Cmp(end) > 0 {
				end = i.first
			}
			if i.last.Cmp(end) > 0 {
				covered.Add(covered, new(big.Int).Sub(i.last, end))
				end = i.last
			}
		}
		if covered.Cmp(most) > 0 {
			t.Fatalf("%v cover %s addresses of %d bits, more than %s", networks, covered, bits, most)
		}
	}
}

// checkProbes checks addresses spread over all of IPv4, directly and inside the forms of IPv6 that
// hold one, and addresses of all of IPv6.
func checkProbes(t *testing.T, networks []*net.IPNet) {
	t.Helper()
	forms := map[string]func(a, b, c, d byte) net.IP{
		"IPv4":       net.IPv4,
		"mapped":     func(a, b, c, d byte) net.IP { return net.IP{10: 0xff, 11: 0xff, 12: a, 13: b, 14: c, 15: d} },
		"compatible": func(a, b, c, d byte) net.IP { return net.IP{12: a, 13: b, 14: c, 15: d} },
		"NAT64":      func(a, b, c, d byte) net.IP { return net.IP{1: 0x64, 2: 0xff, 3: 0x9b, 12: a, 13: b, 14: c, 15: d} },
		"local NAT64": func(a, b, c, d byte) net.IP {
			return net.IP{1: 0x64, 2: 0xff, 3: 0x9b, 5: 1, 12: a, 13: b, 14: c, 15: d}
		},
		"6to4":   func(a, b, c, d byte) net.IP { return net.IP{0: 0x20, 1: 2, 2: a, 3: b, 4: c, 5: d, 15: 1} },
		"Teredo": func(a, b, c, d byte) net.IP { return net.IP{0: 0x20, 1: 1, 12: ^a, 13: ^b, 14: ^c, 15: ^d} },
		"IPv6":   func(a, b, c, d byte) net.IP { return net.IP{0: a, 1: b, 2: c, 3: d, 15: 1} },
	}
	const probes = 128
	for name, form := range forms {
		covered := 0
		for i := range probes {
			address := form(byte(i*2), byte(i*37), byte(i*91), byte(i*53))
			if slices.ContainsFunc(networks, func(n *net.IPNet) bool { return n.Contains(address) }) {
				covered++
			}
		}
		if covered > probes/4 {
			t.Fatalf("%v cover %d of %d addresses spread over all of %s", networks, covered, probes, name)
		}
	}
}

func texts(prefixes []netip.Prefix) string {
	var list []string
	for _, prefix := range prefixes {
		list = append(list, prefix.String())
	}
	return strings.Join(list, ",")
}
