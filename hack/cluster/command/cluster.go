package command

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/binaries"
	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/controlplane"
	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/pki"
	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/simulated"
	"github.com/spf13/cobra"
)

// shape is what a cluster consists of.
type shape struct {
	components     string
	simulatedNodes bool
}

func (s *shape) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.components, "components", string(controlplane.AllComponents),
		"what to start: apiserver (etcd and the API server) or all (with controller manager and scheduler)")
	cmd.Flags().BoolVar(&s.simulatedNodes, "simulated-nodes", false, "start the simulator of nodes as well")
}

func (s *shape) validate() error {
	switch controlplane.Components(s.components) {
	case controlplane.APIServerOnly, controlplane.AllComponents:
		return nil
	default:
		return fmt.Errorf("--components is %q: it must be %q or %q", s.components, controlplane.APIServerOnly, controlplane.AllComponents)
	}
}

func (s *shape) programs() []string {
	names := controlplane.Components(s.components).Programs()
	if s.simulatedNodes {
		names = append(names, binaries.Kwok)
	}
	return names
}

// start starts a cluster of this shape in a directory of its own.
func (s *shape) start(ctx context.Context, dir string, paths binaries.Paths, progress io.Writer) (*controlplane.ControlPlane, error) {
	fmt.Fprintln(progress, "starting the control plane ...")
	cluster, err := controlplane.Start(ctx, controlplane.Options{
		Dir: dir, Components: controlplane.Components(s.components), Binaries: paths,
	})
	if err != nil || !s.simulatedNodes {
		return cluster, err
	}
	if err := startSimulator(cluster, dir, paths[binaries.Kwok]); err != nil {
		return nil, errors.Join(err, cluster.Stop())
	}
	return cluster, nil
}

func startSimulator(cluster *controlplane.ControlPlane, dir, program string) error {
	kubeconfig, err := cluster.WriteKubeconfig("simulator", pki.Identity{User: "simulator", Groups: []string{controlplane.MastersGroup}})
	if err != nil {
		return err
	}
	spec, err := simulated.Simulator(dir, program, kubeconfig)
	if err != nil {
		return err
	}
	return cluster.Run(spec)
}
