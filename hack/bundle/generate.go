package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/csv"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/layout"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

type generateFlags struct {
	input, base, output               string
	version, image, digest, createdAt string
	relatedImages                     map[string]string
}

func newGenerate() *cobra.Command {
	f := generateFlags{}
	cmd := &cobra.Command{
		Use:   "generate",
		Short: "Write bundle/ and bundle.Dockerfile from built manifests and a base ClusterServiceVersion",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return generate(f, cmd.ErrOrStderr()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.input, "input", "", "file with the manifests of the operator and its samples, as kustomize builds them")
	flags.StringVar(&f.base, "base", "", "file with the hand-written part of the ClusterServiceVersion; icon.svg stands beside it")
	flags.StringVar(&f.output, "output", ".", "directory in which bundle/ and bundle.Dockerfile are written")
	flags.StringVar(&f.version, "version", "", "version of the operator, such as v0.1.0")
	flags.StringVar(&f.image, "image", "", "repository of the operator's image, without tag")
	flags.StringVar(&f.digest, "digest", "", "digest of the operator's image; empty as long as it was not pushed")
	flags.StringVar(&f.createdAt, "created-at", "", "date of the release, as RFC 3339 writes it")
	flags.StringToStringVar(&f.relatedImages, "related-image", nil, "name=image of an image that the operator deploys (may be repeated)")
	for _, name := range []string{"input", "base", "version", "image", "created-at"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return cmd
}

func generate(f generateFlags, warnings io.Writer) error {
	input, err := f.read()
	if err != nil {
		return err
	}
	result, err := csv.Build(input)
	if err != nil {
		return fmt.Errorf("building the ClusterServiceVersion: %w", err)
	}
	if f.digest == "" {
		fmt.Fprintf(warnings, "warning: the bundle refers to %s by its tag: its digest is known only after a push (DIGEST=sha256:...)\n", input.OperatorImage)
	}
	return layout.Write(f.output, result)
}

func (f generateFlags) read() (csv.Input, error) {
	version, err := release.Parse(f.version)
	if err != nil {
		return csv.Input{}, err
	}
	objects, err := manifest.ReadFile(f.input)
	if err != nil {
		return csv.Input{}, err
	}
	base, err := os.ReadFile(f.base)
	if err != nil {
		return csv.Input{}, fmt.Errorf("reading the base ClusterServiceVersion: %w", err)
	}
	icon, err := os.ReadFile(filepath.Join(filepath.Dir(f.base), "icon.svg"))
	if err != nil {
		return csv.Input{}, fmt.Errorf("reading the icon: %w", err)
	}
	return csv.Input{
		Base: base, Icon: icon, Objects: objects,
		Version:       version,
		CreatedAt:     f.createdAt,
		OperatorImage: imageReference(f.image, f.version, f.digest),
		RelatedImages: f.relatedImages,
	}, nil
}

func imageReference(repository, tag, digest string) string {
	if digest != "" {
		return repository + "@" + digest
	}
	return repository + ":" + tag
}
