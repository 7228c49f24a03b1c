package main

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// module is a module of others, or Go itself.
type module struct {
	name string // path and version
	dir  string
	text string // its licences and notices
}

// parse reads lines of name, tab and directory. A module appears once for each of its packages.
func parse(list string) []module {
	var result []module
	for line := range strings.Lines(list) {
		if name, dir, found := strings.Cut(strings.TrimSpace(line), "\t"); found {
			result = append(result, module{name: name, dir: dir})
		}
	}
	slices.SortFunc(result, func(a, b module) int { return strings.Compare(a.name, b.name) })
	return slices.CompactFunc(result, func(a, b module) bool { return a.name == b.name })
}

var (
	licence = regexp.MustCompile(`(?i)^(licen[cs]e|copying)`)
	notice  = regexp.MustCompile(`(?i)^(notice|patents)`)
)

// licenceText returns all licences and notices in the root of a module. A module without a licence must not ship.
func licenceText(root fs.FS) (string, error) {
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		return "", fmt.Errorf("listing its files: %w", err)
	}
	var texts []string
	licensed := false
	for _, entry := range entries {
		is := licence.MatchString(entry.Name())
		if entry.IsDir() || !is && !notice.MatchString(entry.Name()) {
			continue
		}
		text, err := fs.ReadFile(root, entry.Name())
		if err != nil {
			return "", err
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
		licensed = licensed || is
	}
	if !licensed {
		return "", errors.New("it has no file LICENSE or COPYING")
	}
	return strings.Join(texts, "\n\n"), nil
}

// render writes each text once, below all modules that have it.
func render(modules []module) string {
	var order []string
	names := map[string][]string{}
	for _, m := range modules {
		if names[m.text] == nil {
			order = append(order, m.text)
		}
		names[m.text] = append(names[m.text], m.name)
	}
	var result strings.Builder
	result.WriteString("The programs of edge-ingress-operator contain this software of others. The source of a module is at https://pkg.go.dev/PATH@VERSION.\n")
	for _, text := range order {
		fmt.Fprintf(&result, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(names[text], "\n"), text)
	}
	return result.String()
}
