package chart

import (
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Times of the engine and of this package, in whole seconds.
const (
	// defaultDrain is the schema's default, for objects that never passed it.
	defaultDrain = 30 * time.Second
	maxDrain     = 10 * time.Minute
	// defaultWorkerShutdown is how long nginx lets open connections finish where its configuration says nothing.
	defaultWorkerShutdown = 240 * time.Second
	// readinessPeriod, readinessFailures and readinessTimeout are those of the readiness probe. A controller that ends answers at once that it does, so the pod
	// stops being ready within period x failures; one that is only slow, on a busy node, has timeout x failures.
	readinessPeriod   = 1 * time.Second
	readinessFailures = 3
	readinessTimeout  = 3 * time.Second
	// readinessSuccesses is how many answers in a row make a pod ready. The controller says yes as soon as it has told nginx of the endpoints; each worker of
	// nginx takes them up within another second (BACKENDS_SYNC_INTERVAL of its balancer.lua) and answers 503 until then. Two periods cover that.
	readinessSuccesses = 3
	// withdrawal is how long it may take from there until no new connection arrives: the kubelet writes the pod's status, the EndpointSlice follows,
	// kube-proxies read it, and the announcer of the address moves it. On an idle cluster it is about two seconds.
	withdrawal = 12 * time.Second
	// postShutdown is how long the controller stays after nginx has ended (its flag --post-shutdown-grace-period, 10 s by default): long enough for the
	// hook, which looks once a second, to end first, because the kubelet reports one that ends with its container as failed.
	postShutdown = 2 * time.Second
	// shutdownMargin is for starting the hook's processes and passing the signal on, on a busy node.
	shutdownMargin = 10 * time.Second
	// settleSeconds is how long a new pod must stay ready before the next is replaced, so that one that fails at once stops the rollout.
	settleSeconds = 5
)

const defaultReplicas = 2

func workload(e *v1alpha1.EdgeIngress) workloadValues {
	v := workloadValues{Kind: string(v1alpha1.WorkloadDaemonSet), Replicas: defaultReplicas}
	if e.Spec.Controller.Kind == v1alpha1.WorkloadDeployment {
		v.Kind = string(v1alpha1.WorkloadDeployment)
	}
	if e.Spec.Controller.Replicas != nil {
		v.Replicas = *e.Spec.Controller.Replicas
	}
	v.MaxSurge, v.MaxUnavailable = rollout(e)
	v.MinReadySeconds = settleSeconds
	if v.MaxSurge == 0 {
		// The next node stops serving when this one counts as back, and the balancer takes as long to notice that it is back.
		v.MinReadySeconds = max(settleSeconds, drainSeconds(e))
	}
	return v
}

// rollout is how many pods run more than asked for, and how many fewer, while pods are replaced. By default a new pod serves before an old one goes.
// Where that is impossible (host ports) or was not asked for, one at a time is missing. Something can always be replaced.
func rollout(e *v1alpha1.EdgeIngress) (surge, unavailable int32) {
	var asked v1alpha1.RolloutSpec
	if e.Spec.Controller.Rollout != nil {
		asked = *e.Spec.Controller.Rollout
	}
	daemonSet := e.Spec.Controller.Kind != v1alpha1.WorkloadDeployment
	surge = 1
	if asked.MaxSurge != nil {
		surge = *asked.MaxSurge
	}
	if asked.MaxUnavailable != nil {
		unavailable = *asked.MaxUnavailable
		if daemonSet && unavailable > 0 {
			surge = 0 // Kubernetes takes only one of the two for a DaemonSet.
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

// drainSeconds is spec.exposure.drainDelay in whole seconds, rounded up.
func drainSeconds(e *v1alpha1.EdgeIngress) int64 {
	delay := defaultDrain
	if e.Spec.Exposure.DrainDelay != nil {
		delay = min(max(e.Spec.Exposure.DrainDelay.Duration, 0), maxDrain)
	}
	return wholeSeconds(delay)
}

// shutdown is how a pod ends, in whole seconds. First it serves on and is ready: for as long it is terminating that alone tells health checks that the node
// goes (nothing is dropped, kube-proxy sends to it as long as there is no other). Then the controller is told to end, is not ready any more, and nginx serves on:
// who looks at readiness moves away, and established connections still get their answers. Then nginx finishes what is open and ends. Upstream's defaults have it
// the other way round: nginx ends at once, and the controller lingers.
type shutdown struct {
	// readySeconds is the sleep before the controller is told.
	readySeconds int64
	// unreadySeconds is the controller's --shutdown-grace-period.
	unreadySeconds int64
	// totalSeconds is after which the pod is killed; earlier, requests would break.
	totalSeconds int64
}

func shutdownOf(e *v1alpha1.EdgeIngress, config map[string]string) shutdown {
	s := shutdown{readySeconds: drainSeconds(e), unreadySeconds: wholeSeconds(readinessFailures*readinessPeriod + withdrawal)}
	if e.UsesHostPorts() {
		// Without a Service there is no health-check port, and nobody looks whether the pod is terminating: a balancer asks the controller itself.
		s = shutdown{unreadySeconds: drainSeconds(e)}
	}
	workers := defaultWorkerShutdown
	if written, ok := config[workerShutdownTimeoutKey]; ok {
		if parsed, valid := parseNginxTime(written); valid {
			workers = parsed
		}
	}
	s.totalSeconds = s.readySeconds + s.unreadySeconds + wholeSeconds(workers) + wholeSeconds(postShutdown+shutdownMargin)
	return s
}

func wholeSeconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}
