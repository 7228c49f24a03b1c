package objects

import "testing"

func TestDecode(t *testing.T) {
	objects, err := Decode([]byte("---\n# nothing\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: a\n---\n"))
	if err != nil || len(objects) != 1 || objects[0].GetName() != "a" {
		t.Errorf("got %v (error %v), want the namespace alone", objects, err)
	}
	if _, err := Decode([]byte("a: [")); err == nil {
		t.Error("broken YAML is no error")
	}
}
