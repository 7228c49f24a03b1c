// Package prober measures from inside the cluster: it sends requests from its own node to the edge nodes, and
// reports which address an application sees.
package prober

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"

	"k8s.io/client-go/rest"

	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
	"github.com/edge-ingress/edge-ingress-operator/verification/serverclock"
)

// Options of the prober.
type Options struct {
	// Config for the API server.
	Config *rest.Config
	// Node is the name of the prober's own node.
	Node string
	// WitnessNamespace is where the witness runs: the operator's namespace.
	WitnessNamespace string
	// Version of the program, for the User-Agent of requests.
	Version string
	Log     *slog.Logger
	// Dial connects to the witness's pod. Default: that of [net.Dialer].
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Run measures until the context ends. It returns an error only where it cannot start.
func Run(ctx context.Context, o Options) error {
	if o.Config == nil || o.Node == "" || o.WitnessNamespace == "" {
		return errors.New("starting the prober: it needs the API server, the name of its node and the witness's namespace")
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: registerTimeout}).DialContext
	}
	scheme, clock := newScheme(), serverclock.New()
	config := rest.CopyConfig(o.Config)
	config.QPS, config.Burst = requestsPerSecond, requestsAtOnce
	clock.Observe(config)
	all, err := clients(config, scheme)
	if err != nil {
		return fmt.Errorf("starting the prober: %w", err)
	}
	known, found := newCluster(o.WitnessNamespace), newWitness(o.Dial)
	s := &shared{
		Options: o, clock: clock, witness: found, view: known.view, send: probe.Send, fetch: probe.Fetch, register: found.register,
		serviceProxy: newServiceProxy().ask, write: (&writer{client: all.edge, node: o.Node, log: o.Log}).write,
	}
	var watching sync.WaitGroup
	watching.Go(func() { known.watch(ctx, all) })
	defer watching.Wait()
	s.runAll(ctx, known.changed)
	return nil
}

// The limits of requests to the API server.
const (
	requestsPerSecond = 20
	requestsAtOnce    = 40
)
