package catalog

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

// manifestsOf are those of a bundle of lamps.
func manifestsOf(t *testing.T, version string) manifest.Objects {
	t.Helper()
	objects, err := manifest.Read(strings.NewReader(fmt.Sprintf(`
apiVersion: operators.coreos.com/v1alpha1
kind: ClusterServiceVersion
metadata: {name: lamp.v%[1]s, annotations: {description: Switches lamps of %[1]s.}}
spec:
  version: %[1]s
  icon: [{base64data: PHN2Zy8+, mediatype: image/svg+xml}]
  relatedImages: [{name: bulb, image: "registry.example.com/bulb@sha256:2"}]
  install: {strategy: deployment, spec: {deployments: null}}
  customresourcedefinitions:
    owned: [{name: lamps.example.com, kind: Lamp, version: v1}]
---
apiVersion: v1
kind: Service
metadata: {name: lamp-metrics}
`, version)))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func added(t *testing.T, before Catalogue, version string) Catalogue {
	t.Helper()
	after, err := Add(before, "lamp", manifestsOf(t, version))
	if err != nil {
		t.Fatal(err)
	}
	return after
}

func TestABundleHoldsItsManifestsAndWhatOLMAsksFirst(t *testing.T) {
	bundle := added(t, Catalogue{}, "0.1.0").Bundles[0]
	var got []string
	for _, property := range bundle.Properties {
		text := string(property.Value)
		if property.Type == "olm.bundle.object" {
			text = text[:10] // {"data":"e, and then base64.
		}
		got = append(got, property.Type+" "+text)
	}
	want := []string{
		`olm.package {"packageName":"lamp","version":"0.1.0"}`,
		`olm.gvk {"group":"example.com","kind":"Lamp","version":"v1"}`,
		`olm.bundle.object {"data":"e`, `olm.bundle.object {"data":"e`,
	}
	if difference := cmp.Diff(want, got); difference != "" {
		t.Errorf("wrong properties (-want +got):\n%s", difference)
	}
	if len(bundle.RelatedImages) != 1 || bundle.RelatedImages[0].Name != "bulb" {
		t.Errorf("the related images are %v", bundle.RelatedImages)
	}
}

func written(t *testing.T, catalogue Catalogue) string {
	t.Helper()
	var text bytes.Buffer
	if err := Write(&text, catalogue); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func read(t *testing.T, text string) Catalogue {
	t.Helper()
	catalogue, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return catalogue
}

func TestACatalogueKeepsWhatItHad(t *testing.T) {
	before := added(t, added(t, Catalogue{}, "0.1.0"), "0.2.0-rc.1")
	after := added(t, read(t, written(t, before)), "0.2.0")
	if got := after.Bundles; len(got) != 3 || got[0].Name != "lamp.v0.1.0" || len(got[0].Properties) != 4 {
		t.Errorf("the bundles are %v", got)
	}
	if after.Package.DefaultChannel != "stable" || string(after.Package.Icon.Data) != "<svg/>" || after.Package.Description != "Switches lamps of 0.2.0." {
		t.Errorf("the package is %+v", after.Package)
	}
	if got, want := written(t, after), written(t, added(t, before, "0.2.0")); got != want {
		t.Errorf("after it was written and read, the catalogue becomes\n%s\nwant\n%s", got, want)
	}
}

// What a user sees first is what the default channel leads to, not what was published last.
func TestAFixOfAnOlderVersionDoesNotDescribeTheOperator(t *testing.T) {
	for version, want := range map[string]string{"0.1.1": "Switches lamps of 0.2.0.", "0.3.0-rc.1": "Switches lamps of 0.2.0.", "0.2.1": "Switches lamps of 0.2.1."} {
		after := added(t, added(t, added(t, Catalogue{}, "0.1.0"), "0.2.0"), version)
		if after.Package.Description != want || after.Package.DefaultChannel != "stable" {
			t.Errorf("with %s, the package is %+v, want the description %q", version, after.Package, want)
		}
	}
}

func TestAddRefusesWhatOLMWouldMistake(t *testing.T) {
	lamps := added(t, Catalogue{}, "0.1.0")
	for name, test := range map[string]struct {
		before    Catalogue
		pkg       string
		manifests manifest.Objects
		want      string
	}{
		"the catalogue of another operator":    {lamps, "bulb", manifestsOf(t, "0.2.0"), "is called lamp.v0.2.0, want bulb.v0.2.0"},
		"a version that is none":               {lamps, "lamp", manifestsOf(t, "0.2.0-23-gabc"), "is no release"},
		"a version with the number of a build": {lamps, "lamp", manifestsOf(t, "0.2.0+7"), "no tag of an image"},
		"no ClusterServiceVersion":             {lamps, "lamp", manifestsOf(t, "0.2.0")[1:], "0 ClusterServiceVersions"},
		"the same version":                     {lamps, "lamp", manifestsOf(t, "0.1.0"), "release one after it, such as v0.1.1"},
		"a version that is no head":            {lamps, "lamp", manifestsOf(t, "0.1.0-rc.1"), "no channel would lead to v0.1.0-rc.1"},
		"a bundle into another package": {Catalogue{Package: Package{Name: "bulb"}}, "lamp", manifestsOf(t, "0.2.0"),
			"the catalogue is that of bulb, want lamp"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Add(test.before, test.pkg, test.manifests); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

// Two releases can be drafted at the same time. Then neither catalogue has the other version.
func TestCataloguesMergeInAnyOrder(t *testing.T) {
	first := added(t, Catalogue{}, "0.1.0")
	minor, fix := added(t, first, "0.2.0"), added(t, first, "0.1.1")
	want := written(t, added(t, minor, "0.1.1"))
	for name, catalogues := range map[string][]Catalogue{
		"in the order of their versions": {first, fix, minor},
		"in another order":               {minor, first, fix},
		"one of them twice":              {minor, fix, minor},
		"with an empty one":              {Catalogue{}, fix, minor},
		"as they are published":          {read(t, written(t, fix)), read(t, written(t, minor)), read(t, written(t, first))},
	} {
		t.Run(name, func(t *testing.T) {
			merged, err := Merge(catalogues...)
			if err != nil {
				t.Fatal(err)
			}
			if got := written(t, merged); got != want {
				t.Errorf("the catalogue is\n%s\nwant\n%s", got, want)
			}
		})
	}
	if merged, err := Merge(); err != nil || len(merged.Channels) > 0 || merged.Package.Name != "" {
		t.Errorf("without any catalogue there is %v with the error %v", merged, err)
	}
}

func TestMergeRefusesWhatContradicts(t *testing.T) {
	lamps := added(t, Catalogue{}, "0.1.0")
	other := read(t, written(t, lamps))
	other.Bundles[0].Properties = other.Bundles[0].Properties[1:]
	unknown := read(t, strings.ReplaceAll(written(t, lamps), `"stable-v0.1"`, `"fast"`))
	for name, test := range map[string]struct {
		catalogues []Catalogue
		want       string
	}{
		"different manifests of one version":  {[]Catalogue{lamps, other}, "different manifests of lamp.v0.1.0"},
		"catalogues of two operators":         {[]Catalogue{lamps, {Package: Package{Name: "bulb"}}}, "one is that of lamp and another that of bulb"},
		"a channel that would not be written": {[]Catalogue{lamps, unknown}, "in the channel fast"},
		"a bundle whose name has no version":  {[]Catalogue{{Package: Package{Name: "lamp"}, Bundles: []Bundle{{Name: "lamp.newest"}}}}, `"lamp.newest"`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Merge(test.catalogues...); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestReadLosesNothingSilently(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a schema that is not written": {`{"schema": "olm.deprecations"}`, `"olm.deprecations"`},
		"a field that is not written":  {`{"schema": "olm.channel", "skips": []}`, `"skips"`},
		"half a document":              {`{"schema": "olm.channel"`, "unexpected EOF"},
		"a list":                       {`[]`, "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Read(strings.NewReader(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %v, want one with %q", err, test.want)
			}
		})
	}
}
