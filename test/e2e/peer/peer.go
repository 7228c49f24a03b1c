// Package peer makes the installation that the operator is compared with: what the operator renders,
// with the settings of upstream's chart 4.15.1 for probes and for how pods end and are replaced.
package peer

import (
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const (
	// Name is that of the DaemonSet and the Service.
	Name = "plain"
	// NodeLabel is on the nodes that run it.
	NodeLabel = "e2e.lab.test/plain"
)

// Labels are on its pods and select them.
func Labels() map[string]string { return map[string]string{"app": Name} }

// DaemonSet is ours without what makes it start sooner and end gracefully. It runs beside ours, with
// the same account and ConfigMap.
func DaemonSet(ours *appsv1.DaemonSet) *appsv1.DaemonSet {
	one, none, grace := intstr.FromInt32(1), intstr.FromInt32(0), int64(300)
	set := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: ours.Namespace, Name: Name, Labels: Labels()}}
	set.Spec.Selector = &metav1.LabelSelector{MatchLabels: Labels()}
	set.Spec.UpdateStrategy = appsv1.DaemonSetUpdateStrategy{
		Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &one, MaxSurge: &none},
	}
	ours.Spec.Template.DeepCopyInto(&set.Spec.Template)
	set.Spec.Template.ObjectMeta = metav1.ObjectMeta{Labels: Labels()}
	pod := &set.Spec.Template.Spec
	pod.NodeSelector = map[string]string{NodeLabel: ""}
	pod.TerminationGracePeriodSeconds = &grace
	controller := &pod.Containers[0]
	controller.Args = slices.DeleteFunc(controller.Args, func(argument string) bool {
		return strings.HasPrefix(argument, "--shutdown-grace-period=") || strings.HasPrefix(argument, "--post-shutdown-grace-period=")
	})
	// Two installations would write the status of the same Ingress objects in turns.
	controller.Args = append(controller.Args, "--update-status=false")
	controller.Lifecycle = &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/wait-shutdown"}}}}
	controller.StartupProbe = nil
	controller.ReadinessProbe = probe(controller.ReadinessProbe, 3)
	controller.LivenessProbe = probe(controller.LivenessProbe, 5)
	return set
}

func probe(ours *corev1.Probe, failures int32) *corev1.Probe {
	return &corev1.Probe{
		ProbeHandler: ours.ProbeHandler, InitialDelaySeconds: 10, PeriodSeconds: 10, TimeoutSeconds: 1, SuccessThreshold: 1, FailureThreshold: failures,
	}
}

// Service is a LoadBalancer Service of the DaemonSet.
func Service(namespace string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: Name},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal, Selector: Labels(),
			Ports: []corev1.ServicePort{{Name: "http", Port: 80, TargetPort: intstr.FromString("http")}},
		},
	}
}
