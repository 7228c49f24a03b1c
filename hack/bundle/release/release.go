// Package release says which versions can be released, and to whom OLM offers them. It is pure.
package release

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/blang/semver/v4"
)

// The channels of the catalogue, as OLM recommends to name them
// (https://olm.operatorframework.io/docs/best-practices/channel-naming). Of each there is also one for every minor
// version, such as stable-v0.1, for those who stay with it.
const (
	// Stable has releases only.
	Stable = "stable"
	// Candidate has releases, and pre-releases before them.
	Candidate = "candidate"
)

// Version is a version that can be released.
type Version struct{ semver.Version }

// preRelease is what may follow the numbers. What git describe writes, such as 0.1.0-23-g1a2b3c, is a pre-release
// for semantic versioning, too: it would come before 0.1.0, although it was made after it.
var preRelease = regexp.MustCompile(`^(alpha|beta|rc)\.[0-9]+$`)

// Parse reads a version as tags have it, such as v0.2.0 or v0.2.0-rc.1.
func Parse(text string) (Version, error) {
	const advice = "write it as v0.2.0, or as v0.2.0-rc.1 before that release"
	numbers, hasLetter := strings.CutPrefix(text, "v")
	version, err := semver.Parse(numbers)
	switch {
	case !hasLetter && err == nil:
		return Version{}, fmt.Errorf("version %q lacks the v of its tag: write v%s", text, text)
	case err != nil:
		return Version{}, fmt.Errorf("version %q is none: %s", text, advice)
	case len(version.Build) > 0:
		return Version{}, fmt.Errorf("version %q has a part after +, which no tag of an image may have: %s", text, advice)
	}
	if _, suffix, has := strings.Cut(numbers, "-"); has && !preRelease.MatchString(suffix) {
		return Version{}, fmt.Errorf("version %q is no release, and %q is none of alpha.N, beta.N and rc.N: %s", text, suffix, advice)
	}
	return Version{version}, nil
}

// String is the version as tags have it.
func (v Version) String() string { return "v" + v.Version.String() }

// IsPreRelease reports whether the version comes before the release of its numbers.
func (v Version) IsPreRelease() bool { return len(v.Pre) > 0 }

// Channels are those that offer the version, the default one first.
func (v Version) Channels() []string {
	minor := fmt.Sprintf("-v%d.%d", v.Major, v.Minor)
	channels := []string{Candidate, Candidate + minor}
	if v.IsPreRelease() {
		return channels
	}
	return append([]string{Stable, Stable + minor}, channels...)
}

// SkipRange is the range of versions that this one can replace at once: all before it. An operator
// serves what any older one served (package controllers/skew).
func (v Version) SkipRange() string { return "<" + v.Version.String() }
