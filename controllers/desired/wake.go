package desired

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

const (
	// firstWake is how long a pod may be due before its DaemonSet is woken. Kubernetes' controller checks one
	// second after minReadySeconds, and Kubernetes truncates times to whole seconds.
	firstWake = 5 * time.Second
	// lastWake is the longest time that a pod may be due when its DaemonSet is woken again.
	lastWake = 24 * time.Hour
)

// wakeRollOut returns the value of WakeAnnotation that the DaemonSet needs now, or empty where it
// needs none. It also returns when that may change; zero means only after an event.
//
// With a surge, Kubernetes' DaemonSet controller may forget a roll-out. It replaces a node's old
// pod when the new one has been ready for minReadySeconds, and adds itself to its queue for that
// time (k8s.io/kubernetes v1.37.1 pkg/controller/daemon/daemon_controller.go:669). The queue keeps
// one time for each DaemonSet, the earliest (k8s.io/client-go util/workqueue/delaying_queue.go,
// insert). If another pod became ready a few seconds before, the controller wakes at that pod's
// time, finds the new pod too young, and has no later time left. Its own remedy for such cases
// (daemon_controller.go:1272) checks only the oldest pod of each node, which with a surge is the
// old one. Two changes of the spec a few seconds apart are enough. The roll-out then stands still
// until something touches a pod or the DaemonSet.
//
// A change of the DaemonSet's annotations wakes the controller and changes no pod. The time between
// wake-ups doubles, and they end after a day: a controller that does not run gets 15 of them for a
// pod.
func wakeRollOut(s snapshot.Snapshot) (value string, lookAgain time.Time) {
	rollout := workload.RolloutOf(s.EdgeIngress)
	if rollout.Kind != v1alpha1.WorkloadDaemonSet || rollout.MaxSurge == 0 || s.Pods.Err != nil {
		return "", time.Time{}
	}
	var latest snapshot.Pod
	for _, pod := range successors(s.Pods.Items) {
		due := pod.ReadySince.Add(workload.SettlingTime(s.EdgeIngress))
		count, next := wakes(s.Time.Sub(due))
		if at := due.Add(next); next > 0 && (lookAgain.IsZero() || at.Before(lookAgain)) {
			lookAgain = at
		}
		// One check by Kubernetes' controller covers all pods that are due, so the last one decides.
		if count > 0 && !pod.ReadySince.Before(latest.ReadySince) {
			latest, value = pod, fmt.Sprintf("%s-%d", pod.Name, count)
		}
	}
	return value, lookAgain
}

// successors are the youngest pods of their nodes that are ready while an older one still runs
// there, in the order of pods.
func successors(pods []snapshot.Pod) []snapshot.Pod {
	count, youngest := map[string]int{}, map[string]snapshot.Pod{}
	counts := func(pod snapshot.Pod) bool {
		return pod.Workload == v1alpha1.WorkloadDaemonSet && pod.Node != "" && !pod.Terminating && !pod.Ended
	}
	for _, pod := range pods {
		if !counts(pod) {
			continue
		}
		count[pod.Node]++
		if count[pod.Node] == 1 || pod.Created.After(youngest[pod.Node].Created) {
			youngest[pod.Node] = pod
		}
	}
	var found []snapshot.Pod
	for _, pod := range pods {
		if counts(pod) && count[pod.Node] > 1 && pod.Ready && !pod.ReadySince.IsZero() && youngest[pod.Node].Name == pod.Name {
			found = append(found, pod)
		}
	}
	return found
}

// wakes returns how many wake-ups a pod needs that has been due for this long, and how long it will
// have been due at the next one; 0 means that there is none.
func wakes(due time.Duration) (count int, next time.Duration) {
	for next = firstWake; next <= lastWake; next *= 2 {
		if due < next {
			return count, next
		}
		count++
	}
	return count, 0
}

// setWakeUp writes the annotation to a DaemonSet. An empty value leaves it out, and the apply takes it away.
func setWakeUp(object *unstructured.Unstructured, value string) {
	if object.GetKind() != string(v1alpha1.WorkloadDaemonSet) || value == "" {
		return
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1alpha1.WakeAnnotation] = value
	object.SetAnnotations(annotations)
}
