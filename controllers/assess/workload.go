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

// liveWorkload is the DaemonSet or Deployment that the spec asks for, in the words that both share.
type liveWorkload struct {
	ref snapshot.Ref
	// err is why it could not be read.
	err error
	// foreign is whether its name is somebody else's.
	foreign bool
	// template of its pods; nil where there is no such workload.
	template *corev1.PodTemplateSpec
	// wanted is what it should be; nil where it is left as it is for now.
	wanted *unstructured.Unstructured
	// current is whether it was applied from what is wanted now, and its controller has taken that up.
	current bool
	// rolling is whether pods of an older template may run beside those of the current one.
	rolling bool
	// paused is whether somebody had its controller replace no pods.
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

// runsPodsOf is whether pods of the other kind still run, as they do while a change of kind is under way.
func runsPodsOf(s snapshot.Snapshot, kind v1alpha1.WorkloadKind) bool {
	return slices.ContainsFunc(s.Pods.Items, func(pod snapshot.Pod) bool { return pod.Workload == kind && !pod.Terminating })
}

// runsAsWanted is whether the live template runs what the wanted one does. Where nothing is wanted for now there is nothing to compare with.
func (w *liveWorkload) runsAsWanted() bool {
	if w.wanted == nil || w.template == nil {
		return false
	}
	same, err := drift.RunsAsWanted(*w.template, w.wanted)
	return err == nil && same
}
