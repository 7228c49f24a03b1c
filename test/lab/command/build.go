package command

import (
	"fmt"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/spf13/cobra"
)

func newBuild(s *settings) *cobra.Command {
	realNodes, olm, kubernetes := false, false, ""
	cmd := &cobra.Command{
		Use:   "build [program ...]",
		Short: "Build the programs that are missing (by default those of a cluster with simulated nodes) and print where they are",
		RunE: func(cmd *cobra.Command, names []string) error {
			version, err := binaries.ParseKubernetes(kubernetes)
			if err != nil {
				return err
			}
			switch {
			case len(names) > 0:
			case realNodes:
				names = binaries.ForRealNodes()
			case olm:
				names = binaries.ForOLM()
			default:
				names = binaries.All()
			}
			store, err := s.store(version)
			if err != nil {
				return err
			}
			paths, err := store.Ensure(cmd.Context(), names...)
			if err != nil {
				return err
			}
			for _, name := range slices.Concat(binaries.ForRealNodes(), binaries.ForOLM()) {
				if slices.Contains(names, name) {
					fmt.Fprintln(cmd.OutOrStdout(), paths[name])
				}
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&realNodes, "real-nodes", false, "build also what real nodes run: kubelet, kube-proxy, MetalLB and ingress-nginx")
	cmd.Flags().BoolVar(&olm, "olm", false, "build the Operator Lifecycle Manager instead, and opm, which serves its catalogues")
	cmd.MarkFlagsMutuallyExclusive("real-nodes", "olm")
	addKubernetesFlag(cmd, &kubernetes)
	return cmd
}
