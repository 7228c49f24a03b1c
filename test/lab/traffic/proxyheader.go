package traffic

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// ProxyVersion is a version of the PROXY protocol.
type ProxyVersion int

// The versions of https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt: 1 is a line of text,
// 2 is binary.
const (
	ProxyV1 ProxyVersion = 1
	ProxyV2 ProxyVersion = 2
)

// proxyV2Signature cannot begin an HTTP request or a TLS handshake.
const proxyV2Signature = "\r\n\r\n\x00\r\nQUIT\n"

const (
	proxyV2Local = 0x20
	proxyV2Proxy = 0x21
	proxyV2TCP4  = 0x11
	proxyV2TCP6  = 0x21
)

// ProxyHeader is the PROXY protocol header that a client writes itself before anything else, TLS included.
type ProxyHeader struct {
	Version ProxyVersion
	// Source is the address that the client claims. The zero value claims nothing: "UNKNOWN" in
	// version 1, the command LOCAL in version 2, as load balancers write for their own health
	// checks.
	Source netip.AddrPort
	// Destination is the address that the client claims to have dialled. The zero value means the
	// one that it did dial.
	Destination netip.AddrPort
}

// bytes returns the header as it is sent. dialled replaces an empty Destination. It returns an
// error if the version is unknown or source and destination have different families, which neither
// version can express.
func (h ProxyHeader) bytes(dialled netip.AddrPort) ([]byte, error) {
	destination := h.Destination
	if !destination.IsValid() {
		destination = dialled
	}
	if h.Source.IsValid() && h.Source.Addr().Is4() != destination.Addr().Is4() {
		return nil, fmt.Errorf("writing a PROXY header: source %s and destination %s are of different families", h.Source, destination)
	}
	switch h.Version {
	case ProxyV1:
		return proxyV1(h.Source, destination), nil
	case ProxyV2:
		return proxyV2(h.Source, destination), nil
	default:
		return nil, fmt.Errorf("writing a PROXY header: there is no version %d", h.Version)
	}
}

func proxyV1(source, destination netip.AddrPort) []byte {
	if !source.IsValid() {
		return []byte("PROXY UNKNOWN\r\n")
	}
	family := "TCP6"
	if source.Addr().Is4() {
		family = "TCP4"
	}
	return fmt.Appendf(nil, "PROXY %s %s %s %d %d\r\n", family, source.Addr(), destination.Addr(), source.Port(), destination.Port())
}

func proxyV2(source, destination netip.AddrPort) []byte {
	bytes := []byte(proxyV2Signature)
	if !source.IsValid() {
		return append(bytes, proxyV2Local, 0, 0, 0)
	}
	from, to := source.Addr().AsSlice(), destination.Addr().AsSlice()
	family := byte(proxyV2TCP6)
	if source.Addr().Is4() {
		family = proxyV2TCP4
	}
	bytes = append(bytes, proxyV2Proxy, family)
	bytes = binary.BigEndian.AppendUint16(bytes, uint16(len(from)+len(to)+4))
	bytes = append(bytes, from...)
	bytes = append(bytes, to...)
	bytes = binary.BigEndian.AppendUint16(bytes, source.Port())
	return binary.BigEndian.AppendUint16(bytes, destination.Port())
}
