// Command cluster runs real Kubernetes control planes on this machine.
package main

import (
	"os"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/command"
)

func main() { os.Exit(command.Execute()) }
