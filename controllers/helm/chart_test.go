package helm

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

const settings = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  a: {{ .Values.a | quote }}
`

func chartOf(template string) *Chart {
	return New(fstest.MapFS{
		"c/Chart.yaml":          {Data: []byte("apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: v3\n")},
		"c/values.yaml":         {Data: []byte("a: default\n")},
		"c/values.schema.json":  {Data: []byte(`{"type": "object", "properties": {"a": {"type": "string"}}}`)},
		"c/templates/some.yaml": {Data: []byte(template)},
	}, "c")
}

func TestRender(t *testing.T) {
	release := Release{Name: "public", Namespace: "edge"}
	for name, test := range map[string]struct {
		template string
		values   map[string]any
		want     string // the ConfigMap's a
		fails    string
	}{
		"a value":                   {template: settings, values: map[string]any{"a": "b"}, want: "b"},
		"the chart's own default":   {template: settings, want: "default"},
		"a value of the wrong type": {template: settings, values: map[string]any{"a": 1}, fails: "checking the values"},
		"a field that is not there": {template: settings + "  b: {{ .Values.none.at.all }}\n", fails: "rendering the chart"},
		"a kind that is not ours":   {template: "apiVersion: v1\nkind: Secret\n", fails: "not a kind that the operator manages"},
		"a field of no type":        {template: settings + "dta: {}\n", fails: "unknown field"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := chartOf(test.template).Render(release, test.values)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) {
					t.Errorf("got %v, want an error that says %q", err, test.fails)
				}
				return
			}
			if err != nil || len(objects) != 1 {
				t.Fatalf("%d objects: %v", len(objects), err)
			}
			want := map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "public", "namespace": "edge"},
				"data": map[string]any{"a": test.want}}
			if diff := cmp.Diff(want, objects[0].Object); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRenderRemembersEqualInput(t *testing.T) {
	chart := chartOf(settings)
	public, other := Release{Name: "public", Namespace: "edge"}, Release{Name: "other", Namespace: "edge"}
	render := func(release Release, a string) string {
		t.Helper()
		objects, err := chart.Render(release, map[string]any{"a": a})
		if err != nil {
			t.Fatal(err)
		}
		value, _ := objects[0].Object["data"].(map[string]any)["a"].(string)
		objects[0].Object["data"] = "changed by the caller"
		return objects[0].GetName() + " " + value
	}
	for _, step := range []struct {
		release Release
		a, want string
	}{
		{release: public, a: "1", want: "public 1"},
		{release: other, a: "1", want: "other 1"},
		{release: public, a: "1", want: "public 1"},
		{release: public, a: "2", want: "public 2"},
		{release: public, a: "1", want: "public 1"},
		{release: other, a: "1", want: "other 1"},
	} {
		if got := render(step.release, step.a); got != step.want {
			t.Fatalf("rendered %q, want %q", got, step.want)
		}
	}
	first := testing.AllocsPerRun(1, func() { render(public, "new") })
	again := testing.AllocsPerRun(5, func() { render(public, "new") })
	if fresh := testing.AllocsPerRun(5, func() { chart = chartOf(settings); render(public, "new") }); again*4 > fresh {
		t.Errorf("rendering again takes %.0f allocations, afresh %.0f (first %.0f)", again, fresh, first)
	}
}

func TestAppVersion(t *testing.T) {
	if got, err := chartOf(settings).AppVersion(); err != nil || got != "v3" {
		t.Errorf("got %q, %v", got, err)
	}
}
