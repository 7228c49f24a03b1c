package v1alpha1_test

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel/model"
	"k8s.io/apimachinery/pkg/util/version"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
	"sigs.k8s.io/yaml"
)

// The API server of the tests knows more than the oldest one that is supported, so that a rule with a newer function would only fail there.
func TestRulesCompileWithTheLibrariesOfKubernetes131(t *testing.T) {
	compiler := compiler{environment.MustBaseEnvSet(version.MajorMinor(1, 31))}
	if rules := compiler.check(t, "", rootSchema(t)); rules < 40 {
		t.Errorf("found %d rules in the schema, which is too few to be all", rules)
	}
}

func TestARuleWithAFunctionOfKubernetes133DoesNotCompile(t *testing.T) {
	newer := &schema.Structural{Generic: schema.Generic{Type: "string"}}
	newer.XValidations = apiextensionsv1.ValidationRules{{Rule: "isSemver(self)", Message: "must be a version"}}
	for name, row := range map[string]struct {
		minor   uint
		compile bool
	}{"with 1.31": {31, false}, "with 1.33": {33, true}} {
		results := compiler{environment.MustBaseEnvSet(version.MajorMinor(1, row.minor))}.compile(t, newer)
		if compiled := results[0].Error == nil; compiled != row.compile {
			t.Errorf("%s it compiled: %t, want %t", name, compiled, row.compile)
		}
	}
}

type compiler struct {
	libraries *environment.EnvSet
}

// check compiles the rules of a schema and of everything below it, and returns how many there are.
func (c compiler) check(t *testing.T, path string, s *schema.Structural) int {
	t.Helper()
	count := len(s.XValidations)
	for i, result := range c.compile(t, s) {
		if result.Error != nil {
			t.Errorf("%s: rule %q: %v", path, s.XValidations[i].Rule, result.Error)
		}
		if result.MessageExpressionError != nil {
			t.Errorf("%s: message %q: %v", path, s.XValidations[i].MessageExpression, result.MessageExpressionError)
		}
	}
	for name := range s.Properties {
		property := s.Properties[name]
		count += c.check(t, path+"."+name, &property)
	}
	if s.Items != nil {
		count += c.check(t, path+"[]", s.Items)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Structural != nil {
		count += c.check(t, path+"{}", s.AdditionalProperties.Structural)
	}
	return count
}

func (c compiler) compile(t *testing.T, s *schema.Structural) []cel.CompilationResult {
	t.Helper()
	results, err := cel.Compile(s, model.SchemaDeclType(s, s.XEmbeddedResource), celconfig.PerCallLimit, c.libraries, cel.NewExpressionsEnvLoader())
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func rootSchema(t *testing.T) *schema.Structural {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "config", "crd", "bases", "edgeingress.dev_edgeingresses.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd apiextensionsv1.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(text, &crd); err != nil {
		t.Fatal(err)
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[0].Schema.OpenAPIV3Schema, &internal, nil); err != nil {
		t.Fatal(err)
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		t.Fatal(err)
	}
	structural.XEmbeddedResource = true // An object as a whole has apiVersion, kind and metadata.
	return structural
}
