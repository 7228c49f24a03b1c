package command

import (
	"fmt"
	"text/tabwriter"

	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/instance"
	"github.com/spf13/cobra"
)

func newList(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the clusters of this repository, crashed ones included",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			instances, err := s.instances()
			if err != nil {
				return err
			}
			states, err := instances.List()
			if err != nil {
				return err
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
			fmt.Fprintln(table, "NAME\tSTATE\tSERVER\tKUBECONFIG")
			for _, state := range states {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", state.Name, stateWord(state), state.Connection.Server, state.Connection.Kubeconfig)
			}
			return table.Flush()
		},
	}
}

func stateWord(state instance.State) string {
	switch {
	case !state.Running:
		return "crashed"
	case state.Connection.Server == "":
		return "starting"
	default:
		return "running"
	}
}
