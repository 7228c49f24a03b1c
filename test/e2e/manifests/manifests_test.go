package manifests

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

func TestTheApplicationsManifestIsComplete(t *testing.T) {
	objects, err := objects.Decode(Application)
	if err != nil || len(objects) < 2 {
		t.Fatalf("got %d objects (error %v)", len(objects), err)
	}
	for _, object := range objects {
		if object.GetKind() == "" || object.GetName() == "" || (object.GetNamespace() == "") != (object.GetKind() == "Namespace") {
			t.Errorf("incomplete: %s %s/%s", object.GetKind(), object.GetNamespace(), object.GetName())
		}
	}
}
