package runner

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

// packetTable has no other user, so the runner removes the whole table again.
const packetTable = "e2e_scenario"

// masqueradeOnEdge hides the source of packets from outside the pod network when the first edge node passes
// them on to its controller, as a network plugin might.
func (d *done) masqueradeOnEdge(ctx context.Context) error {
	pod, err := d.object.podOn(ctx, d.firstEdge())
	if err != nil || pod == nil {
		return fmt.Errorf("finding the controller pod on %s: there is none (error %w)", d.firstEdge(), err)
	}
	return d.masquerade(ctx, d.firstEdge(), fmt.Sprintf("ip saddr != %s ip daddr %s masquerade", realcluster.Pods, pod.Status.PodIP))
}

// masqueradeInFront makes the router put its own address in place of the source of what clients send to the
// load balancer's address.
func (d *done) masqueradeInFront(ctx context.Context) error {
	target, err := d.object.address(ctx, httpPort)
	if err != nil {
		return err
	}
	address, err := netip.ParseAddrPort(target)
	if err != nil {
		return fmt.Errorf("reading the load balancer's address: %w", err)
	}
	return d.masquerade(ctx, realcluster.Fabric, fmt.Sprintf("ip saddr 203.0.113.0/24 ip daddr %s masquerade", address.Addr()))
}

// masquerade adds a rule to what a host does with packets that leave it.
func (d *done) masquerade(ctx context.Context, host, rule string) error {
	return d.filter(ctx, host, "chain postrouting {\ntype nat hook postrouting priority 90\n"+rule+"\n}")
}

// proxyStopsAppending leads connections to the proxy on to a port at which it does not append.
func (d *done) proxyStopsAppending(ctx context.Context) error {
	return d.filter(ctx, realcluster.LoadBalancer, fmt.Sprintf("chain prerouting {\ntype nat hook prerouting priority -100\ntcp dport %d redirect to :%d\n}",
		balancerPorts[scenario.HTTPChanging], balancerPorts[scenario.HTTPUnchanged]))
}

// filter adds a table with this chain to a host, until it is undone.
func (d *done) filter(ctx context.Context, host, chain string) error {
	d.later(func(ctx context.Context) error { return d.nft(ctx, host, "delete table ip "+packetTable) })
	return d.nft(ctx, host, "table ip "+packetTable+" {\n"+chain+"\n}")
}

func (d *done) nft(ctx context.Context, host, commands string) error {
	output, err := d.object.runner.lab.Cluster.Host(host).Command(ctx, "nft", commands).CombinedOutput()
	if err != nil {
		return fmt.Errorf("changing the packet filter of %s: %w: %s", host, err, output)
	}
	return nil
}
