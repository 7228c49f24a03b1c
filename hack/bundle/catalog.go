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
	flags.StringVar(&f.before, "before", "", "file of the catalogue before, as this command wrote it, or a directory of such files; empty for the first version")
	flags.StringVar(&f.output, "output", "", "file of the catalogue")
	if err := cmd.MarkFlagRequired("output"); err != nil {
		panic(err)
	}
	return cmd
}

func (f catalogFlags) run() error {
	before, err := readCatalogues(f.before)
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
	return writeCatalogue(f.output, after)
}

func newMergeCatalogs() *cobra.Command {
	var from, output string
	cmd := &cobra.Command{
		Use:   "merge-catalogs",
		Short: "Write a catalogue that offers everything that the catalogues in a directory do",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			merged, err := readCatalogues(from)
			if err != nil {
				return err
			}
			if len(merged.Bundles) == 0 {
				return fmt.Errorf("merging the catalogues in %s: there is none", from)
			}
			return writeCatalogue(output, merged)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "directory with the files of the catalogues")
	cmd.Flags().StringVar(&output, "output", "", "file of the catalogue")
	for _, name := range []string{"from", "output"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return cmd
}

// readCatalogues reads a file, or all files of a directory and merges them. Without a path there is nothing yet.
func readCatalogues(path string) (catalog.Catalogue, error) {
	if path == "" {
		return catalog.Catalogue{}, nil
	}
	state, err := os.Stat(path)
	if err != nil {
		return catalog.Catalogue{}, fmt.Errorf("reading the catalogue before: %w", err)
	}
	files := []string{path}
	if state.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "*.json")); err != nil {
			return catalog.Catalogue{}, fmt.Errorf("looking for catalogues in %s: %w", path, err)
		}
	}
	var all []catalog.Catalogue
	for _, file := range files {
		found, err := readCatalogue(file)
		if err != nil {
			return catalog.Catalogue{}, err
		}
		all = append(all, found)
	}
	return catalog.Merge(all...)
}

func readCatalogue(path string) (catalog.Catalogue, error) {
	file, err := os.Open(path)
	if err != nil {
		return catalog.Catalogue{}, fmt.Errorf("reading the catalogue before: %w", err)
	}
	found, err := catalog.Read(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return catalog.Catalogue{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return found, nil
}

func writeCatalogue(path string, written catalog.Catalogue) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("writing the catalogue: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("writing the catalogue: %w", err)
	}
	return errors.Join(catalog.Write(file, written), file.Close())
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
