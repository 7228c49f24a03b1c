// Package controlplane runs a real Kubernetes control plane as child processes:
// etcd and the API server, and if wanted the controller manager and the scheduler.
package controlplane

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

// startTimeout is many times what a start takes on a small and busy machine.
const startTimeout = 3 * time.Minute

// ControlPlane is a running control plane.
type ControlPlane struct {
	// Server is the URL of the API server for the administrator.
	Server string

	credentials *credentials
	supervisor  *process.Supervisor
	ports       *ports
}

// Start starts a control plane and returns when it is ready: the API server
// answers, and with all components the controller manager has made the default
// ServiceAccount. After an error nothing is left running.
func Start(ctx context.Context, o Options) (*ControlPlane, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("it took too long"))
	defer cancel()
	supervisor, err := process.NewSupervisor(o.Dir)
	if err != nil {
		return nil, err
	}
	c := &ControlPlane{supervisor: supervisor, ports: &ports{address: o.listenAddress()}}
	if err := c.start(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the control plane: %w", explainPortConflict(err)), c.Stop())
	}
	return c, nil
}

func (c *ControlPlane) start(ctx context.Context, o Options) error {
	if err := c.startAPIServer(ctx, o); err != nil {
		return err
	}
	if o.Components != AllComponents {
		return nil
	}
	for _, spec := range []process.Spec{controllerManagerSpec(o), schedulerSpec(o)} {
		if err := c.supervisor.Start(spec); err != nil {
			return err
		}
	}
	ready, err := defaultServiceAccountExists(c.AdminKubeconfig())
	if err != nil {
		return err
	}
	return c.supervisor.Await(ctx, "the default ServiceAccount", ready)
}

func (c *ControlPlane) startAPIServer(ctx context.Context, o Options) error {
	numbers, err := c.choosePorts(ctx, o)
	if err != nil {
		return err
	}
	if c.credentials, err = newCredentials(o, numbers.apiServer); err != nil {
		return err
	}
	c.Server = c.credentials.adminServer
	if err := c.credentials.writeAll(o.listenAddress()); err != nil {
		return err
	}
	for _, spec := range []process.Spec{etcdSpec(o, numbers.etcd, numbers.etcdPeer), apiServerSpec(o, numbers.apiServer, numbers.etcd)} {
		if err := c.supervisor.Start(spec); err != nil {
			return err
		}
	}
	ready, err := apiServerReady(c.AdminKubeconfig())
	if err != nil {
		return err
	}
	if err := c.supervisor.Await(ctx, "the API server", ready); err != nil {
		return err
	}
	return expectVersion(ctx, c.AdminKubeconfig(), o.Version)
}

func (c *ControlPlane) choosePorts(ctx context.Context, o Options) (portNumbers, error) {
	if o.NetNS != "" {
		return customaryPorts, nil
	}
	return c.ports.takeAll(ctx)
}

// AdminKubeconfig is the file with which everything is allowed.
func (c *ControlPlane) AdminKubeconfig() string { return c.credentials.files.kubeconfig(adminFile) }

// WriteKubeconfig writes a kubeconfig file name for who, a program of the cluster, and returns its path.
func (c *ControlPlane) WriteKubeconfig(name string, who pki.Identity) (string, error) {
	path := c.credentials.files.kubeconfig(name)
	return path, c.credentials.kubeconfig.Write(path, c.credentials.authority, who)
}

// Authority signs the certificates of the cluster; nodes get theirs from it.
func (c *ControlPlane) Authority() *pki.Authority { return c.credentials.authority }

// Run starts a further program that belongs to the cluster, which is stopped with it.
func (c *ControlPlane) Run(spec process.Spec) error { return c.supervisor.Start(spec) }

// Supervisor returns the supervisor of the cluster's programs, for callers that end some of them
// before the cluster ends.
func (c *ControlPlane) Supervisor() *process.Supervisor { return c.supervisor }

// Failed delivers one error when a program of the cluster has ended by itself.
func (c *ControlPlane) Failed() <-chan error { return c.supervisor.Failed() }

// Stop ends all programs, the last one started first.
func (c *ControlPlane) Stop() error {
	return errors.Join(c.supervisor.Stop(), c.ports.release())
}
