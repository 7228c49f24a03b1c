package controllers

import (
	"context"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

const (
	// refusalPatience is how long pods may be missing before the operator reads events. Pods are
	// missing for a moment in every roll-out.
	refusalPatience = 5 * time.Second
	// firstRefusalWait is the time to the second read. It doubles from read to read.
	firstRefusalWait = 10 * time.Second
	maxRefusalWait   = 5 * time.Minute
	// refusalEvents limits one read. Equal events are one object with a counter.
	refusalEvents = 100
	// createFailed is the reason of the event (k8s.io/kubernetes pkg/controller/controller_utils.go).
	createFailed = "FailedCreate"
)

// observeRefusal finds out why Kubernetes creates no pods. A Deployment has a condition. Of a DaemonSet only
// events tell, so the operator asks for those of this one object, and only while pods are missing.
func (r *Reconciler) observeRefusal(ctx context.Context, s snapshot.Snapshot) snapshot.Refusal {
	daemonSet, deployment := s.DaemonSet.Value, s.Deployment.Value
	switch {
	case !s.EdgeIngress.DeletionTimestamp.IsZero():
	case workload.Kind(s.EdgeIngress) == v1alpha1.WorkloadDaemonSet && daemonSet != nil:
		return r.refusalReads.of(daemonSet, s.Time, func() (string, error) { return r.lastRefusal(ctx, daemonSet) })
	case workload.Kind(s.EdgeIngress) == v1alpha1.WorkloadDeployment && deployment != nil:
		return refusalOfDeployment(deployment)
	}
	return snapshot.Refusal{}
}

func refusalOfDeployment(deployment *appsv1.Deployment) snapshot.Refusal {
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
			return snapshot.Refusal{Message: condition.Message}
		}
	}
	return snapshot.Refusal{}
}

func (r *Reconciler) lastRefusal(ctx context.Context, daemonSet *appsv1.DaemonSet) (string, error) {
	list := &corev1.EventList{}
	err := r.Reader.List(ctx, list, client.InNamespace(daemonSet.Namespace), client.Limit(refusalEvents), client.MatchingFields{
		"involvedObject.uid": string(daemonSet.UID), "reason": createFailed,
	})
	if err != nil {
		ctrl.LoggerFrom(ctx).V(1).Info("Could not read the events of the DaemonSet", "error", err.Error())
		return "", err
	}
	var last *corev1.Event
	for i := range list.Items {
		if event := &list.Items[i]; last == nil || lastSeen(event).After(lastSeen(last)) {
			last = event
		}
	}
	if last == nil {
		return "", nil
	}
	return last.Message, nil
}

// lastSeen is when the event happened last. Which field holds that depends on the writer's library.
func lastSeen(event *corev1.Event) time.Time {
	at := event.CreationTimestamp.Time
	for _, known := range []time.Time{event.LastTimestamp.Time, event.EventTime.Time} {
		if known.After(at) {
			at = known
		}
	}
	if event.Series != nil && event.Series.LastObservedTime.After(at) {
		at = event.Series.LastObservedTime.Time
	}
	return at
}

// refusalReads remembers what was read about DaemonSets without pods, and when it may be read again. Its
// zero value is ready for use. A nil refusalReads never reads.
type refusalReads struct {
	mu    sync.Mutex
	byUID map[types.UID]refusalRead
}

type refusalRead struct {
	refusal snapshot.Refusal
	// wait is the time from the last read to the next one.
	wait time.Duration
}

func (l *refusalReads) of(daemonSet *appsv1.DaemonSet, now time.Time, read func() (string, error)) snapshot.Refusal {
	if l == nil {
		return snapshot.Refusal{}
	}
	l.mu.Lock()
	known, there := l.byUID[daemonSet.UID]
	l.mu.Unlock()
	switch {
	case !workload.DaemonSetLacksPods(daemonSet):
		l.keep(daemonSet.UID, nil)
		return snapshot.Refusal{}
	case !there:
		known.refusal.Next = now.Add(refusalPatience)
	case now.Before(known.refusal.Next):
		return known.refusal
	default:
		known.wait = min(max(2*known.wait, firstRefusalWait), maxRefusalWait)
		known.refusal.Next = now.Add(known.wait)
		if message, err := read(); err == nil {
			known.refusal.Message = message
		}
	}
	l.keep(daemonSet.UID, &known)
	return known.refusal
}

func (l *refusalReads) keep(uid types.UID, read *refusalRead) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if read == nil {
		delete(l.byUID, uid)
		return
	}
	if l.byUID == nil {
		l.byUID = map[types.UID]refusalRead{}
	}
	l.byUID[uid] = *read
}
