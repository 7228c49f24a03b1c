package main

import (
	"fmt"
	"io/fs"
	"regexp"
)

var (
	toolchainLine = regexp.MustCompile(`(?m)^toolchain go(\S+)$`)
	imageLine     = regexp.MustCompile(`(?m)^FROM (?:\S+ )?(?:docker\.io/library/)?golang:(\S+)`)
)

// shippedToolchain returns the Go that builds what we ship: that of the line "toolchain" in go.mod, which the release workflow
// installs for the plugin, and which the Dockerfile has to name as well.
func shippedToolchain(root fs.FS) (string, error) {
	var versions []string
	for _, source := range []struct {
		file string
		line *regexp.Regexp
	}{{"go.mod", toolchainLine}, {"Dockerfile", imageLine}} {
		content, err := fs.ReadFile(root, source.file)
		if err != nil {
			return "", fmt.Errorf("reading the version of Go that ships: %w", err)
		}
		match := source.line.FindSubmatch(content)
		if match == nil {
			return "", fmt.Errorf("%s: it names no version of Go; a line has to match %s", source.file, source.line)
		}
		versions = append(versions, string(match[1]))
	}
	if versions[0] != versions[1] {
		return "", fmt.Errorf("the Dockerfile builds with Go %s, and go.mod has the toolchain go%s; write the newer one into both", versions[1], versions[0])
	}
	return "go" + versions[0], nil
}
