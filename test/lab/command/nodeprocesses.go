package command

import (
	"github.com/edge-ingress/edge-ingress-operator/test/lab/real/machine"
	"github.com/spf13/cobra"
)

// newNodeShim and newNodeInit are the two processes that make a node; see package machine. Only the supervisor starts them.
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
