package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/catalog"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/layout"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

type catalogFlags struct{ bundle, before, output string }

func newCatalog() *cobra.Command {
	f := catalogFlags{}
	cmd := &cobra.Command{
		Use:   "catalog",
		Short: "Write a file-based catalogue for OLM: what another one offers, and the version of a bundle",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return f.run() },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.bundle, "bundle", layout.Dir, "directory of the bundle")
	flags.StringVar(&f.before, "before", "", "file of the catalogue before, as this command wrote it; empty for the first version")
	flags.StringVar(&f.output, "output", "", "file of the catalogue")
	if err := cmd.MarkFlagRequired("output"); err != nil {
		panic(err)
	}
	return cmd
}

func (f catalogFlags) run() error {
	before, err := readCatalogue(f.before)
	if err != nil {
		return err
	}
	manifests, err := manifestsIn(filepath.Join(f.bundle, "manifests"))
	if err != nil {
		return err
	}
	after, err := catalog.Add(before, layout.Package, manifests)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(f.output), 0o755); err != nil {
		return fmt.Errorf("writing the catalogue: %w", err)
	}
	file, err := os.Create(f.output)
	if err != nil {
		return fmt.Errorf("writing the catalogue: %w", err)
	}
	return errors.Join(catalog.Write(file, after), file.Close())
}

func readCatalogue(path string) (catalog.Catalogue, error) {
	if path == "" {
		return catalog.Catalogue{}, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return catalog.Catalogue{}, fmt.Errorf("reading the catalogue before: %w", err)
	}
	found, err := catalog.Read(file)
	return found, errors.Join(err, file.Close())
}

// manifestsIn reads all manifests of a directory, ordered by the names of their files.
func manifestsIn(directory string) (manifest.Objects, error) {
	paths, err := fs.Glob(os.DirFS(directory), "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("looking for manifests in %s: %w", directory, err)
	}
	var all manifest.Objects
	for _, path := range paths {
		objects, err := manifest.ReadFile(filepath.Join(directory, path))
		if err != nil {
			return nil, err
		}
		all = append(all, objects...)
	}
	return all, nil
}
