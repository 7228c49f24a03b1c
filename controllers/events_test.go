package controllers

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func recorded(do func(*Reconciler)) []string {
	recorder := events.NewFakeRecorder(20)
	do(&Reconciler{Events: recorder})
	close(recorder.Events)
	var all []string
	for text := range recorder.Events {
		all = append(all, text)
	}
	return all
}

func TestConditionsAreAnnouncedOnTransitionsOnly(t *testing.T) {
	with := func(conditions ...metav1.Condition) *v1alpha1.EdgeIngress {
		return &v1alpha1.EdgeIngress{Status: v1alpha1.EdgeIngressStatus{Conditions: conditions}}
	}
	condition := func(kind string, status metav1.ConditionStatus, reason string) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: "Because."}
	}
	ready, notReady := condition("Ready", "True", "AllConditionsMet"), condition("Ready", "False", "NoNodesSelected")
	config, noConfig := condition("ConfigEffective", "True", "ConfigWritten"), condition("ConfigEffective", "False", "UnknownConfigKeys")
	kept, lost := condition("NodesKeepSourceIP", "True", "NodesMeasured"), condition("NodesKeepSourceIP", "False", "AddressReplaced")
	old, oldReady := condition("ConfigEffective", "Unknown", "OperatorTooOld"), condition("Ready", "Unknown", "OperatorTooOld")
	whole, unmeasured := condition("SourceIPPreserved", "True", "MeasuredEndToEnd"), condition("SourceIPPreserved", "Unknown", "NotMeasuredFromOutside")
	for name, test := range map[string]struct {
		before, after *v1alpha1.EdgeIngress
		want          []string
	}{
		"a loss on a node warns":                {before: with(kept), after: with(lost), want: []string{"Warning AddressReplaced NodesKeepSourceIP is False: Because."}},
		"a path that was measured":              {before: with(unmeasured), after: with(whole), want: []string{"Normal MeasuredEndToEnd SourceIPPreserved is True: Because."}},
		"a condition of a newer version":        {before: with(ready), after: with(ready, kept), want: nil},
		"of a new object only Ready":            {before: with(), after: with(config, notReady), want: []string{"Warning NoNodesSelected Ready is False: Because."}},
		"nothing where nothing changed":         {before: with(config, ready), after: with(config, ready), want: nil},
		"nothing where the reason changed":      {before: with(notReady), after: with(condition("Ready", "False", "NodesMissing")), want: nil},
		"Ready when it becomes True":            {before: with(notReady), after: with(ready), want: []string{"Normal AllConditionsMet Ready is True: Because."}},
		"not Ready beside what caused it":       {before: with(config, ready), after: with(noConfig, notReady), want: []string{"Warning UnknownConfigKeys ConfigEffective is False: Because."}},
		"nothing of a deletion":                 {before: with(config, ready), after: with(condition("ConfigEffective", "Unknown", "Deleting"), condition("Ready", "Unknown", "Deleting")), want: nil},
		"one of an operator that is too old":    {before: with(config, ready), after: with(old, oldReady), want: []string{"Warning OperatorTooOld Ready is Unknown: Because."}},
		"one of it also where nobody was Ready": {before: with(config, condition("Ready", "Unknown", "TaintMissing")), after: with(old, oldReady), want: []string{"Warning OperatorTooOld Ready is Unknown: Because."}},
		"nothing while it is too old":           {before: with(old, oldReady), after: with(old, oldReady), want: nil},
		"a change to False warns":               {before: with(config, ready), after: with(noConfig, ready), want: []string{"Warning UnknownConfigKeys ConfigEffective is False: Because."}},
		"a change to True does not":             {before: with(noConfig, ready), after: with(config, ready), want: []string{"Normal ConfigWritten ConfigEffective is True: Because."}},
	} {
		t.Run(name, func(t *testing.T) {
			got := recorded(func(r *Reconciler) { r.announceTransitions(test.before, test.after) })
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestADowngradeIsAnnouncedOnce(t *testing.T) {
	for name, test := range map[string]struct {
		before, after string
		want          []string
	}{
		"the operator is older by a patch": {before: "v0.4.3", after: "v0.4.2", want: []string{
			"Normal OperatorDowngraded Version v0.4.2 of the operator serves this EdgeIngress now. Version v0.4.3, which is newer, did before. What only the newer one knows has no effect.",
		}},
		"it is newer":                       {before: "v0.4.2", after: "v0.4.3"},
		"it is the same":                    {before: "v0.4.2", after: "v0.4.2"},
		"nobody served before":              {before: "", after: "v0.4.2"},
		"a build without a version did":     {before: "dev", after: "v0.4.2"},
		"it is too old, and serves nothing": {before: "v0.9.1", after: "v0.9.1"},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := &v1alpha1.EdgeIngress{}, &v1alpha1.EdgeIngress{}
			before.Status.OperatorVersion, after.Status.OperatorVersion = test.before, test.after
			got := recorded(func(r *Reconciler) { r.announceDowngrade(before, after) })
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNodesAreAnnouncedTogether(t *testing.T) {
	nodes := make([]string, 12)
	for i := range nodes {
		nodes[i] = fmt.Sprintf("n%d", i)
	}
	for want, nodes := range map[string][]string{
		"Normal NodeLabelled Labelled 1 node: n0.":                              nodes[:1],
		"Normal NodeLabelled Labelled 12 nodes: n0, n1, n2, n3, n4 and 7 more.": nodes,
		"Normal NodeLabelled Labelled 5 nodes: n0, n1, n2, n3, n4.":             nodes[:5],
	} {
		got := recorded(func(r *Reconciler) { r.announceNodes(&v1alpha1.EdgeIngress{}, desired.StepJoin, nodes) })
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	}
	if got := recorded(func(r *Reconciler) { r.announceNodes(&v1alpha1.EdgeIngress{}, desired.StepLetGo, nil) }); len(got) != 0 {
		t.Errorf("events about no node: %v", got)
	}
}

// A node may have been cordoned before it ever ran a controller.
func TestAWithdrawalNamesNoPodThatNeverRan(t *testing.T) {
	got := recorded(func(r *Reconciler) {
		r.announceNodes(&v1alpha1.EdgeIngress{}, desired.StepWithdraw, []string{"a", "b"})
	})
	want := "Normal NodeWithdrawn Withdrew 2 nodes: a, b, because of a drain; controller pods there are shutting down."
	if diff := cmp.Diff([]string{want}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestEventsAboutObjectsNameTheFieldsAndTheRival(t *testing.T) {
	ref := snapshot.Ref{Kind: "ConfigMap", Namespace: "edge-public", Name: "settings"}
	both := []string{"data.a", "data.b"}
	wrote := func(times int, write snapshot.Write, before snapshot.Repairs) func(*Reconciler) {
		return func(r *Reconciler) {
			r.repairs = &repairLog{byEdge: map[types.UID]map[snapshot.Ref]snapshot.Repairs{"1": {ref: before}}}
			w := &writer{Reconciler: r, edge: &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{UID: "1"}}}
			write.Ref, write.Fields = ref, both
			w.outcome.Written = []snapshot.Write{write}
			w.announceRepaired(desired.Change{Ref: ref}, times)
		}
	}
	repaired := func(times int, rival string) func(*Reconciler) {
		return wrote(times, snapshot.Write{Rival: rival}, nil)
	}
	undone := func(fields ...string) snapshot.Write { return snapshot.Write{Rival: admission, Overruled: fields} }
	known := snapshot.Repairs{"data.a": {Count: 1, Overruled: true}, "data.b": {Count: 1, Overruled: true}}
	object := "ConfigMap edge-public/settings"
	for name, test := range map[string]struct {
		do   func(*Reconciler)
		want []string
	}{
		"the first repair": {do: repaired(1, ""), want: []string{"Warning DriftRepaired Restored data.a, data.b of " + object + " after a change by another client."}},
		"a repair that a known rival undoes": {do: repaired(drift.ContestedAfter, "helm"), want: []string{"Warning DriftContested After each repair, helm changes data.a, data.b of " +
			object + " again. The operator now waits longer between repairs. Stop the other writer."}},
		"a repair that an unknown rival undoes": {do: repaired(drift.ContestedAfter, ""), want: []string{"Warning DriftContested After each repair, an unknown writer changes data.a, data.b of " +
			object + " again. The operator now waits longer between repairs. Stop the other writer."}},
		"a repair that admission undoes": {do: wrote(1, undone(both...), nil), want: []string{"Warning DriftContested The operator cannot repair data.a, data.b of " +
			object + ": an admission policy or webhook changes it in the operator's own request. Exclude the object from that."}},
		"a repair that admission undoes in part": {do: wrote(1, undone("data.b"), nil), want: []string{
			"Warning DriftContested The operator cannot repair data.b of " + object + ": an admission policy or webhook changes it in the operator's own request. Exclude the object from that.",
			"Warning DriftRepaired Restored data.a of " + object + " after a change by another client."}},
		"a repair that admission undoes again":        {do: wrote(2, undone(both...), known), want: nil},
		"a repair that admission undoes a third time": {do: wrote(drift.ContestedAfter, undone(both...), known), want: nil},
		"a repair that holds when admission lets it":  {do: wrote(2, snapshot.Write{}, known), want: []string{"Warning DriftRepaired Restored data.a, data.b of " + object + " after a change by another client."}},
		"a later repair": {do: repaired(drift.ContestedAfter+1, "helm"), want: nil},
		"a deletion": {do: func(r *Reconciler) { r.announcePruned(&v1alpha1.EdgeIngress{}, ref, nil) },
			want: []string{"Normal Pruned Deleted " + object + ": the current spec does not need it."}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, recorded(test.do), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLongNotesAreCutBetweenCharacters(t *testing.T) {
	long := strings.Repeat("ü", maxEventNote)
	got := recorded(func(r *Reconciler) { r.announce(&v1alpha1.EdgeIngress{}, notice{"Normal", "R", "A", long, nil}) })[0]
	note := strings.TrimPrefix(got, "Normal R ")
	if len(note) > maxEventNote || !utf8.ValidString(note) || !strings.HasSuffix(note, "…") {
		t.Errorf("note of %d bytes, valid %t, ends %q", len(note), utf8.ValidString(note), note[len(note)-3:])
	}
}
