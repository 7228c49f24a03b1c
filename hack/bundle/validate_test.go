package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A resource without an example is fine where it is internal, and only that one.
func TestAnInternalResourceNeedsNoExample(t *testing.T) {
	for name, test := range map[string]struct{ annotation, report, wrong string }{
		"no resource is internal":               {"", "Kind=Lamp: provided API should have an example", ""},
		"the resource without an example is":    {`["lamps.example.com"]`, "0 errors, 0 warnings", ""},
		"one that the operator does not own is": {`["bulbs.example.com"]`, "", "bulbs.example.com, which the operator does not own"},
		"the annotation is no list":             {`lamps.example.com`, "", "reading the annotation"},
	} {
		t.Run(name, func(t *testing.T) {
			bundle := filepath.Join(generated(t, "v0.1.0", ""), "bundle")
			path := filepath.Join(bundle, "manifests", "edge-ingress-operator.clusterserviceversion.yaml")
			annotations := "  annotations:\n    " + internalObjects + ": '" + test.annotation + "'\n"
			changed := strings.Replace(text(t, path), "  annotations:\n", annotations, 1)
			from, to := strings.Index(changed, "    alm-examples:"), strings.Index(changed, "    capabilities:")
			if from < 0 || to < from {
				t.Fatalf("the ClusterServiceVersion has its annotations in another order:\n%s", changed)
			}
			if err := os.WriteFile(path, []byte(changed[:from]+"    alm-examples: '[]'\n"+changed[to:]), 0o600); err != nil {
				t.Fatal(err)
			}
			var report bytes.Buffer
			err := validate(bundle, &report)
			if test.wrong == "" && (err != nil || !strings.Contains(report.String(), test.report)) {
				t.Errorf("the report is (error %v)\n%s\nwant one with %q", err, report.String(), test.report)
			}
			if test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong)) {
				t.Errorf("the error is %v, want one with %q", err, test.wrong)
			}
		})
	}
}
