// Package workload holds the arithmetic of the DaemonSet or Deployment that runs a controller: how
// many pods it has, how they are replaced, how long they drain, and when they serve. It is pure and
// the same for every engine.
package workload

import (
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	// DefaultReplicas is the default of spec.controller.replicas for a Deployment.
	DefaultReplicas = 2
	// defaultDrain is the schema's default, for objects that the API server never defaulted.
	defaultDrain = 30 * time.Second
	maxDrain     = 10 * time.Minute
	// settleSeconds is how long a new pod must stay ready before the next is replaced. A pod that
	// fails at once stops the rollout.
	settleSeconds = 5
)

// Rollout says how many pods run and how they are replaced.
type Rollout struct {
	// Kind of the workload.
	Kind v1alpha1.WorkloadKind
	// Replicas of a Deployment. A DaemonSet ignores it.
	Replicas int32
	// MaxSurge is how many extra pods may run during a rollout.
	MaxSurge int32
	// MaxUnavailable is how many pods may be unavailable during a rollout. MaxSurge and MaxUnavailable
	// are never both 0.
	MaxUnavailable int32
	// MinReadySeconds is how long a new pod must be ready before an old one may end.
	MinReadySeconds int64
}

// RolloutOf returns the rollout that the spec asks for.
func RolloutOf(e *v1alpha1.EdgeIngress) Rollout {
	r := Rollout{Kind: Kind(e), Replicas: Replicas(e), MinReadySeconds: settleSeconds}
	r.MaxSurge, r.MaxUnavailable = surgeAndUnavailable(e)
	if r.MaxSurge == 0 {
		// The next node stops serving when this one counts as available, and the balancer needs as long
		// to notice that this one is back.
		r.MinReadySeconds = max(settleSeconds, DrainSeconds(e))
	}
	return r
}

// Kind returns the kind of workload that the spec asks for.
func Kind(e *v1alpha1.EdgeIngress) v1alpha1.WorkloadKind {
	if e.Spec.Controller.Kind == v1alpha1.WorkloadDeployment {
		return v1alpha1.WorkloadDeployment
	}
	return v1alpha1.WorkloadDaemonSet
}

// Replicas returns how many pods a Deployment has.
func Replicas(e *v1alpha1.EdgeIngress) int32 {
	if e.Spec.Controller.Replicas == nil {
		return DefaultReplicas
	}
	return *e.Spec.Controller.Replicas
}

// surgeAndUnavailable lets a new pod serve before an old one ends. If that is impossible (host ports) or
// the spec says otherwise, one pod at a time is unavailable.
func surgeAndUnavailable(e *v1alpha1.EdgeIngress) (surge, unavailable int32) {
	var asked v1alpha1.RolloutSpec
	if e.Spec.Controller.Rollout != nil {
		asked = *e.Spec.Controller.Rollout
	}
	surge = 1
	if asked.MaxSurge != nil {
		surge = *asked.MaxSurge
	}
	if asked.MaxUnavailable != nil {
		unavailable = *asked.MaxUnavailable
		if Kind(e) == v1alpha1.WorkloadDaemonSet && unavailable > 0 {
			surge = 0 // Kubernetes allows only one of the two for a DaemonSet.
		}
	}
	if e.UsesHostPorts() {
		surge = 0
	}
	if surge == 0 && unavailable == 0 {
		unavailable = 1
	}
	return surge, unavailable
}

// KeepsServing reports whether a pod serves at every moment while a Deployment replaces all of its
// pods. A single pod on host ports has to end before its successor can start.
func KeepsServing(e *v1alpha1.EdgeIngress) bool {
	r := RolloutOf(e)
	return r.Replicas > r.MaxUnavailable
}

// SettlingTime returns how long a new pod must be ready before an old one may end.
func SettlingTime(e *v1alpha1.EdgeIngress) time.Duration {
	return time.Duration(RolloutOf(e).MinReadySeconds) * time.Second
}

// DrainSeconds returns spec.exposure.drainDelay in whole seconds, rounded up.
func DrainSeconds(e *v1alpha1.EdgeIngress) int64 {
	delay := defaultDrain
	if e.Spec.Exposure.DrainDelay != nil {
		delay = min(max(e.Spec.Exposure.DrainDelay.Duration, 0), maxDrain)
	}
	return WholeSeconds(delay)
}

// WholeSeconds rounds up.
func WholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
