package desired

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// successor is the second pod of a node: made later, and ready for so long.
func successor(name, node string, ready time.Duration, options ...func(*snapshot.Pod)) snapshot.Pod {
	pod := onNode(node, append([]func(*snapshot.Pod){readyFor(ready)}, options...)...)
	pod.Name, pod.Created = name, noon.Add(-ready)
	return pod
}

func TestARollOutThatStandsStillIsWoken(t *testing.T) {
	old := func(node string) snapshot.Pod { return onNode(node, readyFor(time.Hour)) }
	ended := func(p *snapshot.Pod) { p.Ended = true }
	// A pod settles for 5 s, and may be due for another 5 s.
	for name, test := range map[string]struct {
		change func(*snapshot.Snapshot)
		pods   []snapshot.Pod
		want   string
		again  time.Duration
	}{
		"nothing is replaced":                       {pods: []snapshot.Pod{old("a"), old("b")}},
		"a new pod settles":                         {pods: []snapshot.Pod{old("a"), successor("new", "a", 3*time.Second)}, again: 7 * time.Second},
		"a new pod has settled just now":            {pods: []snapshot.Pod{old("a"), successor("new", "a", 9*time.Second)}, again: time.Second},
		"the old pod should have gone":              {pods: []snapshot.Pod{old("a"), successor("new", "a", 10*time.Second)}, want: "new-1", again: 5 * time.Second},
		"the order of the names does not matter":    {pods: []snapshot.Pod{successor("next", "a", 10*time.Second), old("a")}, want: "next-1", again: 5 * time.Second},
		"it did not go after a wake-up":             {pods: []snapshot.Pod{old("a"), successor("new", "a", 16*time.Second)}, want: "new-2", again: 9 * time.Second},
		"nobody has reacted for a day":              {pods: []snapshot.Pod{old("a"), successor("new", "a", 48*time.Hour)}, want: "new-15"},
		"the old pod is not ready":                  {pods: []snapshot.Pod{onNode("a", unready), successor("new", "a", 10*time.Second)}, want: "new-1", again: 5 * time.Second},
		"the old pod is ending":                     {pods: []snapshot.Pod{onNode("a", endingAt(noon.Add(time.Minute))), successor("new", "a", time.Minute)}},
		"the old pod has ended":                     {pods: []snapshot.Pod{onNode("a", ended), successor("new", "a", time.Minute)}},
		"the new pod is not ready":                  {pods: []snapshot.Pod{old("a"), successor("new", "a", time.Minute, unready)}},
		"the new pod does not say since when":       {pods: []snapshot.Pod{old("a"), successor("new", "a", time.Minute, func(p *snapshot.Pod) { p.ReadySince = time.Time{} })}},
		"the new pod is on another node":            {pods: []snapshot.Pod{old("a"), successor("new", "b", time.Minute)}},
		"pods that are not scheduled share no node": {pods: []snapshot.Pod{old(""), successor("new", "", time.Minute)}},
		"pods of a Deployment": {pods: []snapshot.Pod{old("a"), successor("new", "a", time.Minute, func(p *snapshot.Pod) {
			p.Workload = v1alpha1.WorkloadDeployment
		})}},
		"the one that became due last decides": {pods: []snapshot.Pod{old("a"), old("b"), successor("first", "a", 16*time.Second), successor("last", "b", 11*time.Second)}, want: "last-1", again: 4 * time.Second},
		"one is due and one settles":           {pods: []snapshot.Pod{old("a"), old("b"), successor("due", "a", 11*time.Second), successor("new", "b", 9*time.Second)}, want: "due-1", again: time.Second},
		"a clock that is ahead":                {pods: []snapshot.Pod{old("a"), successor("new", "a", -time.Hour)}, again: time.Hour + 10*time.Second},
		"without a surge nothing is forgotten": {change: func(s *snapshot.Snapshot) { s.EdgeIngress.Spec.Exposure.Type = v1alpha1.ExposureHostNetwork },
			pods: []snapshot.Pod{old("a"), successor("new", "a", time.Hour)}},
		"a Deployment is wanted": {change: func(s *snapshot.Snapshot) { s.EdgeIngress.Spec.Controller.Kind = v1alpha1.WorkloadDeployment },
			pods: []snapshot.Pod{old("a"), successor("new", "a", time.Hour)}},
		"the pods could not be read": {change: func(s *snapshot.Snapshot) { s.Pods.Err = errors.New("no") },
			pods: []snapshot.Pod{old("a"), successor("new", "a", time.Hour)}},
	} {
		t.Run(name, func(t *testing.T) {
			s := scene(edge(), []snapshot.Node{memberNode("a"), memberNode("b")}, test.pods...)
			if test.change != nil {
				test.change(&s)
			}
			var again time.Time
			if test.again != 0 {
				again = noon.Add(test.again)
			}
			if got, at := wakeRollOut(s); got != test.want || !at.Equal(again) {
				t.Errorf("got %q, again at %v; want %q, %v", got, at, test.want, again)
			}
		})
	}
}

// TestAWakeUpChangesNothingElse: above all not the template, whose change would replace all pods.
func TestAWakeUpChangesNothingElse(t *testing.T) {
	compute := func(ready time.Duration) State {
		state, err := Compute(scene(edge(), []snapshot.Node{memberNode("a")}, onNode("a", readyFor(time.Hour)), successor("new", "a", ready)))
		if err != nil {
			t.Fatal(err)
		}
		return state
	}
	before, after := compute(time.Second), compute(10*time.Second)
	if want := noon.Add(9 * time.Second); !before.Nodes.Recheck.Equal(want) {
		t.Errorf("looks again at %v, want %v", before.Nodes.Recheck, want)
	}
	for i, object := range after.Objects {
		annotations := object.GetAnnotations()
		isWorkload := object.GetKind() == string(v1alpha1.WorkloadDaemonSet)
		if _, woken := annotations[v1alpha1.WakeAnnotation]; woken != isWorkload {
			t.Errorf("%s is woken: %t", RefOf(object), woken)
		}
		was := before.Objects[i].GetAnnotations()
		if same := annotations[v1alpha1.AppliedAnnotation] == was[v1alpha1.AppliedAnnotation]; same == isWorkload {
			t.Errorf("%s is applied: %t", RefOf(object), !same)
		}
		delete(annotations, v1alpha1.WakeAnnotation)
		annotations[v1alpha1.AppliedAnnotation] = was[v1alpha1.AppliedAnnotation]
		object.SetAnnotations(annotations)
		if got, want := encoded(t, object.Object), encoded(t, before.Objects[i].Object); got != want {
			t.Errorf("%s: got %s, want %s", RefOf(object), got, want)
		}
	}
}

func encoded(t *testing.T, content map[string]any) string {
	t.Helper()
	text, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestWakeUpsGetRarerAndEnd(t *testing.T) {
	count, next := wakes(-time.Hour)
	for due := next; due > 0; due = next {
		if c, _ := wakes(due - 1); c != count {
			t.Errorf("%d wake-ups just before %v, want %d", c, due, count)
		}
		now, after := wakes(due)
		if now != count+1 || (after != 0 && after < 2*due) {
			t.Fatalf("%d wake-ups at %v, the next at %v", now, due, after)
		}
		count, next = now, after
	}
	if got, _ := wakes(1<<63 - 1); got != count || count != 15 {
		t.Errorf("%d wake-ups in all, want 15 and %d", got, count)
	}
}
