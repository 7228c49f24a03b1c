// Package traffic sends requests to the echo application and says, as data, what became of each:
// who answered, what the application saw, or in which way the connection failed. How a connection
// is opened is the caller's affair, so the same requests go out from this machine and from within a
// network namespace.
package traffic

import (
	"context"
	"net"
	"net/netip"
	"syscall"
)

// Dialer opens a connection. It must obey ctx and return the errors of the operating system
// wrapped, not rewritten: they tell a refused connection from one that timed out.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// LocalDialer opens a connection from a chosen local address. Port 0 leaves the port, the zero
// AddrPort everything to the operating system. What is said of Dialer holds here too.
type LocalDialer func(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error)

// From returns the dialer that always dials from addr, with a port of the operating system's choice.
func (d LocalDialer) From(addr netip.Addr) Dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		return d(ctx, network, netip.AddrPortFrom(addr, 0), address)
	}
}

// Direct is a LocalDialer in the network namespace of the calling thread.
func Direct(ctx context.Context, network string, local netip.AddrPort, address string) (net.Conn, error) {
	// Probes of TCP's own would only cost: every request has a time-out.
	dialer := net.Dialer{KeepAlive: -1}
	if local.Addr().IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(local)
	}
	if local.Port() != 0 {
		dialer.Control = reuseLocalPort
	}
	return dialer.DialContext(ctx, network, address)
}

// reuseLocalPort lets a connection take a port whose last connection is still in TIME_WAIT. A port
// in use by a listener or an open connection is still refused.
func reuseLocalPort(_, _ string, raw syscall.RawConn) error {
	var setting error
	err := raw.Control(func(fd uintptr) {
		setting = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1)
	})
	if err != nil {
		return err
	}
	return setting
}
