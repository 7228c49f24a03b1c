package main

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"
)

var (
	targetLine = regexp.MustCompile(`(?m)^([a-zA-Z0-9_-]+):([^=]|$)`)
	makeCall   = regexp.MustCompile(`(?m)(?:^|[;&|]|\$\()[ \t]*make((?:[ \t]+[^\s;&|)]+)*)`)
	scriptCall = regexp.MustCompile(`(?m)(?:^|[;&|]|\$\()[ \t]*(hack/[^\s;&|)]+)`)
	plainWord  = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)
)

// makeTargets returns the targets of a Makefile that have a plain name.
func makeTargets(makefile string) map[string]bool {
	targets := map[string]bool{}
	for _, match := range targetLine.FindAllStringSubmatch(makefile, -1) {
		targets[match[1]] = true
	}
	return targets
}

// calledTargets returns the make targets that a shell script calls. It ignores options and settings
// of variables.
func calledTargets(script string) []string {
	targets := []string{}
	for _, match := range makeCall.FindAllStringSubmatch(script, -1) {
		for word := range strings.FieldsSeq(match[1]) {
			if !strings.HasPrefix(word, "-") && plainWord.MatchString(word) {
				targets = append(targets, word)
			}
		}
	}
	return targets
}

// calledScripts returns the programs of hack/ that a shell script calls.
func calledScripts(script string) []string {
	scripts := []string{}
	for _, match := range scriptCall.FindAllStringSubmatch(script, -1) {
		scripts = append(scripts, match[1])
	}
	return scripts
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	return slices.Sorted(maps.Keys(m))
}
