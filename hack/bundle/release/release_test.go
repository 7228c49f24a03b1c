package release

import (
	"slices"
	"strings"
	"testing"

	"github.com/blang/semver/v4"
)

func TestParse(t *testing.T) {
	for name, test := range map[string]struct {
		text     string
		channels []string
		wrong    string
	}{
		"a release":                         {text: "v0.2.0", channels: []string{"stable", "stable-v0.2", "candidate", "candidate-v0.2"}},
		"a patch":                           {text: "v1.2.3", channels: []string{"stable", "stable-v1.2", "candidate", "candidate-v1.2"}},
		"a release candidate":               {text: "v0.2.0-rc.1", channels: []string{"candidate", "candidate-v0.2"}},
		"an alpha version":                  {text: "v0.2.0-alpha.12", channels: []string{"candidate", "candidate-v0.2"}},
		"a beta version":                    {text: "v0.2.0-beta.0", channels: []string{"candidate", "candidate-v0.2"}},
		"without its letter":                {text: "0.2.0", wrong: "write v0.2.0"},
		"two numbers":                       {text: "v0.2", wrong: "write it as v0.2.0"},
		"a leading zero":                    {text: "v0.02.0", wrong: "write it as v0.2.0"},
		"nothing":                           {text: "", wrong: "write it as v0.2.0"},
		"a word":                            {text: "newest", wrong: "write it as v0.2.0"},
		"two letters":                       {text: "vv0.2.0", wrong: "write it as v0.2.0"},
		"with the number of a build":        {text: "v0.2.0+7", wrong: "no tag of an image"},
		"what git describe writes":          {text: "v0.1.0-23-g1a2b3c4d", wrong: `"23-g1a2b3c4d" is none of`},
		"a release with changed files":      {text: "v0.1.0-dirty", wrong: `"dirty" is none of`},
		"a release candidate without a dot": {text: "v0.1.0-rc1", wrong: `"rc1" is none of`},
		"a changed release candidate":       {text: "v0.1.0-rc.1-dirty", wrong: `"rc.1-dirty" is none of`},
	} {
		t.Run(name, func(t *testing.T) {
			version, err := Parse(test.text)
			if test.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), test.wrong) || !strings.Contains(err.Error(), "write ") {
					t.Errorf("the error is %v, want one with %q and what to write", err, test.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := version.Channels(); !slices.Equal(got, test.channels) {
				t.Errorf("its channels are %v, want %v", got, test.channels)
			}
			if version.String() != test.text {
				t.Errorf("it is written %s, want %s", version, test.text)
			}
		})
	}
}

// OLM reads a range with the same library.
func TestAVersionReplacesAllBeforeItAndNoOther(t *testing.T) {
	version, err := Parse("v0.2.0")
	if err != nil {
		t.Fatal(err)
	}
	within, err := semver.ParseRange(version.SkipRange())
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"0.1.0": true, "0.1.9": true, "0.2.0-rc.1": true, "0.2.0": false, "0.2.1": false, "0.3.0-rc.1": false} {
		if got := within(semver.MustParse(text)); got != want {
			t.Errorf("%s is in %q: %t, want %t", text, version.SkipRange(), got, want)
		}
	}
}
