// Package realcluster gives tests a Kubernetes with nodes that run containers, and hosts outside of
// it that send requests, all in network namespaces on this machine. It needs root and what
// `make e2e-deps` installs.
//
// The command in test/lab runs the cluster, as a child process. It ends when the test process ends,
// even when that is killed. test/lab/README.md describes addresses, names of hosts and nodes.
package realcluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/supervisor"
)

// Options say what a cluster is like. The zero value is as good as any.
type Options struct {
	// Name is the name of the cluster; "" means that one is made up.
	Name string
	// NodeMonitorGracePeriod is how long a node may be silent before it counts as not Ready; 0 is
	// Kubernetes' default.
	NodeMonitorGracePeriod time.Duration
	// Progress receives lines about building and starting; nil means standard error.
	Progress io.Writer
}

// Cluster is a running cluster.
type Cluster struct {
	// Config is for an administrator and does not limit the rate of requests. Copy it before
	// changing it (rest.CopyConfig).
	Config *rest.Config
	// Kubeconfig is the path of a kubeconfig file for the same administrator.
	Kubeconfig string
	// Dir is the cluster's directory, which is removed with the cluster. The logs of the control
	// plane are in logs, those of a node in nodes/NAME/logs.
	Dir string

	name       string
	command    supervisor.Command
	supervisor *supervisor.Supervisor // nil when somebody else runs the cluster
}

// Start starts a cluster without nodes and returns when its control plane is ready. It first builds
// missing programs and images, which takes minutes.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	command, err := supervisor.Find()
	if err != nil {
		return nil, err
	}
	if o.Progress == nil {
		o.Progress = os.Stderr
	}
	started, err := command.Start(ctx, o.Progress, "--real-nodes", "--name="+o.Name, "--node-monitor-grace-period="+o.NodeMonitorGracePeriod.String())
	if err != nil {
		return nil, fmt.Errorf("starting the cluster: %w", err)
	}
	cluster, err := connect(command, started.Connection)
	if err != nil {
		return nil, errors.Join(err, started.Stop())
	}
	cluster.supervisor = started
	return cluster, nil
}

// Connect returns a cluster that `bin/cluster up --real-nodes` started under that name. Stop leaves
// it running.
func Connect(ctx context.Context, name string) (*Cluster, error) {
	command, err := supervisor.Find()
	if err != nil {
		return nil, err
	}
	connection, err := command.Connection(ctx, name)
	if err != nil {
		return nil, err
	}
	return connect(command, connection)
}

func connect(command supervisor.Command, connection supervisor.Connection) (*Cluster, error) {
	config, err := connection.Config()
	if err != nil {
		return nil, err
	}
	return &Cluster{Config: config, Kubeconfig: connection.Kubeconfig, Dir: connection.Dir, name: connection.Name, command: command}, nil
}

// Stop stops a cluster that was started with Start, and returns when nothing of it is left.
func (c *Cluster) Stop() error {
	if c.supervisor == nil {
		return nil
	}
	if err := c.supervisor.Stop(); err != nil {
		return fmt.Errorf("stopping the cluster: %w", err)
	}
	return nil
}

// ProxyMode is how kube-proxy works on a node.
type ProxyMode string

// The modes of kube-proxy.
const (
	IPTables ProxyMode = "iptables"
	NFTables ProxyMode = "nftables"
)

// NodeOptions say what a node is like.
type NodeOptions struct {
	Name string
	// ProxyMode "" is IPTables.
	ProxyMode ProxyMode
	// Zone becomes the label topology.kubernetes.io/zone; "" means no zone.
	Zone string
	// Labels are set in addition.
	Labels map[string]string
}

// AddNode adds a node and returns when it is Ready.
func (c *Cluster) AddNode(ctx context.Context, node NodeOptions) error {
	arguments := []string{"--zone=" + node.Zone}
	if node.ProxyMode != "" {
		arguments = append(arguments, "--proxy-mode="+string(node.ProxyMode))
	}
	for key, value := range node.Labels {
		arguments = append(arguments, "--label="+key+"="+value)
	}
	return c.changeNode(ctx, "add", node.Name, arguments...)
}

// CrashNode ends a node as when its power fails. Its Node object stays, and nothing announces the crash.
func (c *Cluster) CrashNode(ctx context.Context, name string) error {
	return c.changeNode(ctx, "crash", name)
}

// RestartNode starts a node that crashed, with the disk that it had, and returns when it is Ready.
func (c *Cluster) RestartNode(ctx context.Context, name string) error {
	return c.changeNode(ctx, "restart", name)
}

// RemoveNode removes a node, running or crashed, with its Node object.
func (c *Cluster) RemoveNode(ctx context.Context, name string) error {
	return c.changeNode(ctx, "remove", name)
}

func (c *Cluster) changeNode(ctx context.Context, what, name string, arguments ...string) error {
	return c.command.Run(ctx, append([]string{"nodes", what, "--cluster=" + c.name, "--name=" + name}, arguments...)...)
}

// LoadImages loads images into all nodes, including those that are added later. Each is an archive,
// or the name of an image of this repository (see `bin/cluster images build`), which is built if it
// is missing or outdated.
func (c *Cluster) LoadImages(ctx context.Context, images ...string) error {
	return c.command.Run(ctx, append([]string{"images", "load", "--cluster=" + c.name}, images...)...)
}

// PushImage adds an image to the cluster's registry, from which the nodes pull it by that name, with or without a tag. The image
// is an archive in the OCI image layout, or the name of an image of this repository. It returns the name with the digest.
func (c *Cluster) PushImage(ctx context.Context, image, name string) (reference string, err error) {
	output, err := c.command.Output(ctx, "images", "push", "--cluster="+c.name, image, name)
	return strings.TrimSpace(output), err
}
