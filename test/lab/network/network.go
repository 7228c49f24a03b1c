// Package network builds the network of a cluster with real nodes: a fabric that routes, hosts
// outside of the cluster, and the machines of the nodes, each in its own network namespace. It does
// not touch the machine's own network. Nothing needs to be removed: all of it disappears when the
// process ends. It needs root and the program nft.
package network

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/netns"
)

// Network is a running network. It is safe for use by several goroutines.
type Network struct {
	// hosts and routers are complete when New returns.
	hosts   map[string]*netns.Namespace
	routers map[string]router

	mu    sync.Mutex
	nodes map[string]*node
}

// router is where a segment's bridge is.
type router struct {
	namespace *netns.Namespace
	segment   segment
}

// New makes the fabric and the hosts outside of the cluster. There is no node yet.
func New(ctx context.Context) (*Network, error) {
	n := &Network{hosts: map[string]*netns.Namespace{}, routers: map[string]router{}, nodes: map[string]*node{}}
	for _, h := range topology() {
		if err := n.addHost(ctx, h); err != nil {
			return nil, errors.Join(fmt.Errorf("making host %s: %w", h.name, err), n.Close())
		}
	}
	return n, nil
}

// Hosts returns the namespaces of the fabric and of the hosts outside of the cluster by their names.
func (n *Network) Hosts() map[string]*netns.Namespace { return n.hosts }

// Close releases all namespaces. The kernel removes them when no process runs in them.
func (n *Network) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for _, namespace := range n.hosts {
		errs = append(errs, namespace.Close())
	}
	for _, node := range n.nodes {
		errs = append(errs, node.powerOff())
	}
	clear(n.nodes)
	return errors.Join(errs...)
}

func (n *Network) addHost(ctx context.Context, h host) error {
	namespace, err := netns.New()
	if err != nil {
		return err
	}
	n.hosts[h.name] = namespace
	if err := namespace.Do(func() error { return prepare(settings{forwards: len(h.routes) > 0}) }); err != nil {
		return err
	}
	for _, s := range h.routes {
		if err := namespace.Do(func() error { return addBridge(s.name, s.gateway) }); err != nil {
			return err
		}
		n.routers[s.name] = router{namespace: namespace, segment: s}
	}
	if h.segment != "" {
		if err := n.connect(namespace, h.segment, h.name, h.addresses); err != nil {
			return err
		}
	}
	if h.masquerades {
		return namespace.Do(func() error { return masquerade(ctx) })
	}
	return nil
}

// connect gives a namespace an eth0 on a segment, with a default route through the segment's
// router. The other end has the name of the machine.
func (n *Network) connect(namespace *netns.Namespace, segment, machine string, addresses []netip.Prefix) error {
	router := n.routers[segment]
	err := router.namespace.Do(func() error {
		return addPort(segment, portName(machine), namespace, hardwareAddress(addresses[0].Addr()))
	})
	if err != nil {
		return err
	}
	return namespace.Do(func() error { return configure(addresses, router.segment.gateway.Addr()) })
}
