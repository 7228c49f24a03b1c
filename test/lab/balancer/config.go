// Package balancer runs a haproxy outside of the cluster. It stands for proxies and load balancers
// in front of edge nodes that Kubernetes does not know.
package balancer

import (
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// Mode says what the proxy does with the client's address.
type Mode string

// The modes.
const (
	// TCP passes bytes on and does not send the client's address.
	TCP Mode = "TCP"
	// TCPProxyV1 and TCPProxyV2 write a PROXY header of that version in front of the bytes.
	TCPProxyV1 Mode = "TCPProxyV1"
	TCPProxyV2 Mode = "TCPProxyV2"
	// HTTPAppending adds the client's address to X-Forwarded-For.
	HTTPAppending Mode = "HTTPAppending"
	// HTTPReplacing writes it in place of what the client sent.
	HTTPReplacing Mode = "HTTPReplacing"
	// HTTPUnchanged passes X-Forwarded-For on as the client sent it.
	HTTPUnchanged Mode = "HTTPUnchanged"
)

// Listener is a port of the proxy and what stands behind it.
type Listener struct {
	Address netip.AddrPort
	Mode    Mode
	Servers []netip.AddrPort
	// Check finds servers that do not serve; nil sends to all.
	Check *Check
	// FromPorts are the ports from which the proxy connects to each server, in turn; nil lets the
	// kernel choose, which may give out a port again at once.
	FromPorts *Ports
}

// Ports are those from First to Last.
type Ports struct{ First, Last uint16 }

// Check asks a server whether it serves.
type Check struct {
	// HealthPort receives GET /healthz, as a Service's healthCheckNodePort expects it. With 0 the
	// check opens a connection to the server's own port.
	HealthPort int
	// Interval is the time between two checks. After Fall failed checks in a row the server counts
	// as down, after Rise good ones as up.
	Interval   time.Duration
	Fall, Rise int
}

// Config returns the configuration file. Every request gets its own connection to a server, so that
// no request reaches an old nginx after a reload. haproxy logs broken connections, with its letters
// for the reason, and servers that go down or come up, each with the time.
func Config(listeners []Listener) string {
	var out strings.Builder
	out.WriteString(`global
  maxconn 2000
  log stderr format iso local0 info
defaults
  log global
  option tcplog
  option dontlog-normal
  timeout connect 2s
  timeout client 10s
  timeout server 10s
  timeout check 500ms
  retries 0
`)
	for _, listener := range listeners {
		listener.write(&out)
	}
	return out.String()
}

func (l Listener) write(out *strings.Builder) {
	fmt.Fprintf(out, "listen port-%d\n  bind %s\n", l.Address.Port(), l.Address)
	switch l.Mode {
	case HTTPAppending, HTTPReplacing, HTTPUnchanged:
		out.WriteString("  mode http\n  option httpclose\n  http-reuse never\n")
	default:
		out.WriteString("  mode tcp\n")
	}
	switch l.Mode {
	case HTTPAppending:
		out.WriteString("  option forwardfor\n")
	case HTTPReplacing:
		out.WriteString("  http-request set-header X-Forwarded-For %[src]\n")
	}
	if l.Check != nil && l.Check.HealthPort != 0 {
		out.WriteString("  option httpchk GET /healthz\n  http-check expect status 200\n")
	}
	for i, server := range l.Servers {
		fmt.Fprintf(out, "  server s%d %s%s%s%s\n", i, server, l.sends(), l.checks(), l.from())
	}
}

func (l Listener) sends() string {
	switch l.Mode {
	case TCPProxyV1:
		return " send-proxy"
	case TCPProxyV2:
		return " send-proxy-v2"
	}
	return ""
}

func (l Listener) from() string {
	if l.FromPorts == nil {
		return ""
	}
	return fmt.Sprintf(" source %s:%d-%d", l.Address.Addr(), l.FromPorts.First, l.FromPorts.Last)
}

func (l Listener) checks() string {
	if l.Check == nil {
		return ""
	}
	text := fmt.Sprintf(" check inter %dms fall %d rise %d", l.Check.Interval.Milliseconds(), l.Check.Fall, l.Check.Rise)
	switch {
	case l.Check.HealthPort != 0:
		return text + fmt.Sprintf(" port %d", l.Check.HealthPort)
	case l.sends() != "":
		return text + " check-send-proxy"
	}
	return text
}
