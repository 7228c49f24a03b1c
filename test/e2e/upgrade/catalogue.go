package upgrade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
)

// repositoriesVariable lets an operator that OLM installed run controllers of other repositories (docs/install.md).
const repositoriesVariable = "ALLOWED_IMAGE_REPOSITORIES"

// catalogue is the directory of the catalogue in which a release is the newest version.
func (o *olm) catalogue(r Release) string { return filepath.Join(r.Root, "dist", "catalog") }

// makeCatalogues makes one with the version before, and one with both, as a release makes its own from that of the release
// before.
func (o *olm) makeCatalogues(ctx context.Context) error {
	if err := o.Older.make(ctx, "bundle"); err != nil {
		return err
	}
	if err := o.checkBundle(o.Older); err != nil {
		return err
	}
	if err := letRunControllers(o.Older, o.Lab.Controller.Repository); err != nil {
		return err
	}
	before := filepath.Join(o.catalogue(o.Older), "catalog.json")
	// The version before may not know how to make a catalogue.
	_, err := output(ctx, o.This.Root, nil, filepath.Join(o.This.Root, "bin", "tools", "bundle"), "catalog",
		"--bundle="+filepath.Join(o.Older.Root, "bundle"), "--output="+before)
	if err != nil {
		return err
	}
	if err := o.This.make(ctx, "catalog", "CATALOG_BEFORE="+before); err != nil {
		return err
	}
	return o.checkBundle(o.This)
}

// checkBundle fails unless the bundle names the release's image, for its Deployment and for those who mirror it.
func (o *olm) checkBundle(r Release) error {
	version, err := readVersion(r)
	if err != nil {
		return err
	}
	_, container, err := deploymentOf(version)
	if err != nil {
		return fmt.Errorf("reading the bundle of %s: %w", r.Revision, err)
	}
	related, _, _ := unstructured.NestedSlice(version.Object, "spec", "relatedImages")
	listed := slices.ContainsFunc(related, func(image any) bool {
		fields, isMap := image.(map[string]any)
		return isMap && fields["image"] == r.Image
	})
	if container["image"] != r.Image || version.GetAnnotations()["containerImage"] != r.Image || !listed {
		return fmt.Errorf("the bundle of %s has a Deployment with %v, the annotation containerImage %s and the related images %v: want %s in each",
			r.Revision, container["image"], version.GetAnnotations()["containerImage"], related, r.Image)
	}
	return nil
}

// letRunControllers changes the bundle of a version whose operator does not know the environment variable.
func letRunControllers(r Release, repository string) error {
	knows, err := r.mentions(`"`+repositoriesVariable+`"`, "main.go")
	if err != nil || knows {
		return err
	}
	version, err := readVersion(r)
	if err != nil {
		return err
	}
	deployment, _, err := deploymentOf(version)
	if err == nil {
		err = allowForOperator(deployment, repository)
	}
	if err != nil {
		return fmt.Errorf("changing the bundle of %s: %w", r.Revision, err)
	}
	content, err := yaml.Marshal(version.Object)
	if err != nil {
		return fmt.Errorf("encoding a bundle: %w", err)
	}
	if err := os.WriteFile(versionFile(r), content, 0o644); err != nil {
		return fmt.Errorf("changing a bundle: %w", err)
	}
	return nil
}

func versionFile(r Release) string {
	return filepath.Join(r.Root, "bundle", "manifests", "edge-ingress-operator.clusterserviceversion.yaml")
}

// readVersion reads the ClusterServiceVersion of a bundle.
func readVersion(r Release) (*unstructured.Unstructured, error) {
	content, err := os.ReadFile(versionFile(r))
	if err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", err)
	}
	version := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(content, &version.Object); err != nil {
		return nil, fmt.Errorf("reading a bundle: %w", err)
	}
	return version, nil
}

// deploymentOf is the operator's Deployment in a ClusterServiceVersion, without its metadata, and its container. A change of
// them is one of the version.
func deploymentOf(version *unstructured.Unstructured) (deployment *unstructured.Unstructured, container map[string]any, err error) {
	found, _, _ := unstructured.NestedFieldNoCopy(version.Object, "spec", "install", "spec", "deployments")
	deployments, _ := found.([]any)
	if len(deployments) != 1 {
		return nil, nil, fmt.Errorf("it has %d Deployments, want one", len(deployments))
	}
	fields, isMap := deployments[0].(map[string]any)
	if !isMap || fields["name"] != lab.OperatorName {
		return nil, nil, errors.New("its Deployment is not that of the operator")
	}
	deployment = &unstructured.Unstructured{Object: fields}
	container, err = onlyContainer(deployment)
	return deployment, container, err
}
