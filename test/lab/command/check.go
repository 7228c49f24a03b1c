package command

import (
	realnode "github.com/edge-ingress/edge-ingress-operator/test/lab/real"
	"github.com/spf13/cobra"
)

func newCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Say whether this machine can have real nodes: nothing if it can, otherwise what it lacks",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return realnode.CheckMachine() },
	}
}
