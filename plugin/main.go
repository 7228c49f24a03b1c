// Command kubectl-edge_ingress is the plugin `kubectl edge-ingress`: it measures the path of the client's
// address from outside the cluster, and shows it.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/edge-ingress/edge-ingress-operator/plugin/command"
)

// version is set by the linker.
var version = "unknown"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command.Run(ctx, os.Args[1:], command.Machine(version))
	stop()
	os.Exit(code)
}
