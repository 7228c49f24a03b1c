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
metadata: {name: lamp.v%[1]s, annotations: {description: Switches lamps.}}
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

func TestACatalogueKeepsWhatItHad(t *testing.T) {
	before := added(t, added(t, Catalogue{}, "0.1.0"), "0.2.0-rc.1")
	var text bytes.Buffer
	if err := Write(&text, before); err != nil {
		t.Fatal(err)
	}
	read, err := Read(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	after := added(t, read, "0.2.0")
	if got := after.Bundles; len(got) != 3 || got[0].Name != "lamp.v0.1.0" || len(got[0].Properties) != 4 {
		t.Errorf("the bundles are %v", got)
	}
	if after.Package.DefaultChannel != "stable" || string(after.Package.Icon.Data) != "<svg/>" || after.Package.Description != "Switches lamps." {
		t.Errorf("the package is %+v", after.Package)
	}
	if got, want := drawn(after.Channels), drawn(added(t, before, "0.2.0").Channels); got != want {
		t.Errorf("the channels are\n%s\nwant\n%s", got, want)
	}
}

func TestTheSameVersionAgainIsTheSameCatalogue(t *testing.T) {
	once := added(t, added(t, Catalogue{}, "0.1.0"), "0.2.0")
	var texts [2]bytes.Buffer
	for i, catalogue := range []Catalogue{once, added(t, once, "0.2.0")} {
		if err := Write(&texts[i], catalogue); err != nil {
			t.Fatal(err)
		}
	}
	if texts[0].String() != texts[1].String() {
		t.Errorf("the catalogue became\n%s\nwant\n%s", texts[1].String(), texts[0].String())
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
		"the catalogue of another operator": {lamps, "bulb", manifestsOf(t, "0.2.0"), "is called lamp.v0.2.0, want bulb.v0.2.0"},
		"a version that is none":            {lamps, "lamp", manifestsOf(t, "0.2.0-23-gabc"), "is no release"},
		"no ClusterServiceVersion":          {lamps, "lamp", manifestsOf(t, "0.2.0")[1:], "0 ClusterServiceVersions"},
		"an older version":                  {lamps, "lamp", manifestsOf(t, "0.0.9"), "never goes back"},
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
