package install_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A block of docs/install.md is run unless this comment stands right before it and says why not. Another comment names a
// command that the block takes as done.
const (
	notRunComment = "<!-- not run: "
	firstComment  = "<!-- first: "
)

// story is a section of the page. Its commands follow each other on an empty cluster.
type story struct {
	title    string
	commands []string
	notRun   int
}

// stories reads the shell blocks of a page, by its sections.
func stories(page string) []story {
	found := []story{{}}
	skip, inside := false, false
	var block strings.Builder
	for line := range strings.Lines(page) {
		last := &found[len(found)-1]
		text := strings.TrimSpace(line)
		switch {
		case inside && text == "```":
			inside = false
			if skip {
				last.notRun++
			} else {
				last.commands = append(last.commands, block.String())
			}
			skip = false
			block.Reset()
		case inside:
			block.WriteString(line)
		case text == "```sh":
			inside = true
		case strings.HasPrefix(line, "## "):
			found = append(found, story{title: strings.TrimSpace(strings.TrimPrefix(line, "## "))})
		case strings.HasPrefix(text, notRunComment):
			skip = true
		case strings.HasPrefix(text, firstComment):
			last.commands = append(last.commands, strings.TrimSuffix(strings.TrimPrefix(text, firstComment), " -->")+"\n")
		}
	}
	return found
}

func TestBlocksOfAPageAreFound(t *testing.T) {
	page := "# Page\n## One\n```sh\na\nb\n```\n```console\n$ c\n```\n<!-- not run: it is far away -->\n```sh\nd\n```\n## Two\n<!-- first: e -->\n```sh\nf\n```\n"
	want := []story{{}, {title: "One", commands: []string{"a\nb\n"}, notRun: 1}, {title: "Two", commands: []string{"e\n", "f\n"}}}
	got := stories(page)
	if !slices.EqualFunc(got, want, func(a, b story) bool {
		return a.title == b.title && a.notRun == b.notRun && slices.Equal(a.commands, b.commands)
	}) {
		t.Errorf("stories are %+v, want %+v", got, want)
	}
}

// releaseFiles is where the page downloads what a release has. Here these files are in a directory.
const releaseFiles = "https://github.com/edge-ingress/edge-ingress-operator/releases/download/v0.1.0/"

// TestTheCommandsOfTheDocumentationWork runs every shell block of docs/install.md, section by section.
func TestTheCommandsOfTheDocumentationWork(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(where.repository, "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, told := range stories(string(content)) {
		if len(told.commands) == 0 {
			continue
		}
		ran += len(told.commands)
		t.Run(told.title, func(t *testing.T) {
			emptyAfterwards(t)
			for _, command := range told.commands {
				runBlock(t, command)
			}
		})
	}
	if ran < 10 {
		t.Errorf("only %d blocks were run", ran)
	}
}

func runBlock(t *testing.T, block string) {
	t.Helper()
	here := strings.ReplaceAll(block, releaseFiles, where.scratch+"/")
	if strings.Contains(here, "releases/download") {
		t.Fatalf("the page names files of another release than %s:\n%s", releaseFiles, block)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	said, err := output(ctx, "", "bash", "-euo", "pipefail", "-c", here)
	if err != nil {
		t.Fatalf("this block of docs/install.md fails:\n%s\n%v", block, err)
	}
	t.Logf("%s%s", block, said)
}
