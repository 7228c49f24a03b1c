package command

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/instance"
	"github.com/spf13/cobra"
)

const (
	outputTable = "table"
	outputJSON  = "json"

	stateRunning = "running"
)

func newList(s *settings) *cobra.Command {
	var output string
	cmd := &cobra.Command{
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
			switch output {
			case outputTable:
				return printTable(cmd.OutOrStdout(), states)
			case outputJSON:
				return printConnections(cmd.OutOrStdout(), states)
			default:
				return fmt.Errorf("--output is %q: it must be %q or %q", output, outputTable, outputJSON)
			}
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", outputTable,
		"table, or json: for each running cluster what `run` and `up` print, a line each")
	return cmd
}

func printTable(output io.Writer, states []instance.State) error {
	table := tabwriter.NewWriter(output, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "NAME\tSTATE\tSERVER\tKUBECONFIG")
	for _, state := range states {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", state.Name, stateWord(state), state.Connection.Server, state.Connection.Kubeconfig)
	}
	return table.Flush()
}

func printConnections(output io.Writer, states []instance.State) error {
	encoder := json.NewEncoder(output)
	for _, state := range states {
		if stateWord(state) != stateRunning {
			continue
		}
		if err := encoder.Encode(state.Connection); err != nil {
			return fmt.Errorf("printing cluster %q: %w", state.Name, err)
		}
	}
	return nil
}

func stateWord(state instance.State) string {
	switch {
	case !state.Running:
		return "crashed"
	case state.Connection.Server == "":
		return "starting"
	default:
		return stateRunning
	}
}
