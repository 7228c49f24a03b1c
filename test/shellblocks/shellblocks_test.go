package shellblocks

import (
	"slices"
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
