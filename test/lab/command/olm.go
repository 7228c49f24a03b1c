package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/olm"
	"github.com/spf13/cobra"
)

func newOLM(s *settings) *cobra.Command {
	r := &olmRunner{settings: s}
	cmd := &cobra.Command{
		Use:   "olm",
		Short: "Run the Operator Lifecycle Manager beside a cluster until standard input closes or a signal arrives",
		Long: `Run the Operator Lifecycle Manager beside a cluster, in the foreground. Each line of standard input
is the directory of a file-based catalogue, which is served instead of the one before. When that is
done, one line of JSON with the "address" for a CatalogSource goes to standard output. Everything
ends when standard input closes, on SIGTERM and on SIGINT; what was made in the cluster stays. It
needs root.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&r.kubeconfig, "kubeconfig", "", "kubeconfig file of an administrator")
	cmd.Flags().StringVar(&r.dir, "dir", "", "directory for logs and caches")
	for _, name := range []string{"kubeconfig", "dir"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return cmd
}

type olmRunner struct {
	settings        *settings
	kubeconfig, dir string
}

func (r *olmRunner) run(ctx context.Context, input io.Reader, output io.Writer) (err error) {
	if os.Geteuid() != 0 {
		return errors.New("the Operator Lifecycle Manager listens on all addresses, so it runs in a network namespace, and that needs root")
	}
	store, err := r.settings.store(binaries.Newest)
	if err != nil {
		return err
	}
	programs, err := store.Ensure(ctx, binaries.ForOLM()...)
	if err != nil {
		return err
	}
	running, err := olm.Start(ctx, olm.Options{
		Kubeconfig: r.kubeconfig, Dir: r.dir, Programs: programs, Module: filepath.Join(store.ModulesDir, "olm"),
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, running.Stop()) }()
	return serveCatalogues(ctx, running, linesOf(ctx, input), output)
}

// linesOf delivers lines until the input or the context ends. Then the channel is closed.
func linesOf(ctx context.Context, input io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scanner := bufio.NewScanner(input); scanner.Scan(); {
			select {
			case lines <- scanner.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

func serveCatalogues(ctx context.Context, running *olm.OLM, directories <-chan string, output io.Writer) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-running.Failed():
			return err
		case directory, open := <-directories:
			if !open {
				return nil
			}
			if err := running.Serve(ctx, directory); err != nil {
				return err
			}
			if err := json.NewEncoder(output).Encode(map[string]string{"address": olm.Address}); err != nil {
				return fmt.Errorf("announcing the catalogue: %w", err)
			}
		}
	}
}
