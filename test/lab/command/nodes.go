package command

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/control"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/nodes"
	realnode "github.com/edge-ingress/edge-ingress-operator/test/lab/real"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/machine"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/simulated"
	"github.com/spf13/cobra"
)

const (
	kubeconfigFlag = "kubeconfig"
	clusterFlag    = "cluster"
	proxyModeFlag  = "proxy-mode"
)

func newNodes(s *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "nodes",
		Short: "Add nodes to a running cluster, remove them, and let real ones crash",
		Long: `Change the nodes of a running cluster. Simulated nodes are made by whoever has the administrator's
kubeconfig (--kubeconfig), real ones by the supervisor of a cluster that was started with --real-nodes
(--cluster). Several nodes are done at the same time; real nodes are waited for until they are Ready.`,
		Args: cobra.NoArgs,
	}
	cmd.AddCommand(newNodesAdd(s), newNodesRemove(s),
		newNodesDo(s, "crash", "End real nodes as when their power fails; their Node objects stay", control.Cluster.CrashNode),
		newNodesDo(s, "restart", "Start real nodes that crashed, with the disks that they had", control.Cluster.RestartNode))
	return cmd
}

// nodeFlags say which nodes of which cluster are meant.
type nodeFlags struct {
	settings   *settings
	kubeconfig string
	cluster    string
	names      []string
}

// addTo adds the flags for both kinds of nodes.
func (f *nodeFlags) addTo(cmd *cobra.Command) {
	f.addRealTo(cmd)
	cmd.Flags().StringVar(&f.kubeconfig, kubeconfigFlag, "", "kubeconfig of the cluster's administrator, for simulated nodes")
	cmd.MarkFlagsOneRequired(kubeconfigFlag, clusterFlag)
	cmd.MarkFlagsMutuallyExclusive(kubeconfigFlag, clusterFlag)
}

func (f *nodeFlags) addRealTo(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.cluster, clusterFlag, "", "name of the cluster, for real nodes")
	cmd.Flags().StringSliceVar(&f.names, "name", nil, "name of a node; may be repeated")
	if err := cmd.MarkFlagRequired("name"); err != nil {
		panic(err) // the flag is defined above
	}
}

func newNodesAdd(s *settings) *cobra.Command {
	f := &nodeFlags{settings: s}
	var zone, proxyMode string
	var labels map[string]string
	cmd := &cobra.Command{
		Use:   "add",
		Short: "Add nodes, all in one zone and with the same labels",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			wanted := make([]nodes.Node, 0, len(f.names))
			for _, name := range f.names {
				wanted = append(wanted, nodes.Node{Name: name, Zone: zone, Labels: labels})
			}
			if f.cluster == "" {
				return f.withSimulated(cmd.Context(), func(ctx context.Context, kind nodes.Kind) error { return kind.Add(ctx, wanted...) })
			}
			return forEach(cmd.Context(), f, wanted, func(ctx context.Context, cluster control.Cluster, node nodes.Node) error {
				return cluster.AddNode(ctx, control.Node{Node: node, ProxyMode: realnode.ProxyMode(proxyMode)})
			})
		},
	}
	f.addTo(cmd)
	cmd.Flags().StringVar(&zone, "zone", "", "the zone of the nodes")
	cmd.Flags().StringToStringVar(&labels, "label", nil, "a further label, key=value; may be repeated")
	cmd.Flags().StringVar(&proxyMode, proxyModeFlag, string(realnode.IPTables), fmt.Sprintf("how kube-proxy works on a real node: %s or %s", realnode.IPTables, realnode.NFTables))
	cmd.MarkFlagsMutuallyExclusive(kubeconfigFlag, proxyModeFlag)
	return cmd
}

func newNodesRemove(s *settings) *cobra.Command {
	f := &nodeFlags{settings: s}
	cmd := &cobra.Command{
		Use:   "remove",
		Short: "Remove nodes, as when their machines are gone for good",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.cluster == "" {
				return f.withSimulated(cmd.Context(), func(ctx context.Context, kind nodes.Kind) error { return kind.Remove(ctx, f.names...) })
			}
			return forEach(cmd.Context(), f, f.names, func(ctx context.Context, cluster control.Cluster, name string) error {
				return cluster.RemoveNode(ctx, name)
			})
		},
	}
	f.addTo(cmd)
	return cmd
}

// newNodesDo is a command for real nodes only.
func newNodesDo(s *settings, name, short string, do func(control.Cluster, context.Context, string) error) *cobra.Command {
	f := &nodeFlags{settings: s}
	cmd := &cobra.Command{
		Use:   name,
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return forEach(cmd.Context(), f, f.names, func(ctx context.Context, cluster control.Cluster, name string) error {
				return do(cluster, ctx, name)
			})
		},
	}
	f.addRealTo(cmd)
	if err := cmd.MarkFlagRequired(clusterFlag); err != nil {
		panic(err) // the flag is defined above
	}
	return cmd
}

func (f *nodeFlags) withSimulated(ctx context.Context, do func(context.Context, nodes.Kind) error) error {
	kind, err := simulated.NewKind(f.kubeconfig)
	if err != nil {
		return err
	}
	return do(ctx, kind)
}

// forEach asks the supervisor of a cluster for several things at the same time and returns all errors.
func forEach[T any](ctx context.Context, f *nodeFlags, list []T, do func(context.Context, control.Cluster, T) error) error {
	client, err := f.settings.control(f.cluster)
	if err != nil {
		return err
	}
	errs := make([]error, len(list))
	var tasks sync.WaitGroup
	for i, item := range list {
		tasks.Go(func() { errs[i] = do(ctx, client, item) })
	}
	tasks.Wait()
	return errors.Join(errs...)
}

// control returns who changes a cluster with real nodes.
func (s *settings) control(cluster string) (control.Cluster, error) {
	instances, err := s.instances()
	if err != nil {
		return nil, err
	}
	dir, err := instances.RunningDir(cluster)
	if err != nil {
		return nil, err
	}
	return control.NewClient(dir), nil
}

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say whether this machine can have real nodes: nothing if it can, otherwise what it lacks",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return realnode.CheckMachine() },
	}
}

// newNodeShim and newNodeInit are the two processes that make a node; see package machine. Only the
// supervisor starts them.
func newNodeShim() *cobra.Command {
	return &cobra.Command{
		Use: machine.ShimCommand + " PLAN", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return machine.Shim(cmd.Context(), args[0]) },
	}
}

func newNodeInit() *cobra.Command {
	return &cobra.Command{
		Use: machine.BootCommand, Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return machine.Boot(cmd.InOrStdin()) },
	}
}
