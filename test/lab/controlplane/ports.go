package controlplane

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are chosen below the range from which Linux takes the local ports of
// outgoing connections, so that no connection can take one between our choice and
// the moment in which a server listens on it.
const (
	firstPort   = 20000
	portCount   = 12000
	maxAttempts = 200
)

// portNumbers are the ports of the control plane's servers.
type portNumbers struct{ apiServer, etcd, etcdPeer int }

// NamespacePort is the port of the API server in a network namespace of the cluster's own.
const NamespacePort = 6443

// customaryPorts are free in a network namespace of the cluster's own.
var customaryPorts = portNumbers{apiServer: NamespacePort, etcd: 2379, etcdPeer: 2380}

// ports hands out free TCP ports. A port stays reserved against other clusters on
// the machine until release: each reservation is a socket in the kernel's abstract
// namespace, which leaves no file and vanishes with the process.
type ports struct {
	address      string
	reservations []net.Listener
}

func (p *ports) takeAll(ctx context.Context) (numbers portNumbers, err error) {
	for _, number := range []*int{&numbers.apiServer, &numbers.etcd, &numbers.etcdPeer} {
		if *number, err = p.take(ctx); err != nil {
			return portNumbers{}, err
		}
	}
	return numbers, nil
}

// take returns a port without a listener that no other cluster reserved.
func (p *ports) take(ctx context.Context) (int, error) {
	for range maxAttempts {
		port := firstPort + rand.IntN(portCount)
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("choosing a port: %w", err)
		}
		reservation, err := listen(ctx, "unix", "@lab-port-"+strconv.Itoa(port))
		if err != nil {
			continue
		}
		if err := probe(ctx, p.address, port); err != nil {
			_ = reservation.Close()
			continue
		}
		p.reservations = append(p.reservations, reservation)
		return port, nil
	}
	return 0, fmt.Errorf("choosing a port on %s: none of %d tried ports was free", p.address, maxAttempts)
}

func (p *ports) release() error {
	errs := make([]error, 0, len(p.reservations))
	for _, reservation := range p.reservations {
		errs = append(errs, reservation.Close())
	}
	p.reservations = nil
	return errors.Join(errs...)
}

func probe(ctx context.Context, address string, port int) error {
	listener, err := listen(ctx, "tcp", net.JoinHostPort(address, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	return listener.Close()
}

func listen(ctx context.Context, network, address string) (net.Listener, error) {
	return new(net.ListenConfig).Listen(ctx, network, address)
}
