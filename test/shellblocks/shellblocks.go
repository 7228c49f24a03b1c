// Package shellblocks reads the commands of a page of the documentation, so that a test can run them.
package shellblocks

import "strings"

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
