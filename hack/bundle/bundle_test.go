package main

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// generated writes a bundle from the operator's own base and a minimal set of manifests, and
// returns its directory.
func generated(t *testing.T, version, digest string) string {
	t.Helper()
	root := t.TempDir()
	err := generate(generateFlags{
		input: filepath.Join("testdata", "manifests.yaml"), base: filepath.Join("testdata", "base.yaml"), output: root,
		version: version, image: "registry.example.com/operator", digest: digest, createdAt: "2026-01-02T00:00:00Z",
	}, &bytes.Buffer{})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func filesBelow(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(tree, path)
		files[path] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestGenerateWritesTheSameTwice(t *testing.T) {
	if !maps.Equal(filesBelow(t, generated(t, "v0.1.0", "")), filesBelow(t, generated(t, "v0.1.0", ""))) {
		t.Error("two bundles of the same input differ")
	}
}

func TestGenerateRemovesWhatIsNoLongerMade(t *testing.T) {
	root := generated(t, "v0.1.0", "")
	stale := filepath.Join(root, "bundle", "manifests", "stale.yaml")
	if err := os.WriteFile(stale, []byte("kind: Stale"), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := generateFlags{
		input: filepath.Join("testdata", "manifests.yaml"), base: filepath.Join("testdata", "base.yaml"), output: root,
		version: "v0.1.0", image: "registry.example.com/operator", createdAt: "2026-01-02T00:00:00Z",
	}
	if err := generate(flags, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(stale); !os.IsNotExist(err) {
		t.Errorf("%s is still there: %v", stale, err)
	}
}

func TestGenerateRefersToTheImageByDigestWhereThereIsOne(t *testing.T) {
	for digest, want := range map[string]string{
		"":              "image: registry.example.com/operator:v0.1.0",
		"sha256:abcdef": "image: registry.example.com/operator@sha256:abcdef",
	} {
		csv := filesBelow(t, generated(t, "v0.1.0", digest))["bundle/manifests/edge-ingress-operator.clusterserviceversion.yaml"]
		if got := strings.Count(csv, want+"\n"); got != 2 {
			t.Errorf("with digest %q, %q stands %d times in the ClusterServiceVersion, want 2 (deployment and related images)", digest, want, got)
		}
	}
}

func TestValidateAcceptsWhatIsGenerated(t *testing.T) {
	var report bytes.Buffer
	if err := validate(filepath.Join(generated(t, "v0.1.0", ""), "bundle"), &report); err != nil {
		t.Errorf("%v:\n%s", err, report.String())
	}
}

func TestValidateRefusesABrokenBundle(t *testing.T) {
	for name, spoil := range map[string]struct{ old, replacement, want string }{
		"an owned resource without its definition": {old: "kind: Lamp\n", replacement: "kind: Candle\n", want: "Candle"},
		"a Kubernetes version that is none":        {old: "minKubeVersion: 1.31.0", replacement: "minKubeVersion: newest", want: "MinKubeVersion"},
		"a capability that does not exist":         {old: "capabilities: Basic Install", replacement: "capabilities: Everything", want: "Everything"},
	} {
		t.Run(name, func(t *testing.T) {
			root := generated(t, "v0.1.0", "")
			path := filepath.Join(root, "bundle", "manifests", "edge-ingress-operator.clusterserviceversion.yaml")
			content, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			spoilt := strings.Replace(string(content), spoil.old, spoil.replacement, 1)
			if spoilt == string(content) {
				t.Fatalf("%q is not in the ClusterServiceVersion", spoil.old)
			}
			if err := os.WriteFile(path, []byte(spoilt), 0o600); err != nil {
				t.Fatal(err)
			}
			var report bytes.Buffer
			if err := validate(filepath.Join(root, "bundle"), &report); err == nil || !strings.Contains(report.String(), spoil.want) {
				t.Errorf("the error is %v, and the report does not name %q:\n%s", err, spoil.want, report.String())
			}
		})
	}
}

func TestTheBundleNamesTheChannelsOfItsVersion(t *testing.T) {
	for version, want := range map[string][2]string{
		"v0.1.0": {"stable,stable-v0.1,candidate,candidate-v0.1", "stable"}, "v0.2.0-rc.1": {"candidate,candidate-v0.2", "candidate"},
	} {
		files := filesBelow(t, generated(t, version, ""))
		for _, line := range []string{"bundle.channels.v1: " + want[0] + "\n", "bundle.channel.default.v1: " + want[1] + "\n"} {
			if annotations := files["bundle/metadata/annotations.yaml"]; !strings.Contains(annotations, line) {
				t.Errorf("of %s, the annotations lack %q:\n%s", version, line, annotations)
			}
			if label := strings.Replace(line, ": ", "=", 1); !strings.Contains(files["bundle.Dockerfile"], label) {
				t.Errorf("of %s, the image lacks the label %q:\n%s", version, label, files["bundle.Dockerfile"])
			}
		}
	}
}

func TestNoBundleIsMadeOfAVersionThatIsNoRelease(t *testing.T) {
	err := generate(generateFlags{
		input: filepath.Join("testdata", "manifests.yaml"), base: filepath.Join("testdata", "base.yaml"), output: t.TempDir(),
		version: "v0.1.0-23-gabcdef0", image: "registry.example.com/operator", createdAt: "2026-01-02T00:00:00Z",
	}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "write it as v0.2.0") {
		t.Errorf("the error is %v, want what to write instead", err)
	}
}
