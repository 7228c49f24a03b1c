package runner

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/e2e/scenario"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/realcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

// The ports of load balancers, and of nodes where the controller uses theirs.
const (
	httpPort  = 80
	httpsPort = 443
)

// resolve turns a request of a scenario into one that can be sent.
func (r *Runner) resolve(ctx context.Context, o *object, request scenario.Request) (way, error) {
	w := way{from: request.From}
	request.Forge.Apply(&w.request)
	if o == nil {
		target, path, err := r.applicationTarget(ctx, request.To)
		w.request.Target, w.request.Path = target, path
		return w, err
	}
	w.request.Host = o.host()
	if request.To == scenario.VIPHTTPS || request.To == scenario.HTTPSProxyV2 {
		w.request.Host, w.request.TLS = lab.SecureHost, &traffic.TLS{Roots: r.lab.Roots}
	}
	target, err := r.target(ctx, o, request.To)
	w.request.Target = target
	return w, err
}

func (r *Runner) target(ctx context.Context, o *object, front scenario.Front) (string, error) {
	if port, there := balancerPorts[front]; there {
		return netip.AddrPortFrom(realcluster.Balancer, port).String(), nil
	}
	switch front {
	case scenario.VIP:
		return o.address(ctx, httpPort)
	case scenario.VIPHTTPS:
		return o.address(ctx, httpsPort)
	case scenario.EdgePort80:
		return r.onNode(ctx, o.spec.Nodes.Names[0], httpPort)
	}
	node, err := o.nodeOf(ctx, front)
	if err != nil {
		return "", err
	}
	port, err := o.nodePort(ctx)
	if err != nil {
		return "", err
	}
	return r.onNode(ctx, node, port)
}

func (r *Runner) onNode(ctx context.Context, node string, port uint16) (string, error) {
	nodes, err := r.lab.NodeAddresses(ctx)
	if err != nil {
		return "", err
	}
	address, there := nodes[node]
	if !there {
		return "", fmt.Errorf("there is no node %s", node)
	}
	return netip.AddrPortFrom(address, port).String(), nil
}

// address is the first that the EdgeIngress reports.
func (o *object) address(ctx context.Context, port uint16) (string, error) {
	live, err := o.get(ctx)
	if err != nil {
		return "", err
	}
	if len(live.Status.Addresses) == 0 {
		return "", errors.New("the EdgeIngress has no address")
	}
	address, err := netip.ParseAddr(live.Status.Addresses[0])
	return netip.AddrPortFrom(address, port).String(), err
}

// nodeOf is the node whose node port is meant.
func (o *object) nodeOf(ctx context.Context, front scenario.Front) (string, error) {
	for _, node := range o.spec.Nodes.Names {
		pod, err := o.podOn(ctx, node)
		if err != nil {
			return "", err
		}
		if front == scenario.NodePort(node) || (front == scenario.NodePortWithPod && pod != nil) || (front == scenario.NodePortWithoutPod && pod == nil) {
			return node, nil
		}
	}
	return "", fmt.Errorf("no edge node has %q", front)
}

// nodePort is that of HTTP.
func (o *object) nodePort(ctx context.Context) (uint16, error) {
	service := &corev1.Service{}
	if err := o.client().Get(ctx, o.key(), service); err != nil {
		return 0, fmt.Errorf("reading the Service of EdgeIngress %s: %w", o.name, err)
	}
	i := slices.IndexFunc(service.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == "http" })
	if i < 0 || service.Spec.Ports[i].NodePort == 0 {
		return 0, fmt.Errorf("the Service of EdgeIngress %s has no node port", o.name)
	}
	return uint16(service.Spec.Ports[i].NodePort), nil
}

// Ports of the application's Services, as the manifests have them. Kubernetes gives out the ports up to
// 30085 last where nobody asks for one, so none of them is taken (KEP-3668).
const (
	echoNodePort      = 30081
	echoLocalNodePort = 30082
	echoHealthPort    = 30083
)

// applicationTarget returns the address of a front of the application itself, and the path to request.
func (r *Runner) applicationTarget(ctx context.Context, front scenario.Front) (target, path string, err error) {
	nodePorts := map[scenario.Front]struct {
		node string
		port uint16
	}{
		scenario.EchoNodePortHere:       {scenario.Worker1, echoNodePort},
		scenario.EchoNodePortElsewhere:  {scenario.Edge1, echoNodePort},
		scenario.EchoLocalPortHere:      {scenario.Worker1, echoLocalNodePort},
		scenario.EchoLocalPortElsewhere: {scenario.Edge2, echoLocalNodePort},
		scenario.EchoHealthHere:         {scenario.Worker1, echoHealthPort},
		scenario.EchoHealthElsewhere:    {scenario.Edge1, echoHealthPort},
	}
	if on, there := nodePorts[front]; there {
		target, err = r.onNode(ctx, on.node, on.port)
		if on.port == echoHealthPort {
			path = "/healthz"
		}
		return target, path, err
	}
	service := &corev1.Service{}
	names := map[scenario.Front]string{
		scenario.EchoClusterIP: "echo", scenario.EchoVIPCluster: "echo-loadbalancer", scenario.EchoVIPLocal: "echo-loadbalancer-local",
	}
	if err := r.lab.Client.Get(ctx, client.ObjectKey{Namespace: lab.ApplicationNamespace, Name: names[front]}, service); err != nil {
		return "", "", fmt.Errorf("reading the Service of %q: %w", front, err)
	}
	address := service.Spec.ClusterIP
	if strings.HasPrefix(string(front), "LoadBalancer") {
		if len(service.Status.LoadBalancer.Ingress) == 0 {
			return "", "", fmt.Errorf("the Service %s has no address", service.Name)
		}
		address = service.Status.LoadBalancer.Ingress[0].IP
	}
	return address + ":80", "", nil
}
