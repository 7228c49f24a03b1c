package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// file is one in an archive.
type file struct {
	name    string
	mode    int64
	content []byte
}

// epoch is the time of every file in an archive: the earliest that a zip archive can hold.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// pack writes an archive, a zip or a compressed tar by its name, and returns its SHA-256.
func pack(path string, files []file) (sum string, err error) {
	var packed bytes.Buffer
	if strings.HasSuffix(path, ".zip") {
		err = packZip(&packed, files)
	} else {
		err = packTar(&packed, files)
	}
	if err == nil {
		err = os.WriteFile(path, packed.Bytes(), 0o644)
	}
	if err != nil {
		return "", fmt.Errorf("packing %s: %w", path, err)
	}
	digest := sha256.Sum256(packed.Bytes())
	return hex.EncodeToString(digest[:]), nil
}

func packTar(packed *bytes.Buffer, files []file) error {
	compressed := gzip.NewWriter(packed)
	archive := tar.NewWriter(compressed)
	for _, f := range files {
		if err := archive.WriteHeader(&tar.Header{Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: epoch, Format: tar.FormatUSTAR}); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), compressed.Close())
}

func packZip(packed *bytes.Buffer, files []file) error {
	archive := zip.NewWriter(packed)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: epoch}
		header.SetMode(os.FileMode(f.mode))
		writer, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := writer.Write(f.content); err != nil {
			return err
		}
	}
	return archive.Close()
}

// manifest is krew's Plugin.
type manifest struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Spec       manifestSpec      `json:"spec"`
}

type manifestSpec struct {
	Version          string             `json:"version"`
	Homepage         string             `json:"homepage"`
	ShortDescription string             `json:"shortDescription"`
	Description      string             `json:"description"`
	Platforms        []manifestPlatform `json:"platforms"`
}

type manifestPlatform struct {
	Selector map[string]map[string]string `json:"selector"`
	URI      string                       `json:"uri"`
	SHA256   string                       `json:"sha256"`
	Bin      string                       `json:"bin"`
}

// writeTexts writes krew's manifest, and the sums for people who download an archive themselves.
func writeTexts(o options, sums map[platform]string) error {
	m := manifest{APIVersion: "krew.googlecontainertools.github.com/v1alpha2", Kind: "Plugin", Metadata: map[string]string{"name": "edge-ingress"}}
	m.Spec = manifestSpec{
		Version: o.version, Homepage: "https://github.com/edge-ingress/edge-ingress-operator",
		ShortDescription: "Measure whether applications see client addresses",
		Description: "Sends requests through an EdgeIngress from a machine outside the cluster, and compares the\n" +
			"address that an application sees with the machine's own. Shows each leg of the path with\n" +
			"what was measured, and what to do where the address gets lost.\n\n" +
			"The cluster needs the edge-ingress-operator.\n",
	}
	checksums := ""
	for _, p := range platforms {
		m.Spec.Platforms = append(m.Spec.Platforms, manifestPlatform{
			Selector: map[string]map[string]string{"matchLabels": {"os": p.os, "arch": p.arch}},
			URI:      strings.TrimSuffix(o.url, "/") + "/" + p.archive(), SHA256: sums[p], Bin: p.binary(),
		})
		checksums += sums[p] + "  " + p.archive() + "\n"
	}
	text, err := yaml.Marshal(m)
	if err != nil {
		return fmt.Errorf("encoding the manifest: %w", err)
	}
	for name, content := range map[string][]byte{"edge-ingress.yaml": text, "SHA256SUMS": []byte(checksums)} {
		if err := os.WriteFile(filepath.Join(o.out, name), content, 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}
