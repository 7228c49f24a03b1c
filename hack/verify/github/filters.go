package main

import (
	"regexp"
	"slices"
	"strings"
)

// releaseWorkflow makes a release of a tag.
const releaseWorkflow = ".github/workflows/release.yml"

// startsRelease says of tags whether they have to start the workflow that makes a release: the versions that hack/bundle/release
// accepts do. So does a version with a wrong suffix, because then the workflow says what is wrong with it.
var startsRelease = map[string]bool{
	"v0.1.0": true, "v10.20.30": true, "v0.2.0-rc.1": true, "v0.2.0-alpha.0": true, "v10.20.30-beta.12": true, "v0.2.0-rc1": true,
	"v0.2": false, "0.2.0": false, "v0.2.0.1": false, "v0.2.0+7": false, "xv0.2.0": false, "v0a2b0": false, "test/v0.2.0": false, "nightly": false,
}

// known are the characters of a filter that mean something, and those that tags and branches have.
var known = regexp.MustCompile(`^[\w./*+?\[\]-]+$`)

// matches reports whether a tag or a branch matches a filter. A filter is no regular expression: * is anything without a slash, ** is
// anything, and a dot is a dot. The characters +, ? and brackets mean the same in both
// (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet).
func matches(filter, name string) bool {
	pattern := strings.NewReplacer("**", ".*", "*", "[^/]*", ".", `\.`).Replace(filter)
	expression, err := regexp.Compile("^" + pattern + "$")
	return err == nil && expression.MatchString(name)
}

// checkFilters checks which pushes start a workflow.
func (c *checker) checkFilters(file string, flow workflow) {
	push, _ := flow.On["push"].(map[string]any)
	for _, kind := range sortedKeys(push) {
		for _, filter := range words(push[kind]) {
			if (kind == "tags" || kind == "branches") && !known.MatchString(filter) {
				c.fault(file, "the filter %q of %s has a character that filters do not have: they are no regular expressions", filter, kind)
			}
		}
	}
	if file != releaseWorkflow {
		return
	}
	filters := words(push["tags"])
	for _, tag := range sortedKeys(startsRelease) {
		starts := slices.ContainsFunc(filters, func(filter string) bool { return matches(filter, tag) })
		if starts && !startsRelease[tag] {
			c.fault(file, "the tag %s is none of a release and starts it: narrow the filters %q", tag, filters)
		}
		if !starts && startsRelease[tag] {
			c.fault(file, "the tag %s does not start it: widen the filters %q", tag, filters)
		}
	}
}

// words are the strings of a list.
func words(list any) []string {
	var found []string
	elements, _ := list.([]any)
	for _, element := range elements {
		if word, ok := element.(string); ok {
			found = append(found, word)
		}
	}
	return found
}
