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

// nodeKind is what the nodes of the demo's cluster are.
type nodeKind string

const (
	// simulatedNodes are objects of the API that nobody has a machine for.
	simulatedNodes nodeKind = "simulated"
	// realNodes run containers, and packets flow between them and hosts outside.
	realNodes nodeKind = "real"
)

// flag is what the command of hack/cluster calls them.
func (k nodeKind) flag() string { return "--" + string(k) + "-nodes" }

// choice is which nodes the demo uses.
type choice struct {
	nodes nodeKind
	// leftOut is why there are no real nodes, and how to get them; empty with real nodes.
	leftOut string
}

// chooseNodes takes the nodes that were asked for, and without a wish the real ones where this machine can have them.
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
		return choice{nodes: simulatedNodes, leftOut: err.Error() + ", then make demo."}, nil
	}
}

// machineCheck says whether this machine can have real nodes, and otherwise what to do.
const machineCheck = "hack/e2e-deps.sh"

// checkMachine returns the first line of what the check says.
func checkMachine(ctx context.Context, root string) error {
	check := exec.CommandContext(ctx, filepath.Join(root, machineCheck), "--check")
	check.Env = append(os.Environ(), "MAKE_GOAL=e2e-deps")
	output, err := check.CombinedOutput()
	if err == nil {
		return nil
	}
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || len(output) == 0 {
		return fmt.Errorf("running %s: %w", machineCheck, err)
	}
	reason, _, _ := strings.Cut(string(output), "\n")
	return errors.New(reason)
}
