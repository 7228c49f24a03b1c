// Package catalog makes a file-based catalogue, which OLM offers versions from. The manifests of each version are in the
// catalogue itself, so it needs no image of a bundle, and OLM starts no Job to read one. It is pure.
//
// The format is https://olm.operatorframework.io/docs/reference/file-based-catalogs. `opm validate` checks it, and
// `opm serve` serves it.
package catalog

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/operator-framework/api/pkg/operators/v1alpha1"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

// Catalogue offers the versions of one operator.
type Catalogue struct {
	Package  Package
	Channels []Channel
	Bundles  []Bundle
}

// Package is what users see of the operator before they choose a version.
type Package struct {
	Schema         string `json:"schema"`
	Name           string `json:"name"`
	DefaultChannel string `json:"defaultChannel"`
	Description    string `json:"description,omitempty"`
	Icon           *Icon  `json:"icon,omitempty"`
}

// Icon is an image.
type Icon struct {
	Data      []byte `json:"base64data"`
	MediaType string `json:"mediatype"`
}

// Bundle is a version with all of its manifests.
type Bundle struct {
	Schema        string         `json:"schema"`
	Name          string         `json:"name"`
	Package       string         `json:"package"`
	Properties    []Property     `json:"properties"`
	RelatedImages []RelatedImage `json:"relatedImages,omitempty"`
}

// RelatedImage is an image that has to be mirrored with the operator.
type RelatedImage struct {
	Name  string `json:"name"`
	Image string `json:"image"`
}

// Property is something that OLM knows about a version before it installs it.
type Property struct {
	Type  string          `json:"type"`
	Value json.RawMessage `json:"value"`
}

// Add returns the catalogue with a version more. manifests are those of its bundle.
func Add(before Catalogue, pkg string, manifests manifest.Objects) (Catalogue, error) {
	csv, err := csvOf(manifests)
	if err != nil {
		return Catalogue{}, err
	}
	version, err := release.Parse("v" + csv.Spec.Version.String())
	if err != nil {
		return Catalogue{}, err
	}
	if name := bundleName(pkg, version); csv.Name != name {
		return Catalogue{}, fmt.Errorf("adding %s: its ClusterServiceVersion is called %s, want %s", version, csv.Name, name)
	}
	if before.Package.Name != "" && before.Package.Name != pkg {
		return Catalogue{}, fmt.Errorf("adding %s: the catalogue is that of %s, want %s", version, before.Package.Name, pkg)
	}
	channels, err := withVersion(before.Channels, pkg, version)
	if err != nil {
		return Catalogue{}, err
	}
	described, err := packageOf(pkg, csv, channels)
	if err != nil {
		return Catalogue{}, err
	}
	added, err := bundleOf(pkg, csv, manifests)
	if err != nil {
		return Catalogue{}, err
	}
	bundles := slices.DeleteFunc(slices.Clone(before.Bundles), func(b Bundle) bool { return b.Name == added.Name })
	return Catalogue{Package: described, Channels: channels, Bundles: append(bundles, added)}, nil
}

func csvOf(manifests manifest.Objects) (*v1alpha1.ClusterServiceVersion, error) {
	found := manifests.OfKind(v1alpha1.ClusterServiceVersionKind)
	if len(found) != 1 {
		return nil, fmt.Errorf("reading a bundle: it has %d ClusterServiceVersions, want one", len(found))
	}
	return manifest.Decode[v1alpha1.ClusterServiceVersion](found[0])
}

func packageOf(name string, csv *v1alpha1.ClusterServiceVersion, channels []Channel) (Package, error) {
	described := Package{Schema: "olm.package", Name: name, DefaultChannel: defaultChannel(channels), Description: csv.Annotations["description"]}
	for _, icon := range csv.Spec.Icon {
		data, err := base64.StdEncoding.DecodeString(icon.Data)
		if err != nil {
			return Package{}, fmt.Errorf("decoding the icon: %w", err)
		}
		described.Icon = &Icon{Data: data, MediaType: icon.MediaType}
	}
	return described, nil
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
		add("olm.bundle.object", map[string][]byte{"data": text}) // The value is encoded as base64.
	}
	if problems != nil {
		return Bundle{}, fmt.Errorf("encoding the manifests of %s: %w", csv.Name, problems)
	}
	return bundle, nil
}

// Read reads what Write wrote. Something of another kind is an error, because it would be lost.
func Read(input io.Reader) (Catalogue, error) {
	var found Catalogue
	documents := json.NewDecoder(input)
	for {
		var document json.RawMessage
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err == nil {
			err = found.take(document)
		}
		if err != nil {
			return Catalogue{}, fmt.Errorf("reading a catalogue: %w", err)
		}
	}
}

func (c *Catalogue) take(document json.RawMessage) error {
	var kind struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(document, &kind); err != nil {
		return err
	}
	switch kind.Schema {
	case "olm.package":
		return strictly(document, &c.Package)
	case "olm.channel":
		c.Channels = append(c.Channels, Channel{})
		return strictly(document, &c.Channels[len(c.Channels)-1])
	case "olm.bundle":
		c.Bundles = append(c.Bundles, Bundle{})
		return strictly(document, &c.Bundles[len(c.Bundles)-1])
	default:
		return fmt.Errorf("there is something of the schema %q, which make catalog never writes", kind.Schema)
	}
}

// strictly decodes a document. A field that would be lost is an error.
func strictly(document json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(document))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// Write writes the catalogue, one JSON document after the other: the package, its channels, and its versions.
func Write(output io.Writer, c Catalogue) error {
	documents := []any{c.Package}
	for _, channel := range c.Channels {
		documents = append(documents, channel)
	}
	for _, bundle := range slices.SortedFunc(slices.Values(c.Bundles), func(a, b Bundle) int { return cmp.Compare(a.Name, b.Name) }) {
		documents = append(documents, bundle)
	}
	encoder := json.NewEncoder(output)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false) // People read the ranges.
	for _, document := range documents {
		if err := encoder.Encode(document); err != nil {
			return fmt.Errorf("writing a catalogue: %w", err)
		}
	}
	return nil
}
