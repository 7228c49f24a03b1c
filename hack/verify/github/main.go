// Command github checks files that otherwise only GitHub reads: workflows, actions, issue forms and
// the settings beside them. It takes the directory of the repository, prints one line for each
// fault, and exits 1 if there is one. It needs no network. The types in this package have the keys
// that a workflow may use, so a misspelt key is a fault too.
package main

import (
	"fmt"
	"os"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	files, faults := check(os.DirFS(root))
	for _, fault := range faults {
		fmt.Fprintln(os.Stderr, fault)
	}
	if len(faults) > 0 {
		os.Exit(1)
	}
	fmt.Printf("%d files for GitHub are valid, and the make targets and scripts that they name exist\n", files)
}
