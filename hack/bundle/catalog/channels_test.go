package catalog

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/blang/semver/v4"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

func versions(t *testing.T, texts ...string) []release.Version {
	t.Helper()
	var parsed []release.Version
	for _, text := range texts {
		version, err := release.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		parsed = append(parsed, version)
	}
	return parsed
}

// drawn writes each channel as "stable: v0.1.0 < v0.2.0", with the head last. Each version has to replace the one to the
// left of it, and to skip all versions below it.
func drawn(t *testing.T, channels []Channel) map[string]string {
	t.Helper()
	lines := map[string]string{}
	for _, channel := range channels {
		var names []string
		before := ""
		for _, entry := range channel.Entries {
			name := strings.TrimPrefix(entry.Name, "lamp.")
			if want := "<" + strings.TrimPrefix(name, "v"); entry.Replaces != before || entry.SkipRange != want {
				t.Errorf("in %s, %s replaces %q and skips %q, want %q and %q", channel.Name, name, entry.Replaces, entry.SkipRange, before, want)
			}
			before = entry.Name
			names = append(names, name)
		}
		lines[channel.Name] = strings.Join(names, " < ")
	}
	return lines
}

func TestChannelsFollowFromTheVersions(t *testing.T) {
	for name, test := range map[string]struct {
		versions string // Separated by spaces.
		want     map[string]string
		fallback string
	}{
		"the first release": {
			versions: "v0.1.0", fallback: "stable",
			want: map[string]string{"stable": "v0.1.0", "stable-v0.1": "v0.1.0", "candidate": "v0.1.0", "candidate-v0.1": "v0.1.0"},
		},
		"a pre-release is the first": {
			versions: "v0.1.0-rc.1", fallback: "candidate",
			want: map[string]string{"candidate": "v0.1.0-rc.1", "candidate-v0.1": "v0.1.0-rc.1"},
		},
		"a patch": {
			versions: "v0.1.0 v0.1.1", fallback: "stable",
			want: map[string]string{
				"stable": "v0.1.0 < v0.1.1", "stable-v0.1": "v0.1.0 < v0.1.1", "candidate": "v0.1.0 < v0.1.1", "candidate-v0.1": "v0.1.0 < v0.1.1",
			},
		},
		"minor versions with one digit and with two": {
			versions: "v0.9.0 v0.10.0", fallback: "stable",
			want: map[string]string{
				"stable": "v0.9.0 < v0.10.0", "stable-v0.9": "v0.9.0", "stable-v0.10": "v0.10.0",
				"candidate": "v0.9.0 < v0.10.0", "candidate-v0.9": "v0.9.0", "candidate-v0.10": "v0.10.0",
			},
		},
		"a release after its pre-releases": {
			versions: "v0.1.0 v0.2.0-rc.1 v0.2.0-rc.2 v0.2.0", fallback: "stable",
			want: map[string]string{
				"stable": "v0.1.0 < v0.2.0", "stable-v0.1": "v0.1.0", "stable-v0.2": "v0.2.0",
				"candidate":      "v0.1.0 < v0.2.0-rc.1 < v0.2.0-rc.2 < v0.2.0",
				"candidate-v0.1": "v0.1.0", "candidate-v0.2": "v0.2.0-rc.1 < v0.2.0-rc.2 < v0.2.0",
			},
		},
		"fixes of the minor version before, with a pre-release": {
			versions: "v0.1.0 v0.2.0 v0.1.1-rc.1 v0.1.1 v0.1.2", fallback: "stable",
			want: map[string]string{
				"stable": "v0.1.0 < v0.1.1 < v0.1.2 < v0.2.0", "stable-v0.1": "v0.1.0 < v0.1.1 < v0.1.2", "stable-v0.2": "v0.2.0",
				"candidate":      "v0.1.0 < v0.1.1-rc.1 < v0.1.1 < v0.1.2 < v0.2.0",
				"candidate-v0.1": "v0.1.0 < v0.1.1-rc.1 < v0.1.1 < v0.1.2", "candidate-v0.2": "v0.2.0",
			},
		},
		"a pre-release that comes after a newer one, and after its release": {
			versions: "v0.1.0-rc.2 v0.1.0 v0.1.0-rc.1", fallback: "stable",
			want: map[string]string{
				"stable": "v0.1.0", "stable-v0.1": "v0.1.0",
				"candidate": "v0.1.0-rc.1 < v0.1.0-rc.2 < v0.1.0", "candidate-v0.1": "v0.1.0-rc.1 < v0.1.0-rc.2 < v0.1.0",
			},
		},
		"a version below all": {
			versions: "v0.2.0 v0.1.0 v0.0.9", fallback: "stable",
			want: map[string]string{
				"stable": "v0.0.9 < v0.1.0 < v0.2.0", "stable-v0.0": "v0.0.9", "stable-v0.1": "v0.1.0", "stable-v0.2": "v0.2.0",
				"candidate": "v0.0.9 < v0.1.0 < v0.2.0", "candidate-v0.0": "v0.0.9", "candidate-v0.1": "v0.1.0", "candidate-v0.2": "v0.2.0",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			channels := channelsOf("lamp", versions(t, strings.Fields(test.versions)...))
			if got := drawn(t, channels); !maps.Equal(got, test.want) {
				t.Errorf("the channels are\n%v, want\n%v", got, test.want)
			}
			if got := defaultChannel(channels).Name; got != test.fallback {
				t.Errorf("the default channel is %s, want %s", got, test.fallback)
			}
		})
	}
}

// reachable are the versions to which OLM goes from one that is installed, the most preferred first. Its resolver takes the
// entries of the channel from the head down, and of these the ones whose skipRange has the installed version, or that replace it
// (getSubscriptionVariables in pkg/controller/registry/resolver/resolver.go of OLM v0.42.0).
func reachable(t *testing.T, channel Channel, installed release.Version) []string {
	t.Helper()
	var found []string
	for _, entry := range slices.Backward(channel.Entries) {
		skips, err := semver.ParseRange(entry.SkipRange)
		if err != nil {
			t.Fatal(err)
		}
		if skips(installed.Version) || entry.Replaces == bundleName("lamp", installed) {
			found = append(found, strings.TrimPrefix(entry.Name, "lamp."))
		}
	}
	return found
}

// Whatever was published in whatever order, and whatever is installed.
func TestOLMGoesToTheHeadAndNeverBack(t *testing.T) {
	all := versions(t, "v0.2.0", "v0.1.1", "v0.1.0", "v0.3.0-rc.1", "v0.2.0-rc.1", "v0.1.2-rc.1", "v0.10.0")
	looked := 0
	for _, channel := range channelsOf("lamp", all) {
		head, err := versionOf("lamp", channel.Entries[len(channel.Entries)-1].Name)
		if err != nil {
			t.Fatal(err)
		}
		for _, installed := range append(all, versions(t, "v0.0.9", "v0.1.5", "v0.11.0")...) {
			looked++
			found := reachable(t, channel, installed)
			if installed.GE(head.Version) && len(found) > 0 {
				t.Errorf("in %s, OLM goes from %s to %v", channel.Name, installed, found)
			}
			if installed.LT(head.Version) && (len(found) == 0 || found[0] != head.String()) {
				t.Errorf("in %s, OLM goes from %s to %v, want %s first", channel.Name, installed, found, head)
			}
		}
	}
	if looked != 9*10 {
		t.Errorf("looked at %d pairs, want each of 10 versions in each of 9 channels", looked)
	}
}

func TestANameWithoutAVersionIsAnError(t *testing.T) {
	if _, err := versionOf("lamp", "lamp.newest"); err == nil || !strings.Contains(err.Error(), `"lamp.newest"`) {
		t.Errorf("the error is %v, want one about the name", err)
	}
}

func TestNothingThatWasOfferedIsLost(t *testing.T) {
	now := channelsOf("lamp", versions(t, "v0.1.0", "v0.2.0"))
	for name, change := range map[string]struct {
		change func(*Channel)
		want   string
	}{
		"nothing changed":          {func(*Channel) {}, ""},
		"another entry is between": {func(c *Channel) { c.Entries[1].Replaces = "" }, ""},
		"a channel is unknown":     {func(c *Channel) { c.Name = "fast" }, "lamp.v0.1.0 in the channel fast"},
		"an entry is unknown":      {func(c *Channel) { c.Entries[1].Name = "lamp.v0.3.0" }, "lamp.v0.3.0 in the channel stable"},
		"a range was another":      {func(c *Channel) { c.Entries[1].SkipRange = ">=0.1.0 <0.2.0" }, `">=0.1.0 <0.2.0"`},
	} {
		t.Run(name, func(t *testing.T) {
			before := channelsOf("lamp", versions(t, "v0.1.0", "v0.2.0"))
			stable := slices.IndexFunc(before, func(c Channel) bool { return c.Name == release.Stable })
			change.change(&before[stable])
			err := checkKept(before, now)
			if change.want == "" && err != nil {
				t.Error(err)
			}
			if change.want != "" && (err == nil || !strings.Contains(err.Error(), change.want)) {
				t.Errorf("the error is %v, want one with %q", err, change.want)
			}
		})
	}
}
