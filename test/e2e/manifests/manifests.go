// Package manifests holds the objects that the end-to-end tests need in the cluster beside the operator: MetalLB, and the application with its Services
// and Ingress objects.
package manifests

import (
	"bytes"
	_ "embed" // the manifests
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Application is the echo application and the pods that send requests.
//
//go:embed application.yaml
var Application []byte

// MetalLB is the load balancer without its CustomResourceDefinitions and roles, and Pool the addresses that it gives, for which those are needed.
var (
	//go:embed metallb.yaml
	MetalLB []byte
	//go:embed pool.yaml
	Pool []byte
)

// Decode reads YAML documents. Empty ones are left out.
func Decode(documents []byte) ([]*unstructured.Unstructured, error) {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(documents), 4096)
	var objects []*unstructured.Unstructured
	for {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decoding manifests: %w", err)
		}
		if len(object.Object) > 0 {
			objects = append(objects, object)
		}
	}
}
