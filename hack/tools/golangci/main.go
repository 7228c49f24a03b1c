// Command golangci-lint is golangci-lint with kube-api-linter linked in. kube-api-linter checks the
// API types and comes as a plugin only. The usual way to add a plugin, `golangci-lint custom`,
// clones a repository while it runs, so neither go.mod nor go.sum pins the result. They pin this
// program.
package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"github.com/golangci/golangci-lint/v2/pkg/commands"
	"github.com/golangci/golangci-lint/v2/pkg/exitcodes"
	_ "sigs.k8s.io/kube-api-linter" // registers the linter kubeapilinter
)

const linterModule = "github.com/golangci/golangci-lint/v2"

func main() {
	info := commands.BuildInfo{
		Version:   linterVersion(),
		GoVersion: runtime.Version(),
		Commit:    "with kube-api-linter",
		Date:      "(unknown)",
	}
	if err := commands.Execute(info); err != nil {
		fmt.Fprintf(os.Stderr, "golangci-lint ended with an error: %v\n", err)
		os.Exit(exitcodes.Failure)
	}
}

// linterVersion is the version of golangci-lint in go.mod, without the leading v.
func linterVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, module := range build.Deps {
		if module.Path == linterModule && len(module.Version) > 1 {
			return module.Version[1:]
		}
	}
	return "unknown"
}
