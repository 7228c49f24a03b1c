package command

import (
	"fmt"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/hack/cluster/binaries"
	"github.com/spf13/cobra"
)

func newBuild(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:   "build [program ...]",
		Short: "Build the programs that are missing (all by default) and print where they are",
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				names = binaries.All()
			}
			store, err := s.store()
			if err != nil {
				return err
			}
			paths, err := store.Ensure(cmd.Context(), names...)
			if err != nil {
				return err
			}
			for _, name := range binaries.All() {
				if slices.Contains(names, name) {
					fmt.Fprintln(cmd.OutOrStdout(), paths[name])
				}
			}
			return nil
		},
	}
}
