package controllers

import (
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestTheCountsOfAnAgentSayHowManyPodsRun(t *testing.T) {
	for name, row := range map[string]struct {
		status appsv1.DaemonSetStatus
		want   snapshot.Running
	}{
		"nothing reported":                 {want: snapshot.RunningUnreported},
		"no node wants one":                {status: appsv1.DaemonSetStatus{ObservedGeneration: 1}, want: snapshot.RunningNone},
		"none is made":                     {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3}, want: snapshot.RunningNone},
		"all are made and none is ready":   {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, CurrentNumberScheduled: 3}, want: snapshot.RunningNone},
		"one is ready":                     {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, CurrentNumberScheduled: 3, NumberReady: 1}, want: snapshot.RunningSome},
		"all are ready":                    {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, CurrentNumberScheduled: 3, NumberReady: 3}, want: snapshot.RunningAll},
		"more are ready than wanted":       {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 2, CurrentNumberScheduled: 2, NumberReady: 3}, want: snapshot.RunningAll},
		"all are ready of an older spec":   {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, NumberReady: 3, UpdatedNumberScheduled: 1}, want: snapshot.RunningAll},
		"ready, and not yet available":     {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, NumberReady: 3, NumberUnavailable: 2}, want: snapshot.RunningAll},
		"ready on nodes that want no more": {status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3, NumberMisscheduled: 1, NumberReady: 2}, want: snapshot.RunningSome},
	} {
		t.Run(name, func(t *testing.T) {
			if got := agentCounts(row.status).Running; got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestTheCacheKeepsWhatShowsAnAgentAndItsPods(t *testing.T) {
	trimmed := func(change func(*appsv1.DaemonSet)) *appsv1.DaemonSet {
		ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "x", Namespace: "y"}}
		ds.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "x"}}
		ds.Spec.Template.Spec.Containers = []corev1.Container{{Name: "main", Image: "example.com/own:1"}}
		change(ds)
		kept, err := trimDaemonSet(ds)
		if err != nil {
			t.Fatal(err)
		}
		return kept.(*appsv1.DaemonSet)
	}
	for name, change := range map[string]func(*corev1.Container){
		"a variable": func(c *corev1.Container) { c.Env = []corev1.EnvVar{{Name: "METALLB_HOST", Value: "secret"}} },
		"a command":  func(c *corev1.Container) { c.Command = []string{"/usr/bin/cilium-agent", "secret"} },
		"an image":   func(c *corev1.Container) { c.Image = "quay.io/metallb/speaker:v1" },
	} {
		ds := trimmed(func(ds *appsv1.DaemonSet) { change(&ds.Spec.Template.Spec.Containers[0]) })
		if _, is := provider.AgentProvider(ds); !is {
			t.Errorf("an agent that %s shows is not recognised in the cache", name)
		}
		container := ds.Spec.Template.Spec.Containers[0]
		if len(container.Command) > 1 || (len(container.Env) > 0 && container.Env[0].Value != "") {
			t.Errorf("the cache keeps more of the container than it needs: %+v", container)
		}
	}
	ds := trimmed(func(ds *appsv1.DaemonSet) {
		ds.Status.NumberReady = 3
		ds.Annotations = map[string]string{"meta.helm.sh/release-name": "lb", "example.com/long": "text"}
	})
	if provider.WriterOf(ds).Name != "lb" || len(ds.Annotations) != 1 {
		t.Errorf("the cache keeps the annotations %v, want those alone that show who writes the DaemonSet", ds.Annotations)
	}
	if ds.Status.NumberReady != 3 || ds.Spec.Selector == nil {
		t.Error("the cache lost the counts or the selector")
	}
}

func TestTheRolloutOfAnAgentWakesAtItsBeginningAndItsEnd(t *testing.T) {
	agent := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "speaker", Namespace: "metallb-system", ResourceVersion: "1"}}
	agent.Spec.Template.Spec.Containers = []corev1.Container{{Name: "speaker", Image: "quay.io/metallb/speaker:v0.15.2"}}
	agent.Status = appsv1.DaemonSetStatus{DesiredNumberScheduled: 9, CurrentNumberScheduled: 9, NumberReady: 5}
	checkWakeUps(t, agent, map[string]wakeUp[*appsv1.DaemonSet]{
		"one more":      {change: func(d *appsv1.DaemonSet) { d.Status.NumberReady++ }},
		"one less":      {change: func(d *appsv1.DaemonSet) { d.Status.NumberReady-- }},
		"one more node": {change: func(d *appsv1.DaemonSet) { d.Status.DesiredNumberScheduled++ }},
		"all of them":   {change: func(d *appsv1.DaemonSet) { d.Status.NumberReady = 9 }, wakes: true},
		"none of them":  {change: func(d *appsv1.DaemonSet) { d.Status.NumberReady = 0 }, wakes: true},
	})
}

func TestThePodsOfAnAgentAreReadOnceForEachVersion(t *testing.T) {
	reads, asked := &agentReads{}, 0
	read := func() (map[string]bool, error) { asked++; return map[string]bool{"a": true}, nil }
	ds := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{UID: "1", ResourceVersion: "1"}}
	look := func(wantReads int) {
		t.Helper()
		if ready, err := reads.of(ds, read); err != nil || !ready["a"] || asked != wantReads {
			t.Errorf("got %v, %v after %d reads, want %d", ready, err, asked, wantReads)
		}
	}
	look(1)
	look(1)
	ds.ResourceVersion = "2"
	look(2)
	ds.ResourceVersion = "3"
	if _, err := reads.of(ds, func() (map[string]bool, error) { return nil, errors.New("no answer") }); err == nil {
		t.Error("a failed read gave no error")
	}
	look(3)
	if agentsToRecheck(snapshot.Snapshot{}) || !agentsToRecheck(snapshot.Snapshot{Agents: snapshot.List[snapshot.Agent]{Items: []snapshot.Agent{
		{Provider: v1alpha1.ProviderMetalLB, Pods: snapshot.AgentPods{Running: snapshot.RunningSome, ReadyOn: map[string]bool{}}},
	}}}) {
		t.Error("an agent of which some pods run must be looked at again, and no other")
	}
}
