package command_test

import (
	"bytes"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/plugin/command"
)

func TestThePluginTellsItsVersion(t *testing.T) {
	var out, errs bytes.Buffer
	code := command.Run(t.Context(), []string{"--version"}, command.Environment{Out: &out, Err: &errs, Version: "v1.2.3"})
	if code != command.ExitKept || out.String() != "kubectl edge-ingress version v1.2.3\n" || errs.Len() > 0 {
		t.Errorf("exit code %d\n--- stdout\n%s--- stderr\n%s", code, out.String(), errs.String())
	}
}
