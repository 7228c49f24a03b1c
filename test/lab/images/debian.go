package images

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/images/oci"
)

// packageSource fetches Debian packages, in the versions that apt would install, without installing them.
type packageSource struct {
	// dir keeps the packages that were fetched.
	dir string
	// aptLists and aptConfig are where apt keeps what it knows and how it is set up.
	aptLists, aptConfig string
	progress            io.Writer
}

// debianPackage is a package in one version.
type debianPackage struct {
	// File is its name without a directory, with the version in it.
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
}

// resolution is apt's last answer. It is valid until apt's lists change.
type resolution struct {
	AptState string          `json:"aptState"`
	Packages []debianPackage `json:"packages"`
}

// resolve returns the version of each package. apt is slow, so resolve calls it only when its lists
// have changed.
func (s packageSource) resolve(ctx context.Context, names []string) ([]debianPackage, error) {
	state, err := s.aptState(names)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(s.dir, "resolved.json")
	var known resolution
	if data, err := os.ReadFile(file); err == nil && json.Unmarshal(data, &known) == nil && known.AptState == state {
		return known.Packages, nil
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return nil, fmt.Errorf("creating the directory of packages: %w", err)
	}
	output, err := s.nameFiles(ctx, names)
	if err != nil {
		return nil, err
	}
	packages, err := parseURIs(output)
	if err != nil {
		return nil, err
	}
	if len(packages) != len(names) {
		return nil, fmt.Errorf("apt-get names %d files for %d packages:\n%s", len(packages), len(names), output)
	}
	data, err := json.Marshal(resolution{AptState: state, Packages: packages})
	if err != nil {
		return nil, fmt.Errorf("encoding the versions of packages: %w", err)
	}
	return packages, os.WriteFile(file, data, 0o644)
}

// nameFiles asks apt-get for the files of packages. It is asked in an empty directory, because it leaves
// out those that are in its working directory.
func (s packageSource) nameFiles(ctx context.Context, names []string) (output string, err error) {
	empty, err := os.MkdirTemp(s.dir, "empty-")
	if err != nil {
		return "", fmt.Errorf("creating an empty directory for apt-get: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(empty)) }()
	return apt(ctx, empty, append([]string{"download", "--print-uris"}, names...)...)
}

// aptState returns a checksum of everything that apt's answer depends on: its lists and its
// configuration, by name, size and time, and the question.
func (s packageSource) aptState(names []string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", names)
	for _, dir := range []string{s.aptLists, s.aptConfig} {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			info, err := d.Info()
			if err == nil {
				fmt.Fprintf(sum, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
			}
			return err
		})
		if err != nil {
			return "", fmt.Errorf("looking at apt's lists (the image is made of packages of Debian 12): %w", err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// A line is 'URI' file size SHA256:checksum.
var uriLine = regexp.MustCompile(`(?m)^'[^']+' (\S+) \d+ SHA256:([0-9a-f]{64})$`)

func parseURIs(output string) ([]debianPackage, error) {
	var packages []debianPackage
	for _, match := range uriLine.FindAllStringSubmatch(output, -1) {
		if strings.Contains(match[1], "/") {
			return nil, fmt.Errorf("apt-get names a file %q, which has a directory", match[1])
		}
		packages = append(packages, debianPackage{File: match[1], SHA256: match[2]})
	}
	return packages, nil
}

// fetch downloads the missing packages, and checks all packages against apt's checksums.
func (s packageSource) fetch(ctx context.Context, names []string, packages []debianPackage) error {
	if s.verify(packages) == nil {
		return nil
	}
	fmt.Fprintf(s.progress, "fetching %d Debian packages ...\n", len(packages))
	if _, err := apt(ctx, s.dir, append([]string{"download"}, names...)...); err != nil {
		return err
	}
	return s.verify(packages)
}

func (s packageSource) verify(packages []debianPackage) error {
	for _, p := range packages {
		sum, err := fileChecksum(filepath.Join(s.dir, p.File))
		if err != nil {
			return err
		}
		if sum != p.SHA256 {
			return fmt.Errorf("package %s has checksum %s, want %s", p.File, sum, p.SHA256)
		}
	}
	return nil
}

// apt runs apt-get in a directory and returns what it printed.
func apt(ctx context.Context, dir string, arguments ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "apt-get", append([]string{"--quiet=2"}, arguments...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	var messages strings.Builder
	cmd.Stderr = &messages
	output, err := cmd.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", fmt.Errorf("fetching packages of Debian 12 without apt: %w", err)
	}
	if err != nil {
		return "", fmt.Errorf("fetching packages of Debian 12 (run apt-get update if apt does not know them, or not their newest version): %w\n%s", err, messages.String())
	}
	return string(output), nil
}

// unpack adds the content of packages to a tree. place returns the place of a file; "" leaves it out.
func (s packageSource) unpack(ctx context.Context, packages []debianPackage, tree *oci.Tree, place func(name string) string) error {
	for _, p := range packages {
		if err := unpackPackage(ctx, filepath.Join(s.dir, p.File), tree, place); err != nil {
			return fmt.Errorf("unpacking %s: %w", p.File, err)
		}
	}
	return nil
}

func unpackPackage(ctx context.Context, file string, tree *oci.Tree, place func(name string) string) error {
	cmd := exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", file)
	var messages strings.Builder
	cmd.Stderr = &messages
	content, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	added := tree.AddTar(content, place)
	// What padding the reader left is read, so that dpkg-deb can end.
	_, drained := io.Copy(io.Discard, content)
	if err := errors.Join(added, drained, cmd.Wait()); err != nil {
		return fmt.Errorf("%w\n%s", err, messages.String())
	}
	return nil
}
