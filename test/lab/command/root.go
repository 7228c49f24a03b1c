// Package command is the command line of the local cluster.
package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/spf13/cobra"
)

// Execute runs the command line of this process until it is done or a signal asks it
// to stop, and returns the exit code.
func Execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := newRoot().ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		return 1
	}
	return 0
}

func newRoot() *cobra.Command {
	s := &settings{}
	root := &cobra.Command{
		Use:           "cluster",
		Short:         "Run real Kubernetes control planes on this machine, for tests and for trying things out",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	root.PersistentFlags().StringVar(&s.root, "root", "", "root of the repository (default: found from the working directory upwards)")
	root.AddCommand(newCheck(), newBuild(s), newRun(s), newUp(s), newDown(s), newList(s), newAttach(s), newNodes(s), newImages(s), newExec(s), newOLM(s))
	root.AddCommand(newNodeShim(), newNodeInit())
	return root
}

// settings are common to all commands.
type settings struct{ root string }

// repository returns the absolute path of the repository's root.
func (s *settings) repository() (string, error) {
	if s.root != "" {
		return filepath.Abs(s.root)
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	for {
		_, err := os.Stat(filepath.Join(dir, modulesPath))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return "", fmt.Errorf("finding the repository: no %s in the working directory or above it", modulesPath)
		}
		dir = filepath.Dir(dir)
	}
}

var (
	modulesPath   = filepath.Join("test", "lab", "modules")
	programsPath  = filepath.Join("bin", "k8s")
	instancesPath = filepath.Join("bin", "run")
)

func (s *settings) instances() (instance.Root, error) {
	repository, err := s.repository()
	return instance.Root(filepath.Join(repository, instancesPath)), err
}

// store holds the programs of a version of Kubernetes. It reports its progress on standard error,
// because standard output is for results.
func (s *settings) store(kubernetes binaries.Kubernetes) (binaries.Store, error) {
	repository, err := s.repository()
	return binaries.Store{
		Kubernetes: kubernetes,
		Dir:        filepath.Join(repository, programsPath),
		ModulesDir: filepath.Join(repository, modulesPath),
		Assets:     os.Getenv(binaries.AssetsVariable),
		Progress:   os.Stderr,
	}, err
}
