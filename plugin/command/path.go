package command

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/edge-ingress/edge-ingress-operator/plugin/picture"
)

func newPath(env Environment, connection *connection) *cobra.Command {
	output := ""
	command := &cobra.Command{
		Use: "path NAME", Short: "Show the path of the client's address, with what was measured on each leg",
		Args: connection.oneName,
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			return showPath(command.Context(), env, connection, arguments[0], output)
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "", "Output format: json, or nothing for text.")
	return command
}

func showPath(ctx context.Context, env Environment, connection *connection, name, output string) error {
	client, err := connection.client()
	if err != nil {
		return err
	}
	edge, err := client.EdgeIngress(ctx, name)
	if err != nil {
		return err
	}
	reports, err := client.Reports(ctx, name)
	if err != nil {
		return err
	}
	drawn := picture.Draw(edge, reports, client.Now())
	if output == "json" {
		encoder := json.NewEncoder(env.Out)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(drawn)
	} else {
		_, err = fmt.Fprint(env.Out, picture.Render(drawn, env.Terminal && env.Getenv("NO_COLOR") == ""))
	}
	if err != nil {
		return fmt.Errorf("printing the path: %w", err)
	}
	return nil
}
