package strict

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

const crd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: lamps.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Lamp, plural: lamps}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          apiVersion: {type: string}
          kind: {type: string}
          metadata: {type: object}
          spec:
            type: object
            required: [room]
            properties:
              room: {type: string}
              watts: {type: integer, default: 10, maximum: 100}
            x-kubernetes-validations:
            - rule: self.watts <= 40 || self.room != 'bedroom'
              message: too bright for a bedroom
`

const expensiveRule = `            - rule: self.room.split('').all(x, self.room.split('').all(y, x == y))
`

func TestCheckFindsWhatTheAPIServerWouldRefuse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crd.yaml")
	if err := os.WriteFile(path, []byte(crd), 0o600); err != nil {
		t.Fatal(err)
	}
	checker := NewChecker()
	if err := checker.AddCustomResource(path); err != nil {
		t.Fatal(err)
	}
	const lamp = "apiVersion: example.com/v1\nkind: Lamp\nmetadata: {name: l}\nspec: "
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: "
	for name, test := range map[string]struct {
		object  string
		unknown bool
		want    string // in the error; "" for none
	}{
		"a Service as it should be":                  {object: service + "{ports: [{port: 80}]}"},
		"a Service with a field that does not exist": {object: service + "{prots: [{port: 80}]}", want: `unknown field "spec.prots"`},
		"a Service with a word instead of a number":  {object: service + "{ports: [{port: eighty}]}", want: "cannot unmarshal"},
		"a lamp that needs the default":              {object: lamp + "{room: bedroom}"},
		"a lamp with a field that does not exist":    {object: lamp + "{room: hall, colour: red}", want: `unknown field "spec.colour"`},
		"a lamp without a required field":            {object: lamp + "{watts: 5}", want: "spec.room: Required value"},
		"a lamp with a value that is too large":      {object: lamp + "{room: hall, watts: 101}", want: "less than or equal to 100"},
		"a lamp that a rule refuses":                 {object: lamp + "{room: bedroom, watts: 60}", want: "too bright for a bedroom"},
		"a definition as it should be":               {object: crd},
		"a definition with a rule that does not compile": {
			object: strings.Replace(crd, "self.watts <= 40", "self.watt <= 40", 1), want: "undefined field 'watt'",
		},
		"a definition with a rule that costs too much": {
			object: crd + expensiveRule, want: "estimated rule cost",
		},
		"a definition without a schema that is structural": {
			object: strings.Replace(crd, "room: {type: string}", "room: {description: no type}", 1), want: "room",
		},
		"a kind of which nothing is known":             {object: "apiVersion: example.com/v1\nkind: Candle\nmetadata: {name: c}", unknown: true},
		"a version of a known kind that was not added": {object: strings.Replace(lamp, "com/v1", "com/v2", 1) + "{}", unknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Read(strings.NewReader(test.object))
			if err != nil {
				t.Fatal(err)
			}
			known, err := checker.Check(t.Context(), objects[0])
			if known == test.unknown {
				t.Errorf("known is %t", known)
			}
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("the error is %v, want %q", err, test.want)
			}
		})
	}
}
