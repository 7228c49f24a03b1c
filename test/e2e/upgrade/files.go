package upgrade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

// files are what users download of a release, with the one change that the tests need: controllers may have the image that
// was built here.
type files struct {
	// install is install.yaml, and installWithoutDefinitions the same without CustomResourceDefinitions.
	install, installWithoutDefinitions string
	// beside is beside-bundle.yaml.
	beside string
	// policies are those of the guard and their bindings; empty for a version that has none.
	policies map[string]any
}

// What is looked for among the objects of a release.
const (
	definitionKind = "CustomResourceDefinition"
	policyKind     = "ValidatingAdmissionPolicy"
	// workloadsPolicy lists the repositories of controllers in this variable.
	workloadsPolicy  = "edge-ingress-guard-workloads"
	repositoriesName = "repositories"
)

// makeFiles makes the files with the release's own Makefile, and changes them.
func (r *Release) makeFiles(ctx context.Context, l *lab.Lab) error {
	if err := r.make(ctx, "build-installer"); err != nil {
		return err
	}
	all, err := r.decode("install.yaml", l.Controller.Repository)
	if err != nil {
		return err
	}
	if err := r.namesImage(all); err != nil {
		return err
	}
	beside, err := r.besideBundle(ctx, l, all)
	if err != nil {
		return err
	}
	r.policies = policiesIn(all)
	withoutDefinitions := slices.DeleteFunc(slices.Clone(all), func(o *unstructured.Unstructured) bool { return o.GetKind() == definitionKind })
	for _, file := range []struct {
		path    *string
		name    string
		objects []*unstructured.Unstructured
	}{
		{&r.install, "install.yaml", all}, {&r.installWithoutDefinitions, "install-without-definitions.yaml", withoutDefinitions}, {&r.beside, "beside-bundle.yaml", beside},
	} {
		if *file.path, err = r.write(file.name, file.objects); err != nil {
			return err
		}
	}
	return nil
}

// decode reads a file that `make build-installer` wrote, and lets the operator run controllers of this repository, too.
func (r *Release) decode(file, repository string) ([]*unstructured.Unstructured, error) {
	content, err := os.ReadFile(filepath.Join(r.Root, "dist", file))
	if err != nil {
		return nil, fmt.Errorf("reading what make build-installer wrote: %w", err)
	}
	all, err := objects.Decode(content)
	if err != nil {
		return nil, fmt.Errorf("reading %s of %s: %w", file, r.Revision, err)
	}
	for _, object := range all {
		switch {
		case object.GetKind() == "Deployment" && object.GetName() == lab.OperatorName:
			err = allowForOperator(object, repository)
		case object.GetKind() == policyKind && object.GetName() == workloadsPolicy:
			err = allowForGuard(object, repository)
		}
		if err != nil {
			return nil, fmt.Errorf("changing %s %s of %s: %w", object.GetKind(), object.GetName(), r.Revision, err)
		}
	}
	return all, nil
}

// besideBundle are the objects of beside-bundle.yaml. Of a version that has no such file, they are those of these three
// directories.
func (r *Release) besideBundle(ctx context.Context, l *lab.Lab, all []*unstructured.Unstructured) ([]*unstructured.Unstructured, error) {
	if exists(filepath.Join(r.Root, "dist", "beside-bundle.yaml")) {
		return r.decode("beside-bundle.yaml", l.Controller.Repository)
	}
	named := map[string]bool{}
	for _, directory := range []string{"admission", "guard", "verification"} {
		path := filepath.Join(r.Root, "config", directory)
		if !exists(path) {
			continue // Not every version has a guard.
		}
		built, err := output(ctx, r.Root, nil, l.Kubectl(ctx).Path, "kustomize", path)
		if err != nil {
			return nil, err
		}
		decoded, err := objects.Decode([]byte(built))
		if err != nil {
			return nil, fmt.Errorf("reading config/%s: %w", directory, err)
		}
		for _, object := range decoded {
			named[identity(object)] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(o *unstructured.Unstructured) bool { return !named[identity(o)] }), nil
}

func identity(o *unstructured.Unstructured) string {
	return o.GetKind() + " " + o.GetNamespace() + "/" + o.GetName()
}

// namesImage fails unless each Deployment has the release's image.
func (r *Release) namesImage(all []*unstructured.Unstructured) error {
	found := 0
	for _, object := range all {
		if object.GetKind() != "Deployment" {
			continue
		}
		container, err := onlyContainer(object)
		if err != nil {
			return fmt.Errorf("reading Deployment %s of %s: %w", object.GetName(), r.Revision, err)
		}
		if container["image"] != r.Image {
			return fmt.Errorf("install.yaml of %s: Deployment %s has the image %v: want %s", r.Revision, object.GetName(), container["image"], r.Image)
		}
		found++
	}
	if found == 0 {
		return fmt.Errorf("install.yaml of %s has no Deployment", r.Revision)
	}
	return nil
}

func onlyContainer(deployment *unstructured.Unstructured) (map[string]any, error) {
	found, _, err := unstructured.NestedFieldNoCopy(deployment.Object, "spec", "template", "spec", "containers")
	containers, isList := found.([]any)
	if err != nil || !isList || len(containers) != 1 {
		return nil, errors.New("it must have one container")
	}
	container, isMap := containers[0].(map[string]any)
	if !isMap {
		return nil, errors.New("its container is no object")
	}
	return container, nil
}

// allowForOperator lets the operator run controllers of this repository.
func allowForOperator(deployment *unstructured.Unstructured, repository string) error {
	container, err := onlyContainer(deployment)
	if err != nil {
		return err
	}
	arguments, _ := container["args"].([]any)
	container["args"] = append(arguments, "--allowed-image-repositories="+repository)
	return nil
}

// allowForGuard lists the repository in the guard's policy, as docs/operations.md says.
func allowForGuard(policy *unstructured.Unstructured, repository string) error {
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

// write writes objects to a file of the release, which is not in the way of its Makefile.
func (r *Release) write(name string, all []*unstructured.Unstructured) (string, error) {
	var text strings.Builder
	for _, object := range all {
		document, err := yaml.Marshal(object.Object)
		if err != nil {
			return "", fmt.Errorf("encoding %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		text.WriteString("---\n" + string(document))
	}
	path := filepath.Join(r.Root, "bin", "changed", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", fmt.Errorf("making a directory for %s: %w", name, err)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	return path, nil
}
