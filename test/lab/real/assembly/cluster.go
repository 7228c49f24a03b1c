// Package assembly builds a cluster with real nodes: network, control plane, nodes, and the socket
// on which commands change them.
package assembly

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/control"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/controlplane"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/forward"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/network"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/registry"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/clientcmd"
)

// readyTimeout is many times what a node takes on a small and busy machine, after its programs run.
const readyTimeout = 2 * time.Minute

// Options describe the parts of a cluster.
type Options struct {
	// Dir is a directory that belongs to the cluster alone.
	Dir      string
	Programs binaries.Paths
	// Version is what the API server must report; "" is any.
	Version string
	// Archives are images for every node. That of the pause container must be among them.
	Archives []string
	// NodeMonitorGracePeriod is how long a node may be silent before it counts as not Ready; 0 is
	// Kubernetes' default.
	NodeMonitorGracePeriod time.Duration
}

// Cluster is a running cluster. It is safe for use by several goroutines. Actions on one node
// happen one after the other.
type Cluster struct {
	dir          string
	programs     binaries.Paths
	network      *network.Network
	forwarder    *forward.Forwarder
	registry     *registry.Registry
	controlPlane *controlplane.ControlPlane
	server       *control.Server
	client       corev1client.NodeInterface

	mu       sync.Mutex
	members  map[string]*member
	archives []string
}

var _ control.Cluster = (*Cluster)(nil)

var (
	// apiServer is where the API server listens.
	apiServer = netip.AddrPortFrom(network.ControlPlane, controlplane.NamespacePort)
	// imageRegistry is where the registry listens.
	imageRegistry = netip.AddrPortFrom(network.ControlPlane, 5000)
)

// Start starts a cluster without nodes and returns when its control plane is ready. After an error
// nothing is left running.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{dir: o.Dir, programs: o.Programs, archives: o.Archives, members: map[string]*member{}}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// ControlPlane is the control plane of the cluster. Stop stops it.
func (c *Cluster) ControlPlane() *controlplane.ControlPlane { return c.controlPlane }

func (c *Cluster) start(ctx context.Context, o Options) (err error) {
	if c.network, err = network.New(ctx); err != nil {
		return fmt.Errorf("making the network: %w", err)
	}
	for name, namespace := range c.network.Hosts() {
		if err := instance.SaveHost(c.dir, name, instance.Host{NetNS: namespace.Path()}); err != nil {
			return err
		}
	}
	if err := c.startForwarder(ctx); err != nil {
		return err
	}
	listener, err := c.network.Hosts()[network.Fabric].Listen(ctx, "tcp", imageRegistry.String())
	if err != nil {
		return fmt.Errorf("starting the registry: %w", err)
	}
	c.registry = registry.Start(ctx, listener)
	c.controlPlane, err = controlplane.Start(ctx, controlplane.Options{
		Dir:                    c.dir,
		ListenAddress:          network.ControlPlane.String(),
		NetNS:                  c.network.Hosts()[network.Fabric].Path(),
		AdminServer:            "https://" + c.forwarder.Addr().String(),
		NodeMonitorGracePeriod: o.NodeMonitorGracePeriod,
		Components:             controlplane.AllComponents,
		Binaries:               o.Programs,
		Version:                o.Version,
	})
	if err != nil {
		return err
	}
	if c.client, err = nodeClient(c.controlPlane.AdminKubeconfig()); err != nil {
		return err
	}
	c.server, err = control.Serve(ctx, c.dir, c)
	return err
}

// startForwarder lets the machine's processes reach the API server, which nothing routes to.
func (c *Cluster) startForwarder(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(controlplane.Loopback, "0"))
	if err != nil {
		return fmt.Errorf("forwarding to the API server: %w", err)
	}
	fabric := c.network.Hosts()[network.Fabric]
	c.forwarder = forward.Start(ctx, listener, func(ctx context.Context) (net.Conn, error) {
		return fabric.Dial(ctx, "tcp", apiServer.String())
	})
	return nil
}

func nodeClient(kubeconfig string) (corev1client.NodeInterface, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the admin kubeconfig: %w", err)
	}
	config.QPS = -1
	client, err := corev1client.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return client.Nodes(), nil
}

// Stop cancels the running actions on nodes, ends all nodes at once and then the control plane, and
// returns when nothing is left running.
func (c *Cluster) Stop() error {
	var errs []error
	if c.server != nil {
		errs = append(errs, c.server.Close())
	}
	errs = append(errs, c.forEachMember(func(m *member) error { return m.end() }))
	if c.controlPlane != nil {
		errs = append(errs, c.controlPlane.Stop())
	}
	if c.registry != nil {
		errs = append(errs, c.registry.Close())
	}
	if c.forwarder != nil {
		errs = append(errs, c.forwarder.Close())
	}
	if c.network != nil {
		errs = append(errs, c.network.Close())
	}
	return errors.Join(errs...)
}
