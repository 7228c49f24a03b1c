package probe

import (
	"encoding/binary"
	"fmt"
	"net/http"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Forgery is a way in which a request claims another address than its socket has. The zero value claims
// none.
type Forgery struct {
	// Name as in reports; empty for a plain request.
	Name string
	// Claims are the addresses that the request claims. All are for documentation (RFC 5737, RFC 3849), so
	// nobody has them.
	Claims []netip.Addr
	// Header has the headers of the request that claim them.
	Header http.Header
	// Proxy is the version of the PROXY header with which the connection begins; 0 for none. It claims the
	// last of Claims, as a front would say which address it saw.
	Proxy ProxyVersion
}

// ProxyVersion is the version of PROXY protocol.
type ProxyVersion int

// The versions of PROXY protocol.
const (
	ProxyV1 ProxyVersion = 1
	ProxyV2 ProxyVersion = 2
)

// The names of the forgeries that are always sent. Those of the header that the spec names follow from it.
const (
	ForwardedFor         = "X-Forwarded-For"
	RealIP               = "X-Real-IP"
	Forwarded            = "Forwarded"
	OriginalForwardedFor = "X-Original-Forwarded-For"
	// Internal is a header in which some builds of an engine keep the address internally while PROXY
	// protocol and a header are on together (source-ip.md, row 30).
	Internal      = "X-Forwarded-For-Proxy-Protocol"
	ProxyV1Header = evidence.ForgedProxyV1
	ProxyV2Header = evidence.ForgedProxyV2
)

// The last parts of the claimed addresses: forgeries number upward from 1, and the rest is apart from them.
const (
	partSeveral = 101 // and the two after it
	partProxy   = 111
)

// Forgeries are the forgeries for an EdgeIngress, with addresses of one family. The first is the one of the
// header that the controller trusts, or of X-Forwarded-For.
func Forgeries(e *v1alpha1.EdgeIngress, family corev1.IPFamily) []Forgery {
	trusted := ForwardedFor
	if e.Spec.ClientIP != nil && e.Spec.ClientIP.ForwardedHeader != nil && e.Spec.ClientIP.ForwardedHeader.Header != "" {
		trusted = e.Spec.ClientIP.ForwardedHeader.Header
	}
	var all []Forgery
	for _, name := range []string{trusted, ForwardedFor, RealIP, Forwarded, OriginalForwardedFor, Internal} {
		if named(all, name) {
			continue
		}
		claimed := address(family, len(all)+1)
		value := claimed.String()
		if name == Forwarded {
			value = forwarded(claimed)
		}
		all = append(all, Forgery{Name: evidence.ForgeryOf(name), Claims: []netip.Addr{claimed}, Header: http.Header{name: {value}}})
	}
	first, second, third := address(family, partSeveral), address(family, partSeveral+1), address(family, partSeveral+2)
	return append(all,
		Forgery{
			Name: evidence.SeveralForgeriesOf(trusted), Claims: []netip.Addr{first, second, third},
			Header: http.Header{trusted: {first.String(), second.String() + ", " + third.String()}},
		},
		Forgery{Name: ProxyV1Header, Claims: []netip.Addr{address(family, partProxy+int(ProxyV1))}, Proxy: ProxyV1},
		Forgery{Name: ProxyV2Header, Claims: []netip.Addr{address(family, partProxy+int(ProxyV2))}, Proxy: ProxyV2},
	)
}

// WithProxy adds a PROXY header, for a controller that refuses connections without one. The header claims an
// address of its own, which a controller must not believe from a sender that it does not trust.
func (f Forgery) WithProxy(version ProxyVersion, family corev1.IPFamily) Forgery {
	if f.Proxy != 0 {
		return f
	}
	f.Proxy, f.Claims = version, append(f.Claims[:len(f.Claims):len(f.Claims)], address(family, partProxy))
	return f
}

// address is one of the addresses for documentation.
func address(family corev1.IPFamily, part int) netip.Addr {
	if family == corev1.IPv6Protocol {
		return netip.AddrFrom16([16]byte{0: 0x20, 1: 0x01, 2: 0x0d, 3: 0xb8, 15: byte(part)}) //nolint:gosec // The parts are constants below 256.
	}
	return netip.AddrFrom4([4]byte{192, 0, 2, byte(part)}) //nolint:gosec // As above.
}

// forwarded is the value of the header Forwarded (RFC 7239).
func forwarded(claimed netip.Addr) string {
	if claimed.Is6() {
		return `for="[` + claimed.String() + `]"`
	}
	return "for=" + claimed.String()
}

func named(all []Forgery, name string) bool {
	for _, forgery := range all {
		if strings.EqualFold(forgery.Name, evidence.ForgeryOf(name)) {
			return true
		}
	}
	return false
}

// signature begins a PROXY header of version 2.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// claimedPort is the port that a PROXY header claims.
const claimedPort = 40000

// proxyHeader is the PROXY header in front of a connection to the target, or nil
// (https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt).
func (f Forgery) proxyHeader(target netip.AddrPort) []byte {
	if f.Proxy == 0 {
		return nil
	}
	from, to := f.Claims[len(f.Claims)-1], target.Addr().Unmap().WithZone("")
	if from.Is4() != to.Is4() { // Both have to be of one family.
		to = from
	}
	if f.Proxy == ProxyV1 {
		family := "TCP4"
		if from.Is6() {
			family = "TCP6"
		}
		return fmt.Appendf(nil, "PROXY %s %s %s %d %d\r\n", family, from, to, claimedPort, target.Port())
	}
	family := byte(0x11) // TCP over IPv4
	if from.Is6() {
		family = 0x21
	}
	rest := append(from.AsSlice(), to.AsSlice()...)
	rest = binary.BigEndian.AppendUint16(rest, claimedPort)
	rest = binary.BigEndian.AppendUint16(rest, target.Port())
	header := append([]byte(signature), 0x21, family)                 // version 2, command PROXY
	header = binary.BigEndian.AppendUint16(header, uint16(len(rest))) //nolint:gosec // It has 12 or 36 bytes.
	return append(header, rest...)
}
