package command

import (
	"context"
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/nodes"
	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/simulated"
	"github.com/spf13/cobra"
)

const simulatedKind = "simulated"

// nodeFlags say in which cluster, and what kind of nodes.
type nodeFlags struct {
	kubeconfig string
	kind       string
	names      []string
}

func newNodes() *cobra.Command {
	cmd := &cobra.Command{Use: "nodes", Short: "Add nodes to a running cluster and remove them", Args: cobra.NoArgs}
	cmd.AddCommand(newNodesAdd(), newNodesRemove())
	return cmd
}

func newNodesAdd() *cobra.Command {
	f := &nodeFlags{}
	var zone string
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
			return f.withKind(cmd.Context(), func(ctx context.Context, kind nodes.Kind) error {
				return kind.Add(ctx, wanted...)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&zone, "zone", "", "the zone of the nodes")
	cmd.Flags().StringToStringVar(&labels, "label", nil, "a further label, key=value; may be repeated")
	return cmd
}

func newNodesRemove() *cobra.Command {
	f := &nodeFlags{}
	cmd := &cobra.Command{
		Use:   "remove",
		Short: "Remove nodes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.withKind(cmd.Context(), func(ctx context.Context, kind nodes.Kind) error {
				return kind.Remove(ctx, f.names...)
			})
		},
	}
	f.add(cmd)
	return cmd
}

func (f *nodeFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "kubeconfig of the cluster's administrator")
	cmd.Flags().StringVar(&f.kind, "kind", simulatedKind, "kind of the nodes: "+simulatedKind)
	cmd.Flags().StringSliceVar(&f.names, "name", nil, "name of a node; may be repeated")
	for _, flag := range []string{"kubeconfig", "name"} {
		if err := cmd.MarkFlagRequired(flag); err != nil {
			panic(err) // the flag is defined three lines above
		}
	}
}

func (f *nodeFlags) withKind(ctx context.Context, do func(context.Context, nodes.Kind) error) error {
	if f.kind != simulatedKind {
		return fmt.Errorf("--kind is %q: it must be %q", f.kind, simulatedKind)
	}
	kind, err := simulated.NewKind(f.kubeconfig)
	if err != nil {
		return err
	}
	return do(ctx, kind)
}
