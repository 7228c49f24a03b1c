package chart

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// ObjectName is the name of everything that runs the controller of the EdgeIngress of this name: DaemonSet, Deployment, Service,
// ConfigMap, ServiceAccount, PodDisruptionBudget, RoleBinding and the lease of its leader election.
func ObjectName(name string) string { return name + "-edge-ingress" }

// ClusterRoleBindingName is the name of the ClusterRoleBinding of the EdgeIngress of this name.
func ClusterRoleBindingName(name string) string { return "edge-ingress-operator-controller-" + name }

// ControllerValue is spec.controller of the IngressClass of the EdgeIngress of this name; its controller serves no other class.
func ControllerValue(name string) string { return "edgeingress.dev/" + name }

const (
	containerName = "controller"
	configMapFlag = "--configmap="
)

// ConfigMapRead is the ConfigMap ("namespace/name") that the controller of this pod template reads, from its arguments; empty where
// they name none. Of several the last counts, as for the controller. Variables such as $(POD_NAMESPACE) are returned as they stand.
func ConfigMapRead(template corev1.PodTemplateSpec) (ref string) {
	for i := range template.Spec.Containers {
		container := &template.Spec.Containers[i]
		if container.Name != containerName {
			continue
		}
		for _, arg := range container.Args {
			if value, found := strings.CutPrefix(arg, configMapFlag); found {
				ref = value
			}
		}
	}
	return ref
}
