// Command demo runs the operator on a local cluster and explains each step: one EdgeIngress from
// the first apply to its deletion, with mishaps in between. With real nodes it also shows requests
// from outside and what an application saw of them. It ends by itself and leaves nothing behind.
// With KEEP=1 it leaves the cluster and the operator running. NODES chooses the nodes.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func main() {
	silenceLibraries()
	// SIGPIPE is among them so that `make demo | head` cleans up as well.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// silenceLibraries discards what the client libraries log. Without a logger, controller-runtime
// prints a warning with a stack trace after 30 seconds, which building the programs takes.
func silenceLibraries() { log.SetLogger(logr.Discard()) }

func run(ctx context.Context) error {
	root, err := findRepository()
	if err != nil {
		return err
	}
	chosen, err := chooseNodes(os.Getenv("NODES"), func() error { return checkMachine(ctx, root) })
	if err != nil {
		return fmt.Errorf("choosing the nodes: %w", err)
	}
	d := &demo{
		root:   root,
		keep:   isSet(os.Getenv("KEEP")),
		choice: chosen,
		screen: &screen{out: os.Stdout, bold: isTerminal(os.Stdout), started: time.Now()},
	}
	return d.run(ctx)
}

// findRepository is the working directory, provided that it has what the demo needs.
func findRepository() (string, error) {
	root, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the repository: %w", err)
	}
	if _, err := os.Stat(filepath.Join(root, installation)); err != nil {
		return "", errors.New("finding the repository: start the demo in its root, with make demo")
	}
	for _, program := range []string{managerPath, verificationPath, clusterPath, kubectlPath} {
		if _, err := os.Stat(filepath.Join(root, program)); err != nil {
			return "", fmt.Errorf("finding %s: it is not built yet: start the demo with make demo", program)
		}
	}
	return root, nil
}

// isSet reads an on-off variable of the environment.
func isSet(value string) bool {
	return value != "" && value != "0" && value != "false"
}
