package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// packed makes the archives of programs that are only their platform's name.
func packed(t *testing.T) string {
	t.Helper()
	out := t.TempDir()
	license := filepath.Join(t.TempDir(), "LICENSE")
	if err := os.WriteFile(license, []byte("the licence"), 0o600); err != nil {
		t.Fatal(err)
	}
	notices := filepath.Join(t.TempDir(), "THIRD-PARTY")
	if err := os.WriteFile(notices, []byte("licences of others"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), options{version: "v1.2.3", url: "https://example.com/v1.2.3/", license: license, notices: notices, out: out},
		func(_ context.Context, p platform, _ options, path string) error {
			return os.WriteFile(path, []byte(p.os+"/"+p.arch), 0o600)
		})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestManifestNamesWhatIsInTheArchives(t *testing.T) {
	out := packed(t)
	text, err := os.ReadFile(filepath.Join(out, "edge-ingress.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := manifest{}
	if err := yaml.UnmarshalStrict(text, &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Spec.Platforms) != 6 || m.Spec.Version != "v1.2.3" {
		t.Errorf("%d platforms of version %s", len(m.Spec.Platforms), m.Spec.Version)
	}
	for _, p := range m.Spec.Platforms {
		archive := strings.TrimPrefix(p.URI, "https://example.com/v1.2.3/")
		content, err := os.ReadFile(filepath.Join(out, archive))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != p.SHA256 {
			t.Errorf("%s has another sum than the manifest says", archive)
		}
		labels := p.Selector["matchLabels"]
		files := unpacked(t, archive, content)
		if files[p.Bin] != labels["os"]+"/"+labels["arch"] || files["LICENSE"] != "the licence" || files["THIRD-PARTY"] != "licences of others" {
			t.Errorf("%s for %v has %v", archive, labels, files)
		}
	}
}

func TestArchivesAreReproducible(t *testing.T) {
	first, err := os.ReadFile(filepath.Join(packed(t), "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.ReadFile(filepath.Join(packed(t), "SHA256SUMS"))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("the second time the sums are\n%s, and the first time\n%s (%v)", second, first, err)
	}
}

// unpacked is the content of an archive by name. Programs have to be executable.
func unpacked(t *testing.T, name string, content []byte) map[string]string {
	t.Helper()
	files := map[string]string{}
	add := func(name string, mode os.FileMode, from io.Reader) {
		text, err := io.ReadAll(from)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(name, program) && mode.Perm() != 0o755 {
			t.Errorf("%s has mode %v", name, mode)
		}
		files[name] = string(text)
	}
	if strings.HasSuffix(name, ".zip") {
		archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.File {
			from, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			add(f.Name, f.Mode(), from)
		}
		return files
	}
	compressed, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(compressed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		add(header.Name, header.FileInfo().Mode(), archive)
	}
}
