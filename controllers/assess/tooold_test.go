package assess

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// servedByNewer is an EdgeIngress that a newer operator served, with a condition that only that one knows.
func servedByNewer(options ...option) *v1alpha1.EdgeIngress {
	g := healthy(options...)
	g.s.Options.Version = "v0.9.1"
	edge := g.s.EdgeIngress
	edge.Status = Status(g.s, g.d, g.o, noon)
	edge.Status.Conditions = append(edge.Status.Conditions, metav1.Condition{
		Type: "OfANewerVersion", Status: yes, Reason: "Fine", Message: "Fine.", ObservedGeneration: 3, LastTransitionTime: metav1.NewTime(noon),
	})
	return edge
}

func TestTooOldClaimsNothing(t *testing.T) {
	edge, later := servedByNewer(), noon.Add(time.Hour)
	edge.Generation = 4
	before := edge.DeepCopy()
	status := TooOld(edge, "v0.4.2", later)
	if diff := cmp.Diff(before, edge); diff != "" {
		t.Errorf("the EdgeIngress itself was changed (-before +after):\n%s", diff)
	}
	if len(status.Conditions) != len(allConditions)+1 {
		t.Errorf("%d conditions, want %d", len(status.Conditions), len(allConditions)+1)
	}
	for _, c := range status.Conditions {
		if c.Status != unknown || c.Reason != v1alpha1.ReasonOperatorTooOld || c.ObservedGeneration != 4 {
			t.Errorf("%s is %s %s about generation %d, want Unknown about 4", c.Type, c.Status, c.Reason, c.ObservedGeneration)
		}
		if was := meta.FindStatusCondition(before.Status.Conditions, c.Type); was.Status != unknown && !c.LastTransitionTime.Time.Equal(later) {
			t.Errorf("%s changed at %s, want %s", c.Type, c.LastTransitionTime, later)
		}
	}
	if status.ObservedGeneration != 4 {
		t.Errorf("generation %d, want 4", status.ObservedGeneration)
	}
	kept := func(s v1alpha1.EdgeIngressStatus) v1alpha1.EdgeIngressStatus {
		s.Conditions, s.ObservedGeneration = nil, 0
		return s
	}
	if diff := cmp.Diff(kept(before.Status), kept(status)); diff != "" || status.OperatorVersion != "v0.9.1" {
		t.Errorf("the rest of the status changed (-before +after):\n%s", diff)
	}

	edge.Status = status
	if diff := cmp.Diff(status, TooOld(edge, "v0.4.2", later.Add(time.Hour))); diff != "" {
		t.Errorf("a second pass changes the status (-first +second):\n%s", diff)
	}
}

func TestTooOldSaysWhatToDo(t *testing.T) {
	for name, test := range map[string]struct {
		edge *v1alpha1.EdgeIngress
		says []string
	}{
		"one that is served": {edge: servedByNewer(), says: []string{
			"Version v0.9.1 of the operator served this EdgeIngress last. Version v0.4.2, which runs now,", "what runs goes on, and nobody repairs it.",
			"Install v0.9.1 or a newer version, or go back one minor version at a time.",
			"run `kubectl patch edgeingress public --subresource=status --type=merge -p '{\"status\":{\"operatorVersion\":null}}'`.",
		}},
		"one that is being deleted": {edge: servedByNewer(deleted), says: []string{"what runs goes on, and its deletion waits."}},
		"one without conditions":    {edge: &v1alpha1.EdgeIngress{Status: v1alpha1.EdgeIngressStatus{OperatorVersion: "v0.9.1"}}, says: []string{"Version v0.9.1 of the operator served"}},
	} {
		t.Run(name, func(t *testing.T) {
			ready := meta.FindStatusCondition(TooOld(test.edge, "v0.4.2", noon).Conditions, v1alpha1.ConditionReady)
			if ready == nil {
				t.Fatal("there is no condition Ready")
			}
			for _, words := range test.says {
				if !strings.Contains(ready.Message, words) {
					t.Errorf("the message lacks %q:\n%s", words, ready.Message)
				}
			}
		})
	}
}

func TestTheStatusNamesTheOperatorThatWroteIt(t *testing.T) {
	g := healthy()
	g.s.Options.Version, g.s.EdgeIngress.Status.OperatorVersion = "v0.4.2", "v0.4.1"
	if got := Status(g.s, g.d, g.o, noon).OperatorVersion; got != "v0.4.2" {
		t.Errorf("got %q, want v0.4.2", got)
	}
}
