package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// nodeKind is the kind of the nodes in the demo's cluster.
type nodeKind string

const (
	// simulatedNodes are objects of the API without a machine.
	simulatedNodes nodeKind = "simulated"
	// realNodes run containers, and packets flow between them and hosts outside.
	realNodes nodeKind = "real"
)

// flag is their name in the command of test/lab.
func (k nodeKind) flag() string { return "--" + string(k) + "-nodes" }

// choice is which nodes the demo uses.
type choice struct {
	nodes nodeKind
	// leftOut is why there are no real nodes, and how to get them; empty with real nodes.
	leftOut string
}

// chooseNodes returns the requested nodes. Without a request it returns the real ones where this
// machine can have them.
func chooseNodes(wanted string, checkMachine func() error) (choice, error) {
	switch nodeKind(wanted) {
	case simulatedNodes:
		return choice{nodes: simulatedNodes, leftOut: "Asked for: NODES=simulated. Where make e2e-deps was run, make demo NODES=real shows them."}, nil
	case realNodes, "":
	default:
		return choice{}, fmt.Errorf("NODES is %q: write NODES=%s or NODES=%s, or leave it out", wanted, simulatedNodes, realNodes)
	}
	err := checkMachine()
	switch {
	case err == nil:
		return choice{nodes: realNodes}, nil
	case nodeKind(wanted) == realNodes:
		return choice{}, err
	default:
		return choice{nodes: simulatedNodes, leftOut: err.Error() + "."}, nil
	}
}

// packageCheck says which programs real nodes lack, and how to get them.
const packageCheck = "hack/e2e-deps.sh"

// checkMachine returns why this machine cannot have real nodes: the first line of what a check says.
func checkMachine(ctx context.Context, root string) error {
	packages := exec.CommandContext(ctx, filepath.Join(root, packageCheck), "--check")
	packages.Env = append(os.Environ(), "MAKE_GOAL=e2e-deps")
	if err := runCheck(packages); err != nil {
		return fmt.Errorf("%w, then make demo", err)
	}
	// What no package brings, such as the kernel's control groups.
	return runCheck(exec.CommandContext(ctx, filepath.Join(root, clusterPath), "check"))
}

func runCheck(check *exec.Cmd) error {
	output, err := check.CombinedOutput()
	if err == nil {
		return nil
	}
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || len(output) == 0 {
		return fmt.Errorf("running %s: %w", check.Path, err)
	}
	reason, _, _ := strings.Cut(string(output), "\n")
	return errors.New(strings.TrimPrefix(reason, "error: "))
}
