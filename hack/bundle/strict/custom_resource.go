package strict

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	celconfig "k8s.io/apiserver/pkg/apis/cel"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

// customResource is one version of a custom resource: its schema, its values and its rules.
type customResource struct {
	schema *structuralschema.Structural
	values validation.SchemaCreateValidator
	rules  *cel.Validator
}

// AddCustomResource makes the Checker know all versions of the CustomResourceDefinition in a file.
func (c *Checker) AddCustomResource(path string) error {
	objects, err := manifest.ReadFile(path)
	if err != nil {
		return err
	}
	for _, object := range objects.OfKind("CustomResourceDefinition") {
		crd, err := manifest.Decode[apiextensionsv1.CustomResourceDefinition](object)
		if err != nil {
			return err
		}
		for _, version := range crd.Spec.Versions {
			resource, err := newCustomResource(version)
			if err != nil {
				return fmt.Errorf("reading version %s of %s: %w", version.Name, crd.Name, err)
			}
			c.custom[schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind}] = resource
		}
	}
	return nil
}

func newCustomResource(version apiextensionsv1.CustomResourceDefinitionVersion) (*customResource, error) {
	internal := &apiextensions.JSONSchemaProps{}
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, internal, nil); err != nil {
		return nil, fmt.Errorf("converting the schema: %w", err)
	}
	structural, err := structuralschema.NewStructural(internal)
	if err != nil {
		return nil, fmt.Errorf("reading the schema: %w", err)
	}
	values, _, err := validation.NewSchemaValidator(internal)
	if err != nil {
		return nil, fmt.Errorf("compiling the schema: %w", err)
	}
	return &customResource{schema: structural, values: values, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
}

// check validates a new object as the API server does, in its order: unknown fields, defaults,
// values, rules.
func (r *customResource) check(ctx context.Context, object *unstructured.Unstructured) error {
	var problems []error
	content := object.DeepCopy().Object
	for _, path := range pruning.PruneWithOptions(content, r.schema, true, structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		problems = append(problems, fmt.Errorf("unknown field %q", path))
	}
	defaulting.Default(content, r.schema)
	for _, problem := range validation.ValidateCustomResource(nil, content, r.values) {
		problems = append(problems, problem)
	}
	violations, _ := r.rules.Validate(ctx, nil, r.schema, content, nil, celconfig.RuntimeCELCostBudget)
	for _, problem := range violations {
		problems = append(problems, problem)
	}
	return errors.Join(problems...)
}
