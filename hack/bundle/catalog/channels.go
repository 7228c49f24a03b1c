package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

// Channel is an ordered list of versions that OLM offers together.
type Channel struct {
	Schema  string  `json:"schema"`
	Name    string  `json:"name"`
	Package string  `json:"package"`
	Entries []Entry `json:"entries"`
}

// Entry is a version in a channel.
type Entry struct {
	// Name of the bundle, such as edge-ingress-operator.v0.1.0.
	Name string `json:"name"`
	// Replaces is the version before in this channel. OLM goes from one to the next by it.
	Replaces string `json:"replaces,omitempty"`
	// SkipRange are the versions from which OLM goes directly to this one, whether the catalogue has them or not.
	SkipRange string `json:"skipRange,omitempty"`
}

// bundleName is what OLM calls a version of a package.
func bundleName(pkg string, version release.Version) string { return pkg + "." + version.String() }

// versionOf reads the version in the name of an entry.
func versionOf(pkg string, entry Entry) (release.Version, error) {
	version, err := release.Parse(strings.TrimPrefix(entry.Name, pkg+"."))
	if err != nil {
		return version, fmt.Errorf("reading the entry %q: %w", entry.Name, err)
	}
	return version, nil
}

// withVersion returns the channels of a package with a version more, in those that offer it. The version may be the
// newest that is there: then it is written again. It must not be older, because OLM never goes back.
func withVersion(before []Channel, pkg string, version release.Version) ([]Channel, error) {
	newest, err := newestOf(before, pkg)
	if err != nil {
		return nil, err
	}
	if newest != nil && version.LT(newest.Version) {
		return nil, fmt.Errorf("the catalogue has %s already, and OLM never goes back to %s: write a version after it, such as %s", newest, version, after(*newest))
	}
	channels := slices.Clone(before)
	for _, name := range version.Channels() {
		at := slices.IndexFunc(channels, func(c Channel) bool { return c.Name == name })
		if at < 0 {
			channels, at = append(channels, Channel{Schema: "olm.channel", Name: name, Package: pkg}), len(channels)
		}
		channels[at].Entries = withEntry(channels[at].Entries, pkg, version)
	}
	slices.SortFunc(channels, func(a, b Channel) int { return cmp.Compare(a.Name, b.Name) })
	return channels, nil
}

// after is the next release: that of a pre-release, and otherwise the next patch.
func after(version release.Version) release.Version {
	if len(version.Pre) == 0 {
		version.Patch++
	}
	version.Pre = nil
	return version
}

// withEntry appends a version to entries that are in the order of their versions.
func withEntry(before []Entry, pkg string, version release.Version) []Entry {
	added := Entry{Name: bundleName(pkg, version), SkipRange: version.SkipRange()}
	entries := slices.DeleteFunc(slices.Clone(before), func(e Entry) bool { return e.Name == added.Name })
	if len(entries) > 0 {
		added.Replaces = entries[len(entries)-1].Name
	}
	return append(entries, added)
}

// newestOf returns the newest version of all channels, and nil where there is none.
func newestOf(channels []Channel, pkg string) (*release.Version, error) {
	var newest *release.Version
	for _, channel := range channels {
		for _, entry := range channel.Entries {
			version, err := versionOf(pkg, entry)
			if err != nil {
				return nil, err
			}
			if newest == nil || version.GT(newest.Version) {
				newest = &version
			}
		}
	}
	return newest, nil
}

// defaultChannel is the one of Subscriptions that name none: stable, as soon as something was released.
func defaultChannel(channels []Channel) string {
	if slices.ContainsFunc(channels, func(c Channel) bool { return c.Name == release.Stable }) {
		return release.Stable
	}
	return release.Candidate
}
