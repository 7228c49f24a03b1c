package ingressnginx

import (
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

const (
	// defaultWorkerShutdown is how long nginx lets open connections finish by default.
	defaultWorkerShutdown = 240 * time.Second
	// readinessPeriod, readinessFailures and readinessTimeout belong to the readiness probe. A
	// terminating controller fails the probe at once, so the pod becomes unready within period x
	// failures. A controller that is only slow, on a busy node, has timeout x failures.
	readinessPeriod   = 1 * time.Second
	readinessFailures = 3
	readinessTimeout  = 3 * time.Second
	// withdrawal is the time from there until no new connection arrives: the kubelet writes the pod's
	// status, the EndpointSlice follows, kube-proxies read it, and the load balancer's agent moves the
	// address. On an idle cluster this takes about two seconds.
	withdrawal = 12 * time.Second
	// postShutdown is how long the controller keeps running after nginx has exited (its flag
	// --post-shutdown-grace-period, 10 s by default). The hook checks once a second and must end first,
	// because the kubelet reports a hook as failed if the container ends before it.
	postShutdown = 2 * time.Second
	// shutdownMargin allows for a busy node that starts the hook's processes and passes on the signal.
	shutdownMargin = 10 * time.Second
)

// shutdown holds the phases of a pod's termination, in whole seconds. First the pod keeps serving and
// stays ready. Health checks notice that it is terminating, and kube-proxy still sends to it if there
// is no other endpoint. Then the controller receives SIGTERM and becomes unready, while nginx keeps
// serving: balancers that check readiness move away, and established connections still get answers.
// Then nginx finishes open requests and exits. Upstream's defaults have the reverse order: nginx exits
// at once, and the controller lingers.
type shutdown struct {
	// readySeconds is the sleep before the controller receives SIGTERM.
	readySeconds int64
	// unreadySeconds is the controller's --shutdown-grace-period.
	unreadySeconds int64
	// totalSeconds is the grace period of the pod. A shorter one would break requests.
	totalSeconds int64
}

func shutdownOf(e *v1alpha1.EdgeIngress, settings map[string]string) shutdown {
	s := shutdown{readySeconds: workload.DrainSeconds(e), unreadySeconds: workload.WholeSeconds(readinessFailures*readinessPeriod + withdrawal)}
	if e.UsesHostPorts() {
		// Without a Service there is no health-check port, so balancers cannot see that the pod is
		// terminating. They check the controller itself.
		s = shutdown{unreadySeconds: workload.DrainSeconds(e)}
	}
	workers := workerShutdown(settings)
	s.totalSeconds = s.readySeconds + s.unreadySeconds + workload.WholeSeconds(workers) + workload.WholeSeconds(postShutdown+shutdownMargin)
	return s
}

// KeepsSettings is how long the workers of before a reload may live (nginx's worker_shutdown_timeout). They close
// idle connections at once, and serve the others by the settings that they have.
func (Engine) KeepsSettings(settings map[string]string) time.Duration {
	return workerShutdown(settings)
}

func workerShutdown(settings map[string]string) time.Duration {
	if parsed, valid := parseNginxTime(settings[workerShutdownTimeoutKey]); valid {
		return parsed
	}
	return defaultWorkerShutdown
}
