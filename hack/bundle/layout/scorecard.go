package layout

import (
	"fmt"
	"strings"
)

const scorecardImage = "quay.io/operator-framework/scorecard-test:v1.42.0"

// scorecardTests are the tests of the operator-sdk's scorecard, by suite.
var scorecardTests = [][2]string{
	{"basic", "basic-check-spec"},
	{"olm", "olm-bundle-validation"},
	{"olm", "olm-crds-have-validation"},
	{"olm", "olm-crds-have-resources"},
	{"olm", "olm-spec-descriptors"},
	{"olm", "olm-status-descriptors"},
}

func scorecard() []byte {
	var text strings.Builder
	text.WriteString(`apiVersion: scorecard.operatorframework.io/v1alpha3
kind: Configuration
metadata:
  name: config
stages:
- parallel: true
  tests:
`)
	for _, test := range scorecardTests {
		suite, name := test[0], test[1]
		fmt.Fprintf(&text, "  - entrypoint: [scorecard-test, %s]\n    image: %s\n    labels:\n      suite: %s\n      test: %s-test\n", name, scorecardImage, suite, name)
	}
	return []byte(text.String())
}
