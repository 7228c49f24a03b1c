package hack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// namesRelease are the files that name the last release, and are not generated.
var namesRelease = []string{"Makefile", "README.md", "docs/install.md", "docs/self-service.md", "config/manager/kustomization.yaml", "config/verification/kustomization.yaml", "CHANGELOG.md"}

// copies copies these files, and returns their directory.
func copies(t *testing.T) string {
	t.Helper()
	directory := t.TempDir()
	for _, name := range namesRelease {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(filepath.Join(directory, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

func contents(t *testing.T, directory string) map[string]string {
	t.Helper()
	read := map[string]string{}
	for _, name := range namesRelease {
		content, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		read[name] = string(content)
	}
	return read
}

func nameRelease(t *testing.T, directory string, arguments ...string) (string, error) {
	t.Helper()
	path, err := filepath.Abs("name-release.sh")
	if err != nil {
		t.Fatal(err)
	}
	script := exec.CommandContext(t.Context(), path, arguments...)
	script.Dir = directory
	said, err := script.CombinedOutput()
	return string(said), err
}

var named = regexp.MustCompile(`(?m)^RELEASE \?= v([0-9.]+)$`)

// Longer and shorter versions take the place of each other, twice, so that no version depends on the text of another.
func TestTheNextReleaseIsNamedInEveryFile(t *testing.T) {
	directory := copies(t)
	for _, next := range []string{"10.20.30", "10.20.3", "1.0.0"} {
		before := contents(t, directory)
		old := named.FindStringSubmatch(before["Makefile"])[1]
		if said, err := nameRelease(t, directory, "v"+next); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		after := contents(t, directory)
		for _, name := range namesRelease[1:6] {
			if want := strings.ReplaceAll(before[name], old, next); want == before[name] || after[name] != want {
				t.Errorf("%s does not name v%s where it named v%s", name, next, old)
			}
		}
		if want := "\nRELEASE ?= v" + next + "\n"; !strings.Contains(after["Makefile"], want) {
			t.Errorf("the Makefile does not have the release v%s", next)
		}
		unreleased, section := strings.Index(after["CHANGELOG.md"], "\n## [Unreleased]\n"), strings.Index(after["CHANGELOG.md"], "\n## ["+next+"]: ")
		if unreleased < 0 || section < unreleased {
			t.Errorf("CHANGELOG.md has no section for %s below the one of what is not released", next)
		}
	}
}

func TestNamingAReleaseTwiceChangesNothing(t *testing.T) {
	directory := copies(t)
	for range 2 {
		if said, err := nameRelease(t, directory, "v3.2.1"); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
	}
	if got := strings.Count(contents(t, directory)["CHANGELOG.md"], "## [3.2.1]"); got != 1 {
		t.Errorf("CHANGELOG.md has %d sections for the version, want one", got)
	}
}

func TestWhatIsNoReleaseIsNotNamed(t *testing.T) {
	for version, says := range map[string]string{
		"v0.2.0-rc.1": "Push only the tag", "0.2.0": "such as v0.2.0", "v0.2": "such as v0.2.0", "v0.2.0+1": "such as v0.2.0", "v0.02.0": "such as v0.2.0", "": "such as v0.2.0",
	} {
		directory := copies(t)
		before := contents(t, directory)
		if said, err := nameRelease(t, directory, version); err == nil || !strings.Contains(said, says) {
			t.Errorf("%q: the error is %v, and it says %s", version, err, said)
		}
		for name, content := range contents(t, directory) {
			if content != before[name] {
				t.Errorf("%q was refused, and %s was changed", version, name)
			}
		}
	}
}

// A file that names the release and is missing in the script would go on to name the one before.
func TestNoOtherFileLeadsToTheFilesOfARelease(t *testing.T) {
	listed, err := exec.CommandContext(t.Context(), "git", "-C", "..", "grep", "--files-with-matches", `releases/download/v[0-9]`, "--", "*.md", "config").Output()
	if err != nil {
		t.Fatal(err)
	}
	for name := range strings.FieldsSeq(string(listed)) {
		if !slices.Contains(namesRelease, name) {
			t.Errorf("%s leads to the files of a release: let hack/name-release.sh change it, too", name)
		}
	}
}
