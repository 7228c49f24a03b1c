package traffic

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

// parsedProxy is a parsed PROXY header.
type parsedProxy struct {
	local               bool
	source, destination netip.AddrPort
}

// parseProxy follows the specification, sections 2.1 and 2.2, and is independent of the tested
// code. It also returns the bytes after the header.
func parseProxy(raw []byte) (parsedProxy, []byte, error) {
	if len(raw) >= 16 && string(raw[:12]) == "\x0D\x0A\x0D\x0A\x00\x0D\x0A\x51\x55\x49\x54\x0A" {
		return parseProxyV2(raw[12:])
	}
	line, rest, found := strings.Cut(string(raw), "\r\n")
	if !found || len(line) > 105 {
		return parsedProxy{}, nil, fmt.Errorf("no line of at most 107 characters in %q", raw)
	}
	words := strings.Split(line, " ")
	if words[0] != "PROXY" {
		return parsedProxy{}, nil, fmt.Errorf("%q does not begin with PROXY", line)
	}
	if words[1] == "UNKNOWN" {
		return parsedProxy{local: true}, []byte(rest), nil
	}
	if len(words) != 6 {
		return parsedProxy{}, nil, fmt.Errorf("%q has not six words", line)
	}
	source, err := endpoint(words[1], words[2], words[4])
	if err != nil {
		return parsedProxy{}, nil, err
	}
	destination, err := endpoint(words[1], words[3], words[5])
	return parsedProxy{source: source, destination: destination}, []byte(rest), err
}

func endpoint(family, address, port string) (netip.AddrPort, error) {
	parsed, err := netip.ParseAddr(address)
	if err != nil || parsed.Is4() != (family == "TCP4") || parsed.Is6() != (family == "TCP6") {
		return netip.AddrPort{}, fmt.Errorf("%s is not an address of %s", address, family)
	}
	number, err := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(parsed, uint16(number)), err
}

func parseProxyV2(raw []byte) (parsedProxy, []byte, error) {
	command, family, length := raw[0], raw[1], int(binary.BigEndian.Uint16(raw[2:4]))
	if command>>4 != 2 || len(raw) < 4+length {
		return parsedProxy{}, nil, fmt.Errorf("version %d, %d bytes announced of %d", command>>4, length, len(raw)-4)
	}
	body, rest := raw[4:4+length], raw[4+length:]
	if command&0xF == 0 {
		return parsedProxy{local: true}, rest, nil
	}
	size := map[byte]int{0x11: 4, 0x21: 16}[family]
	if command&0xF != 1 || size == 0 || length != 2*size+4 {
		return parsedProxy{}, nil, fmt.Errorf("command %x, family %x, length %d", command, family, length)
	}
	from, _ := netip.AddrFromSlice(body[:size])
	to, _ := netip.AddrFromSlice(body[size : 2*size])
	return parsedProxy{
		source:      netip.AddrPortFrom(from, binary.BigEndian.Uint16(body[2*size:])),
		destination: netip.AddrPortFrom(to, binary.BigEndian.Uint16(body[2*size+2:])),
	}, rest, nil
}

func TestProxyHeader(t *testing.T) {
	dialled := netip.MustParseAddrPort("203.0.113.50:80")
	source4, source6 := netip.MustParseAddrPort("198.51.100.66:4711"), netip.MustParseAddrPort("[2001:db8::66]:65535")
	destination6 := netip.MustParseAddrPort("[2001:db8::50]:443")
	for name, test := range map[string]struct {
		header ProxyHeader
		want   parsedProxy
	}{
		"version 1, IPv4":            {header: ProxyHeader{Version: ProxyV1, Source: source4}, want: parsedProxy{source: source4, destination: dialled}},
		"version 1, IPv6":            {header: ProxyHeader{Version: ProxyV1, Source: source6, Destination: destination6}, want: parsedProxy{source: source6, destination: destination6}},
		"version 1, claims nothing":  {header: ProxyHeader{Version: ProxyV1}, want: parsedProxy{local: true}},
		"version 2, IPv4":            {header: ProxyHeader{Version: ProxyV2, Source: source4}, want: parsedProxy{source: source4, destination: dialled}},
		"version 2, IPv6":            {header: ProxyHeader{Version: ProxyV2, Source: source6, Destination: destination6}, want: parsedProxy{source: source6, destination: destination6}},
		"version 2, claims nothing":  {header: ProxyHeader{Version: ProxyV2}, want: parsedProxy{local: true}},
		"a destination of one's own": {header: ProxyHeader{Version: ProxyV2, Source: source4, Destination: source4}, want: parsedProxy{source: source4, destination: source4}},
	} {
		t.Run(name, func(t *testing.T) {
			written, err := test.header.bytes(dialled)
			if err != nil {
				t.Fatal(err)
			}
			got, rest, err := parseProxy(append(written, "GET"...))
			if err != nil {
				t.Fatal(err)
			}
			if got != test.want || string(rest) != "GET" {
				t.Errorf("a server reads %+v and then %q, want %+v", got, rest, test.want)
			}
		})
	}
}

// TestProxyHeaderBytes holds the examples of the specification against what is written.
func TestProxyHeaderBytes(t *testing.T) {
	source, destination := netip.MustParseAddrPort("192.168.0.1:56324"), netip.MustParseAddrPort("192.168.0.11:443")
	for version, want := range map[ProxyVersion]string{
		ProxyV1: "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
		ProxyV2: "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\xa8\x00\x01\xc0\xa8\x00\x0b\xdc\x04\x01\xbb",
	} {
		got, err := ProxyHeader{Version: version, Source: source, Destination: destination}.bytes(netip.AddrPort{})
		if err != nil || string(got) != want {
			t.Errorf("version %d: %q (error %v), want %q", version, got, err, want)
		}
	}
}

func TestProxyHeaderThatCannotBeWritten(t *testing.T) {
	dialled, source6 := netip.MustParseAddrPort("203.0.113.50:80"), netip.MustParseAddrPort("[2001:db8::66]:1")
	for name, header := range map[string]ProxyHeader{
		"no version":   {Source: dialled},
		"two families": {Version: ProxyV1, Source: source6},
	} {
		if bytes, err := header.bytes(dialled); err == nil {
			t.Errorf("%s: wrote %q", name, bytes)
		}
	}
}
