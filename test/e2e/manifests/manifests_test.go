package manifests

import "testing"

func TestManifestsDecode(t *testing.T) {
	for name, documents := range map[string][]byte{"application": Application, "metallb": MetalLB, "pool": Pool} {
		objects, err := Decode(documents)
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

func TestDecode(t *testing.T) {
	objects, err := Decode([]byte("---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\n"))
	if err != nil || len(objects) != 1 || objects[0].GetName() != "a" {
		t.Errorf("got %v (error %v), want the namespace alone", objects, err)
	}
	if _, err := Decode([]byte("a: [")); err == nil {
		t.Error("broken YAML is no error")
	}
}
