package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bundleOf writes a bundle of the package that the command makes catalogues of, and returns its directory.
func bundleOf(t *testing.T, version string) string {
	t.Helper()
	bundle := filepath.Join(generated(t, version, ""), "bundle")
	path := filepath.Join(bundle, "manifests", "edge-ingress-operator.clusterserviceversion.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	renamed := bytes.Replace(text, []byte("name: lamp-operator."+version), []byte("name: edge-ingress-operator."+version), 1)
	if err := os.WriteFile(path, renamed, 0o600); err != nil {
		t.Fatal(err)
	}
	return bundle
}

func text(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// The bundles of the other tests belong to another package than the command's, so this one fails before it writes.
func TestACatalogueThatIsRefusedIsNotWritten(t *testing.T) {
	output := filepath.Join(t.TempDir(), "catalog.json")
	err := catalogFlags{bundle: filepath.Join(generated(t, "v0.1.0", ""), "bundle"), output: output}.run()
	if err == nil || !strings.Contains(err.Error(), "want edge-ingress-operator.v0.1.0") {
		t.Errorf("the error is %v, want one about the name", err)
	}
	if _, err := os.Stat(output); !os.IsNotExist(err) {
		t.Errorf("%s is there: %v", output, err)
	}
}

func TestTheCatalogueOffersWhatThoseBeforeDid(t *testing.T) {
	before, empty := t.TempDir(), t.TempDir()
	first, second := filepath.Join(before, "v0.1.0.json"), filepath.Join(before, "v0.2.0.json")
	last := filepath.Join(t.TempDir(), "below", "catalog.json")
	for _, f := range []catalogFlags{
		{bundle: bundleOf(t, "v0.1.0"), before: empty, output: first},
		{bundle: bundleOf(t, "v0.2.0"), output: second}, // It lacks the first one.
		{bundle: bundleOf(t, "v0.1.1"), before: before, output: last},
	} {
		if err := f.run(); err != nil {
			t.Fatal(err)
		}
	}
	for _, version := range []string{"v0.1.0", "v0.1.1", "v0.2.0"} {
		if !strings.Contains(text(t, last), `"edge-ingress-operator.`+version+`"`) {
			t.Errorf("the catalogue lacks %s", version)
		}
	}
	fromOne := filepath.Join(t.TempDir(), "catalog.json")
	if err := (catalogFlags{bundle: bundleOf(t, "v0.1.1"), before: first, output: fromOne}).run(); err != nil || strings.Contains(text(t, fromOne), "v0.2.0") {
		t.Errorf("the catalogue continues from more than the one file before (error %v)", err)
	}
	for what, path := range map[string]string{"is absent": filepath.Join(before, "absent.json"), "is none": filepath.Join("testdata", "icon.svg")} {
		err := catalogFlags{bundle: bundleOf(t, "v0.1.1"), before: path, output: last}.run()
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("where the catalogue before %s, the error is %v", what, err)
		}
	}
}

func TestPublishedCataloguesAreMerged(t *testing.T) {
	from, output := t.TempDir(), filepath.Join(t.TempDir(), "catalog.json")
	merge := func() error {
		command := newMergeCatalogs()
		command.SetArgs([]string{"--from=" + from, "--output=" + output})
		command.SilenceErrors, command.SilenceUsage = true, true
		return command.Execute()
	}
	if err := merge(); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("without any catalogue, the error is %v", err)
	}
	for _, version := range []string{"v0.2.0", "v0.1.1"} {
		if err := (catalogFlags{bundle: bundleOf(t, version), output: filepath.Join(from, version+".json")}).run(); err != nil {
			t.Fatal(err)
		}
	}
	if err := merge(); err != nil {
		t.Fatal(err)
	}
	if got := text(t, output); strings.Count(got, `"schema": "olm.bundle"`) != 2 || !strings.Contains(got, `"replaces": "edge-ingress-operator.v0.1.1"`) {
		t.Errorf("the catalogue is\n%s", got)
	}
}

func TestNextSaysHowGitHubHasToMarkARelease(t *testing.T) {
	const published = "v0.1.0\nv0.2.0\nv0.3.0-rc.1\nnightly\nv0.9.0-23-gabcdef0\n"
	for version, want := range map[string]string{"v0.2.1": "latest", "v0.1.1": "not-latest", "v0.3.0-rc.2": "pre-release", "v0.3.0": "latest"} {
		var notes bytes.Buffer
		if mark, err := next(version, strings.NewReader(published), &notes); mark != want || err != nil {
			t.Errorf("%s is marked %q (error %v), want %s", version, mark, err, want)
		}
		if got := notes.String(); !strings.Contains(got, `"nightly"`) || !strings.Contains(got, "v0.9.0-23-gabcdef0") || strings.Count(got, "\n") != 2 {
			t.Errorf("the tags that do not count are named %q", got)
		}
	}
	for version, want := range map[string]string{"v0.2.0": "such as v0.2.1", "v0.2.0-rc.1": "no channel would lead", "v0.4.0-rc1": "write it as"} {
		if mark, err := next(version, strings.NewReader(published), &bytes.Buffer{}); mark != "" || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is marked %q with the error %v, want one with %q", version, mark, err, want)
		}
	}
}
