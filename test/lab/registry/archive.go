package registry

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// archive is an open tar file in the OCI image layout
// (https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md).
type archive struct {
	file *os.File
	// members are where the content of each file is.
	members map[string]span
}

type span struct{ offset, size int64 }

// open reads the list of contents. The file stays open, so that it is the same one however long its blobs are served.
func open(name string) (*archive, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	a := &archive{file: file, members: map[string]span{}}
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return a, nil
		}
		var offset int64
		if err == nil {
			// The reader reads only headers, and has just read the last one before the content.
			offset, err = file.Seek(0, io.SeekCurrent)
		}
		if err != nil {
			return nil, errors.Join(fmt.Errorf("reading an archive: %w", err), file.Close())
		}
		a.members[strings.TrimPrefix(header.Name, "./")] = span{offset, header.Size}
	}
}

func (a *archive) open(member string) (*io.SectionReader, bool) {
	found, ok := a.members[member]
	return io.NewSectionReader(a.file, found.offset, found.size), ok
}

func (a *archive) read(member string) ([]byte, error) {
	content, ok := a.open(member)
	if !ok {
		return nil, fmt.Errorf("it has no file %s", member)
	}
	return io.ReadAll(content)
}

func blobName(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }

// descriptor names a manifest, or a list of manifests.
type descriptor struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
}

type manifest struct {
	descriptor
	content []byte
}

// manifests returns the image's manifest as the last one. Before a list of manifests come those that it lists, because a registry
// accepts no list without them.
func (a *archive) manifests() ([]manifest, error) {
	index, err := a.read("index.json")
	if err != nil {
		return nil, err
	}
	top, err := listed(index)
	if err != nil {
		return nil, err
	}
	for _, d := range top[1:] { // An archive for `ctr images import` lists one manifest by several names.
		if d != top[0] {
			return nil, errors.New("it contains more than one image")
		}
	}
	return a.collect(top[0])
}

func (a *archive) collect(d descriptor) (found []manifest, err error) {
	content, err := a.read(blobName(d.Digest))
	if err != nil {
		return nil, err
	}
	if types.MediaType(d.MediaType).IsIndex() {
		list, err := listed(content)
		if err != nil {
			return nil, err
		}
		for _, child := range list {
			more, err := a.collect(child)
			if err != nil {
				return nil, err
			}
			found = append(found, more...)
		}
	}
	return append(found, manifest{descriptor: d, content: content}), nil
}

func listed(index []byte) ([]descriptor, error) {
	var list struct {
		Manifests []descriptor `json:"manifests"`
	}
	if err := json.Unmarshal(index, &list); err != nil {
		return nil, fmt.Errorf("decoding a list of manifests: %w", err)
	}
	if len(list.Manifests) == 0 {
		return nil, errors.New("it contains no image")
	}
	return list.Manifests, nil
}

// Digest returns the digest by which the image of an archive is pulled.
func Digest(name string) (string, error) {
	a, err := open(name)
	if err != nil {
		return "", fmt.Errorf("reading the digest of %s: %w", name, err)
	}
	manifests, err := a.manifests()
	if err := errors.Join(err, a.file.Close()); err != nil {
		return "", fmt.Errorf("reading the digest of %s: %w", name, err)
	}
	return manifests[len(manifests)-1].Digest, nil
}

// blobs serves layers and configurations out of archives. A blob has no name, so it does not matter which archive has it.
type blobs struct {
	mu       sync.RWMutex
	archives []*archive
}

var (
	_ registry.BlobHandler     = (*blobs)(nil)
	_ registry.BlobStatHandler = (*blobs)(nil)
)

func (b *blobs) add(a *archive) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.archives = append(b.archives, a)
}

func (b *blobs) find(digest v1.Hash) (*io.SectionReader, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, a := range b.archives {
		if content, ok := a.open(blobName(digest.String())); ok {
			return content, nil
		}
	}
	return nil, registry.ErrNotFound
}

// Get is part of registry.BlobHandler.
func (b *blobs) Get(_ context.Context, _ string, digest v1.Hash) (io.ReadCloser, error) {
	content, err := b.find(digest)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(content), nil
}

// Stat is part of registry.BlobStatHandler.
func (b *blobs) Stat(_ context.Context, _ string, digest v1.Hash) (int64, error) {
	content, err := b.find(digest)
	if err != nil {
		return 0, err
	}
	return content.Size(), nil
}

func (b *blobs) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var errs []error
	for _, a := range b.archives {
		errs = append(errs, a.file.Close())
	}
	b.archives = nil
	return errors.Join(errs...)
}
