// Package names holds the names, labels and selectors of everything that the operator makes for an
// EdgeIngress. It is pure.
//
// Two engines may run side by side while an EdgeIngress moves from one to the other. So every object
// that belongs to one engine has the engine in its name, and its pods carry the engine in a label
// that the workload selects by: Kubernetes freezes a workload's selector, and two workloads or
// PodDisruptionBudgets must never select each other's pods. [FirstEngine] is the exception: its
// objects existed before there was a second engine, and keep their names. The Service and the
// IngressClass belong to the EdgeIngress, so both engines can serve behind them.
package names

import (
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// FirstEngine is the engine whose objects have no engine in their names and labels.
const FirstEngine = v1alpha1.EngineIngressNGINX

const suffix = "-edge-ingress"

// Container is the name of the container that runs the engine in every controller pod.
const Container = "controller"

// Service is the name of the Service of the EdgeIngress of this name. It has at most 63 characters,
// because the name of an EdgeIngress has at most 50.
func Service(edgeIngress string) string { return edgeIngress + suffix }

// OfService is the EdgeIngress whose Service has this name. It reports false for any other name.
func OfService(service string) (edgeIngress string, ok bool) {
	return strings.CutSuffix(service, suffix)
}

// Workload is the name of the objects that run this engine for the EdgeIngress: DaemonSet,
// Deployment, ConfigMap, ServiceAccount, PodDisruptionBudget, RoleBinding and the Lease of the
// controller's leader election.
func Workload(edgeIngress string, engine v1alpha1.Engine) string {
	return edgeIngress + suffix + engineSuffix(engine)
}

// ClusterRoleBinding is the name of the ClusterRoleBinding of this engine's controller.
func ClusterRoleBinding(edgeIngress string, engine v1alpha1.Engine) string {
	return "edge-ingress-operator-controller-" + edgeIngress + engineSuffix(engine)
}

// Witness is the name of the witness's Deployment and Service in the operator's namespace.
const Witness = "edge-ingress-witness"

// OperatorAccount is the user name of the operator's ServiceAccount in this namespace.
func OperatorAccount(namespace string) string {
	return "system:serviceaccount:" + namespace + ":edge-ingress-operator"
}

// ReportPolicy is the name of the ValidatingAdmissionPolicy, and of its binding, that keeps reports of
// vantage Inside to the prober's account.
const ReportPolicy = "edge-ingress-source-ip-reports"

// WitnessIngress is the name of the Ingress, in the operator's namespace, that leads requests for
// [WitnessHost] of the EdgeIngress of this name to the witness.
func WitnessIngress(edgeIngress string) string { return edgeIngress + "-witness" }

// WitnessHost is the host name of requests to the witness through the EdgeIngress of this name. No DNS
// server answers for it (RFC 6761).
func WitnessHost(edgeIngress string) string { return edgeIngress + ".edge-ingress.invalid" }

// ClassController is spec.controller of the IngressClass of the EdgeIngress of this name. Its
// controller serves no other class. Kubernetes freezes the field, so it names no engine.
func ClassController(edgeIngress string) string { return "edgeingress.dev/" + edgeIngress }

// Labels are on every object and every pod of the EdgeIngress of this name.
func Labels(edgeIngress string) map[string]string {
	labels := ServiceSelector(edgeIngress)
	labels["app.kubernetes.io/part-of"] = v1alpha1.ManagedBy
	labels[v1alpha1.ManagedByLabel] = v1alpha1.ManagedBy
	labels[v1alpha1.OwnerLabel] = edgeIngress
	return labels
}

// ServiceSelector selects the controller pods of the EdgeIngress of this name: of every engine and
// of both kinds of workload, so that a change of either has no gap.
func ServiceSelector(edgeIngress string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":      "edge-ingress",
		"app.kubernetes.io/instance":  edgeIngress,
		"app.kubernetes.io/component": "controller",
	}
}

// WorkloadLabel distinguishes the pods of the workloads of one EdgeIngress.
const WorkloadLabel = "edgeingress.dev/workload"

// WorkloadLabelValue is the value of [WorkloadLabel] on the pods of this kind of workload and
// engine. It must never change for an EdgeIngress that exists, since workloads select by it.
func WorkloadLabelValue(engine v1alpha1.Engine, kind v1alpha1.WorkloadKind) string {
	if engine == "" || engine == FirstEngine {
		return string(kind)
	}
	return string(engine) + "-" + string(kind)
}

// WorkloadSelector selects the pods of this kind of workload and engine, and no others.
func WorkloadSelector(edgeIngress string, engine v1alpha1.Engine, kind v1alpha1.WorkloadKind) map[string]string {
	selector := ServiceSelector(edgeIngress)
	selector[WorkloadLabel] = WorkloadLabelValue(engine, kind)
	return selector
}

func engineSuffix(engine v1alpha1.Engine) string {
	if engine == "" || engine == FirstEngine {
		return ""
	}
	return "-" + strings.ToLower(string(engine))
}
