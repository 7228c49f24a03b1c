package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

// bundleObject is the type of a property with a manifest.
const bundleObject = "olm.bundle.object"

// manifestValue is the value of such a property. The manifest is JSON, encoded as base64.
type manifestValue struct {
	Data []byte `json:"data"`
}

func bundleOf(pkg string, csv *v1alpha1.ClusterServiceVersion, manifests manifest.Objects) (Bundle, error) {
	bundle := Bundle{Schema: "olm.bundle", Name: csv.Name, Package: pkg}
	for _, image := range csv.Spec.RelatedImages {
		bundle.RelatedImages = append(bundle.RelatedImages, RelatedImage{Name: image.Name, Image: image.Image})
	}
	var problems error
	add := func(kind string, value any) {
		text, err := json.Marshal(value)
		problems = errors.Join(problems, err)
		bundle.Properties = append(bundle.Properties, Property{Type: kind, Value: text})
	}
	add("olm.package", map[string]string{"packageName": pkg, "version": csv.Spec.Version.String()})
	for _, owned := range csv.Spec.CustomResourceDefinitions.Owned {
		_, group, _ := strings.Cut(owned.Name, ".")
		add("olm.gvk", map[string]string{"group": group, "version": owned.Version, "kind": owned.Kind})
	}
	for _, object := range manifests {
		text, err := object.MarshalJSON()
		problems = errors.Join(problems, err)
		add(bundleObject, manifestValue{Data: text})
	}
	if problems != nil {
		return Bundle{}, fmt.Errorf("encoding the manifests of %s: %w", csv.Name, problems)
	}
	return bundle, nil
}

// csv returns the ClusterServiceVersion among the manifests of a bundle.
func (b Bundle) csv() (*v1alpha1.ClusterServiceVersion, error) {
	var manifests manifest.Objects
	for _, property := range b.Properties {
		if property.Type != bundleObject {
			continue
		}
		var value manifestValue
		if err := json.Unmarshal(property.Value, &value); err != nil {
			return nil, fmt.Errorf("reading a manifest of %s: %w", b.Name, err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(value.Data); err != nil {
			return nil, fmt.Errorf("reading a manifest of %s: %w", b.Name, err)
		}
		manifests = append(manifests, object)
	}
	return csvOf(manifests)
}

func csvOf(manifests manifest.Objects) (*v1alpha1.ClusterServiceVersion, error) {
	found := manifests.OfKind(v1alpha1.ClusterServiceVersionKind)
	if len(found) != 1 {
		return nil, fmt.Errorf("reading a bundle: it has %d ClusterServiceVersions, want one", len(found))
	}
	return manifest.Decode[v1alpha1.ClusterServiceVersion](found[0])
}
