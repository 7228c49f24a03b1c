// Package shellblocks reads the commands of a page of the documentation, so that a test can run them.
package shellblocks

import (
	"fmt"
	"os"
	"strings"
)

// A block is run unless this comment stands right before it and says why not. Another comment names a
// command that the block takes as done.
const (
	notRunComment = "<!-- not run: "
	firstComment  = "<!-- first: "
)

// Story is a section of a page. Its commands follow each other on an empty cluster.
type Story struct {
	Title    string
	Commands []string
	NotRun   int
}

// Read reads the shell blocks of a page in Markdown, by its sections of the second level.
func Read(page string) []Story {
	found := []Story{{}}
	skip, inside := false, false
	var block strings.Builder
	for line := range strings.Lines(page) {
		last := &found[len(found)-1]
		text := strings.TrimSpace(line)
		switch {
		case inside && text == "```":
			inside = false
			if skip {
				last.NotRun++
			} else {
				last.Commands = append(last.Commands, block.String())
			}
			skip = false
			block.Reset()
		case inside:
			block.WriteString(line)
		case text == "```sh":
			inside = true
		case strings.HasPrefix(line, "## "):
			found = append(found, Story{Title: strings.TrimSpace(strings.TrimPrefix(line, "## "))})
		case strings.HasPrefix(text, notRunComment):
			skip = true
		case strings.HasPrefix(text, firstComment):
			last.Commands = append(last.Commands, strings.TrimSuffix(strings.TrimPrefix(text, firstComment), " -->")+"\n")
		}
	}
	return found
}

// Section reads the section with this title from a file. It is an error where the page has none.
func Section(path, title string) (Story, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return Story{}, fmt.Errorf("reading a page: %w", err)
	}
	for _, story := range Read(string(content)) {
		if story.Title == title {
			return story, nil
		}
	}
	return Story{}, fmt.Errorf("%s has no section %q", path, title)
}

// OfREADME reads the README's commands that install the operator: those for kubectl, for Helm and for OLM, in this order.
func OfREADME(path string) ([]string, error) {
	section, err := Section(path, "Install it on your cluster")
	if err == nil && len(section.Commands) != 3 {
		err = fmt.Errorf("%s has %d blocks in the section %q, want one for each of kubectl, Helm and OLM", path, len(section.Commands), section.Title)
	}
	return section.Commands, err
}
