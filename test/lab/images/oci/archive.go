package oci

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// Image is an image of one layer.
type Image struct {
	Repository string
	Tag        string
	Config     Config
	Tree       *Tree
}

// Config says how to start a container of the image. The names are those of the OCI image
// specification, https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md.
type Config struct {
	User         string              `json:"User,omitempty"`
	ExposedPorts map[string]struct{} `json:"ExposedPorts,omitempty"`
	Env          []string            `json:"Env,omitempty"`
	Entrypoint   []string            `json:"Entrypoint,omitempty"`
	Cmd          []string            `json:"Cmd,omitempty"`
	WorkingDir   string              `json:"WorkingDir,omitempty"`
	Labels       map[string]string   `json:"Labels,omitempty"`
}

const (
	mediaTypeIndex    = "application/vnd.oci.image.index.v1+json"
	mediaTypeManifest = "application/vnd.oci.image.manifest.v1+json"
	mediaTypeConfig   = "application/vnd.oci.image.config.v1+json"
	// Not compressed: the archive never leaves the machine, and each node would have to uncompress it.
	mediaTypeLayer = "application/vnd.oci.image.layer.v1.tar"

	// nameAnnotation is the one that containerd's import reads the name of an image from.
	nameAnnotation = "io.containerd.image.name"
)

type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int64             `json:"size"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Platform    *platform         `json:"platform,omitempty"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

type manifest struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Config        descriptor   `json:"config"`
	Layers        []descriptor `json:"layers"`
}

type index struct {
	SchemaVersion int          `json:"schemaVersion"`
	MediaType     string       `json:"mediaType"`
	Manifests     []descriptor `json:"manifests"`
}

type imageConfig struct {
	Created time.Time `json:"created"`
	platform
	Config Config `json:"config"`
	RootFS rootFS `json:"rootfs"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

var thisPlatform = platform{Architecture: runtime.GOARCH, OS: "linux"}

// WriteFile writes the image to a file, as a tar archive of an OCI image layout, and returns the
// digest of its manifest. The index names the manifest twice, as repository:tag and as
// repository@digest, like a pulled image on a node.
func (i Image) WriteFile(file string) (digest string, err error) {
	layer, err := describeLayer(i.Tree)
	if err != nil {
		return "", err
	}
	config, configJSON, err := describe(mediaTypeConfig, imageConfig{
		Created: time.Unix(0, 0).UTC(), platform: thisPlatform, Config: i.Config, RootFS: rootFS{Type: "layers", DiffIDs: []string{layer.Digest}},
	})
	if err != nil {
		return "", err
	}
	top, topJSON, err := describe(mediaTypeManifest, manifest{SchemaVersion: 2, MediaType: mediaTypeManifest, Config: config, Layers: []descriptor{layer}})
	if err != nil {
		return "", err
	}
	_, indexJSON, err := describe(mediaTypeIndex, index{SchemaVersion: 2, MediaType: mediaTypeIndex, Manifests: []descriptor{
		top.named(i.Repository + ":" + i.Tag), top.named(i.Repository + "@" + top.Digest),
	}})
	if err != nil {
		return "", err
	}
	return top.Digest, writeArchive(file, []member{
		bytesMember("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)),
		bytesMember("index.json", indexJSON),
		bytesMember(blobName(top), topJSON),
		bytesMember(blobName(config), configJSON),
		{name: blobName(layer), size: layer.Size, write: i.Tree.WriteTar},
	})
}

func describeLayer(tree *Tree) (descriptor, error) {
	sum, size := sha256.New(), counter(0)
	if err := tree.WriteTar(io.MultiWriter(sum, &size)); err != nil {
		return descriptor{}, err
	}
	return descriptor{MediaType: mediaTypeLayer, Digest: "sha256:" + hex.EncodeToString(sum.Sum(nil)), Size: int64(size)}, nil
}

func describe(mediaType string, value any) (descriptor, []byte, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return descriptor{}, nil, fmt.Errorf("encoding %s: %w", mediaType, err)
	}
	sum := sha256.Sum256(data)
	return descriptor{MediaType: mediaType, Digest: "sha256:" + hex.EncodeToString(sum[:]), Size: int64(len(data))}, data, nil
}

func (d descriptor) named(name string) descriptor {
	d.Annotations = map[string]string{nameAnnotation: name}
	d.Platform = &thisPlatform
	return d
}

func blobName(d descriptor) string { return "blobs/sha256/" + d.Digest[len("sha256:"):] }

// member is a file of the archive.
type member struct {
	name  string
	size  int64
	write func(io.Writer) error
}

func bytesMember(name string, data []byte) member {
	return member{name: name, size: int64(len(data)), write: func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}}
}

func writeArchive(name string, members []member) (err error) {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("creating an image archive: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	writer := tar.NewWriter(file)
	for _, m := range members {
		header := tar.Header{Typeflag: tar.TypeReg, Name: m.name, Size: m.size, Mode: 0o644, ModTime: time.Unix(0, 0)}
		if err := writer.WriteHeader(&header); err != nil {
			return fmt.Errorf("writing %s of an image archive: %w", m.name, err)
		}
		if err := m.write(writer); err != nil {
			return fmt.Errorf("writing %s of an image archive: %w", m.name, err)
		}
	}
	return writer.Close()
}

// counter counts what is written to it.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
