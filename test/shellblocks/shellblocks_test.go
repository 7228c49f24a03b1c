package shellblocks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestBlocksOfAPageAreFound(t *testing.T) {
	page := "# Page\n## One\n```sh\na\nb\n```\n```console\n$ c\n```\n<!-- not run: it is far away -->\n```sh\nd\n```\n## Two\n<!-- first: e -->\n```sh\nf\n```\n"
	want := []Story{{}, {Title: "One", Commands: []string{"a\nb\n"}, NotRun: 1}, {Title: "Two", Commands: []string{"e\n", "f\n"}}}
	got := Read(page)
	if !slices.EqualFunc(got, want, func(a, b Story) bool {
		return a.Title == b.Title && a.NotRun == b.NotRun && slices.Equal(a.Commands, b.Commands)
	}) {
		t.Errorf("stories are %+v, want %+v", got, want)
	}
}

func TestTheREADMEHasABlockForEachWay(t *testing.T) {
	for name, test := range map[string]struct {
		page, wrong string
	}{
		"three blocks":   {"# P\n## Install it on your cluster\n```sh\na\n```\n```sh\nb\n```\n```sh\nc\n```\n## Next\n```sh\nd\n```\n", ""},
		"one is missing": {"# P\n## Install it on your cluster\n```sh\na\n```\n```sh\nb\n```\n", "has 2 blocks"},
		"no section":     {"# P\n## Install\n```sh\na\n```\n", "has no section"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "README.md")
			if err := os.WriteFile(path, []byte(test.page), 0o600); err != nil {
				t.Fatal(err)
			}
			blocks, err := OfREADME(path)
			if test.wrong == "" && (err != nil || !slices.Equal(blocks, []string{"a\n", "b\n", "c\n"})) {
				t.Errorf("the blocks are %q, and the error is %v", blocks, err)
			}
			if test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
				t.Errorf("the error is %v, want one with %q", err, test.wrong)
			}
		})
	}
}
