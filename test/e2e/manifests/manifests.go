// Package manifests holds the application of the end-to-end tests, with its Services and Ingress objects.
package manifests

import _ "embed" // the manifest

// Application is the echo application and the pods that send requests.
//
//go:embed application.yaml
var Application []byte
