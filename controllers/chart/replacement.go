package chart

import (
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// KeepsServing is whether a pod serves on at every moment while a Deployment replaces all of its pods, in the way that the spec asks for. A single one on
// host ports has to end before its successor can start.
func KeepsServing(e *v1alpha1.EdgeIngress) bool {
	v := workload(e)
	return v.Replicas > v.MaxUnavailable
}

// SettlingTime is how long a new pod is ready before another one may go for it: the workload's minReadySeconds.
func SettlingTime(e *v1alpha1.EdgeIngress) time.Duration {
	return time.Duration(workload(e).MinReadySeconds) * time.Second
}
