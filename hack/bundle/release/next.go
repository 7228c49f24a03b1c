package release

import (
	"fmt"
	"slices"

	"github.com/blang/semver/v4"
)

// CheckNext returns an error where it makes no sense to release the version beside those that are published: it is one
// of them, or none of its channels would ever lead to it. A version may come before the newest one if it is the newest
// of its minor version: its channels for that lead to it.
func (v Version) CheckNext(published []Version) error {
	isPublished := slices.ContainsFunc(published, func(other Version) bool { return other.EQ(v.Version) })
	newest := v
	for _, other := range published {
		if v.hasInItsChannels(other) && other.GT(newest.Version) {
			newest = other
		}
	}
	switch {
	case isPublished:
		return fmt.Errorf("%s is published already, and a published version never changes: release one after it, such as %s", v, v.after(newest))
	case newest.GT(v.Version):
		return fmt.Errorf("%s is published already, so no channel would lead to %s: release a version after it, such as %s", newest, v, v.after(newest))
	}
	return nil
}

// hasInItsChannels reports whether another version is in each channel that offers this one: it has the same minor
// version, and is no pre-release beside a release.
func (v Version) hasInItsChannels(other Version) bool {
	return v.Major == other.Major && v.Minor == other.Minor && (v.IsPreRelease() || !other.IsPreRelease())
}

// after is the next version of v's kind, a release or a pre-release, after the newest one of its minor version.
func (v Version) after(newest Version) Version {
	switch {
	case !newest.IsPreRelease():
		newest.Patch++
		if v.IsPreRelease() {
			newest.Pre = []semver.PRVersion{v.Pre[0], {VersionNum: 1, IsNum: true}}
		}
	case v.IsPreRelease():
		newest.Pre = []semver.PRVersion{newest.Pre[0], {VersionNum: newest.Pre[1].VersionNum + 1, IsNum: true}}
	}
	return newest
}

// IsLatest reports whether the version is the newest release beside those that are published. A pre-release never is.
func (v Version) IsLatest(published []Version) bool {
	return !v.IsPreRelease() && !slices.ContainsFunc(published, func(other Version) bool {
		return !other.IsPreRelease() && other.GT(v.Version)
	})
}
