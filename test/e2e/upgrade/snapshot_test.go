package upgrade

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

func TestWhatChangedIsNamed(t *testing.T) {
	service := func(uid types.UID, spec map[string]any) map[string]seen {
		return map[string]seen{"Service a/b": {uid: uid, content: map[string]any{"metadata": map[string]any{"name": "b"}, "spec": spec}}}
	}
	for name, test := range map[string]struct {
		before, after map[string]seen
		want          []string
	}{
		"nothing changes":            {service("1", map[string]any{"type": "x"}), service("1", map[string]any{"type": "x"}), nil},
		"a field changes":            {service("1", map[string]any{"type": "x"}), service("1", map[string]any{"type": "y"}), []string{"Service a/b: .spec.type"}},
		"a field comes and one goes": {service("1", map[string]any{"a": "x"}), service("1", map[string]any{"b": "x"}), []string{"Service a/b: .spec.a", "Service a/b: .spec.b"}},
		"an object is replaced":      {service("1", nil), service("2", nil), []string{"Service a/b is another one"}},
		"an object goes":             {service("1", nil), nil, []string{"Service a/b is gone"}},
		"an object comes":            {nil, service("1", nil), []string{"Service a/b is new"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := changed(snapshot{objects: test.before}, snapshot{objects: test.after}); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestReplacedPodsAreNamed(t *testing.T) {
	before := snapshot{pods: map[types.UID]string{"1": "a on edge1", "2": "b on edge2"}}
	after := snapshot{pods: map[types.UID]string{"2": "b on edge2", "3": "a on edge1"}}
	if got := replaced(before, after); !slices.Equal(got, []string{"a on edge1"}) {
		t.Errorf("got %q, want the pod that is gone", got)
	}
	if got := replaced(before, before); got != nil {
		t.Errorf("nothing was replaced, and the result is %q", got)
	}
}

func TestWhatChangesByItselfIsLeftOut(t *testing.T) {
	object := func(version, address string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"kind": "Service", "metadata": map[string]any{"name": "b", "resourceVersion": version, "generation": int64(len(version))},
			"status": map[string]any{"address": address},
		}}
	}
	if found := differences("", contentOf(object("1", "a")), contentOf(object("22", "b"))); found != nil {
		t.Errorf("these differ: %q", found)
	}
	node := func(heartbeat string, taints ...any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"kind": "Node", "metadata": map[string]any{"name": "n", "annotations": map[string]any{"heartbeat": heartbeat}}, "spec": map[string]any{"taints": taints},
		}}
	}
	if found := differences("", contentOf(node("1", "a")), contentOf(node("2", "a"))); found != nil {
		t.Errorf("these differ: %q", found)
	}
	if found := differences("", contentOf(node("1", "a")), contentOf(node("1"))); !slices.Equal(found, []string{".taints"}) {
		t.Errorf("a taint is gone, and these differ: %q", found)
	}
}
