// Package traffic sends requests to the echo application and returns each result as data: who
// answered, what the application saw, or how the connection failed. The caller opens the
// connection, so the same requests can go out from this machine and from a network namespace.
package traffic

import (
	"context"
	"net"
	"net/netip"
	"syscall"
)

// Dialer opens a connection. It must obey ctx and wrap the errors of the operating system, because
// they distinguish a refused connection from one that timed out.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// LocalDialer opens a connection from a chosen local address. Port 0 lets the operating system
// choose the port, the zero AddrPort everything. Otherwise it is like Dialer.
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
