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
		{"real ones where the machine can have them", "", nil, realNodes, false, ""},
		{"simulated ones where it cannot, and how to get real ones is said", "", refused, simulatedNodes, false, refused.Error() + "."},
		{"simulated ones that were asked for, whatever the machine can have", "simulated", nil, simulatedNodes, false,
			"Asked for: NODES=simulated. Where make e2e-deps was run, make demo NODES=real shows them."},
		{"real ones that were asked for", "real", nil, realNodes, false, ""},
		{"none where real ones were asked for in vain", "real", refused, "", true, ""},
		{"none where something unknown was asked for", "virtual", nil, "", true, ""},
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
		{"nothing where it passes", "echo fine", ""},
		{"the first line where it fails", "echo one >&2; echo two >&2; exit 1", "one"},
		{"without the word that commands begin with", "echo error: one; exit 1", "one"},
		{"how it ended where it says nothing", "exit 3", "running /bin/sh: exit status 3"},
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
