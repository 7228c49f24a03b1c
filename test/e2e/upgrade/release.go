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

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// Release is a version of the operator, built from its own sources.
type Release struct {
	// Revision is the commit. The working tree may have changes since.
	Revision string
	// Root is the directory of its sources.
	Root string
	// Image is the name of its image without registry and tag. All nodes have it.
	Image string
	// Version is what it writes into status.operatorVersion; empty for one that does not know the field.
	Version string
}

// The names of the images.
const (
	thisImage  = "operator"
	olderImage = "operator-before"
)

// Programs are the release's image for `bin/cluster images`.
func (r Release) Programs() string {
	return r.Image + "=" + filepath.Join(r.Root, "bin", "manager") + "," + filepath.Join(r.Root, "bin", "edge-ingress-verification")
}

// Repository is that of the image.
func (r Release) Repository() string { return lab.ImageRepository + r.Image }

// reference is the image as nodes know it.
func (r Release) reference() string { return r.Repository() + ":" + lab.ImageTag }

// This returns the release that is the working tree, in which `make build` ran.
func This(ctx context.Context, repository string) (Release, error) {
	revision, err := revisionOf(ctx, repository, "HEAD")
	if err != nil {
		return Release{}, err
	}
	r := Release{Revision: revision, Root: repository, Image: thisImage}
	err = r.ask(ctx)
	return r, err
}

// Older takes a commit out of git and builds it with its own Makefile, once.
func Older(ctx context.Context, repository, commit string, progress io.Writer) (Release, error) {
	short, err := revisionOf(ctx, repository, commit)
	if err != nil {
		return Release{}, fmt.Errorf("finding the version before, which needs its history in git: %w", err)
	}
	r := Release{Revision: short, Root: filepath.Join(repository, "bin", "upgrade", short), Image: olderImage}
	built := filepath.Join(r.Root, "bin", "edge-ingress-verification") // The last one that `make build` makes.
	if _, err := os.Stat(built); err == nil {
		err := r.ask(ctx)
		return r, err
	}
	fmt.Fprintf(progress, "building the version before, %s ...\n", short)
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
	if _, err := output(ctx, r.Root, nil, "make", "build", "REVISION="+short); err != nil {
		return r, err
	}
	err = r.ask(ctx)
	return r, err
}

// revisionOf is the beginning of a commit's hash.
func revisionOf(ctx context.Context, repository, commit string) (string, error) {
	revision, err := output(ctx, repository, nil, "git", "rev-parse", "--verify", "--short=12", "--end-of-options", commit+"^{commit}")
	return strings.TrimSpace(revision), err
}

// ask finds out which version the program says it is, where the definition has a field for it.
func (r *Release) ask(ctx context.Context) error {
	definition, err := os.ReadFile(filepath.Join(r.Root, "config", "crd", "bases", "edgeingress.dev_edgeingresses.yaml"))
	if err != nil {
		return fmt.Errorf("reading the definition of the version %s: %w", r.Revision, err)
	}
	if !bytes.Contains(definition, []byte(" operatorVersion:")) {
		return nil
	}
	said, err := output(ctx, r.Root, nil, filepath.Join(r.Root, "bin", "manager"), "--version")
	if err != nil {
		return err
	}
	words := strings.Fields(said)
	if len(words) < 2 {
		return fmt.Errorf("reading the version of %s: it says %q", r.Revision, said)
	}
	r.Version = words[1]
	return nil
}

// The repository of the operator's image in config/, and the policy that lists those of controllers.
const (
	publishedRepository = "ghcr.io/edge-ingress/edge-ingress-operator"
	workloadsPolicy     = "edge-ingress-guard-workloads"
	repositoriesName    = "repositories"
)

// objects are those of the release's config/default with its own image, as `make build-installer` writes them. They allow
// the image of the controller that was built here.
func (r Release) objects(ctx context.Context, l *lab.Lab) ([]*unstructured.Unstructured, error) {
	built, err := output(ctx, r.Root, nil, l.Kubectl(ctx).Path, "kustomize", filepath.Join(r.Root, "config", "default"))
	if err != nil {
		return nil, err
	}
	all, err := objects.Decode([]byte(built))
	if err != nil {
		return nil, fmt.Errorf("reading config/default of the version %s: %w", r.Revision, err)
	}
	for _, object := range all {
		switch {
		case object.GetKind() == "Deployment":
			err = r.setImage(object, l.Controller.Repository)
		case object.GetName() == workloadsPolicy && object.GetKind() == "ValidatingAdmissionPolicy":
			err = allow(object, l.Controller.Repository)
		}
		if err != nil {
			return nil, fmt.Errorf("changing %s %s of the version %s: %w", object.GetKind(), object.GetName(), r.Revision, err)
		}
	}
	return all, nil
}

// setImage replaces the published image, and lets the operator run controllers of this repository.
func (r Release) setImage(deployment *unstructured.Unstructured, allowed string) error {
	found, _, err := unstructured.NestedFieldNoCopy(deployment.Object, "spec", "template", "spec", "containers")
	containers, isList := found.([]any)
	if err != nil || !isList || len(containers) != 1 {
		return errors.New("it must have one container")
	}
	container := containers[0].(map[string]any)
	if !strings.HasPrefix(fmt.Sprint(container["image"]), publishedRepository) {
		return fmt.Errorf("its image is %v", container["image"])
	}
	container["image"] = r.reference()
	if deployment.GetName() == lab.OperatorName {
		arguments, _ := container["args"].([]any)
		container["args"] = append(arguments, "--allowed-image-repositories="+allowed)
	}
	return nil
}

// allow lists the repository in the guard's policy, as docs/operations.md says.
func allow(policy *unstructured.Unstructured, repository string) error {
	found, _, _ := unstructured.NestedFieldNoCopy(policy.Object, "spec", "variables")
	variables, _ := found.([]any)
	for _, variable := range variables {
		if fields, isMap := variable.(map[string]any); isMap && fields["name"] == repositoriesName {
			fields["expression"] = "['" + repository + "']"
			return nil
		}
	}
	return errors.New("it has no variable " + repositoriesName)
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
