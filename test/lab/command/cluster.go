package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/controlplane"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/pki"
	realnode "github.com/edge-ingress/edge-ingress-operator/test/lab/real"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/assembly"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/simulated"
	"github.com/spf13/cobra"
)

const (
	componentsFlag     = "components"
	simulatedNodesFlag = "simulated-nodes"
	realNodesFlag      = "real-nodes"
	graceFlag          = "node-monitor-grace-period"
	kubernetesFlag     = "kubernetes"
)

// shape describes the parts of a cluster.
type shape struct {
	components string
	// kubernetes is "newest" or "oldest"; "" is the newest.
	kubernetes     string
	simulatedNodes bool
	realNodes      bool
	// nodeMonitorGracePeriod is for real nodes only; 0 is Kubernetes' default.
	nodeMonitorGracePeriod time.Duration
}

func (s *shape) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&s.components, componentsFlag, string(controlplane.AllComponents),
		"what to start: apiserver (etcd and the API server) or all (with controller manager and scheduler)")
	cmd.Flags().BoolVar(&s.simulatedNodes, simulatedNodesFlag, false, "start the simulator of nodes as well")
	cmd.Flags().BoolVar(&s.realNodes, realNodesFlag, false,
		"start a network in which nodes can be added that run containers; needs root and the packages of `make e2e-deps`")
	cmd.Flags().DurationVar(&s.nodeMonitorGracePeriod, graceFlag, 0, "how long a real node may be silent before it is not Ready (default: Kubernetes' own)")
	addKubernetesFlag(cmd, &s.kubernetes)
	cmd.MarkFlagsMutuallyExclusive(simulatedNodesFlag, realNodesFlag)
}

func addKubernetesFlag(cmd *cobra.Command, kubernetes *string) {
	cmd.Flags().StringVar(kubernetes, kubernetesFlag, string(binaries.Newest), fmt.Sprintf("the version of Kubernetes: %s (%s) or %s (%s)",
		binaries.Newest, binaries.Newest.Version(), binaries.Oldest, binaries.Oldest.Version()))
}

// arguments are the flags with which another process makes the same shape.
func (s *shape) arguments() []string {
	arguments := []string{"--" + componentsFlag + "=" + s.components, "--" + graceFlag + "=" + s.nodeMonitorGracePeriod.String()}
	if s.kubernetes != "" {
		arguments = append(arguments, "--"+kubernetesFlag+"="+s.kubernetes)
	}
	if s.simulatedNodes {
		arguments = append(arguments, "--"+simulatedNodesFlag)
	}
	if s.realNodes {
		arguments = append(arguments, "--"+realNodesFlag)
	}
	return arguments
}

func (s *shape) validate() error {
	kubernetes, err := binaries.ParseKubernetes(s.kubernetes)
	if err != nil {
		return fmt.Errorf("reading --%s: %w", kubernetesFlag, err)
	}
	switch components := controlplane.Components(s.components); {
	case components != controlplane.APIServerOnly && components != controlplane.AllComponents:
		return fmt.Errorf("--components is %q: it must be %q or %q", s.components, controlplane.APIServerOnly, controlplane.AllComponents)
	case !s.realNodes:
		return nil
	case kubernetes != binaries.Newest:
		return fmt.Errorf("--real-nodes needs --%s=%s: the kubelet must not be newer than the API server", kubernetesFlag, binaries.Newest)
	case components != controlplane.AllComponents:
		return fmt.Errorf("--real-nodes needs --components=%s", controlplane.AllComponents)
	}
	if err := realnode.CheckMachine(); err != nil {
		return fmt.Errorf("this machine cannot have real nodes; simulated ones (--simulated-nodes) need nothing of this:\n%w", err)
	}
	return nil
}

func (s *shape) programs() []string {
	names := controlplane.Components(s.components).Programs()
	if s.simulatedNodes {
		names = append(names, binaries.Kwok)
	}
	if s.realNodes {
		names = append(names, realnode.Programs()...)
	}
	return names
}

// images are the names of the images that nodes cannot do without.
func (s *shape) images() []string {
	if s.realNodes {
		return []string{images.Pause}
	}
	return nil
}

// parts are the files that a cluster is started from.
type parts struct {
	programs binaries.Paths
	// version is what the API server must report; "" is any, where ready programs are used.
	version  string
	archives []string
}

// parts makes what is missing.
func (s *settings) parts(ctx context.Context, shape shape) (p parts, err error) {
	kubernetes, err := binaries.ParseKubernetes(shape.kubernetes)
	if err != nil {
		return p, err
	}
	store, err := s.store(kubernetes)
	if err != nil {
		return p, err
	}
	if store.Assets == "" {
		p.version = kubernetes.Version()
	}
	if p.programs, err = store.Ensure(ctx, shape.programs()...); err != nil {
		return p, err
	}
	p.archives, err = s.archiveFiles(ctx, shape.images())
	return p, err
}

// started is a running cluster of any shape.
type started struct {
	controlPlane *controlplane.ControlPlane
	stop         func() error
}

// start starts a cluster of this shape in a directory of its own.
func (s *shape) start(ctx context.Context, dir string, p parts, progress io.Writer) (started, error) {
	fmt.Fprintln(progress, "starting the control plane ...")
	if s.realNodes {
		return s.startReal(ctx, dir, p)
	}
	cluster, err := controlplane.Start(ctx, controlplane.Options{
		Dir: dir, Components: controlplane.Components(s.components), Binaries: p.programs, Version: p.version,
	})
	if err != nil {
		return started{}, err
	}
	if s.simulatedNodes {
		if err := startSimulator(cluster, dir, p.programs[binaries.Kwok]); err != nil {
			return started{}, errors.Join(err, cluster.Stop())
		}
	}
	return started{controlPlane: cluster, stop: cluster.Stop}, nil
}

func (s *shape) startReal(ctx context.Context, dir string, p parts) (started, error) {
	cluster, err := assembly.Start(ctx, assembly.Options{
		Dir: dir, Programs: p.programs, Version: p.version, Archives: p.archives, NodeMonitorGracePeriod: s.nodeMonitorGracePeriod,
	})
	if err != nil {
		return started{}, err
	}
	return started{controlPlane: cluster.ControlPlane(), stop: cluster.Stop}, nil
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
