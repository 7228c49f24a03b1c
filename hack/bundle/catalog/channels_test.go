package catalog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

func version(t *testing.T, text string) release.Version {
	t.Helper()
	parsed, err := release.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// drawn writes channels as "stable: v0.2.0 replaces v0.1.0 and <0.2.0; ...".
func drawn(channels []Channel) string {
	var lines []string
	for _, channel := range channels {
		line := channel.Name + ":"
		for _, entry := range channel.Entries {
			line += fmt.Sprintf(" %s(%s, %s)", strings.TrimPrefix(entry.Name, "lamp."), strings.TrimPrefix(entry.Replaces, "lamp."), entry.SkipRange)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestChannelsFollowFromTheVersions(t *testing.T) {
	for name, test := range map[string]struct {
		versions []string
		want     []string
		fallback string
	}{
		"the first release": {
			versions: []string{"v0.1.0"},
			want:     []string{"candidate: v0.1.0(, <0.1.0)", "stable: v0.1.0(, <0.1.0)"}, fallback: "stable",
		},
		"a pre-release is the first": {
			versions: []string{"v0.1.0-rc.1"},
			want:     []string{"candidate: v0.1.0-rc.1(, <0.1.0-rc.1)"}, fallback: "candidate",
		},
		"a patch": {
			versions: []string{"v0.1.0", "v0.1.1"},
			want: []string{
				"candidate: v0.1.0(, <0.1.0) v0.1.1(v0.1.0, <0.1.1)",
				"stable: v0.1.0(, <0.1.0) v0.1.1(v0.1.0, <0.1.1)",
			}, fallback: "stable",
		},
		"a minor version": {
			versions: []string{"v0.1.0", "v0.1.1", "v0.2.0"},
			want: []string{
				"candidate: v0.1.0(, <0.1.0) v0.1.1(v0.1.0, <0.1.1) v0.2.0(v0.1.1, <0.2.0)",
				"stable: v0.1.0(, <0.1.0) v0.1.1(v0.1.0, <0.1.1) v0.2.0(v0.1.1, <0.2.0)",
			}, fallback: "stable",
		},
		"a minor version with two digits": {
			versions: []string{"v0.9.0", "v0.10.0"},
			want: []string{
				"candidate: v0.9.0(, <0.9.0) v0.10.0(v0.9.0, <0.10.0)",
				"stable: v0.9.0(, <0.9.0) v0.10.0(v0.9.0, <0.10.0)",
			}, fallback: "stable",
		},
		"a pre-release after a release": {
			versions: []string{"v0.1.0", "v0.2.0-rc.1"},
			want: []string{
				"candidate: v0.1.0(, <0.1.0) v0.2.0-rc.1(v0.1.0, <0.2.0-rc.1)",
				"stable: v0.1.0(, <0.1.0)",
			}, fallback: "stable",
		},
		"the release after its pre-releases": {
			versions: []string{"v0.1.0", "v0.2.0-rc.1", "v0.2.0-rc.2", "v0.2.0"},
			want: []string{
				"candidate: v0.1.0(, <0.1.0) v0.2.0-rc.1(v0.1.0, <0.2.0-rc.1) v0.2.0-rc.2(v0.2.0-rc.1, <0.2.0-rc.2) v0.2.0(v0.2.0-rc.2, <0.2.0)",
				"stable: v0.1.0(, <0.1.0) v0.2.0(v0.1.0, <0.2.0)",
			}, fallback: "stable",
		},
		"the first version again": {
			versions: []string{"v0.1.0", "v0.1.0"},
			want:     []string{"candidate: v0.1.0(, <0.1.0)", "stable: v0.1.0(, <0.1.0)"}, fallback: "stable",
		},
		"a later version again": {
			versions: []string{"v0.1.0", "v0.2.0", "v0.2.0"},
			want: []string{
				"candidate: v0.1.0(, <0.1.0) v0.2.0(v0.1.0, <0.2.0)",
				"stable: v0.1.0(, <0.1.0) v0.2.0(v0.1.0, <0.2.0)",
			}, fallback: "stable",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var channels []Channel
			for _, text := range test.versions {
				var err error
				if channels, err = withVersion(channels, "lamp", version(t, text)); err != nil {
					t.Fatal(err)
				}
			}
			if got, want := drawn(channels), strings.Join(test.want, "\n"); got != want {
				t.Errorf("the channels are\n%s\nwant\n%s", got, want)
			}
			if got := defaultChannel(channels); got != test.fallback {
				t.Errorf("the default channel is %s, want %s", got, test.fallback)
			}
		})
	}
}

func TestOLMNeverGoesBack(t *testing.T) {
	for name, test := range map[string]struct{ there, added, want string }{
		"an older minor version":            {"v0.2.0", "v0.1.0", "such as v0.2.1"},
		"a fix of an older minor version":   {"v0.2.0", "v0.1.1", "such as v0.2.1"},
		"a pre-release of what is released": {"v0.2.0", "v0.2.0-rc.1", "such as v0.2.1"},
		"an older pre-release":              {"v0.2.0-rc.2", "v0.2.0-rc.1", "such as v0.2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			before, err := withVersion(nil, "lamp", version(t, test.there))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := withVersion(before, "lamp", version(t, test.added)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestAnEntryWithoutAVersionIsAnError(t *testing.T) {
	before := []Channel{{Name: release.Stable, Entries: []Entry{{Name: "lamp.newest"}}}}
	if _, err := withVersion(before, "lamp", version(t, "v0.2.0")); err == nil || !strings.Contains(err.Error(), `"lamp.newest"`) {
		t.Errorf("the error is %v, want one about the entry", err)
	}
}
