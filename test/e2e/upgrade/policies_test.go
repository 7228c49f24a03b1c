package upgrade

import (
	"maps"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func object(kind, name, expression string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"kind": kind, "metadata": map[string]any{"name": name}, "spec": map[string]any{"validations": []any{map[string]any{"expression": expression}}},
	}}
}

func TestWhichPoliciesAreInForce(t *testing.T) {
	policies := func(expression string) map[string]any {
		return policiesIn([]*unstructured.Unstructured{
			object(policyKind, administratorsPolicy, "a"), object(policyKind, "edge-ingress-guard-nodes", expression),
			object(policyKind+"Binding", "edge-ingress-guard-nodes", "b"), object("Deployment", "edge-ingress-guard-nodes", "c"),
			object(policyKind, "edge-ingress-source-ip-reports", "d"),
		})
	}
	if got := len(policies("x")); got != 3 {
		t.Errorf("there are %d policies and bindings of the guard, want 3", got)
	}
	this := Release{files: files{policies: policies("x && y")}}
	more := policies("x && y")
	more[policyKind+" edge-ingress-guard-of-a-newer-version"] = "z"
	less := maps.Clone(more)
	delete(less, policyKind+"Binding edge-ingress-guard-nodes")
	for name, test := range map[string]struct {
		applied map[string]any
		want    bool
	}{
		"nothing is applied":          {nil, false},
		"the same":                    {policies("x && y"), true},
		"with other white space":      {policies("x &&\n\n y"), true},
		"those of another version":    {policies("x"), false},
		"these and others":            {more, true},
		"a binding that is not there": {less, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := this.inForce(test.applied); got != test.want {
				t.Errorf("in force: %t, want %t", got, test.want)
			}
		})
	}
	if (&Release{}).inForce(more) {
		t.Error("a version without policies finds its own in force")
	}
}

func TestTheTableSaysHowPoliciesDiffer(t *testing.T) {
	release := func(expressions ...string) Release {
		all := []*unstructured.Unstructured{object(policyKind, administratorsPolicy, "a")}
		for _, expression := range expressions {
			all = append(all, object(policyKind, "edge-ingress-guard-nodes", expression))
		}
		return Release{files: files{policies: policiesIn(all)}}
	}
	for want, older := range map[string]Release{
		"The version before has no policies of the guard.": release(),
		"Both have the same policies of the guard.":        release("x"),
		"Their policies of the guard differ.":              release("y"),
	} {
		if got := (Pair{Older: older, This: release("x")}).guards(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWhatIsKnownOfTheGuard(t *testing.T) {
	for name, test := range map[string]struct {
		r       Release
		inForce bool
		want    string
	}{
		"a version that does not know the condition": {Release{}, true, absent},
		"its policies are in force":                  {Release{knowsGuarded: true}, true, "True"},
		"they are not":                               {Release{knowsGuarded: true}, false, "False"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := test.r.guarded(test.inForce); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
