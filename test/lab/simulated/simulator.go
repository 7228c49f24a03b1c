// Package simulated gives a cluster nodes that exist as API objects only. A
// simulator (kwok) plays the part of their kubelets: it makes the nodes Ready,
// renews their leases, and reports every pod that the scheduler binds to them as
// running and Ready, with an address out of the node's range.
//
// No container runs, no image is pulled, no probe is called and no packet
// flows; logs and exec do not work. A Job's pod has succeeded as soon as it runs.
// Everything else is the real Kubernetes: scheduling, taints and tolerations,
// DaemonSets and Deployments, EndpointSlices, evictions.
//
// A pod that carries the annotation NotReadyAnnotation with the value "true" is
// reported as running but not Ready, as a failing readiness probe would; once the
// annotation is gone it is Ready again. A node with the annotation reports
// itself as not Ready, as a kubelet with a broken runtime would. The pods on it
// stay as they are; what follows from a node that is not Ready is up to the real
// controllers.
package simulated

import (
	_ "embed" // for the stages
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/process"
)

const (
	// NotReadyAnnotation on a pod or a node makes the simulator report it as not Ready.
	NotReadyAnnotation = "lab.test/simulate-not-ready"

	// managedAnnotation marks the nodes that the simulator plays; the others are
	// left alone, so that nodes of other kinds can be in the same cluster.
	managedAnnotation = "kwok.x-k8s.io/node"
	managedValue      = "simulated"

	leaseSeconds = "40"
	stopGrace    = 3 * time.Second
)

//go:embed stages.yaml
var stages []byte

// Simulator writes the simulator's configuration to dir and says how to start it.
func Simulator(dir, program, kubeconfig string) (process.Spec, error) {
	config := filepath.Join(dir, "simulator.yaml")
	if err := os.WriteFile(config, stages, 0o600); err != nil {
		return process.Spec{}, fmt.Errorf("writing the simulator's configuration: %w", err)
	}
	return process.Spec{
		Name: binaries.Kwok, Path: program, Grace: stopGrace,
		Args: []string{
			"--kubeconfig=" + kubeconfig,
			"--config=" + config,
			"--manage-nodes-with-annotation-selector=" + managedAnnotation + "=" + managedValue,
			"--node-lease-duration-seconds=" + leaseSeconds,
		},
	}, nil
}
