package probe

import (
	"net/netip"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

func trusting(header string) *v1alpha1.EdgeIngress {
	e := &v1alpha1.EdgeIngress{}
	if header != "" {
		e.Spec.ClientIP = &v1alpha1.ClientIPSpec{ForwardedHeader: &v1alpha1.ForwardedHeaderSpec{Header: header}}
	}
	return e
}

func TestForgeriesClaimAnAddressEach(t *testing.T) {
	documentation := map[corev1.IPFamily]netip.Prefix{
		corev1.IPv4Protocol: netip.MustParsePrefix("192.0.2.0/24"), corev1.IPv6Protocol: netip.MustParsePrefix("2001:db8::/32"),
	}
	for _, header := range []string{"", "CF-Connecting-IP", "x-real-ip", strings.Repeat("A", 100)} {
		for family, prefix := range documentation {
			names, claims := map[string]bool{}, map[netip.Addr]bool{}
			forgeries := Forgeries(trusting(header), family)
			if len(forgeries) > 16 {
				t.Errorf("%s: %d forgeries, and a sight holds 16", header, len(forgeries))
			}
			for _, forgery := range forgeries {
				if forgery.Name == "" || len(forgery.Name) > 64 || names[strings.ToLower(forgery.Name)] {
					t.Errorf("%s: the name %q is empty, too long or not the only one", header, forgery.Name)
				}
				names[strings.ToLower(forgery.Name)] = true
				for _, claimed := range forgery.WithProxy(ProxyV1, family).Claims {
					if claims[claimed] && claimed != address(family, partProxy) || !prefix.Contains(claimed) {
						t.Errorf("%s: %s claims %s, which another forgery claims too, or is not for documentation", header, forgery.Name, claimed)
					}
					claims[claimed] = true
				}
				if len(forgery.Header) == 0 && forgery.Proxy == 0 {
					t.Errorf("%s: %s claims nothing in the request", header, forgery.Name)
				}
				for name, values := range forgery.Header {
					if text := strings.Join(values, ","); !strings.Contains(text, forgery.Claims[0].String()) {
						t.Errorf("%s: %s: %s does not hold %s", header, name, text, forgery.Claims[0])
					}
				}
			}
			for _, name := range []string{ForwardedFor, RealIP, Forwarded, OriginalForwardedFor, Internal, ProxyV1Header, ProxyV2Header, evidence.ForgeryOf(header)} {
				if name != "" && !names[strings.ToLower(name)] {
					t.Errorf("%s: no forgery is called %s", header, name)
				}
			}
		}
	}
}

func TestTheFirstForgeryIsTheTrustedHeader(t *testing.T) {
	for header, want := range map[string]string{"": ForwardedFor, "CF-Connecting-IP": "CF-Connecting-IP"} {
		if got := Forgeries(trusting(header), corev1.IPv4Protocol)[0].Name; got != want {
			t.Errorf("with %q trusted it is %s, want %s", header, got, want)
		}
	}
}

func TestProxyHeaders(t *testing.T) {
	v4, v6 := netip.MustParseAddrPort("10.0.0.11:80"), netip.MustParseAddrPort("[fd00::11]:443")
	tests := map[string]struct {
		version ProxyVersion
		family  corev1.IPFamily
		target  netip.AddrPort
		want    string
	}{
		"none":                     {want: "", target: v4},
		"version 1":                {ProxyV1, corev1.IPv4Protocol, v4, "PROXY TCP4 192.0.2.111 10.0.0.11 40000 80\r\n"},
		"version 1, IPv6":          {ProxyV1, corev1.IPv6Protocol, v6, "PROXY TCP6 2001:db8::6f fd00::11 40000 443\r\n"},
		"version 1, mixed":         {ProxyV1, corev1.IPv4Protocol, v6, "PROXY TCP4 192.0.2.111 192.0.2.111 40000 443\r\n"},
		"version 1, mapped target": {ProxyV1, corev1.IPv4Protocol, netip.MustParseAddrPort("[::ffff:10.0.0.11]:80"), "PROXY TCP4 192.0.2.111 10.0.0.11 40000 80\r\n"},
		"version 2":                {ProxyV2, corev1.IPv4Protocol, v4, "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x6f\x0a\x00\x00\x0b\x9c\x40\x00\x50"},
		"version 2, IPv6": {
			ProxyV2, corev1.IPv6Protocol, v6,
			"\r\n\r\n\x00\r\nQUIT\n\x21\x21\x00\x24" + "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x6f" + "\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x11" + "\x9c\x40\x01\xbb",
		},
	}
	for name, test := range tests {
		forgery := Forgery{}
		if test.version != 0 {
			forgery = forgery.WithProxy(test.version, test.family)
		}
		if got := string(forgery.proxyHeader(test.target)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

func TestAForgedProxyHeaderStaysWhatItIs(t *testing.T) {
	for _, forgery := range Forgeries(trusting(""), corev1.IPv4Protocol) {
		with := forgery.WithProxy(ProxyV1, corev1.IPv4Protocol)
		if forgery.Proxy != 0 && (with.Proxy != forgery.Proxy || len(with.Claims) != len(forgery.Claims)) {
			t.Errorf("%s becomes %+v", forgery.Name, with)
		}
		if forgery.Proxy == 0 && (with.Proxy != ProxyV1 || with.Claims[len(with.Claims)-1] != address(corev1.IPv4Protocol, partProxy)) {
			t.Errorf("%s becomes %+v, without a PROXY header", forgery.Name, with)
		}
	}
}
