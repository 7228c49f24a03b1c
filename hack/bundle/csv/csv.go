// Package csv builds the operator's ClusterServiceVersion, which OLM installs and a catalogue
// shows.
package csv

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	operatorversion "github.com/operator-framework/api/pkg/lib/version"
	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	appsv1 "k8s.io/api/apps/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

// Input holds everything that Build needs for a ClusterServiceVersion.
type Input struct {
	// Base is the hand-written part: descriptions, links, people, install modes.
	Base []byte
	// Icon is an SVG image.
	Icon []byte
	// Objects are the manifests of the operator, and samples of its custom resources.
	Objects manifest.Objects
	// Version is the operator's.
	Version release.Version
	// CreatedAt is the date of the release, as RFC 3339 writes it.
	CreatedAt string
	// OperatorImage is the image of the operator.
	OperatorImage string
	// RelatedImages are the images that the operator deploys, by name.
	RelatedImages map[string]string
}

// versionPlaceholder stands in the description for the version, such as v0.1.0.
const versionPlaceholder = "$VERSION"

// Result is the ClusterServiceVersion, and the manifests that stand beside it in the bundle.
type Result struct {
	CSV    *v1alpha1.ClusterServiceVersion
	Beside manifest.Objects
}

// Build returns the ClusterServiceVersion. It fails where an object would be lost, because neither
// OLM nor this package knows what to do with its kind.
func Build(in Input) (Result, error) {
	csv := &v1alpha1.ClusterServiceVersion{}
	if err := yaml.UnmarshalStrict(in.Base, csv); err != nil {
		return Result{}, fmt.Errorf("parsing the base: %w", err)
	}
	deployment, err := operatorDeployment(in)
	if err != nil {
		return Result{}, err
	}
	granted, err := permissionsOf(in.Objects, deployment.Namespace, deployment.Spec.Template.Spec.ServiceAccountName)
	if err != nil {
		return Result{}, err
	}
	if err := describe(csv, in); err != nil {
		return Result{}, err
	}
	csv.Spec.InstallStrategy = v1alpha1.NamedInstallStrategy{
		StrategyName: v1alpha1.InstallStrategyNameDeployment,
		StrategySpec: v1alpha1.StrategyDetailsDeployment{
			DeploymentSpecs:    []v1alpha1.StrategyDeploymentSpec{{Name: deployment.Name, Label: deployment.Labels, Spec: deployment.Spec}},
			Permissions:        granted.namespaced,
			ClusterPermissions: granted.cluster,
		},
	}
	beside, err := besideCSV(in.Objects, granted, csv.Spec.CustomResourceDefinitions.Owned)
	return Result{CSV: csv, Beside: beside}, err
}

// describe fills in what follows from the version, the samples and the custom resource's schema.
func describe(csv *v1alpha1.ClusterServiceVersion, in Input) error {
	csv.Name += "." + in.Version.String()
	csv.Spec.Version = operatorversion.OperatorVersion{Version: in.Version.Version}
	csv.Spec.Description = strings.ReplaceAll(csv.Spec.Description, versionPlaceholder, in.Version.String())
	csv.Spec.Icon = []v1alpha1.Icon{{Data: base64.StdEncoding.EncodeToString(in.Icon), MediaType: "image/svg+xml"}}
	csv.Spec.RelatedImages = relatedImages(in)
	csv.Annotations["createdAt"] = in.CreatedAt
	csv.Annotations["containerImage"] = in.OperatorImage
	csv.Annotations["olm.skipRange"] = in.Version.SkipRange()
	csv.Annotations["features.operators.openshift.io/disconnected"] = strconv.FormatBool(mirrorable(csv.Spec.RelatedImages))
	for i := range csv.Spec.CustomResourceDefinitions.Owned {
		if err := describeOwned(&csv.Spec.CustomResourceDefinitions.Owned[i], in.Objects); err != nil {
			return err
		}
	}
	var err error
	csv.Annotations["alm-examples"], err = examples(in.Objects, csv.Spec.CustomResourceDefinitions.Owned)
	return err
}

func relatedImages(in Input) []v1alpha1.RelatedImage {
	images := []v1alpha1.RelatedImage{{Name: "operator", Image: in.OperatorImage}}
	for _, name := range slices.Sorted(maps.Keys(in.RelatedImages)) {
		images = append(images, v1alpha1.RelatedImage{Name: name, Image: in.RelatedImages[name]})
	}
	return images
}

// mirrorable reports whether a cluster without the internet can run the operator from a mirror: mirrors go by digest.
func mirrorable(images []v1alpha1.RelatedImage) bool {
	return !slices.ContainsFunc(images, func(image v1alpha1.RelatedImage) bool { return !strings.Contains(image.Image, "@sha256:") })
}

func operatorDeployment(in Input) (*appsv1.Deployment, error) {
	deployments := in.Objects.OfKind("Deployment")
	if len(deployments) != 1 {
		return nil, fmt.Errorf("finding the operator: there are %d Deployments, not one", len(deployments))
	}
	deployment, err := manifest.Decode[appsv1.Deployment](deployments[0])
	if err != nil {
		return nil, err
	}
	containers := deployment.Spec.Template.Spec.Containers
	if len(containers) != 1 {
		return nil, fmt.Errorf("finding the operator: its pod has %d containers, not one", len(containers))
	}
	containers[0].Image = in.OperatorImage
	return deployment, nil
}

// examples returns the samples of the owned custom resources, the simplest first, in the format of
// the annotation alm-examples.
func examples(objects manifest.Objects, owned []v1alpha1.CRDDescription) (string, error) {
	var samples []map[string]any
	for _, resource := range owned {
		ofKind := objects.OfKind(resource.Kind)
		slices.SortStableFunc(ofKind, func(a, b *unstructured.Unstructured) int { return size(a) - size(b) })
		for _, object := range ofKind {
			samples = append(samples, object.Object)
		}
	}
	text, err := json.MarshalIndent(samples, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encoding the samples: %w", err)
	}
	return string(text), nil
}

func size(object *unstructured.Unstructured) int {
	text, err := object.MarshalJSON()
	if err != nil {
		return 0
	}
	return len(text)
}

// describeOwned adds a descriptor for each field of an owned custom resource.
func describeOwned(owned *v1alpha1.CRDDescription, objects manifest.Objects) error {
	object := objects.Find("CustomResourceDefinition", owned.Name)
	if object == nil {
		return fmt.Errorf("describing %s: there is no such CustomResourceDefinition", owned.Name)
	}
	crd, err := manifest.Decode[apiextensionsv1.CustomResourceDefinition](object)
	if err != nil {
		return err
	}
	for _, version := range crd.Spec.Versions {
		if version.Name != owned.Version {
			continue
		}
		properties := version.Schema.OpenAPIV3Schema.Properties
		owned.SpecDescriptors = descriptors(properties["spec"])
		for _, d := range descriptors(properties["status"]) {
			owned.StatusDescriptors = append(owned.StatusDescriptors, v1alpha1.StatusDescriptor(d))
		}
		return nil
	}
	return errors.New("describing " + owned.Name + ": it has no version " + owned.Version)
}
