package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestKeepIsReadFromTheEnvironment(t *testing.T) {
	for value, want := range map[string]bool{"": false, "0": false, "false": false, "1": true, "true": true, "yes": true} {
		if got := isSet(value); got != want {
			t.Errorf("KEEP=%s keeps: %t, want %t", value, got, want)
		}
	}
}

func TestTheLastLinesOfALogAreShown(t *testing.T) {
	for log, want := range map[string]string{"": "", "a\n": "a", "a\nb\n": "a\nb", "a\nb\nc\n\n": "b\nc"} {
		if got := lastLines(log, 2); got != want {
			t.Errorf("of %q got %q, want %q", log, got, want)
		}
	}
}

func TestACommandIsShownAsAShellTakesIt(t *testing.T) {
	for _, row := range []struct {
		name      string
		arguments []string
		want      string
	}{
		{name: "plain words stay plain", arguments: []string{"get", "pods", "-n", "a-b", "--x=y/z.w:1,2"}, want: "get pods -n a-b --x=y/z.w:1,2"},
		{name: "what a shell would take apart is quoted", arguments: []string{"-p", `{"a": 1}`}, want: `-p '{"a": 1}'`},
		{name: "a pattern is quoted", arguments: []string{"a[*].b"}, want: `'a[*].b'`},
		{name: "a quote inside is escaped", arguments: []string{"it's"}, want: `'it'\''s'`},
		{name: "an empty argument does not vanish", arguments: []string{""}, want: `''`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := commandLine(row.arguments); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestExpectedConditionsAreMissing(t *testing.T) {
	edge := &v1alpha1.EdgeIngress{}
	edge.Generation = 2
	edge.Status.Conditions = []metav1.Condition{
		{Type: "Current", Status: metav1.ConditionTrue, Reason: "Good", ObservedGeneration: 2},
		{Type: "Old", Status: metav1.ConditionTrue, Reason: "Good", ObservedGeneration: 1},
		{Type: "Other", Status: metav1.ConditionFalse, Reason: "Bad", Message: "It broke.", ObservedGeneration: 2},
	}
	for _, row := range []struct {
		name     string
		expected expected
		want     []string
	}{
		{name: "nothing where the reason is the one expected", expected: expected{"Current": "Good"}, want: nil},
		{name: "a condition that is not there", expected: expected{"New": "Good"}, want: []string{"New is not there"}},
		{name: "a condition about an older spec, whatever its reason", expected: expected{"Old": "Good"}, want: []string{"Old is about an older generation"}},
		{name: "a condition with another reason, with what it says", expected: expected{"Other": "Good"}, want: []string{"Other is False (Bad: It broke.)"}},
		{name: "several, in order", expected: expected{"Old": "Good", "New": "Good"}, want: []string{"New is not there", "Old is about an older generation"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.expected.missing(edge); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestNodesThatChangedAreNamed(t *testing.T) {
	node := func(change func(*corev1.Node)) corev1.Node {
		n := corev1.Node{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"pool": "edge"}}}
		change(&n)
		return n
	}
	same := node(func(*corev1.Node) {})
	before := map[string]corev1.Node{"n": same}
	for _, row := range []struct {
		name  string
		after map[string]corev1.Node
		want  []string
	}{
		{name: "none where all is as before", after: map[string]corev1.Node{"n": same}, want: nil},
		{name: "a heartbeat is no change", after: map[string]corev1.Node{"n": node(func(n *corev1.Node) { n.ResourceVersion = "2" })}, want: nil},
		{name: "a label", after: map[string]corev1.Node{"n": node(func(n *corev1.Node) { n.Labels["role"] = "" })}, want: []string{"n"}},
		{name: "a taint", after: map[string]corev1.Node{"n": node(func(n *corev1.Node) { n.Spec.Taints = []corev1.Taint{{Key: "k"}} })}, want: []string{"n"}},
		{name: "an annotation", after: map[string]corev1.Node{"n": node(func(n *corev1.Node) { n.Annotations = map[string]string{"a": ""} })}, want: []string{"n"}},
		{name: "a node that went", after: nil, want: []string{"n"}},
		{name: "a node that came", after: map[string]corev1.Node{"n": same, "m": same}, want: []string{"m"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := changedNodes(before, row.after); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestWhatEndsAWaitIsSaid(t *testing.T) {
	broken := errors.New("the API server is gone")
	err := await(t.Context(), "the address", func(context.Context) (bool, string, error) { return false, "", broken })
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "waiting for the address") {
		t.Errorf("a failed look is reported as %v", err)
	}

	died := errors.New("the operator ended by itself")
	ctx, cancel := context.WithCancelCause(t.Context())
	err = await(ctx, "the address", func(context.Context) (bool, string, error) {
		cancel(died)
		return false, "no address yet", nil
	})
	if !errors.Is(err, died) {
		t.Errorf("the end of the operator is reported as %v", err)
	}
}
