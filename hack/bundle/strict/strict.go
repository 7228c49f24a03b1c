// Package strict checks manifests as the API server would with strict field validation, without an
// API server.
package strict

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
)

// Checker knows the types of Kubernetes and those custom resources that were added.
type Checker struct {
	scheme  *runtime.Scheme
	decoder runtime.Decoder
	custom  map[schema.GroupVersionKind]*customResource
}

// NewChecker returns a Checker that knows the types of Kubernetes.
func NewChecker() *Checker {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(apiextensionsv1.AddToScheme(scheme))
	return &Checker{
		scheme:  scheme,
		decoder: serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer(),
		custom:  map[schema.GroupVersionKind]*customResource{},
	}
}

// Check reports whether the object's schema is known. If it is, the error lists the object's
// faults: unknown fields, values of the wrong type, what the schema and the rules of a custom
// resource refuse, and what makes a CustomResourceDefinition unusable.
func (c *Checker) Check(ctx context.Context, object *unstructured.Unstructured) (known bool, err error) {
	gvk := object.GroupVersionKind()
	if resource, ok := c.custom[gvk]; ok {
		return true, resource.check(ctx, object)
	}
	if !c.scheme.Recognizes(gvk) {
		return false, nil
	}
	data, err := object.MarshalJSON()
	if err != nil {
		return true, fmt.Errorf("encoding: %w", err)
	}
	typed, _, err := c.decoder.Decode(data, nil, nil)
	if err != nil {
		return true, fmt.Errorf("decoding strictly: %w", err)
	}
	if crd, ok := typed.(*apiextensionsv1.CustomResourceDefinition); ok {
		return true, checkDefinition(ctx, crd)
	}
	return true, nil
}

// checkDefinition validates a new CustomResourceDefinition as the API server does, including the
// estimated cost of its rules.
func checkDefinition(ctx context.Context, crd *apiextensionsv1.CustomResourceDefinition) error {
	apiextensionsv1.SetObjectDefaults_CustomResourceDefinition(crd)
	internal := &apiextensions.CustomResourceDefinition{}
	if err := apiextensionsv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(crd, internal, nil); err != nil {
		return fmt.Errorf("converting: %w", err)
	}
	for _, version := range crd.Spec.Versions {
		if version.Storage {
			// The API server does the same on creation.
			internal.Status.StoredVersions = []string{version.Name}
		}
	}
	return validation.ValidateCustomResourceDefinition(ctx, internal).ToAggregate()
}
