package upgrade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
)

// Release is a version of the operator, built and published from its own sources as a release is.
type Release struct {
	// Revision is the commit. The working tree may have changes since.
	Revision string
	// Root is the directory of its sources, where its files are made.
	Root string
	// Version is its tag, and what its programs say they are.
	Version string
	// Image is the name of its image in the registry, with the digest.
	Image string

	// programs are its image for the cluster's command.
	programs string
	// recordsVersion reports whether the operator writes status.operatorVersion, and knowsGuarded whether it has the
	// condition Guarded.
	recordsVersion, knowsGuarded bool
	files
}

// The versions as which the two are released. Both are v0.1.0 by their sources, until there is a first release.
const (
	olderVersion = "v0.1.0"
	thisVersion  = "v0.2.0"
)

// The last program that `make build` makes is the second one.
const (
	operatorProgram     = "manager"
	verificationProgram = "edge-ingress-verification"
)

// This returns the release that is the working tree. It is made of a copy, since making a release changes generated files.
func This(ctx context.Context, repository string, progress io.Writer) (Release, error) {
	short, err := revisionOf(ctx, repository, "HEAD")
	if err != nil {
		return Release{}, err
	}
	r := newRelease(short, filepath.Join(repository, "bin", "upgrade", "this"), thisVersion, "operator-this")
	if err := errors.Join(os.RemoveAll(r.Root), os.MkdirAll(filepath.Join(r.Root, "bin"), 0o755)); err != nil {
		return r, fmt.Errorf("making a directory for this version: %w", err)
	}
	listed, err := output(ctx, repository, nil, "git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	if err != nil {
		return r, err
	}
	var present strings.Builder // A file that was removed may still be listed.
	for path := range strings.SplitSeq(listed, "\x00") {
		if path != "" && exists(filepath.Join(repository, path)) {
			present.WriteString(path + "\x00")
		}
	}
	copying := []string{"--null", "cp", "--parents", "--preserve=mode,timestamps", "--target-directory=" + r.Root}
	if _, err := output(ctx, repository, strings.NewReader(present.String()), "xargs", copying...); err != nil {
		return r, err
	}
	for _, built := range []string{"tools", "k8s"} { // What the working tree has is of these sources.
		if err := os.Symlink(filepath.Join(repository, "bin", built), filepath.Join(r.Root, "bin", built)); err != nil {
			return r, fmt.Errorf("linking what is built: %w", err)
		}
	}
	err = r.build(ctx, progress)
	return r, err
}

// Older takes a commit out of git and builds it with its own Makefile, once.
func Older(ctx context.Context, repository, commit string, progress io.Writer) (Release, error) {
	short, err := revisionOf(ctx, repository, commit)
	if err != nil {
		return Release{}, fmt.Errorf("finding the version before, which needs its history in git: %w", err)
	}
	r := newRelease(short, filepath.Join(repository, "bin", "upgrade", "before-"+short), olderVersion, "operator-before")
	if exists(filepath.Join(r.Root, "bin", verificationProgram)) {
		err := r.study()
		return r, err
	}
	if err := errors.Join(os.RemoveAll(r.Root), os.MkdirAll(r.Root, 0o755)); err != nil {
		return r, fmt.Errorf("making a directory for the version before: %w", err)
	}
	archive, err := output(ctx, repository, nil, "git", "archive", "--format=tar", short)
	if err != nil {
		return r, err
	}
	if _, err := output(ctx, r.Root, strings.NewReader(archive), "tar", "--extract"); err != nil {
		return r, err
	}
	err = r.build(ctx, progress)
	return r, err
}

func newRelease(revision, root, version, image string) Release {
	return Release{Revision: revision, Root: root, Version: version,
		programs: image + "=" + filepath.Join(root, "bin", operatorProgram) + "," + filepath.Join(root, "bin", verificationProgram)}
}

// revisionOf is the beginning of a commit's hash.
func revisionOf(ctx context.Context, repository, commit string) (string, error) {
	revision, err := output(ctx, repository, nil, "git", "rev-parse", "--verify", "--short=12", "--end-of-options", commit+"^{commit}")
	return strings.TrimSpace(revision), err
}

func (r *Release) build(ctx context.Context, progress io.Writer) error {
	fmt.Fprintf(progress, "building %s as %s ...\n", r.Revision, r.Version)
	if err := r.make(ctx, "build"); err != nil {
		return err
	}
	return r.study()
}

// make runs targets of the release's own Makefile, with the variables that the workflow of a release sets.
func (r *Release) make(ctx context.Context, targets ...string) error {
	_, digest, _ := strings.Cut(r.Image, "@")
	variables := []string{"VERSION=" + r.Version, "RELEASE=" + r.Version, "REVISION=" + r.Revision, "IMG=" + r.Image, "DIGEST=" + digest}
	_, err := output(ctx, r.Root, nil, "make", append(targets, variables...)...)
	return err
}

// study finds out what the version knows.
func (r *Release) study() (err error) {
	if r.recordsVersion, err = r.mentions(" operatorVersion:", "config", "crd", "bases", "edgeingress.dev_edgeingresses.yaml"); err != nil {
		return err
	}
	r.knowsGuarded, err = r.mentions(`= "Guarded"`, "api", "v1alpha1", "condition_types.go")
	return err
}

// mentions reports whether a file of the sources has this text.
func (r *Release) mentions(text string, path ...string) (bool, error) {
	content, err := os.ReadFile(filepath.Join(append([]string{r.Root}, path...)...))
	if err != nil {
		return false, fmt.Errorf("reading the sources of %s: %w", r.Revision, err)
	}
	return bytes.Contains(content, []byte(text)), nil
}

// publish pushes the image to the cluster's registry, under the name and tag of a release, and makes the files that refer to it.
func (r *Release) publish(ctx context.Context, l *lab.Lab) error {
	pushed, err := l.Cluster.PushImage(ctx, r.programs, lab.OperatorRepository+":"+r.Version)
	if err != nil {
		return err
	}
	_, digest, _ := strings.Cut(pushed, "@")
	r.Image = lab.OperatorRepository + "@" + digest
	return r.makeFiles(ctx, l)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// output runs a program in a directory. It passes on no variable of a make that runs this.
func output(ctx context.Context, dir string, input io.Reader, name string, arguments ...string) (string, error) {
	command := exec.CommandContext(ctx, name, arguments...)
	command.Dir, command.Stdin = dir, input
	for _, variable := range os.Environ() {
		if key, _, _ := strings.Cut(variable, "="); key != "MAKEFLAGS" && key != "MFLAGS" && key != "MAKELEVEL" && key != "MAKEOVERRIDES" {
			command.Env = append(command.Env, variable)
		}
	}
	var said, complaint bytes.Buffer
	command.Stdout, command.Stderr = &said, &complaint
	if err := command.Run(); err != nil {
		return said.String(), fmt.Errorf("running %s %s: %w: %s", filepath.Base(name), strings.Join(arguments, " "), err, complaint.String())
	}
	return said.String(), nil
}
