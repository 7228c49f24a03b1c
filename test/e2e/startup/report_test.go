package startup

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

func pod(name string, ready corev1.ConditionStatus) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}}
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}
	return p
}

func TestRequestsBeginOnceWhenAPodBecomesReady(t *testing.T) {
	s := Start{Pods: map[string]*Pod{}}
	going := pod("b", corev1.ConditionTrue)
	going.DeletionTimestamp = &metav1.Time{}
	steps := []struct {
		name  string
		event watch.EventType
		pod   *corev1.Pod
		begin bool
		ready int
	}{
		{name: "a pod is created", event: watch.Added, pod: pod("a", corev1.ConditionFalse)},
		{name: "it becomes ready", event: watch.Modified, pod: pod("a", corev1.ConditionTrue), begin: true, ready: 1},
		{name: "it is still ready", event: watch.Modified, pod: pod("a", corev1.ConditionTrue), ready: 1},
		{name: "another one is going", event: watch.Modified, pod: going, ready: 1},
		{name: "it is deleted", event: watch.Deleted, pod: pod("a", corev1.ConditionTrue)},
	}
	for i, step := range steps {
		begun := s.note(step.event, step.pod, time.Duration(i+1)*time.Second) != nil
		if begun != step.begin || s.ready() != step.ready {
			t.Errorf("%s: requests begin %t and %d are ready, want %t and %d", step.name, begun, s.ready(), step.begin, step.ready)
		}
	}
}

func started(who string, took time.Duration, failed int) Start {
	return Start{Who: who, Pods: map[string]*Pod{
		"a": {Ready: took, Answers: map[string]int{served: 5, "503 Service Unavailable": failed}}, "b": {Ready: time.Second},
	}}
}

func TestSummaryComparesMedians(t *testing.T) {
	starts := []Start{
		started(Operator, 4*time.Second, 0), started(Operator, 9*time.Second, 0), started(Operator, 5*time.Second, 0),
		started(Peer, 10*time.Second, 0), started(Unguarded, 3*time.Second, 7),
	}
	for _, want := range []string{"median 5.0 s (4.0 s to 9.0 s) in 3 starts, 0 requests failed", "takes 0.50 of the peer's time", "in 1 starts, 7 requests failed"} {
		if got := Summary(starts); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q in it", got, want)
		}
	}
	if problems := Problems(starts); len(problems) > 0 {
		t.Errorf("got problems %q of others than the operator", problems)
	}
	if problems := Problems([]Start{started(Operator, time.Second, 1)}); len(problems) != 1 {
		t.Errorf("got problems %q, want the request that failed", problems)
	}
}
