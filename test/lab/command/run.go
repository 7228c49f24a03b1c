package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/controlplane"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/spf13/cobra"
)

func newRun(s *settings) *cobra.Command {
	r := &runner{settings: s}
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Run a new cluster until standard input closes or a signal arrives, then remove all of it",
		Long: `Run a new cluster in the foreground. When it is ready, one line of JSON with "name",
"kubeconfig", "dir" and "server" goes to standard output; progress goes to standard error.
The cluster ends, and everything of it is removed, when standard input closes (so that it
dies with the process that holds the other end), on SIGTERM and on SIGINT.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.shape.validate(); err != nil {
				return err
			}
			return r.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	r.shape.addFlags(cmd)
	cmd.Flags().StringVar(&r.name, "name", "", "name of the cluster (default: made up)")
	cmd.Flags().BoolVar(&r.detached, "detached", false, "do not end when standard input closes")
	return cmd
}

type runner struct {
	settings *settings
	shape    shape
	name     string
	detached bool
}

// errInputClosed is why a cluster ends when the process that wanted it has gone.
var errInputClosed = errors.New("standard input was closed")

func (r *runner) run(ctx context.Context, input io.Reader, output io.Writer) (err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !r.detached {
		go func() {
			_, _ = io.Copy(io.Discard, input)
			cancel(errInputClosed)
		}()
	}
	parts, err := r.settings.parts(ctx, r.shape)
	if err != nil {
		return err
	}
	dir, err := r.claim(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, instance.Remove(dir)) }()
	cluster, err := r.shape.start(ctx, dir, parts, os.Stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, cluster.stop()) }()
	return r.serve(ctx, cluster.controlPlane, instance.Connection{
		Name: r.name, Kubeconfig: cluster.controlPlane.AdminKubeconfig(), Dir: dir, Server: cluster.controlPlane.Server,
	}, output)
}

// claim makes the cluster's directory, after it has cleaned up behind clusters
// that crashed.
func (r *runner) claim(ctx context.Context) (string, error) {
	instances, err := r.settings.instances()
	if err != nil {
		return "", err
	}
	// The new cluster has everything of its own: what others left is not in its way.
	if err := instances.Sweep(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "warning: something is left of other clusters: %v\n", err)
	}
	if r.name == "" {
		r.name = "run-" + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(time.Now().UnixMilli(), 36)
	}
	return instances.Claim(ctx, r.name)
}

// serve announces the cluster and returns when it shall end or has broken.
func (r *runner) serve(ctx context.Context, cluster *controlplane.ControlPlane, connection instance.Connection, output io.Writer) error {
	if err := instance.SaveConnection(connection); err != nil {
		return err
	}
	if err := json.NewEncoder(output).Encode(connection); err != nil {
		return fmt.Errorf("announcing the cluster: %w", err)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-cluster.Failed():
		return err
	}
}
