// Command bundle builds the operator's OLM bundle, the catalogue that offers it, and the generated files
// of its Helm chart from the manifests in config/, validates the bundle, checks manifests strictly, and decides which
// version can be released next.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{
		Use:           "bundle",
		Short:         "Make and validate the OLM bundle, make its catalogue and the Helm chart, and check manifests",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	root.AddCommand(newGenerate(), newValidate(), newCheck(), newChart(), newCatalog(), newMergeCatalogs(), newNext())
	if err := root.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
