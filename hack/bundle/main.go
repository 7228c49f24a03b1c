// Command bundle builds the operator's OLM bundle from the manifests in config/, validates it, and
// checks manifests strictly.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{
		Use:           "bundle",
		Short:         "Make and validate the OLM bundle, and check manifests",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	root.AddCommand(newGenerate(), newValidate(), newCheck())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
