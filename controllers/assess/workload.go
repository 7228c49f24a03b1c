package assess

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// liveWorkload is the DaemonSet or Deployment that the spec asks for, reduced to what both have in common.
type liveWorkload struct {
	ref snapshot.Ref
	// err is the error of a failed read.
	err error
	// foreign is set where an object with its name belongs to someone else.
	foreign bool
	// template of its pods; nil where the workload does not exist.
	template *corev1.PodTemplateSpec
	// wanted is the object to apply; nil where the operator does not update the workload for now.
	wanted *unstructured.Unstructured
	// current is set where the live object was applied from wanted and its controller has observed it.
	current bool
	// rolling is set where pods of an older template may run beside those of the current one.
	rolling bool
	// paused is set where a user paused the Deployment.
	paused bool
}

func newWorkload(s snapshot.Snapshot, d desired.State) liveWorkload {
	kind := workload.Kind(s.EdgeIngress)
	w := liveWorkload{ref: snapshot.Ref{Kind: string(kind), Namespace: d.Namespace, Name: names.Workload(s.EdgeIngress.Name, s.EdgeIngress.Spec.Controller.Engine)}}
	for _, object := range d.Objects {
		if desired.RefOf(object) == w.ref {
			w.wanted = object
		}
	}
	if kind == v1alpha1.WorkloadDeployment {
		w.readDeployment(s)
	} else {
		w.readDaemonSet(s)
	}
	return w
}

func (w *liveWorkload) readDaemonSet(s snapshot.Snapshot) {
	w.err, w.foreign = s.DaemonSet.Err, s.DaemonSet.Foreign
	if live := s.DaemonSet.Value; live != nil {
		w.template = &live.Spec.Template
		w.current = w.appliedAsWanted(live) && workload.DaemonSetObserved(live)
		w.rolling = workload.DaemonSetRolls(live)
	}
	w.rolling = w.rolling || runsPodsOf(s, v1alpha1.WorkloadDeployment)
}

func (w *liveWorkload) readDeployment(s snapshot.Snapshot) {
	w.err, w.foreign = s.Deployment.Err, s.Deployment.Foreign
	if live := s.Deployment.Value; live != nil {
		w.template = &live.Spec.Template
		w.current = w.appliedAsWanted(live) && workload.DeploymentObserved(live)
		w.rolling = workload.DeploymentRolls(live)
		w.paused = live.Spec.Paused
	}
	w.rolling = w.rolling || runsPodsOf(s, v1alpha1.WorkloadDaemonSet)
}

func (w *liveWorkload) appliedAsWanted(live metav1.Object) bool {
	return w.wanted != nil && live.GetAnnotations()[v1alpha1.AppliedAnnotation] == w.wanted.GetAnnotations()[v1alpha1.AppliedAnnotation]
}

// runsPodsOf reports whether pods of this kind still run. While the kind changes, pods of both kinds do.
func runsPodsOf(s snapshot.Snapshot, kind v1alpha1.WorkloadKind) bool {
	return slices.ContainsFunc(s.Pods.Items, func(pod snapshot.Pod) bool { return pod.Workload == kind && !pod.Terminating })
}

// runsAsWanted reports whether the live template runs what the wanted one does. It is false where
// no object is wanted.
func (w *liveWorkload) runsAsWanted() bool {
	if w.wanted == nil || w.template == nil {
		return false
	}
	same, err := drift.RunsAsWanted(*w.template, w.wanted)
	return err == nil && same
}
