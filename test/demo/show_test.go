package main

import (
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestTextIsWrappedAtSpaces(t *testing.T) {
	for _, row := range []struct {
		name, text string
		want       []string
	}{
		{name: "a text that fits stays one line", text: "one two", want: []string{"one two"}},
		{name: "a text that is as wide as the line stays one line", text: "1234 56789", want: []string{"1234 56789"}},
		{name: "a longer text is broken at a space", text: "1234 567890", want: []string{"1234", "567890"}},
		{name: "a word that is too long stays whole", text: "a 123456789012 b", want: []string{"a", "123456789012", "b"}},
		{name: "characters count, not bytes", text: "äöü äöü äö", want: []string{"äöü äöü äö"}},
		{name: "line breaks and double spaces are spaces", text: "a\n  b", want: []string{"a b"}},
		{name: "nothing is an empty line", text: "", want: []string{""}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := wrap(row.text, 10); strings.Join(got, "|") != strings.Join(row.want, "|") {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestALongMessageIsCutAtASpaceAndMarked(t *testing.T) {
	for text, want := range map[string]string{
		"short":               "short",
		"exactly 16 chars":    "exactly 16 chars",
		"this is much longer": "this is much ...",
	} {
		if got := shorten(text, 16); got != want {
			t.Errorf("shorten(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestTheTableOfConditionsAlignsAndShowsTheBeginningOfEachMessage(t *testing.T) {
	got := conditionTable([]metav1.Condition{
		{Type: "Ready", Status: metav1.ConditionTrue, Reason: "AllConditionsMet", Message: "All is well."},
		{Type: "SourceIPPreserved", Status: metav1.ConditionUnknown, Reason: "NotMeasured", Message: strings.Repeat("word ", 40)},
	})
	want := `Ready              True     AllConditionsMet  All is well.
SourceIPPreserved  Unknown  NotMeasured       ` + strings.TrimSpace(strings.Repeat("word ", 12)) + ` ...
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestASingleConditionIsShownInFull(t *testing.T) {
	got := conditionInFull(metav1.Condition{Type: "Ready", Status: metav1.ConditionFalse, Reason: "Why", Message: strings.Repeat("word ", 40)})
	if lines := strings.Split(got, "\n"); len(lines) != 3 || lines[0] != "Ready  False  Why" {
		t.Errorf("got\n%s", got)
	}
	if count := strings.Count(got, "word"); count != 40 {
		t.Errorf("%d of 40 words are shown", count)
	}
}

func TestInstalledObjectsAreCountedByKind(t *testing.T) {
	got := installed("namespace/a serverside-applied\nclusterrole.rbac.authorization.k8s.io/b serverside-applied\n" +
		"clusterrole.rbac.authorization.k8s.io/c serverside-applied\nWarning: something\n")
	if want := "3 objects: namespace, clusterrole (2)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOnlyATerminalGetsControlCharacters(t *testing.T) {
	for _, bold := range []bool{false, true} {
		var out strings.Builder
		s := &screen{out: &out, bold: bold, started: time.Now()}
		s.introduction(choice{nodes: realNodes})
		s.chapter("A chapter")
		s.say("Something happens.")
		s.quote("NAME   READY\nx      True\n")
		s.ending("The end.")
		if got := strings.Contains(out.String(), "\x1b"); got != bold {
			t.Errorf("bold %t: control characters are there: %t", bold, got)
		}
	}
}

func TestChaptersAreNumbered(t *testing.T) {
	var out strings.Builder
	s := &screen{out: &out, started: time.Now()}
	s.chapter("First")
	s.chapter("Second")
	for _, want := range []string{"\n1. First (at 0 s)\n", "\n2. Second (at 0 s)\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in %q", want, out.String())
		}
	}
}
