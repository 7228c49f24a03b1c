package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fakeGitHub is a gh with some published releases and some drafts. It writes down what it changes, and the notes of a release. Of the releases in
// WITHOUT_CATALOG it has no catalogue. With NO_CONNECTION it lists nothing, and would change whatever it is asked to change.
const fakeGitHub = `#!/usr/bin/env bash
if [ -n "$NO_CONNECTION" ] && [ "$2" = list ]; then echo "no connection" >&2; exit 1; fi
case "$1 $2" in
"release list")
	if [[ "$*" == *isLatest* ]]; then echo "$LATEST"; elif [[ " $* " == *" --exclude-drafts "* ]]; then printf '%s\n' $PUBLISHED; else printf '%s\n' $DRAFTS; fi ;;
"release download")
	if [[ " $WITHOUT_CATALOG " == *" $3 "* ]]; then echo "no assets match the file pattern" >&2; exit 1; fi
	for word in "$@"; do if [[ $word == --output=* ]]; then echo "catalogue of $3" >"${word#--output=}"; fi; done ;;
*)
	if [[ " $* " == *" --notes-file=- "* ]]; then cat >"$NOTES"; fi
	echo "$*" >>"$CALLS" ;;
esac
`

// changelog is that of the releases. It says nothing of v0.3.0.
const changelog = `# Changelog

## [Unreleased]

### Added

- A lamp.

## [0.3.0]: 2026-03-01

## [0.2.0]: 2026-02-01

### Fixed

- The lamp.
- [0.1.0] had none.

## [0.2.01]: 2026-01-02

- Another lamp.

## [0.0.0]: 2026-01-01

- Nothing.
`

// fakeBundle decides as the program does: it refuses v0.0.0, and otherwise says what it was given. Merged catalogues are
// MERGED.
const fakeBundle = `#!/usr/bin/env bash
if [ "$1" = merge-catalogs ]; then
	if [ -z "$MERGED" ]; then echo "they have different manifests" >&2; exit 1; fi
	for word in "$@"; do if [[ $word == --output=* ]]; then echo "$MERGED" >"${word#--output=}"; fi; done
	exit
fi
cat >"$DECIDED_BY"
if [ "$2" = --version=v0.0.0 ]; then echo "v0.0.0 is published already" >&2; exit 1; fi
echo "$MARK"
`

type release struct {
	dir string
	env map[string]string
}

func newRelease(t *testing.T, env map[string]string) release {
	t.Helper()
	r := release{dir: t.TempDir(), env: env}
	for name, program := range map[string]string{"gh": fakeGitHub, "bundle": fakeBundle, "CHANGELOG.md": changelog} {
		if err := os.WriteFile(filepath.Join(r.dir, name), []byte(program), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// run runs the script, and returns what it said.
func (r release) run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	path, err := filepath.Abs("release.sh")
	if err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), path, arguments...)
	script.Dir = r.dir
	script.Env = append(os.Environ(), "PATH="+r.dir+string(os.PathListSeparator)+os.Getenv("PATH"),
		"CALLS="+r.path("calls"), "NOTES="+r.path("notes"), "DECIDED_BY="+r.path("decided-by"))
	for name, value := range r.env {
		script.Env = append(script.Env, name+"="+value)
	}
	said, err := script.CombinedOutput()
	return string(said), err
}

func (r release) path(name string) string { return filepath.Join(r.dir, name) }

// text is the content of a file, or nothing where there is none.
func (r release) text(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(r.path(name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(content)
}

func TestAReleaseIsDraftedWithTheMarkThatItNeeds(t *testing.T) {
	const create = "release create v0.2.0 --draft --verify-tag --title=v0.2.0 --notes-file=- "
	for name, row := range map[string]struct{ mark, drafts, want string }{
		"the latest release":                {"latest", "", create + "one.yaml two.tgz\n"},
		"a fix of an older minor version":   {"not-latest", "", create + "one.yaml two.tgz\n"},
		"a pre-release":                     {"pre-release", "", create + "--prerelease one.yaml two.tgz\n"},
		"a release that was drafted before": {"latest", "v0.1.9 v0.2.0", "release delete v0.2.0 --yes\n" + create + "one.yaml two.tgz\n"},
		"a release beside other drafts":     {"latest", "v0.2.0-rc.1 v0.2.01", create + "one.yaml two.tgz\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRelease(t, map[string]string{"PUBLISHED": "v0.1.0 v0.1.1", "DRAFTS": row.drafts, "MARK": row.mark})
			said, err := r.run(t, "draft", r.path("bundle"), "v0.2.0", "one.yaml", "two.tgz")
			if err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			if got := r.text(t, "calls"); got != row.want {
				t.Errorf("gh was called with\n%swant\n%s", got, row.want)
			}
			if got := r.text(t, "decided-by"); got != "v0.1.0\nv0.1.1\n" {
				t.Errorf("it was decided by the published tags %q", got)
			}
			if !strings.Contains(said, "make publish-release VERSION=v0.2.0") {
				t.Errorf("it does not say how to publish the draft: %s", said)
			}
		})
	}
}

func TestTheNotesOfAReleaseAreItsChanges(t *testing.T) {
	for tag, row := range map[string]struct{ notes, says string }{
		"v0.2.0":      {"### Fixed\n\n- The lamp.\n- [0.1.0] had none.", ""},
		"v0.2.01":     {"- Another lamp.", ""},
		"v0.4.0-rc.1": {"### Added\n\n- A lamp.", ""},
		"v0.3.0":      {"", "'## [0.3.0]', and the notes of v0.3.0"},
		"v0.1.0":      {"", "'## [0.1.0]', and the notes of v0.1.0"},
		"v0.2":        {"", "'## [0.2]', and the notes of v0.2"},
	} {
		t.Run(tag, func(t *testing.T) {
			r := newRelease(t, map[string]string{"PUBLISHED": "v0.0.1", "MARK": "latest"})
			for _, step := range []string{"check", "draft"} {
				if said, err := r.run(t, step, r.path("bundle"), tag); (err == nil) != (row.says == "") || !strings.Contains(said, row.says) {
					t.Errorf("%s ends with the error %v and says %s", step, err, said)
				}
			}
			if got := strings.TrimSpace(r.text(t, "notes")); got != row.notes {
				t.Errorf("the notes are %q, want %q", got, row.notes)
			}
			if calls := r.text(t, "calls"); (calls == "") != (row.notes == "") {
				t.Errorf("gh was called with %q", calls)
			}
		})
	}
	// The branch from which a fix of an older version is published may not have its changes.
	r := newRelease(t, map[string]string{"PUBLISHED": "v0.1.1", "LATEST": "v0.1.1", "MARK": "latest", "MERGED": "catalogue of v0.1.1"})
	if said, err := r.run(t, "publish", r.path("bundle"), "v0.1.1"); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

func TestADraftIsPublishedWithTheMarkOfThatDay(t *testing.T) {
	for mark, option := range map[string]string{"latest": "--latest", "not-latest": "--latest=false", "pre-release": "--prerelease"} {
		r := newRelease(t, map[string]string{"PUBLISHED": "v0.1.0 v0.2.0", "LATEST": "v0.2.0", "MARK": mark, "MERGED": "catalogue of v0.2.0"})
		if said, err := r.run(t, "publish", r.path("bundle"), "v0.2.0"); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		if got, want := r.text(t, "calls"), "release edit v0.2.0 --draft=false "+option+"\n"; got != want {
			t.Errorf("gh was called with %q, want %q", got, want)
		}
	}
}

// What was published stays for ever, so a version that contradicts it must not be published.
func TestADraftThatContradictsWhatIsPublishedIsNotPublished(t *testing.T) {
	for name, row := range map[string]struct {
		env  map[string]string
		says string
	}{
		"the catalogues do not merge":  {map[string]string{"PUBLISHED": "v0.1.0", "MARK": "latest"}, "Nothing is published."},
		"the draft has no catalogue":   {map[string]string{"PUBLISHED": "v0.1.0", "MARK": "latest", "MERGED": "all", "WITHOUT_CATALOG": "v0.2.0"}, "no assets match"},
		"another one has no catalogue": {map[string]string{"PUBLISHED": "v0.1.0", "MARK": "latest", "MERGED": "all", "WITHOUT_CATALOG": "v0.1.0"}, "Add its catalog.json"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRelease(t, row.env)
			said, err := r.run(t, "publish", r.path("bundle"), "v0.2.0")
			if err == nil || !strings.Contains(said, row.says) {
				t.Errorf("the error is %v, and it says %s", err, said)
			}
			if calls := r.text(t, "calls"); calls != "" {
				t.Errorf("gh was called with %s", calls)
			}
		})
	}
}

// Whatever goes wrong before the decision, nothing may be changed on GitHub.
func TestNothingChangesWhereARefusedVersionIsReleased(t *testing.T) {
	for name, row := range map[string]struct {
		env  map[string]string
		tag  string
		says string
	}{
		"the version is refused":      {map[string]string{"MARK": "latest", "DRAFTS": "v0.0.0"}, "v0.0.0", "v0.0.0 is published already"},
		"GitHub cannot be reached":    {map[string]string{"MARK": "latest", "NO_CONNECTION": "1"}, "v0.2.0", "no connection"},
		"the mark is an unknown word": {map[string]string{"MARK": "newest"}, "v0.2.0", "'newest', which this script does not know"},
		"there is no mark":            {map[string]string{"MARK": ""}, "v0.2.0", "'', which this script does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRelease(t, row.env)
			for _, step := range []string{"draft", "publish"} {
				if said, err := r.run(t, step, r.path("bundle"), row.tag, "one.yaml"); err == nil || !strings.Contains(said, row.says) {
					t.Errorf("%s ends with the error %v and says %s", step, err, said)
				}
			}
			if calls := r.text(t, "calls"); calls != "" {
				t.Errorf("gh was called with %s", calls)
			}
		})
	}
}

func TestTheCataloguesOfAllPublishedReleasesAreTaken(t *testing.T) {
	r := newRelease(t, map[string]string{"PUBLISHED": "v0.1.1 v0.2.0 v0.3.0-rc.1 v0.1.0 nightly", "DRAFTS": "v0.3.0", "WITHOUT_CATALOG": "nightly v0.3.0"})
	if err := os.MkdirAll(r.path("catalogs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path("catalogs/v0.0.1.json"), nil, 0o644); err != nil { // Of a run before.
		t.Fatal(err)
	}
	if said, err := r.run(t, "catalogs", r.path("catalogs")); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	files, err := filepath.Glob(r.path("catalogs/*"))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.ReplaceAll(strings.Join(files, " "), r.path("catalogs")+"/", ""); got != "v0.1.0.json v0.1.1.json v0.2.0.json v0.3.0-rc.1.json" {
		t.Errorf("the catalogues are %s", got)
	}

	for name, env := range map[string]map[string]string{
		"v0.1.0 cannot be downloaded": {"PUBLISHED": "v0.1.0 v0.2.0", "WITHOUT_CATALOG": "v0.1.0"},
		"no connection":               {"PUBLISHED": "v0.1.0", "NO_CONNECTION": "1"},
	} {
		if said, err := newRelease(t, env).run(t, "catalogs", r.path("catalogs")); err == nil || !strings.Contains(said, name) {
			t.Errorf("%s: it ends with the error %v and says %s", name, err, said)
		}
	}
	if said, err := newRelease(t, nil).run(t, "catalogs", r.path("catalogs")); err != nil {
		t.Errorf("before the first release: %v: %s", err, said)
	}
}

func TestACatalogueIsReplacedOnlyWhereItLacksSomething(t *testing.T) {
	const upload = "release upload %s catalog.json --clobber\n"
	for name, row := range map[string]struct{ tag, latest, merged, want string }{
		"the latest release has all":                     {"v0.2.0", "v0.2.0", "catalogue of v0.2.0", ""},
		"the latest release lacks something":             {"v0.2.0", "v0.2.0", "all", strings.ReplaceAll(upload, "%s", "v0.2.0")},
		"so do a fix and the latest release":             {"v0.1.1", "v0.2.0", "all", strings.ReplaceAll(upload, "%s", "v0.1.1") + strings.ReplaceAll(upload, "%s", "v0.2.0")},
		"the latest release lacks the fix":               {"v0.1.1", "v0.2.0", "catalogue of v0.1.1", strings.ReplaceAll(upload, "%s", "v0.2.0")},
		"there are only pre-releases, so none is latest": {"v0.1.1", "", "all", strings.ReplaceAll(upload, "%s", "v0.1.1")},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRelease(t, map[string]string{"PUBLISHED": "v0.1.0 v0.1.1 v0.2.0", "LATEST": row.latest, "MERGED": row.merged})
			if said, err := r.run(t, "complete", r.path("bundle"), row.tag); err != nil {
				t.Fatalf("%v: %s", err, said)
			}
			if got := withoutDirectories(r.text(t, "calls")); got != row.want {
				t.Errorf("gh was called with %q, want %q", got, row.want)
			}
		})
	}
}

// withoutDirectories leaves of each path what is behind the last slash.
func withoutDirectories(calls string) string {
	return regexp.MustCompile(`/[^ ]*/`).ReplaceAllString(calls, "")
}

// A catalogue that lacks the version that was just published must not replace the one of that release.
func TestNoCatalogueIsReplacedBeforeTheReleaseIsListed(t *testing.T) {
	r := newRelease(t, map[string]string{"PUBLISHED": "v0.1.0", "LATEST": "v0.1.0", "MARK": "latest", "MERGED": "all"})
	said, err := r.run(t, "publish", r.path("bundle"), "v0.2.0")
	if err == nil || !strings.Contains(said, "does not list v0.2.0") || !strings.Contains(said, "Run: hack/release.sh complete") {
		t.Errorf("the error is %v, and it says %s", err, said)
	}
	if got := r.text(t, "calls"); strings.Contains(got, "upload v0.2.0") {
		t.Errorf("gh was called with %q", got)
	}
}

func TestAnUnknownStepOfAReleaseIsRefused(t *testing.T) {
	for _, arguments := range [][]string{nil, {"marked"}, {"published"}} {
		if said, err := newRelease(t, nil).run(t, arguments...); err == nil || !strings.Contains(said, "catalogs DIR") {
			t.Errorf("%v: the error is %v, and it says %s", arguments, err, said)
		}
	}
}
