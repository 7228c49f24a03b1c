// Package olm_test installs, upgrades and removes the operator with the real Operator Lifecycle Manager (OLM), at a real API
// server. The nodes are simulated. The operator that OLM installs is Ready there and runs nothing, so where one is needed, its
// program runs beside the cluster, with the token of the account that OLM made for it.
package olm_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/testcluster"
	"github.com/edge-ingress/edge-ingress-operator/test/olmprocess"
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
	// scratch is removed in the end. It has what a release has: install.yaml, beside-bundle.yaml, the packed chart, and catalogues.
	scratch string
	olm     *olmprocess.Process
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
		if err := where.olm.Stop(); err != nil {
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
	for file, directory := range map[string]string{besideBundle(): "config/beside-bundle", filepath.Join(where.scratch, "install.yaml"): "config/default"} {
		if err := where.Build(ctx, directory, file); err != nil {
			return err
		}
	}
	if _, err := where.Output(ctx, "", "helm", "package", "config/chart", "--destination="+where.scratch); err != nil {
		return err
	}
	return makeCatalogues(ctx)
}

// besideBundle is the file that belongs beside a bundle.
func besideBundle() string { return filepath.Join(where.scratch, "beside-bundle.yaml") }

// startOLM starts OLM with the catalogue of the version before.
func startOLM(kubeconfig string) (*olmprocess.Process, error) {
	started, err := olmprocess.Start(where.Repository, kubeconfig, filepath.Join(where.scratch, "olm"))
	if err != nil {
		return nil, err
	}
	if _, err := started.Serve(catalogue(older)); err != nil {
		return nil, errors.Join(err, started.Stop())
	}
	return started, nil
}
