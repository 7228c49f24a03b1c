package main

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// checker collects the faults of all files.
type checker struct {
	tree    fs.FS
	targets map[string]bool
	faults  []string
}

func (c *checker) fault(file, format string, args ...any) {
	c.faults = append(c.faults, file+": "+fmt.Sprintf(format, args...))
}

// check returns how many files it read, and their faults, in the order of the file names.
func check(tree fs.FS) (files int, faults []string) {
	c := &checker{tree: tree}
	makefile, err := fs.ReadFile(tree, "Makefile")
	if err != nil {
		c.fault("Makefile", "%v", err)
	}
	c.targets = makeTargets(string(makefile))
	for _, file := range c.list() {
		data, err := fs.ReadFile(tree, file)
		if err != nil {
			c.fault(file, "%v", err)
			continue
		}
		c.checkFile(file, data)
	}
	return len(c.list()), c.faults
}

// list names the YAML and JSON files that GitHub, Renovate and the linter read.
func (c *checker) list() []string {
	files := []string{}
	// A tree without .github has no file there; the walk hands over the error, and there is nothing to check.
	_ = fs.WalkDir(c.tree, ".github", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".yml", ".yaml", ".json"}, path.Ext(file)) {
			files = append(files, file)
		}
		return nil
	})
	for _, file := range []string{".golangci.yml", "renovate.json"} {
		if _, err := fs.Stat(c.tree, file); err == nil {
			files = append(files, file)
		}
	}
	return files
}

func (c *checker) checkFile(file string, data []byte) {
	switch dir := path.Dir(file); {
	case dir == ".github/workflows":
		c.checkWorkflow(file, data)
	case strings.HasPrefix(dir, ".github/actions/"):
		c.checkAction(file, data)
	case file == ".github/ISSUE_TEMPLATE/config.yml":
		var config issueConfig
		if c.decode(file, data, &config) && config.BlankIssuesEnabled == nil {
			c.fault(file, "blank_issues_enabled is missing")
		}
	case dir == ".github/ISSUE_TEMPLATE":
		c.checkForm(file, data)
	default:
		var anything any
		c.decode(file, data, &anything)
	}
}

// decode refuses what is no YAML, keys that are there twice, and keys that the type of into does not have.
func (c *checker) decode(file string, data []byte, into any) bool {
	if err := yaml.UnmarshalStrict(data, into); err != nil {
		c.fault(file, "%v", err)
		return false
	}
	return true
}

func (c *checker) checkWorkflow(file string, data []byte) {
	var flow workflow
	if !c.decode(file, data, &flow) {
		return
	}
	if len(flow.On) == 0 {
		c.fault(file, `no event starts it: "on" is missing or empty`)
	}
	if len(flow.Permissions) == 0 {
		c.fault(file, "permissions are missing, so each job has the repository's default")
	}
	if len(flow.Jobs) == 0 {
		c.fault(file, "it has no jobs")
	}
	c.checkFilters(file, flow)
	for _, name := range sortedKeys(flow.Jobs) {
		job := flow.Jobs[name]
		where := file + ": job " + name
		for _, needed := range job.Needs {
			if _, ok := flow.Jobs[needed]; !ok {
				c.fault(where, "it needs job %s, which does not exist", needed)
			}
		}
		if job.Uses != "" {
			c.checkCall(where, job)
			continue
		}
		if job.RunsOn == "" {
			c.fault(where, "runs-on is missing")
		}
		if job.TimeoutMinutes == 0 {
			c.fault(where, "timeout-minutes is missing, so that a job that hangs takes six hours")
		}
		c.checkSteps(where, job.Steps)
	}
}

// checkCall checks a job that calls a workflow of this repository.
func (c *checker) checkCall(where string, job job) {
	if job.RunsOn != "" || job.TimeoutMinutes != 0 || len(job.Steps) > 0 {
		c.fault(where, "it uses a workflow, so runs-on, timeout-minutes and steps belong there")
	}
	called, local := strings.CutPrefix(job.Uses, "./")
	if !local {
		c.fault(where, "uses %s, which is no workflow of this repository", job.Uses)
		return
	}
	data, err := fs.ReadFile(c.tree, called)
	if err != nil {
		c.fault(where, "uses %s: %v", job.Uses, err)
		return
	}
	var flow workflow
	if err := yaml.Unmarshal(data, &flow); err != nil {
		return // It has a fault of its own.
	}
	if _, callable := flow.On["workflow_call"]; !callable {
		c.fault(where, `uses %s, which is not "on" workflow_call`, job.Uses)
	}
}

func (c *checker) checkAction(file string, data []byte) {
	var act action
	if !c.decode(file, data, &act) {
		return
	}
	if act.Runs.Using != "composite" {
		c.fault(file, "using is %q, not composite", act.Runs.Using)
	}
	c.checkSteps(file, act.Runs.Steps)
}

// pinned is an action with its version: a major version tag, which Renovate replaces by a digest,
// or a digest.
var pinned = regexp.MustCompile(`^[\w.-]+/[\w./-]+@(v\d+|[0-9a-f]{40})$`)

func (c *checker) checkSteps(where string, steps []step) {
	if len(steps) == 0 {
		c.fault(where, "it has no steps")
	}
	for i, step := range steps {
		where := fmt.Sprintf("%s: step %d", where, i+1)
		if (step.Uses == "") == (step.Run == "") {
			c.fault(where, "it has to have one of uses and run")
		}
		if local, ok := strings.CutPrefix(step.Uses, "./"); ok {
			if _, err := fs.Stat(c.tree, path.Join(local, "action.yml")); err != nil {
				c.fault(where, "uses %s: %v", step.Uses, err)
			}
		} else if step.Uses != "" && !pinned.MatchString(step.Uses) {
			c.fault(where, "uses %s, which is no action with a major version (v1) or a digest", step.Uses)
		}
		for _, target := range calledTargets(step.Run) {
			if !c.targets[target] {
				c.fault(where, "make %s: the Makefile has no such target", target)
			}
		}
		for _, script := range calledScripts(step.Run) {
			if state, err := fs.Stat(c.tree, script); err != nil || state.Mode()&0o100 == 0 {
				c.fault(where, "%s: the repository has no such program", script)
			}
		}
	}
}

// fieldTypes are the kinds of field that an issue form may have. The value is true where the field
// needs an id, so that others can refer to it.
var fieldTypes = map[string]bool{"markdown": false, "input": true, "textarea": true, "dropdown": true, "checkboxes": true}

func (c *checker) checkForm(file string, data []byte) {
	var form issueForm
	if !c.decode(file, data, &form) {
		return
	}
	if form.Name == "" || form.Description == "" {
		c.fault(file, "name or description is missing")
	}
	seen := map[string]bool{}
	for i, field := range form.Body {
		needsID, known := fieldTypes[field.Type]
		switch {
		case !known:
			c.fault(file, "field %d has the unknown type %q", i+1, field.Type)
		case needsID && field.ID == "":
			c.fault(file, "field %d has no id", i+1)
		case needsID && seen[field.ID]:
			c.fault(file, "two fields have the id %s", field.ID)
		case needsID && field.Attributes["label"] == nil:
			c.fault(file, "field %s has no label", field.ID)
		}
		seen[field.ID] = true
	}
	if len(form.Body) == 0 {
		c.fault(file, "it asks nothing")
	}
}
