package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/strict"
)

func newCheck() *cobra.Command {
	var crd string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check the manifests on standard input: no unknown fields, and custom resources as the API server would take them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return check(cmd.Context(), crd, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&crd, "crd", "", "file with the CustomResourceDefinition that custom resources are checked against")
	return cmd
}

func check(ctx context.Context, crdFile string, input io.Reader, output io.Writer) error {
	objects, err := manifest.Read(input)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		return errors.New("there is no object on standard input")
	}
	checker := strict.NewChecker()
	if crdFile != "" {
		if err := checker.AddCustomResource(crdFile); err != nil {
			return err
		}
	}
	var problems []error
	for _, object := range objects {
		known, err := checker.Check(ctx, object)
		switch {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s %s: %w", object.GetKind(), object.GetName(), err))
		case !known:
			fmt.Fprintf(output, "not checked, as its schema is not known here: %s %s\n", object.GetKind(), object.GetName())
		}
	}
	fmt.Fprintf(output, "%d objects, %d with problems\n", len(objects), len(problems))
	return errors.Join(problems...)
}
