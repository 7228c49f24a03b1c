package release

import (
	"strings"
	"testing"
)

func parsed(t *testing.T, texts ...string) []Version {
	t.Helper()
	var versions []Version
	for _, text := range texts {
		version, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		versions = append(versions, version)
	}
	return versions
}

func TestWhatCanBeReleasedNext(t *testing.T) {
	for name, test := range map[string]struct {
		version   string
		published string // Separated by spaces, in the order of their publication.
		latest    bool
		wrong     string
	}{
		"the first release":                             {version: "v0.1.0", latest: true},
		"the first pre-release":                         {version: "v0.1.0-rc.1"},
		"the next patch":                                {version: "v0.1.1", published: "v0.1.0", latest: true},
		"the next minor version":                        {version: "v0.2.0", published: "v0.1.0 v0.1.1", latest: true},
		"a minor version with two digits":               {version: "v0.10.0", published: "v0.9.0", latest: true},
		"the next major version":                        {version: "v1.0.0", published: "v0.1.0 v0.2.0", latest: true},
		"a minor version is left out":                   {version: "v0.3.0", published: "v0.1.0", latest: true},
		"a pre-release of the next minor version":       {version: "v0.2.0-rc.1", published: "v0.1.0"},
		"a pre-release of the next patch":               {version: "v0.1.1-rc.1", published: "v0.1.0"},
		"the next pre-release":                          {version: "v0.2.0-rc.2", published: "v0.1.0 v0.2.0-rc.1"},
		"a pre-release with two digits":                 {version: "v0.2.0-rc.10", published: "v0.2.0-rc.9"},
		"a candidate after a beta version":              {version: "v0.2.0-rc.1", published: "v0.2.0-beta.3"},
		"the release after its pre-releases":            {version: "v0.2.0", published: "v0.1.0 v0.2.0-rc.1 v0.2.0-rc.2", latest: true},
		"a patch while the next version has candidates": {version: "v0.1.1", published: "v0.1.0 v0.2.0-rc.1", latest: true},
		"a fix of the minor version before":             {version: "v0.1.1", published: "v0.1.0 v0.2.0"},
		"the second fix of it":                          {version: "v0.1.2", published: "v0.1.0 v0.2.0 v0.1.1"},
		"a fix that leaves a number out":                {version: "v0.1.3", published: "v0.1.0 v0.2.0 v0.1.1"},
		"a fix of the major version before":             {version: "v1.4.2", published: "v1.4.1 v2.0.0"},
		"a pre-release of a fix":                        {version: "v0.1.1-rc.1", published: "v0.1.0 v0.2.0"},
		"a fix after its pre-release":                   {version: "v0.1.1", published: "v0.1.0 v0.2.0 v0.1.1-rc.1"},
		"a patch while a later one has candidates":      {version: "v0.1.1", published: "v0.1.0 v0.1.2-rc.1", latest: true},
		"a minor version below all":                     {version: "v0.0.9", published: "v0.1.0 v0.2.0"},
		"a minor version between two":                   {version: "v0.2.0", published: "v0.1.0 v0.3.0"},

		"the same release":                             {version: "v0.2.0", published: "v0.1.0 v0.2.0", wrong: "v0.2.0 is published already, and a published version never changes: release one after it, such as v0.2.1"},
		"the same fix":                                 {version: "v0.1.1", published: "v0.1.0 v0.2.0 v0.1.1", wrong: "such as v0.1.2"},
		"the same pre-release":                         {version: "v0.2.0-rc.1", published: "v0.2.0-rc.1", wrong: "such as v0.2.0-rc.2"},
		"a pre-release of what is released":            {version: "v0.2.0-rc.3", published: "v0.2.0-rc.2 v0.2.0", wrong: "v0.2.0 is published already, so no channel would lead to v0.2.0-rc.3: release a version after it, such as v0.2.1-rc.1"},
		"a pre-release before the newest one":          {version: "v0.2.0-rc.1", published: "v0.2.0-rc.2", wrong: "such as v0.2.0-rc.3"},
		"a beta version after a candidate":             {version: "v0.2.0-beta.1", published: "v0.2.0-rc.2", wrong: "such as v0.2.0-rc.3"},
		"a fix before the newest one":                  {version: "v0.1.1", published: "v0.1.0 v0.1.2 v0.2.0", wrong: "such as v0.1.3"},
		"a fix before the newest one in another order": {version: "v0.1.1", published: "v0.2.0 v0.1.2 v0.1.0", wrong: "such as v0.1.3"},
		"a pre-release of a fix before the newest":     {version: "v0.1.1-rc.1", published: "v0.1.2 v0.2.0", wrong: "such as v0.1.3-rc.1"},
	} {
		t.Run(name, func(t *testing.T) {
			version, published := parsed(t, test.version)[0], parsed(t, strings.Fields(test.published)...)
			err := version.CheckNext(published)
			if test.wrong == "" && err != nil {
				t.Errorf("%s after %q: %v", test.version, test.published, err)
			}
			if test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
				t.Errorf("the error is %v, want one with %q", err, test.wrong)
			}
			if got := version.IsLatest(published); test.wrong == "" && got != test.latest {
				t.Errorf("it is the latest release: %t, want %t", got, test.latest)
			}
		})
	}
}

// What an error proposes can be released.
func TestTheVersionThatIsProposedCanBeReleased(t *testing.T) {
	all := []string{"v0.1.0-rc.1", "v0.1.0-rc.2", "v0.1.0", "v0.1.1-beta.1", "v0.1.1", "v0.2.0-rc.1", "v0.2.0"}
	published, refused := parsed(t, all...), 0
	for _, version := range parsed(t, append(all, "v0.1.0-alpha.1", "v0.0.1", "v0.3.0")...) {
		err := version.CheckNext(published)
		if err == nil {
			continue
		}
		refused++
		_, proposed, found := strings.Cut(err.Error(), "such as ")
		if !found {
			t.Errorf("for %s, the error proposes nothing: %v", version, err)
			continue
		}
		if err := parsed(t, proposed)[0].CheckNext(published); err != nil {
			t.Errorf("for %s, %s is proposed, and that is refused: %v", version, proposed, err)
		}
	}
	if refused != len(all)+1 {
		t.Errorf("%d versions are refused, want those that are published and v0.1.0-alpha.1", refused)
	}
}
