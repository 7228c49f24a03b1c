// Package olm_test installs, upgrades and removes the operator with the real Operator Lifecycle Manager (OLM), at a real API
// server. The nodes are simulated. The operator that OLM installs is Ready there and runs nothing, so where one is needed, its
// program runs beside the cluster, with the token of the account that OLM made for it.
package olm_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/programs"
)

const (
	operator          = "edge-ingress-operator"
	operatorNamespace = "edge-ingress-operator-system"
	edgeNode          = "edge-1"
)

// where everything is that the tests use.
var where struct {
	*programs.Programs
	cluster *testcluster.Cluster
	// scratch is removed in the end. It has what a release has: beside-bundle.yaml, the packed chart, and catalogues.
	scratch string
	olm     *olmProcess
}

func TestMain(m *testing.M) {
	ctx, stop := context.WithCancel(context.Background())
	code := testcluster.Run(m, testcluster.Options{Controllers: true}, func(started *testcluster.Cluster) error {
		for _, node := range []testcluster.Node{{Name: "worker-1"}, {Name: "worker-2"}, {Name: edgeNode, Labels: map[string]string{"pool": "edge"}}} {
			if err := started.AddNode(ctx, node); err != nil {
				return err
			}
		}
		where.cluster, where.scratch = started, filepath.Join(started.Dir, "olm-test")
		if err := prepare(ctx, started); err != nil {
			return err
		}
		var err error
		where.olm, err = startOLM(started.Kubeconfig)
		return err
	})
	if where.olm != nil {
		if err := where.olm.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	stop()
	os.Exit(code)
}

// prepare finds the programs and makes what a release has.
func prepare(ctx context.Context, started *testcluster.Cluster) error {
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return fmt.Errorf("finding the repository: %w", err)
	}
	if where.Programs, err = programs.Find(repository, where.scratch, started.Kubeconfig, "helm", "kustomize", "bundle"); err != nil {
		return err
	}
	beside, err := where.Output(ctx, "", "kustomize", "build", "config/beside-bundle")
	if err != nil {
		return err
	}
	if err := os.WriteFile(besideBundle(), []byte(beside), 0o644); err != nil {
		return fmt.Errorf("writing beside-bundle.yaml: %w", err)
	}
	if _, err := where.Output(ctx, "", "helm", "package", "config/chart", "--destination="+where.scratch); err != nil {
		return err
	}
	return makeCatalogues(ctx)
}

// besideBundle is the file that belongs beside a bundle.
func besideBundle() string { return filepath.Join(where.scratch, "beside-bundle.yaml") }

// olmProcess is `cluster olm`, a child of this process. It ends when its standard input closes, so also when this process
// dies.
type olmProcess struct {
	command   *exec.Cmd
	lines     io.WriteCloser
	announced *bufio.Scanner
}

func startOLM(kubeconfig string) (*olmProcess, error) {
	directory := filepath.Join(where.scratch, "olm")
	path := filepath.Join(where.Repository, "bin", "cluster")
	// Bound to no context, which would kill it before it has cleaned up. A Ctrl-C in a terminal is for this process.
	command := &exec.Cmd{
		Path: path, Args: []string{path, "olm", "--root=" + where.Repository, "--kubeconfig=" + kubeconfig, "--dir=" + directory},
		Stderr: os.Stderr, SysProcAttr: &syscall.SysProcAttr{Setpgid: true},
	}
	lines, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting OLM: %w", err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting OLM: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting OLM: %w", err)
	}
	started := &olmProcess{command: command, lines: lines, announced: bufio.NewScanner(output)}
	if _, err := started.serve(catalogue(older)); err != nil {
		return nil, errors.Join(err, started.stop())
	}
	return started, nil
}

// serve makes OLM offer a catalogue instead of the one before, and returns the address for a CatalogSource.
func (o *olmProcess) serve(directory string) (address string, err error) {
	if _, err := fmt.Fprintln(o.lines, directory); err != nil {
		return "", fmt.Errorf("serving a catalogue: %w", err)
	}
	if !o.announced.Scan() {
		return "", errors.New("serving a catalogue: OLM ended, see above")
	}
	var served struct{ Address string }
	if err := json.Unmarshal(o.announced.Bytes(), &served); err != nil {
		return "", fmt.Errorf("serving a catalogue: reading %q: %w", o.announced.Text(), err)
	}
	return served.Address, nil
}

func (o *olmProcess) stop() error {
	if err := errors.Join(o.lines.Close(), o.command.Wait()); err != nil {
		return fmt.Errorf("stopping OLM: %w", err)
	}
	return nil
}
