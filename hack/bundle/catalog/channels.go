package catalog

import (
	"cmp"
	"fmt"
	"maps"
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

// versionOf reads the version in the name of a bundle.
func versionOf(pkg, name string) (release.Version, error) {
	version, err := release.Parse(strings.TrimPrefix(name, pkg+"."))
	if err != nil {
		return version, fmt.Errorf("reading the name %q of a bundle: %w", name, err)
	}
	return version, nil
}

// channelsOf returns the channels that offer some versions. They follow from the versions alone, in whatever order these
// were published: in each channel, a version replaces the one below it. So a channel is one chain, as OLM demands, its
// newest version is its head, and nothing leads from a version to a lower one.
func channelsOf(pkg string, versions []release.Version) []Channel {
	entries := map[string][]Entry{}
	for _, version := range slices.SortedFunc(slices.Values(versions), func(a, b release.Version) int { return a.Compare(b.Version) }) {
		for _, channel := range version.Channels() {
			added := Entry{Name: bundleName(pkg, version), SkipRange: version.SkipRange()}
			if below := len(entries[channel]) - 1; below >= 0 {
				added.Replaces = entries[channel][below].Name
			}
			entries[channel] = append(entries[channel], added)
		}
	}
	var channels []Channel
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		channels = append(channels, Channel{Schema: "olm.channel", Name: name, Package: pkg, Entries: entries[name]})
	}
	return channels
}

// defaultChannel is the one of Subscriptions that name none: stable, as soon as something was released.
func defaultChannel(channels []Channel) Channel {
	for _, name := range []string{release.Stable, release.Candidate} {
		if at := slices.IndexFunc(channels, func(c Channel) bool { return c.Name == name }); at >= 0 {
			return channels[at]
		}
	}
	return Channel{}
}

// checkKept returns an error where channels lack something that was offered before. That happens where another state of
// this package wrote it.
func checkKept(before, after []Channel) error {
	offered := map[[2]string]Entry{}
	for _, channel := range after {
		for _, entry := range channel.Entries {
			offered[[2]string{channel.Name, entry.Name}] = entry
		}
	}
	for _, channel := range before {
		for _, entry := range channel.Entries {
			found, ok := offered[[2]string{channel.Name, entry.Name}]
			if !ok || found.SkipRange != entry.SkipRange {
				return fmt.Errorf("the catalogue before offers %s in the channel %s for %q, and this code would not: take hack/bundle of the newest release",
					entry.Name, channel.Name, cmp.Or(entry.SkipRange, "nothing"))
			}
		}
	}
	return nil
}
