package evidence

import (
	"os"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

func TestAReportHasRoomForAsManySights(t *testing.T) {
	text, err := os.ReadFile("../../config/crd/bases/edgeingress.dev_sourceipreports.yaml")
	if err != nil {
		t.Fatal(err)
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(text, crd); err != nil {
		t.Fatal(err)
	}
	status := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["status"]
	if room := status.Properties["sights"].MaxItems; room == nil || *room != MaxSights {
		t.Errorf("the CRD allows %v sights, and MaxSights is %d", room, MaxSights)
	}
	if room := status.Properties["sights"].Items.Schema.Properties["forgeries"].Items.Schema.MaxLength; room == nil || *room != maxName {
		t.Errorf("the CRD allows names of %v bytes, and maxName is %d", room, maxName)
	}
}
