package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
	interfaces "github.com/operator-framework/api/pkg/validation/interfaces"
	"github.com/spf13/cobra"

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
	invalid, warnings := 0, 0
	for _, result := range validators.Validate(bundle.ObjectsToValidate()...) {
		for _, problem := range result.Errors {
			fmt.Fprintf(output, "error: %s\n", problem)
			invalid++
		}
		for _, problem := range result.Warnings {
			if strings.Contains(problem.Error(), falseAlarm) {
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
