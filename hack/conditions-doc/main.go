// Command conditions-doc writes docs/conditions.md from the documentation of the constants in
// api/v1alpha1/condition_types.go, so that the document and the code agree. Run it in the root of the
// repository:
//
//	go run ./hack/conditions-doc > docs/conditions.md
package main

import (
	"fmt"
	"os"
)

// source is the file that declares the conditions and reasons, from the root of the repository.
const source = "api/v1alpha1/condition_types.go"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "conditions-doc:", err)
		os.Exit(1)
	}
}

func run() error {
	code, err := os.ReadFile(source)
	if err != nil {
		return fmt.Errorf("reading the constants: %w", err)
	}
	vocabulary, err := parse(code)
	if err != nil {
		return fmt.Errorf("parsing %s: %w", source, err)
	}
	_, err = os.Stdout.WriteString(render(vocabulary))
	return err
}
