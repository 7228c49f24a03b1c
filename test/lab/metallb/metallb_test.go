package metallb

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/objects"
)

func TestManifestsAreComplete(t *testing.T) {
	for name, documents := range map[string][]byte{"metallb": programs, "pool": pool} {
		objects, err := objects.Decode(documents)
		if err != nil || len(objects) < 2 {
			t.Errorf("%s: got %d objects (error %v)", name, len(objects), err)
		}
		for _, object := range objects {
			if object.GetKind() == "" || object.GetName() == "" || (object.GetNamespace() == "") != (object.GetKind() == "Namespace") {
				t.Errorf("%s: incomplete: %s %s/%s", name, object.GetKind(), object.GetNamespace(), object.GetName())
			}
		}
	}
}
