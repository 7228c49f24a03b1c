package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// fakeKubectl writes down its arguments in brackets, one line a call, and says that the CRD is there.
const fakeKubectl = `#!/usr/bin/env bash
printf '[%s]' "$@" >>"$CALLS"
echo >>"$CALLS"
echo customresourcedefinition.apiextensions.k8s.io/edgeingresses.edgeingress.dev
`

// A context or kubeconfig that got lost on the way would delete every EdgeIngress of another cluster.
func TestEveryCallKeepsTheArgumentsOfKubectl(t *testing.T) {
	const (
		get    = "[get][crd][edgeingresses.edgeingress.dev][--ignore-not-found][--output=name]\n"
		remove = "[delete][edgeingresses.edgeingress.dev][--all][--wait][--timeout=15m]\n"
	)
	for name, row := range map[string]struct {
		arguments []string
		kept      string
	}{
		"kubectl of the path":         {arguments: nil, kept: ""},
		"kubectl alone":               {arguments: []string{"kubectl"}, kept: ""},
		"kubectl with a context":      {arguments: []string{"kubectl", "--context=staging"}, kept: "[--context=staging]"},
		"kubectl with a path as word": {arguments: []string{"kubectl", "--kubeconfig", "my clusters/a"}, kept: "[--kubeconfig][my clusters/a]"},
	} {
		t.Run(name, func(t *testing.T) {
			want := row.kept + get + row.kept + remove
			if got := callsOfKubectl(t, row.arguments); got != want {
				t.Errorf("kubectl was called with\n%swant\n%s", got, want)
			}
		})
	}
}

// callsOfKubectl runs the script with a fake kubectl in the path and returns what that was called with.
func callsOfKubectl(t *testing.T, arguments []string) string {
	t.Helper()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	if err := os.WriteFile(filepath.Join(dir, "kubectl"), []byte(fakeKubectl), 0o755); err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), "./delete-edgeingresses.sh", arguments...)
	script.Env = append(os.Environ(), "PATH="+dir+string(os.PathListSeparator)+os.Getenv("PATH"), "CALLS="+calls)
	if output, err := script.CombinedOutput(); err != nil {
		t.Fatalf("running the script: %v\n%s", err, output)
	}
	text, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
