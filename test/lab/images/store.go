package images

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/filelock"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

// Store is a directory of image archives.
type Store struct {
	// Dir is where the archives are.
	Dir string
	// Repository is the root of the repository.
	Repository string
	// Programs provides the programs that are built from modules.
	Programs binaries.Store
	// Progress receives lines for people.
	Progress io.Writer
}

// Archive is an image in a file.
type Archive struct {
	// Name is one of Names().
	Name string `json:"name"`
	// Reference is the name with a tag by which pods refer to the image.
	Reference string `json:"reference"`
	// Digest is the digest of the image's manifest, "sha256:...". The image also has the name
	// Repository(Name)@Digest.
	Digest string `json:"digest"`
	// File is the absolute path of the archive, which `ctr images import` reads.
	File string `json:"archive"`
}

// Ensure returns the archives of the named images, in the order of the names. It builds those that
// are missing or whose ingredients changed. Only one process builds images at a time, and others
// wait for it.
func (s Store) Ensure(ctx context.Context, names ...string) (archives []Archive, err error) {
	for _, name := range names {
		if _, _, program := ParsePrograms(name); !program && !slices.Contains(Names(), name) {
			return nil, fmt.Errorf("there is no image %q: the images are %s, and NAME=FILE[,FILE ...] of any static programs", name, strings.Join(Names(), ", "))
		}
	}
	if s.Dir, err = filepath.Abs(s.Dir); err != nil {
		return nil, fmt.Errorf("finding the directory of images: %w", err)
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the directory of images: %w", err)
	}
	release, err := filelock.Acquire(ctx, filepath.Join(s.Dir, ".lock"), func() {
		fmt.Fprintln(s.Progress, "waiting for another process that is making images ...")
	})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, release()) }()
	for _, name := range names {
		archive, err := s.ensure(ctx, name, s.recipe(name))
		if err != nil {
			return nil, fmt.Errorf("making the image %s: %w", name, err)
		}
		archives = append(archives, archive)
	}
	return archives, nil
}

func (s Store) ensure(ctx context.Context, name string, r recipe) (Archive, error) {
	name, _, _ = strings.Cut(name, "=")
	ingredients, err := r.ingredients(ctx)
	if err != nil {
		return Archive{}, err
	}
	key, err := imageKey(name, ingredients)
	if err != nil {
		return Archive{}, err
	}
	archive := Archive{Name: name, Reference: Reference(name), File: filepath.Join(s.Dir, name+".tar")}
	if digest, ok := s.recorded(archive, key); ok {
		archive.Digest = digest
		return archive, nil
	}
	fmt.Fprintf(s.Progress, "making the image %s ...\n", name)
	start := time.Now()
	config, tree, err := r.prepare(ctx)
	if err != nil {
		return Archive{}, err
	}
	image := oci.Image{Repository: Repository(name), Tag: Tag, Config: config, Tree: tree}
	if archive.Digest, err = s.write(image, archive.File, key); err != nil {
		return Archive{}, err
	}
	fmt.Fprintf(s.Progress, "made the image %s in %.1f s\n", name, time.Since(start).Seconds())
	return archive, nil
}

// record describes an archive. It is written last: an archive without one does not count.
type record struct {
	Key    string `json:"key"`
	Digest string `json:"digest"`
}

func recordFile(archiveFile string) string { return strings.TrimSuffix(archiveFile, ".tar") + ".json" }

// recorded returns the digest of an archive with the same ingredients. A record that cannot be read
// counts as missing.
func (s Store) recorded(archive Archive, key string) (digest string, ok bool) {
	var r record
	data, err := os.ReadFile(recordFile(archive.File))
	if err != nil || json.Unmarshal(data, &r) != nil || r.Key != key {
		return "", false
	}
	_, err = os.Stat(archive.File)
	return r.Digest, err == nil
}

func (s Store) write(image oci.Image, file, key string) (digest string, err error) {
	if err := os.RemoveAll(recordFile(file)); err != nil {
		return "", fmt.Errorf("removing the old record: %w", err)
	}
	temporary := file + ".new"
	digest, err = image.WriteFile(temporary)
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(temporary))
	}
	if err := os.Rename(temporary, file); err != nil {
		return "", fmt.Errorf("moving the archive into place: %w", err)
	}
	data, err := json.Marshal(record{Key: key, Digest: digest})
	if err != nil {
		return "", fmt.Errorf("encoding the record: %w", err)
	}
	if err := os.WriteFile(recordFile(file), data, 0o644); err != nil {
		return "", fmt.Errorf("writing the record: %w", err)
	}
	return digest, nil
}

// ownFiles is the code that makes images and what it adds to them. It goes into the keys, so that
// no image is older than its recipe.
//
//go:embed *.go oci/*.go lua
var ownFiles embed.FS

// imageKey is a checksum of everything that decides what an image holds.
func imageKey(name string, ingredients []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q\n", name, ingredients)
	if err := addFiles(sum, ownFiles, "."); err != nil {
		return "", fmt.Errorf("computing the key of image %s: %w", name, err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// addFiles adds all files below a directory but tests to a checksum.
func addFiles(sum io.Writer, files fs.FS, dir string) error {
	return fs.WalkDir(files, dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(sum, "%s %d\n", path, len(data))
		_, err = sum.Write(data)
		return err
	})
}
