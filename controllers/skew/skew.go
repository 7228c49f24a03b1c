// Package skew decides what an operator may do with an EdgeIngress that another version of it served. It is
// pure.
package skew

import (
	"regexp"
	"strconv"

	"k8s.io/apimachinery/pkg/util/version"
)

// Skew says how this version of the operator stands to the one that served an EdgeIngress last.
type Skew string

const (
	// None: this version is the same or newer, or the two cannot be compared. It serves.
	None Skew = "None"
	// Older: this version is older by one minor version at most. It serves, and says so.
	Older Skew = "Older"
	// TooOld: this version is older by more than one minor version, or by a major one. It may not
	// understand what the other one wrote, so it changes nothing.
	TooOld Skew = "TooOld"
)

// Of compares this version with the one that served last. Both are what builds call themselves: a tag,
// the form of git describe, or anything else, such as dev. Anything else compares with nothing, and so
// does an empty one.
func Of(own, last string) Skew {
	mine, known := parse(own)
	theirs, alsoKnown := parse(last)
	switch {
	case !known || !alsoKnown || !mine.isBefore(theirs):
		return None
	case theirs.tag.Major() > mine.tag.Major(), theirs.tag.Minor() > mine.tag.Minor()+1:
		return TooOld
	}
	return Older
}

// build is a version as git describe writes it: the last tag, and how many commits came after it.
type build struct {
	tag     *version.Version
	commits int
}

// described splits what git describe writes: the tag, then -COMMITS-gREVISION unless the commit has the tag
// itself, then -dirty if files were changed.
var described = regexp.MustCompile(`^(.+?)(?:-([0-9]{1,9})-g[0-9a-f]{4,64})?(?:-dirty)?$`)

func parse(text string) (build, bool) {
	parts := described.FindStringSubmatch(text)
	if parts == nil {
		return build{}, false
	}
	tag, err := version.ParseSemantic(parts[1])
	if err != nil {
		return build{}, false
	}
	commits, err := strconv.Atoi(parts[2])
	return build{tag: tag, commits: commits}, err == nil || parts[2] == ""
}

// isBefore orders builds by their tags as semantic versioning does, and those of one tag by their commits.
func (b build) isBefore(other build) bool {
	if b.tag.EqualTo(other.tag) {
		return b.commits < other.commits
	}
	return b.tag.LessThan(other.tag)
}
