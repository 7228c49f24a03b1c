package enginetest

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	arithmetic "github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// rolloutOrder: a new pod serves before an old one goes. On host ports, where that cannot be, one pod
// at a time is missing, and the next goes only when balancers have seen that the last is back.
func (s suite) rolloutOrder(t *testing.T) {
	for _, kind := range []v1alpha1.WorkloadKind{v1alpha1.WorkloadDaemonSet, v1alpha1.WorkloadDeployment} {
		for _, exposure := range exposures {
			t.Run(string(kind)+" with "+string(exposure), func(t *testing.T) {
				edge := edgeIngress(func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind, e.Spec.Exposure.Type = kind, exposure })
				w := s.byKind(t, edge).workload(t)
				want := arithmetic.RolloutOf(edge)
				if w.kind != want.Kind || w.surge != int(want.MaxSurge) || w.missing != int(want.MaxUnavailable) || int64(w.minReady) != want.MinReadySeconds {
					t.Errorf("%s: surge %d, unavailable %d, ready for %d s; want %+v", w.kind, w.surge, w.missing, w.minReady, want)
				}
				held := 0
				for _, port := range w.template.Spec.Containers[0].Ports {
					if port.HostPort != 0 {
						held++
					}
				}
				if (held > 0) != edge.UsesHostPorts() || w.template.Spec.HostNetwork != (exposure == v1alpha1.ExposureHostNetwork) {
					t.Errorf("holds %d host ports, host network %t", held, w.template.Spec.HostNetwork)
				}
				// A new pod would wait forever for the old one's node.
				if w.template.Spec.Affinity != nil {
					t.Errorf("the pods have the affinity %v", w.template.Spec.Affinity)
				}
			})
		}
	}
}

var exposures = []v1alpha1.ExposureType{
	v1alpha1.ExposureLoadBalancer, v1alpha1.ExposureNodePort, v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort,
}

// leastStart is how long a first configuration may take before the container is restarted.
const leastStart = 2 * time.Minute

// beginning: a pod is Ready as soon as all of the engine serves, and not before. Probes ask for that:
// none waits first, and none needs a second answer.
func (s suite) beginning(t *testing.T) {
	for name, edge := range s.cases {
		t.Run(name, func(t *testing.T) {
			container := s.byKind(t, edge).workload(t).template.Spec.Containers[0]
			startup, readiness := container.StartupProbe, container.ReadinessProbe
			if startup == nil || readiness == nil || container.LivenessProbe == nil {
				t.Fatal("a probe is missing: startup, readiness and liveness are needed")
			}
			for _, probe := range []*corev1.Probe{startup, readiness, container.LivenessProbe} {
				if probe.InitialDelaySeconds != 0 || probe.SuccessThreshold > 1 {
					t.Errorf("a probe waits %d s first and for %d answers", probe.InitialDelaySeconds, probe.SuccessThreshold)
				}
			}
			if longest := time.Duration(max(startup.TimeoutSeconds, startup.PeriodSeconds)*startup.FailureThreshold) * time.Second; longest < leastStart {
				t.Errorf("the container is restarted after %s", longest)
			}
		})
	}
}

// leastFinish is how long open connections must be able to go on after the drain.
const leastFinish = 30 * time.Second

// orderOfTheEnd checks that a terminating pod serves for the drain delay, and is not killed before
// open connections had time to finish. A probe shows when it serves.
func (s suite) orderOfTheEnd(t *testing.T) {
	for _, exposure := range exposures {
		for _, drain := range []time.Duration{0, 30 * time.Second, 10 * time.Minute} {
			t.Run(string(exposure)+" with a drain of "+drain.String(), func(t *testing.T) {
				pod := s.byKind(t, edgeIngress(func(e *v1alpha1.EdgeIngress) {
					e.Spec.Exposure.Type, e.Spec.Exposure.DrainDelay = exposure, &metav1.Duration{Duration: drain}
				})).workload(t).template.Spec
				container := pod.Containers[0]
				if container.Lifecycle == nil || container.Lifecycle.PreStop == nil {
					t.Error("nothing holds a pod that is to go until balancers have noticed")
				}
				if container.ReadinessProbe == nil {
					t.Error("nothing tells when a pod serves")
				}
				if grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second; grace < drain+leastFinish {
					t.Errorf("a pod is killed after %s, with a drain of %s", grace, drain)
				}
			})
		}
	}
}
