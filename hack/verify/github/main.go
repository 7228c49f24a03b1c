// Command github checks what GitHub alone would read otherwise: workflows, actions, issue forms and the settings beside them.
// It takes the directory of the repository and exits 1 with one line a fault. There is no need for a network: the keys that
// a workflow may have are those of the types in this package, so a misspelt key is a fault too.
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
	fmt.Printf("%d files for GitHub are valid, and the make targets that they name exist\n", files)
}
