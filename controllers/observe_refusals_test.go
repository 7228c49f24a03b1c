package controllers

import (
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func lacking() *appsv1.DaemonSet {
	daemonSet := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{UID: "1", Generation: 2}}
	daemonSet.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2, DesiredNumberScheduled: 2, CurrentNumberScheduled: 1, UpdatedNumberScheduled: 1}
	return daemonSet
}

// TestEventsAreReadSeldom makes a pass every second for an hour.
func TestEventsAreReadSeldom(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	reads, asked := &refusalReads{}, 0
	read := func() (string, error) { asked++; return "refused", nil }
	for second := range 3600 {
		refusal := reads.of(lacking(), start.Add(time.Duration(second)*time.Second), read)
		if want := second >= 5; (refusal.Message == "refused") != want {
			t.Fatalf("after %d s the message is %q", second, refusal.Message)
		}
		if refusal.Next.Before(start.Add(time.Duration(second) * time.Second)) {
			t.Fatalf("after %d s the next read is at %s", second, refusal.Next)
		}
	}
	if asked < 10 || asked > 17 {
		t.Errorf("events were read %d times in an hour", asked)
	}
}

func TestWhenEventsAreRead(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		change func(*appsv1.DaemonSet)
		want   bool
	}{
		"a pod is missing":                   {change: func(*appsv1.DaemonSet) {}, want: true},
		"no pod was created":                 {change: func(d *appsv1.DaemonSet) { d.Status.CurrentNumberScheduled, d.Status.UpdatedNumberScheduled = 0, 0 }, want: true},
		"a new pod is missing beside an old": {change: func(d *appsv1.DaemonSet) { d.Status.CurrentNumberScheduled = 2 }, want: true},
		"all pods exist":                     {change: func(d *appsv1.DaemonSet) { d.Status.CurrentNumberScheduled, d.Status.UpdatedNumberScheduled = 2, 2 }},
		"no node is selected":                {change: func(d *appsv1.DaemonSet) { d.Status = appsv1.DaemonSetStatus{ObservedGeneration: 2} }},
		"the template was not observed yet":  {change: func(d *appsv1.DaemonSet) { d.Generation++ }},
	} {
		t.Run(name, func(t *testing.T) {
			reads, asked := &refusalReads{}, false
			daemonSet := lacking()
			test.change(daemonSet)
			for _, at := range []time.Duration{0, time.Second, 10 * time.Second} {
				reads.of(daemonSet, start.Add(at), func() (string, error) { asked = true; return "", nil })
			}
			if asked != test.want {
				t.Errorf("events were read: %t", asked)
			}
		})
	}
}

func TestARefusalIsForgottenAndOutlivesAFailedRead(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	reads, daemonSet := &refusalReads{}, lacking()
	reads.of(daemonSet, start, nil)
	reads.of(daemonSet, start.Add(5*time.Second), func() (string, error) { return "refused", nil })
	if got := reads.of(daemonSet, start.Add(15*time.Second), func() (string, error) { return "", errors.New("no") }); got.Message != "refused" {
		t.Errorf("after a failed read: %+v", got)
	}
	whole := lacking()
	whole.Status.CurrentNumberScheduled, whole.Status.UpdatedNumberScheduled = 2, 2
	if got := reads.of(whole, start.Add(16*time.Second), nil); got.Message != "" || !got.Next.IsZero() {
		t.Errorf("with all pods: %+v", got)
	}
	if got := reads.of(daemonSet, start.Add(17*time.Second), nil); got.Message != "" {
		t.Errorf("missing again: %+v", got)
	}
}

func TestWhenAnEventHappenedLast(t *testing.T) {
	at := func(second int) time.Time { return time.Date(2026, 11, 28, 12, 0, second, 0, time.UTC) }
	created := metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(at(1))}
	for name, test := range map[string]struct {
		event corev1.Event
		want  time.Time
	}{
		"once":                  {event: corev1.Event{ObjectMeta: created}, want: at(1)},
		"again, counted":        {event: corev1.Event{ObjectMeta: created, LastTimestamp: metav1.NewTime(at(5))}, want: at(5)},
		"by the newer library":  {event: corev1.Event{ObjectMeta: created, EventTime: metav1.NewMicroTime(at(3))}, want: at(3)},
		"in a series":           {event: corev1.Event{ObjectMeta: created, Series: &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(at(9))}}, want: at(9)},
		"in a series of before": {event: corev1.Event{ObjectMeta: created, Series: &corev1.EventSeries{}}, want: at(1)},
	} {
		t.Run(name, func(t *testing.T) {
			if got := lastSeen(&test.event); !got.Equal(test.want) {
				t.Errorf("got %s", got)
			}
		})
	}
}
