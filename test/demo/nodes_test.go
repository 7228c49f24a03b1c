package main

import (
	"errors"
	"os/exec"
	"testing"
)

func TestNodesAreChosen(t *testing.T) {
	refused := errors.New("Missing for real nodes: runc. To install it: make e2e-deps, then make demo")
	for _, row := range []struct {
		name, wanted string
		machine      error
		want         nodeKind
		fails        bool
		leftOut      string
	}{
		{name: "real ones where the machine can have them", wanted: "", machine: nil, want: realNodes, fails: false, leftOut: ""},
		{name: "simulated ones where it cannot, and how to get real ones is said", wanted: "", machine: refused, want: simulatedNodes, fails: false, leftOut: refused.Error() + "."},
		{name: "simulated ones that were asked for, whatever the machine can have", wanted: "simulated", machine: nil, want: simulatedNodes, fails: false,
			leftOut: "Asked for: NODES=simulated. Where make e2e-deps was run, make demo NODES=real shows them."},
		{name: "real ones that were asked for", wanted: "real", machine: nil, want: realNodes, fails: false, leftOut: ""},
		{name: "none where real ones were asked for in vain", wanted: "real", machine: refused, want: "", fails: true, leftOut: ""},
		{name: "none where something unknown was asked for", wanted: "virtual", machine: nil, want: "", fails: true, leftOut: ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := chooseNodes(row.wanted, func() error { return row.machine })
			if (err != nil) != row.fails {
				t.Fatalf("error %v", err)
			}
			if want := (choice{row.want, row.leftOut}); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

func TestACheckIsReportedByItsFirstLine(t *testing.T) {
	for _, row := range []struct{ name, script, want string }{
		{name: "nothing where it passes", script: "echo fine", want: ""},
		{name: "the first line where it fails", script: "echo one >&2; echo two >&2; exit 1", want: "one"},
		{name: "without the word that commands begin with", script: "echo error: one; exit 1", want: "one"},
		{name: "how it ended where it says nothing", script: "exit 3", want: "running /bin/sh: exit status 3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if err := runCheck(exec.CommandContext(t.Context(), "/bin/sh", "-c", row.script)); err != nil {
				got = err.Error()
			}
			if got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
