package runner

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/balancer"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
)

// balancerPorts are where the haproxy listens for each front.
var balancerPorts = map[scenario.Front]uint16{
	scenario.HTTPAppending: 8001, scenario.HTTPReplacing: 8002, scenario.HTTPUnchanged: 8003,
	scenario.TCPProxy: 8004, scenario.TCPProxyV1: 8005, scenario.TCPProxyV2: 8006,
	scenario.CDNBehindProxy: 8007, scenario.HTTPSProxyV2: 8008, scenario.HTTPChanging: 8009,
	scenario.NodePortTCP: 8011, scenario.NodePortAppending: 8012, scenario.NodePortProxyV2: 8013, scenario.EdgeAppending: 8014,
}

// StartBalancer starts the haproxy with all fronts. Those for node ports check them, and have one
// server that never passes: a node without a controller.
func StartBalancer(ctx context.Context, l *lab.Lab) (*balancer.Balancer, error) {
	nodes, err := l.NodeAddresses(ctx)
	if err != nil {
		return nil, err
	}
	vip := netip.MustParseAddr(scenario.FixedVIP)
	edge, worker := nodes[scenario.Edge3], nodes[scenario.Worker1]
	nodePorts := []netip.AddrPort{netip.AddrPortFrom(worker, scenario.InternalHTTPPort), netip.AddrPortFrom(edge, scenario.InternalHTTPPort)}
	check := &balancer.Check{Interval: 500 * time.Millisecond, Fall: 1, Rise: 1}
	// A host may have several proxies, one behind the other.
	behind := netip.AddrPortFrom(realcluster.Balancer, balancerPorts[scenario.TCPProxyV1])

	http, https := netip.AddrPortFrom(vip, 80), netip.AddrPortFrom(vip, 443)
	fronts := []struct {
		front   scenario.Front
		mode    balancer.Mode
		servers []netip.AddrPort
		check   *balancer.Check
	}{
		{scenario.HTTPAppending, balancer.HTTPAppending, []netip.AddrPort{http}, nil},
		{scenario.HTTPReplacing, balancer.HTTPReplacing, []netip.AddrPort{http}, nil},
		{scenario.HTTPUnchanged, balancer.HTTPUnchanged, []netip.AddrPort{http}, nil},
		{scenario.TCPProxy, balancer.TCP, []netip.AddrPort{http}, nil},
		{scenario.TCPProxyV1, balancer.TCPProxyV1, []netip.AddrPort{http}, nil},
		{scenario.TCPProxyV2, balancer.TCPProxyV2, []netip.AddrPort{http}, nil},
		{scenario.CDNBehindProxy, balancer.HTTPAppending, []netip.AddrPort{behind}, nil},
		{scenario.HTTPChanging, balancer.HTTPAppending, []netip.AddrPort{http}, nil},
		{scenario.HTTPSProxyV2, balancer.TCPProxyV2, []netip.AddrPort{https}, nil},
		{scenario.NodePortTCP, balancer.TCP, nodePorts, check},
		{scenario.NodePortAppending, balancer.HTTPAppending, nodePorts, check},
		{scenario.NodePortProxyV2, balancer.TCPProxyV2, nodePorts, check},
		{scenario.EdgeAppending, balancer.HTTPAppending, []netip.AddrPort{netip.AddrPortFrom(edge, 80)}, nil},
	}
	var listeners []balancer.Listener
	for _, f := range fronts {
		listeners = append(listeners, balancer.Listener{
			Address: netip.AddrPortFrom(realcluster.Balancer, balancerPorts[f.front]), Mode: f.mode, Servers: f.servers, Check: f.check,
		})
	}
	started, err := balancer.Start(ctx, l.Cluster.Host(realcluster.LoadBalancer), l.Dialer(realcluster.Client), l.Directory("balancer"), listeners)
	if err != nil {
		return nil, fmt.Errorf("starting the balancer in front of the cluster: %w", err)
	}
	return started, nil
}
