package netns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// Dial connects from the namespace to an address, which must be an IP address and a port. It does
// not look up names, because Go would do that in other goroutines, outside of the namespace. The
// connection can be used anywhere.
func (n *Namespace) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if err := checkLiteral(address); err != nil {
		return nil, fmt.Errorf("dialing: %w", err)
	}
	var connection net.Conn
	err := n.Do(func() (err error) {
		connection, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return connection, err
}

// Listen listens in the namespace on an address, which must be an IP address and a port. The
// listener can be used anywhere.
func (n *Namespace) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if err := checkLiteral(address); err != nil {
		return nil, fmt.Errorf("listening: %w", err)
	}
	var listener net.Listener
	err := n.Do(func() (err error) {
		listener, err = new(net.ListenConfig).Listen(ctx, network, address)
		return err
	})
	return listener, err
}

func checkLiteral(address string) error {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return fmt.Errorf("an IP address and a port are needed: %w", err)
	}
	return nil
}
