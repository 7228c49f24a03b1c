package controllers

import (
	"context"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/conversion"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// ignoreUnseen passes only the updates that change something that a pass looks at. All others, such
// as the progress of a roll-out or the counters of a disruption budget, would cause passes that
// find nothing new.
var ignoreUnseen = predicate.Funcs{
	UpdateFunc: func(update event.UpdateEvent) bool { return passesSeeDifferently(update.ObjectOld, update.ObjectNew) },
}

func passesSeeDifferently(before, after client.Object) bool {
	return !sameViews.DeepEqual(viewOf(before), viewOf(after))
}

// sameViews compares views as the API's own equality does, and plain times as well.
var sameViews = func() conversion.Equalities {
	equalities := equality.Semantic.Copy()
	utilruntime.Must(equalities.AddFunc(time.Time.Equal))
	return equalities
}()

// viewOf returns the part of an object that a pass looks at: a selection for kinds that change
// often, and everything except the version for the others.
func viewOf(object client.Object) any {
	switch object := object.(type) {
	case *corev1.Pod:
		return viewOfPod(object)
	case *discoveryv1.EndpointSlice:
		return sliceView{object.Labels[discoveryv1.LabelServiceName], object.AddressType, object.Endpoints, object.Ports}
	case *v1alpha1.SourceIPReport:
		return viewOfReport(object)
	case *metav1.PartialObjectMetadata: // a namespace
		return [3]any{object.UID, object.DeletionTimestamp.IsZero(), object.Labels[desired.PodSecurityLabel]}
	case *policyv1.PodDisruptionBudget:
		budget := object.DeepCopy()
		budget.Status = policyv1.PodDisruptionBudgetStatus{}
		return unversioned(budget)
	case *appsv1.Deployment:
		deployment := object.DeepCopy()
		deployment.Status.Conditions = slices.DeleteFunc(deployment.Status.Conditions, func(c appsv1.DeploymentCondition) bool { return c.Type != appsv1.DeploymentReplicaFailure })
		for i := range deployment.Status.Conditions {
			deployment.Status.Conditions[i].LastUpdateTime = metav1.Time{}
		}
		return unversioned(deployment)
	case *appsv1.DaemonSet:
		return viewOfDaemonSet(object)
	case *networkingv1.IngressClass:
		if _, ours := object.Labels[v1alpha1.OwnerLabel]; !ours {
			return isDefaultClass(object)
		}
	case *networkingv1.Ingress:
		if _, ours := object.Labels[v1alpha1.OwnerLabel]; !ours {
			return [2]any{classOf(object), signsOf(object)}
		}
		own := object.DeepCopy()
		own.Status = networkingv1.IngressStatus{}
		return unversioned(own)
	}
	copied, isObject := object.DeepCopyObject().(client.Object)
	if !isObject {
		return object
	}
	return unversioned(copied)
}

func unversioned(object client.Object) client.Object {
	object.SetResourceVersion("")
	object.SetManagedFields(nil)
	return object
}

// podView and sliceView have exported fields, because the comparison takes no others.
type podView struct {
	Pod    snapshot.Pod
	Labels map[string]string
	Owners []metav1.OwnerReference
}

func viewOfPod(pod *corev1.Pod) podView {
	return podView{observedPod(pod, ""), pod.Labels, pod.OwnerReferences}
}

type sliceView struct {
	Service     string
	AddressType discoveryv1.AddressType
	Endpoints   []discoveryv1.Endpoint
	Ports       []discoveryv1.EndpointPort
}

// viewOfDaemonSet returns all of our own DaemonSets except the conditions. Of another DaemonSet it
// returns where it runs, and what matters for a load balancer's agent.
func viewOfDaemonSet(daemonSet *appsv1.DaemonSet) any {
	if _, ours := daemonSet.Labels[v1alpha1.OwnerLabel]; !ours {
		return [2]any{viewOfAgents(daemonSet), othersAmong([]appsv1.DaemonSet{*daemonSet}, nil).Items}
	}
	own := daemonSet.DeepCopy()
	own.Status.Conditions = nil
	return unversioned(own)
}

// onlyStatusChanged lets only those updates of an EdgeIngress through that left all but its status as it was.
var onlyStatusChanged = predicate.Funcs{
	CreateFunc:  func(event.CreateEvent) bool { return false },
	DeleteFunc:  func(event.DeleteEvent) bool { return false },
	GenericFunc: func(event.GenericEvent) bool { return false },
	UpdateFunc: func(update event.UpdateEvent) bool {
		return update.ObjectOld.GetResourceVersion() != update.ObjectNew.GetResourceVersion() &&
			!passesSeeDifferently(withoutStatus(update.ObjectOld), withoutStatus(update.ObjectNew))
	},
}

func withoutStatus(object client.Object) client.Object {
	edge, isEdge := object.DeepCopyObject().(*v1alpha1.EdgeIngress)
	if !isEdge {
		return object
	}
	edge.Status = v1alpha1.EdgeIngressStatus{}
	return edge
}

// lookAfterStatus causes a pass after a write of the status, because a pass that saw an older
// status may have skipped its own write. It waits a little. A status that changes with every pass,
// such as one that quotes an error with a number in it, would bypass the back-off.
var lookAfterStatus = handler.Funcs{
	UpdateFunc: func(_ context.Context, update event.UpdateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		queue.AddAfter(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(update.ObjectNew)}, conflictRetry)
	},
}
