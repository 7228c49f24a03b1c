package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// layout is a directory in the OCI image layout
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md).
type layout string

type descriptor struct {
	MediaType string   `json:"mediaType"`
	Digest    string   `json:"digest"`
	Size      int64    `json:"size"`
	Platform  platform `json:"platform"`
}

type platform struct {
	Architecture string `json:"architecture"`
	OS           string `json:"os"`
}

// image is what a node gets of one platform.
type image struct {
	platform
	Config struct {
		User       string
		Env        []string
		Entrypoint []string
		Cmd        []string
		Volumes    map[string]any
		Labels     map[string]string
	} `json:"config"`
	files map[string]file // by name, without a leading slash
	size  int64           // as a registry has it, in bytes
}

type file struct {
	tar.Header
	content []byte
}

// list returns the digest of the list that the layout contains, and the images in it.
func (l layout) list() (digest string, images []image, err error) {
	var top, list struct{ Manifests []descriptor }
	text, err := os.ReadFile(filepath.Join(string(l), "index.json"))
	if err != nil {
		return "", nil, fmt.Errorf("reading an image layout: %w", err)
	}
	if err := json.Unmarshal(text, &top); err != nil {
		return "", nil, fmt.Errorf("decoding the index: %w", err)
	}
	if len(top.Manifests) != 1 {
		return "", nil, fmt.Errorf("the layout contains %d things, and should contain one list", len(top.Manifests))
	}
	if err := l.decode(top.Manifests[0], &list); err != nil {
		return "", nil, err
	}
	for _, d := range list.Manifests {
		i, err := l.image(d)
		if err != nil {
			return "", nil, fmt.Errorf("reading the image for %+v: %w", d.Platform, err)
		}
		if i.platform != d.Platform {
			return "", nil, fmt.Errorf("the list says %+v, and the image %+v", d.Platform, i.platform)
		}
		images = append(images, i)
	}
	return top.Manifests[0].Digest, images, nil
}

func (l layout) image(d descriptor) (image, error) {
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	if err := l.decode(d, &manifest); err != nil {
		return image{}, err
	}
	i := image{files: map[string]file{}}
	if err := l.decode(manifest.Config, &i); err != nil {
		return image{}, err
	}
	for _, layer := range manifest.Layers {
		i.size += layer.Size
		blob, err := os.ReadFile(l.blob(layer))
		if err != nil {
			return image{}, err
		}
		if err := i.unpack(blob); err != nil {
			return image{}, fmt.Errorf("unpacking the layer %s: %w", layer.Digest, err)
		}
	}
	return i, nil
}

func (l layout) blob(d descriptor) string {
	return filepath.Join(string(l), "blobs", filepath.Clean(strings.Replace(d.Digest, ":", "/", 1)))
}

func (l layout) decode(d descriptor, into any) error {
	text, err := os.ReadFile(l.blob(d))
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("reading the %s: %w", d.MediaType, err)
	}
	return nil
}

// unpack adds the files of a layer. A layer that deletes files of another one is refused: our image has one layer.
func (i *image) unpack(layer []byte) error {
	plain, err := gzip.NewReader(bytes.NewReader(layer))
	if err != nil {
		return err
	}
	for archive := tar.NewReader(plain); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if strings.HasPrefix(filepath.Base(header.Name), ".wh.") {
			return fmt.Errorf("it deletes %s", header.Name)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		i.files[strings.TrimSuffix(header.Name, "/")] = file{Header: *header, content: content}
	}
}

// write writes the files below a directory, as a container has them.
func (i *image) write(dir string) error {
	for name, f := range i.files {
		path := filepath.Join(dir, filepath.Clean("/"+name))
		if f.Typeflag == tar.TypeDir {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return err
			}
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.content, fs.FileMode(f.Mode).Perm()); err != nil {
			return err
		}
	}
	return nil
}
