// Package oci writes container images as archives in the OCI image layout. The same content always
// gives the same bytes, so an image's digest is known before anything reads the archive.
package oci

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Owner is a file's owner, by number: names belong to the machine that unpacks an image.
type Owner struct{ UID, GID int }

// Root owns what nothing else is said about.
var Root = Owner{}

// Tree is the file system of an image. Paths are absolute and slash-separated. A directory that was
// not added exists as soon as it contains something, owned by root, mode 0755. Modes are those of
// chmod, 0o1777 for a /tmp.
type Tree struct{ entries map[string]entry }

type entry struct {
	header  tar.Header
	content content
}

// content opens the bytes of a regular file, header.Size of them; it is called twice.
type content func() (io.ReadCloser, error)

// NewTree returns an empty file system.
func NewTree() *Tree { return &Tree{entries: map[string]entry{}} }

// AddDir adds a directory, or changes the mode and owner of one that is there.
func (t *Tree) AddDir(name string, mode int64, owner Owner) {
	t.add(name, entry{header: tar.Header{Typeflag: tar.TypeDir, Mode: mode, Uid: owner.UID, Gid: owner.GID}})
}

// AddFile adds a regular file.
func (t *Tree) AddFile(name string, mode int64, owner Owner, data []byte) {
	t.add(name, entry{
		header:  tar.Header{Typeflag: tar.TypeReg, Mode: mode, Uid: owner.UID, Gid: owner.GID, Size: int64(len(data))},
		content: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
	})
}

// AddProgram adds a program from a file of this machine, owned by root, mode 0755. The file must
// not change until the image is written.
func (t *Tree) AddProgram(name, source string) error {
	info, err := os.Stat(source)
	if err != nil {
		return fmt.Errorf("adding %s to an image: %w", name, err)
	}
	t.add(name, entry{
		header:  tar.Header{Typeflag: tar.TypeReg, Mode: 0o755, Size: info.Size()},
		content: func() (io.ReadCloser, error) { return os.Open(source) },
	})
	return nil
}

// AddSymlink adds a symbolic link, owned by root.
func (t *Tree) AddSymlink(name, target string) {
	t.add(name, entry{header: tar.Header{Typeflag: tar.TypeSymlink, Mode: 0o777, Linkname: target}})
}

// AddTar adds the content of a tar archive: directories, regular files, symbolic and hard links.
// place returns the place of an entry from its absolute path; "" leaves it out.
func (t *Tree) AddTar(archive io.Reader, place func(name string) string) error {
	reader := tar.NewReader(archive)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading a tar archive: %w", err)
		}
		name := place(path.Clean("/" + header.Name))
		if name == "" {
			continue
		}
		if err := t.addTarEntry(name, header, reader, place); err != nil {
			return fmt.Errorf("reading %s of a tar archive: %w", header.Name, err)
		}
	}
}

func (t *Tree) addTarEntry(name string, header *tar.Header, reader io.Reader, place func(string) string) error {
	owner, mode := Owner{header.Uid, header.Gid}, header.Mode
	switch header.Typeflag {
	case tar.TypeDir:
		t.AddDir(name, mode, owner)
	case tar.TypeReg:
		data, err := io.ReadAll(reader)
		if err != nil {
			return err
		}
		t.AddFile(name, mode, owner, data)
	case tar.TypeSymlink:
		t.AddSymlink(name, header.Linkname)
	case tar.TypeLink:
		target, ok := t.entries[place(path.Clean("/"+header.Linkname))]
		if !ok {
			return fmt.Errorf("it is a link to %s, which is not there", header.Linkname)
		}
		t.add(name, target)
	default:
		return fmt.Errorf("type %q cannot be in an image", header.Typeflag)
	}
	return nil
}

func (t *Tree) add(name string, e entry) {
	name = path.Clean("/" + name)
	for parent := path.Dir(name); parent != "/"; parent = path.Dir(parent) {
		if _, ok := t.entries[parent]; !ok {
			t.entries[parent] = entry{header: tar.Header{Typeflag: tar.TypeDir, Mode: 0o755}}
		}
	}
	t.entries[name] = e
}

// Remove removes a file or a directory with all that is in it, if it is there.
func (t *Tree) Remove(name string) {
	maps.DeleteFunc(t.entries, func(other string, _ entry) bool { return isBelow(other, name) })
}

// Chown gives a file or a directory with all that is in it to an owner.
func (t *Tree) Chown(name string, owner Owner) {
	for other, e := range t.entries {
		if isBelow(other, name) {
			e.header.Uid, e.header.Gid = owner.UID, owner.GID
			t.entries[other] = e
		}
	}
}

func isBelow(name, top string) bool { return name == top || strings.HasPrefix(name, top+"/") }

// Paths returns the paths of all regular files, sorted.
func (t *Tree) Paths() []string {
	return slices.DeleteFunc(t.sorted(), func(name string) bool { return t.entries[name].header.Typeflag != tar.TypeReg })
}

// Has reports whether there is a file, directory or link with a path.
func (t *Tree) Has(name string) bool {
	_, ok := t.entries[name]
	return ok
}

// ReadFile returns the content of a regular file.
func (t *Tree) ReadFile(name string) ([]byte, error) {
	e, ok := t.entries[name]
	if !ok || e.content == nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	file, err := e.content()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(file)
	return data, errors.Join(err, file.Close())
}

func (t *Tree) sorted() []string { return slices.Sorted(maps.Keys(t.entries)) }

// WriteTar writes the file system as a tar archive.
func (t *Tree) WriteTar(w io.Writer) error {
	writer := tar.NewWriter(w)
	for _, name := range t.sorted() {
		if err := writeEntry(writer, name, t.entries[name]); err != nil {
			return fmt.Errorf("writing %s of a layer: %w", name, err)
		}
	}
	return writer.Close()
}

func writeEntry(writer *tar.Writer, name string, e entry) error {
	header := e.header
	header.Name = strings.TrimPrefix(name, "/")
	header.ModTime = time.Unix(0, 0)
	if header.Typeflag == tar.TypeDir {
		header.Name += "/"
	}
	if err := writer.WriteHeader(&header); err != nil || e.content == nil {
		return err
	}
	file, err := e.content()
	if err != nil {
		return err
	}
	_, err = io.Copy(writer, file)
	return errors.Join(err, file.Close())
}
