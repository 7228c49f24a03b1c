package ingressnginx

import (
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

const (
	// defaultWorkerShutdown is how long nginx lets open connections finish where its configuration
	// does not say.
	defaultWorkerShutdown = 240 * time.Second
	// readinessPeriod, readinessFailures and readinessTimeout belong to the readiness probe. A
	// controller that ends says so at once, so the pod stops being ready within period x failures. One
	// that is only slow, on a busy node, has timeout x failures.
	readinessPeriod   = 1 * time.Second
	readinessFailures = 3
	readinessTimeout  = 3 * time.Second
	// readinessSuccesses is how many answers in a row make a pod ready. The controller says yes as soon
	// as it has given nginx the endpoints. Each worker of nginx takes them up within another second
	// (BACKENDS_SYNC_INTERVAL of its balancer.lua) and answers 503 until then. Two periods cover that.
	readinessSuccesses = 3
	// withdrawal is how long it may take from there until no new connection arrives: the kubelet writes
	// the pod's status, the EndpointSlice follows, kube-proxies read it, and the announcer of the
	// address moves it. On an idle cluster it takes about two seconds.
	withdrawal = 12 * time.Second
	// postShutdown is how long the controller stays after nginx has ended (its flag
	// --post-shutdown-grace-period, 10 s by default). The hook looks once a second and must end first,
	// because the kubelet reports a hook that ends with its container as failed.
	postShutdown = 2 * time.Second
	// shutdownMargin is for starting the hook's processes and passing the signal on, on a busy node.
	shutdownMargin = 10 * time.Second
)

// shutdown is how a pod ends, in whole seconds. First it serves on and stays ready: that it is
// terminating is enough for health checks to see that the node goes, and kube-proxy still sends to it
// as long as there is no other. Then the controller is told to end and stops being ready, while nginx
// serves on: balancers that look at readiness move away, and established connections still get their
// answers. Then nginx finishes what is open and ends. Upstream's defaults have the reverse order:
// nginx ends at once, and the controller lingers.
type shutdown struct {
	// readySeconds is the sleep before the controller is told to end.
	readySeconds int64
	// unreadySeconds is the controller's --shutdown-grace-period.
	unreadySeconds int64
	// totalSeconds is after which the pod is killed. A shorter time would break requests.
	totalSeconds int64
}

func shutdownOf(e *v1alpha1.EdgeIngress, settings map[string]string) shutdown {
	s := shutdown{readySeconds: workload.DrainSeconds(e), unreadySeconds: workload.WholeSeconds(readinessFailures*readinessPeriod + withdrawal)}
	if e.UsesHostPorts() {
		// Without a Service there is no health-check port, and nobody sees that the pod is terminating:
		// a balancer asks the controller itself.
		s = shutdown{unreadySeconds: workload.DrainSeconds(e)}
	}
	workers := defaultWorkerShutdown
	if written, ok := settings[workerShutdownTimeoutKey]; ok {
		if parsed, valid := parseNginxTime(written); valid {
			workers = parsed
		}
	}
	s.totalSeconds = s.readySeconds + s.unreadySeconds + workload.WholeSeconds(workers) + workload.WholeSeconds(postShutdown+shutdownMargin)
	return s
}
