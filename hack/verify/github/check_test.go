package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

const soundWorkflow = `
name: Verify
"on":
  pull_request: {}
  workflow_call: {}
permissions:
  contents: read
jobs:
  verify:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
    - uses: actions/checkout@v6
    - uses: ./.github/actions/go
    - run: make -j1 verify ARGS=none
    - run: |
        hack/deps.sh now
        make build
        echo built | tee log; make verify && make build
`

const soundRelease = `
name: Release
"on":
  push:
    tags: ["v[0-9]+.[0-9]+.[0-9]+", "v[0-9]+.[0-9]+.[0-9]+-*"]
permissions:
  contents: read
jobs:
  verify:
    uses: ./.github/workflows/verify.yml
`

const soundAction = `
name: Go
description: Installs Go.
runs:
  using: composite
  steps:
  - uses: actions/setup-go@v6
`

const soundForm = `
name: Bug
description: Something is wrong.
body:
- type: textarea
  id: what
  attributes:
    label: What happened?
`

const (
	workflowFile = ".github/workflows/verify.yml"
	releaseFile  = ".github/workflows/release.yml"
	actionFile   = ".github/actions/go/action.yml"
	formFile     = ".github/ISSUE_TEMPLATE/bug.yml"
	configFile   = ".github/ISSUE_TEMPLATE/config.yml"
)

// soundTree is a repository without a fault.
func soundTree() map[string]string {
	return map[string]string{
		"Makefile":      "VERSION := v1\n.PHONY: verify\nverify: build ## Check.\n\ttrue\nbuild:\n\ttrue\n",
		workflowFile:    soundWorkflow,
		releaseFile:     soundRelease,
		"hack/deps.sh":  "true\n",
		actionFile:      soundAction,
		formFile:        soundForm,
		configFile:      "blank_issues_enabled: false\n",
		"renovate.json": `{"extends": ["config:recommended"]}`,
	}
}

func faultsOf(files map[string]string) (int, []string) {
	tree := fstest.MapFS{}
	for name, content := range files {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
		if strings.HasSuffix(name, ".sh") {
			tree[name].Mode = 0o755
		}
	}
	return check(tree)
}

func TestSoundFilesHaveNoFault(t *testing.T) {
	files, faults := faultsOf(soundTree())
	if len(faults) > 0 || files != 6 {
		t.Errorf("%d files with faults %q, want 6 files and none", files, faults)
	}
}

func TestFaultsAreFound(t *testing.T) {
	tests := []struct {
		name, file, from, to, want string
	}{
		{name: "a target that the Makefile does not have", file: workflowFile, from: "make -j1 verify", to: "make -j1 verfy", want: "make verfy"},
		{name: "a second target that the Makefile does not have", file: workflowFile, from: "verify ARGS=none", to: "verify bundles", want: "make bundles"},
		{name: "a target behind another command", file: workflowFile, from: "make -j1", to: "cd x && make y", want: "make y"},
		{name: "a target in a script of several lines", file: workflowFile, from: "run: make", to: "run: |\n        true\n        make absent", want: "make absent"},
		{name: "a script that is not there", file: workflowFile, from: "hack/deps.sh now", to: "hack/dep.sh now", want: "hack/dep.sh: the repository has no such program"},
		{name: "a script behind another command", file: workflowFile, from: "make build\n", to: "true && hack/gone.sh\n", want: "hack/gone.sh"},
		{name: "a variable of the Makefile taken for a target", file: workflowFile, from: "make -j1 verify", to: "make VERSION", want: "make VERSION"},
		{name: "a key that workflows do not have", file: workflowFile, from: "timeout-minutes", to: "timeout-minute", want: "timeout-minute"},
		{name: "a key that is there twice", file: workflowFile, from: "name: Verify", to: "name: A\nname: B", want: "already"},
		{name: "no permissions", file: workflowFile, from: "permissions:\n  contents: read\n", to: "", want: "permissions are missing"},
		{name: "no time-out", file: workflowFile, from: "    timeout-minutes: 10\n", to: "", want: "timeout-minutes is missing"},
		{name: "no runner", file: workflowFile, from: "    runs-on: ubuntu-24.04\n", to: "", want: "runs-on is missing"},
		{name: "no event", file: workflowFile, from: "  pull_request: {}\n  workflow_call: {}", to: "  {}", want: "no event"},
		{name: "an unquoted on", file: workflowFile, from: `"on"`, to: "on", want: "true"},
		{name: "an action of a branch", file: workflowFile, from: "checkout@v6", to: "checkout@main", want: "no action with a major version"},
		{name: "an action without a version", file: workflowFile, from: "checkout@v6", to: "checkout", want: "no action with a major version"},
		{name: "an action of ours that is not there", file: workflowFile, from: "actions/go", to: "actions/rust", want: "actions/rust"},
		{name: "a step that does nothing", file: workflowFile, from: "- run: make -j1 verify ARGS=none", to: "- name: Nothing", want: "one of uses and run"},
		{name: "a job that needs one that is not there", file: workflowFile, from: "    runs-on:", to: "    needs: build\n    runs-on:", want: "needs job build"},
		{name: "a job that uses a workflow that is not there", file: releaseFile, from: "verify.yml", to: "test.yml", want: "test.yml"},
		{name: "a job that uses a workflow of another repository", file: releaseFile, from: "./.github", to: "other/repository/.github", want: "no workflow of this repository"},
		{name: "a job that uses a workflow that starts by itself only", file: releaseFile, from: "verify.yml", to: "release.yml", want: "workflow_call"},
		{name: "a job that uses a workflow and names a runner", file: releaseFile, from: "    uses:", to: "    runs-on: ubuntu-24.04\n    uses:", want: "belong there"},
		{name: "releases without their pre-releases", file: releaseFile, from: `, "v[0-9]+.[0-9]+.[0-9]+-*"`, to: "", want: "the tag v0.2.0-rc.1 does not start it"},
		{name: "a release by branches", file: releaseFile, from: "tags:", to: "branches:", want: "the tag v0.1.0 does not start it"},
		{name: "a release of any tag", file: releaseFile, from: `"v[0-9]+.[0-9]+.[0-9]+", `, to: `"*", `, want: "the tag nightly is none of a release"},
		{name: "a release of any tag with a slash", file: releaseFile, from: `"v[0-9]+.[0-9]+.[0-9]+", `, to: `"**", `, want: "the tag test/v0.2.0 is none of a release"},
		{name: "a regular expression in place of a filter", file: releaseFile, from: `"v[0-9]+.[0-9]+.[0-9]+", `, to: `'v\d+[.]\d+[.]\d+', `, want: "no regular expressions"},
		{name: "a regular expression for branches", file: workflowFile, from: "  pull_request: {}", to: "  push: {branches: [main|next]}", want: "no regular expressions"},
		{name: "no YAML", file: workflowFile, from: "jobs:", to: "jobs: [", want: "yaml"},
		{name: "an action of a branch inside an action", file: actionFile, from: "@v6", to: "@latest", want: "no action with a major version"},
		{name: "an action that is a program", file: actionFile, from: "composite", to: "node20", want: "not composite"},
		{name: "a form that asks nothing", file: formFile, from: soundForm, to: "name: a\ndescription: b\nbody: []\n", want: "asks nothing"},
		{name: "a form with an unknown field", file: formFile, from: "textarea", to: "text", want: "unknown type"},
		{name: "a form with a field without an id", file: formFile, from: "  id: what\n", to: "", want: "no id"},
		{name: "a form with a field without a label", file: formFile, from: "label:", to: "description:", want: "no label"},
		{name: "issue settings that say nothing of blank issues", file: configFile, from: "blank_issues_enabled: false", to: "contact_links: []", want: "blank_issues_enabled"},
		{name: "settings that are no JSON", file: "renovate.json", from: "]}", to: "]", want: "renovate.json"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := soundTree()
			broken := strings.Replace(files[test.file], test.from, test.to, 1)
			if broken == files[test.file] {
				t.Fatalf("%q does not occur in %s", test.from, test.file)
			}
			files[test.file] = broken
			_, faults := faultsOf(files)
			if joined := strings.Join(faults, "\n"); !strings.Contains(joined, test.want) || !strings.Contains(joined, test.file) {
				t.Errorf("faults: %q\nwant one of %s with %q", joined, test.file, test.want)
			}
		})
	}
}
