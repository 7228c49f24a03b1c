// Package catalog makes a file-based catalogue, which OLM offers versions from. The manifests of each version are in the
// catalogue itself, so it needs no image of a bundle, and OLM starts no Job to read one. It is pure.
//
// The format is https://olm.operatorframework.io/docs/reference/file-based-catalogs. `opm validate` checks it, and
// `opm serve` serves it.
package catalog

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

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

// Add returns the catalogue with a version more, where that one may come next. manifests are those of its bundle.
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
	offered, err := before.versions()
	if err != nil {
		return Catalogue{}, err
	}
	if err := version.CheckNext(offered); err != nil {
		return Catalogue{}, fmt.Errorf("adding %s: %w", version, err)
	}
	added, err := bundleOf(pkg, csv, manifests)
	if err != nil {
		return Catalogue{}, err
	}
	return Merge(before, Catalogue{Package: Package{Name: pkg}, Bundles: []Bundle{added}})
}

// Merge returns a catalogue that offers everything that some catalogues of one operator do.
func Merge(catalogues ...Catalogue) (Catalogue, error) {
	all := Catalogue{}
	for _, catalogue := range catalogues {
		if catalogue.Package.Name == "" {
			continue
		}
		if all.Package.Name == "" {
			all.Package.Name = catalogue.Package.Name
		}
		if all.Package.Name != catalogue.Package.Name {
			return Catalogue{}, fmt.Errorf("merging catalogues: one is that of %s and another that of %s", all.Package.Name, catalogue.Package.Name)
		}
		for _, bundle := range catalogue.Bundles {
			if err := all.take(bundle); err != nil {
				return Catalogue{}, fmt.Errorf("merging catalogues: %w", err)
			}
		}
	}
	if len(all.Bundles) == 0 {
		return Catalogue{}, nil
	}
	versions, err := all.versions()
	if err != nil {
		return Catalogue{}, err
	}
	all.Channels = channelsOf(all.Package.Name, versions)
	for _, catalogue := range catalogues {
		if err := checkKept(catalogue.Channels, all.Channels); err != nil {
			return Catalogue{}, fmt.Errorf("merging catalogues: %w", err)
		}
	}
	all.Package, err = all.describe()
	return all, err
}

// take adds a bundle, unless it is there. A version that was published never changes.
func (c *Catalogue) take(bundle Bundle) error {
	at := slices.IndexFunc(c.Bundles, func(b Bundle) bool { return b.Name == bundle.Name })
	if at < 0 {
		c.Bundles = append(c.Bundles, bundle)
		return nil
	}
	if !reflect.DeepEqual(c.Bundles[at], bundle) {
		return fmt.Errorf("they have different manifests of %s: keep the one that was published", bundle.Name)
	}
	return nil
}

func (c *Catalogue) versions() ([]release.Version, error) {
	var versions []release.Version
	for _, bundle := range c.Bundles {
		version, err := versionOf(c.Package.Name, bundle.Name)
		if err != nil {
			return nil, err
		}
		versions = append(versions, version)
	}
	return versions, nil
}

// describe takes what users see first from the version that the default channel leads to.
func (c *Catalogue) describe() (Package, error) {
	channel := defaultChannel(c.Channels)
	described := Package{Schema: "olm.package", Name: c.Package.Name, DefaultChannel: channel.Name}
	head := channel.Entries[len(channel.Entries)-1].Name
	csv, err := c.Bundles[slices.IndexFunc(c.Bundles, func(b Bundle) bool { return b.Name == head })].csv()
	if err != nil {
		return Package{}, fmt.Errorf("describing %s: %w", c.Package.Name, err)
	}
	described.Description = csv.Annotations["description"]
	for _, icon := range csv.Spec.Icon {
		data, err := base64.StdEncoding.DecodeString(icon.Data)
		if err != nil {
			return Package{}, fmt.Errorf("decoding the icon: %w", err)
		}
		described.Icon = &Icon{Data: data, MediaType: icon.MediaType}
	}
	return described, nil
}
