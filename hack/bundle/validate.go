package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/operators/v1alpha1"
	"github.com/operator-framework/api/pkg/validation"
	validationerrors "github.com/operator-framework/api/pkg/validation/errors"
	interfaces "github.com/operator-framework/api/pkg/validation/interfaces"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/layout"
)

// validators are those of OLM and OperatorHub, except MultipleArchitecturesValidator, which needs a
// container engine.
var validators = interfaces.Validators{
	validation.ClusterServiceVersionValidator,
	validation.CustomResourceDefinitionValidator,
	validation.BundleValidator,
	validation.OperatorHubV2Validator,
	validation.StandardCategoriesValidator,
	validation.StandardCapabilitiesValidator,
	validation.ObjectValidator,
	validation.AlphaDeprecatedAPIsValidator,
	validation.GoodPracticesValidator,
}

// falseAlarm is a part of a warning about every right on events or endpointslices, whatever their
// group. Some versions of them were removed, and a rule names no version. A manifest of a removed
// version does not pass `bundle check`.
const falseAlarm = "APIs which were deprecated and removed in v1.25"

// internalObjects is the annotation with the owned resources that users do not write. OpenShift's console does not offer
// to create them.
const internalObjects = "operators.operatorframework.io/internal-objects"

// withoutExample are the warnings that the ClusterServiceVersion has no example of a resource that it calls internal. A
// SourceIPReport is one of these: the prober and the plugin write into it what they saw. A console would offer an example
// to fill in, and then a verdict would rest on something that nobody measured.
func withoutExample(csv *v1alpha1.ClusterServiceVersion) ([]string, error) {
	annotation := csv.Annotations[internalObjects]
	if annotation == "" {
		return nil, nil
	}
	var names, warnings []string
	if err := json.Unmarshal([]byte(annotation), &names); err != nil {
		return nil, fmt.Errorf("reading the annotation %s: %w", internalObjects, err)
	}
	for _, name := range names {
		at := slices.IndexFunc(csv.Spec.CustomResourceDefinitions.Owned, func(d v1alpha1.CRDDescription) bool { return d.Name == name })
		if at < 0 {
			return nil, fmt.Errorf("the annotation %s names %s, which the operator does not own", internalObjects, name)
		}
		owned := csv.Spec.CustomResourceDefinitions.Owned[at]
		_, group, _ := strings.Cut(name, ".")
		kind := schema.GroupVersionKind{Group: group, Version: owned.Version, Kind: owned.Kind}
		warnings = append(warnings, validationerrors.WarnInvalidOperation("provided API should have an example annotation", kind).Error())
	}
	return warnings, nil
}

func newValidate() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "validate",
		Short: "Validate a bundle as OLM and OperatorHub do; errors fail, warnings are printed",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return validate(dir, cmd.OutOrStdout()) },
	}
	cmd.Flags().StringVar(&dir, "dir", layout.Dir, "directory of the bundle")
	return cmd
}

func validate(dir string, output io.Writer) error {
	bundle, err := manifests.GetBundleFromDir(dir)
	if err != nil {
		return fmt.Errorf("loading the bundle %s: %w", dir, err)
	}
	accepted, err := withoutExample(bundle.CSV)
	if err != nil {
		return err
	}
	invalid, warnings := 0, 0
	for _, result := range validators.Validate(bundle.ObjectsToValidate()...) {
		for _, problem := range result.Errors {
			fmt.Fprintf(output, "error: %s\n", problem)
			invalid++
		}
		for _, problem := range result.Warnings {
			if strings.Contains(problem.Error(), falseAlarm) || slices.Contains(accepted, problem.Error()) {
				continue
			}
			fmt.Fprintf(output, "warning: %s\n", problem)
			warnings++
		}
	}
	fmt.Fprintf(output, "%s: %d validators, %d errors, %d warnings\n", bundle.Name, len(validators), invalid, warnings)
	if invalid > 0 {
		return errors.New("the bundle is not valid")
	}
	return nil
}
