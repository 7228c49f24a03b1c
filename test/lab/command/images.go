package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/edge-ingress/edge-ingress-operator/test/lab/binaries"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/images"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/registry"
	"github.com/spf13/cobra"
)

var imagesPath = filepath.Join("bin", "images")

func newImages(s *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "images", Short: "Make images, and bring them to real nodes", Args: cobra.NoArgs}
	cmd.AddCommand(newImagesBuild(s), newImagesLoad(s), newImagesPush(s))
	return cmd
}

func newImagesBuild(s *settings) *cobra.Command {
	return &cobra.Command{
		Use:       "build [image|NAME=PROGRAM[,PROGRAM ...] ...]",
		Short:     "Make the images that are missing or outdated (by default all) and print for each its name, reference, digest and archive, a line of JSON",
		ValidArgs: images.Names(),
		RunE: func(cmd *cobra.Command, names []string) error {
			if len(names) == 0 {
				names = images.Names()
			}
			archives, err := s.ensureImages(cmd.Context(), names...)
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			for _, archive := range archives {
				if err := encoder.Encode(archive); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func newImagesLoad(s *settings) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:   "load image|NAME=PROGRAM[,PROGRAM ...]|archive ...",
		Short: "Load images, or archives of images, into all real nodes of a cluster, those that are added later included",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			client, err := s.control(cluster)
			if err != nil {
				return err
			}
			files, err := s.archiveFiles(cmd.Context(), arguments)
			if err != nil {
				return err
			}
			for i, file := range files {
				if files[i], err = filepath.Abs(file); err != nil {
					return err
				}
			}
			return client.LoadImages(cmd.Context(), files...)
		},
	}
	addClusterFlag(cmd, &cluster)
	return cmd
}

func newImagesPush(s *settings) *cobra.Command {
	var cluster string
	cmd := &cobra.Command{
		Use:   "push image|NAME=PROGRAM[,PROGRAM ...]|archive REGISTRY/REPOSITORY[:TAG]",
		Short: "Add an image to the registry of a cluster with real nodes, from which they pull it by that name, and print the name with the digest",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			client, err := s.control(cluster)
			if err != nil {
				return err
			}
			files, err := s.archiveFiles(cmd.Context(), arguments[:1])
			if err != nil {
				return err
			}
			file, err := filepath.Abs(files[0])
			if err != nil {
				return err
			}
			digest, err := registry.Digest(file)
			if err != nil {
				return err
			}
			if err := client.PushImage(cmd.Context(), file, arguments[1]); err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s@%s\n", arguments[1], digest)
			return err
		},
	}
	addClusterFlag(cmd, &cluster)
	return cmd
}

// archiveFiles returns the files for the arguments of `images load`. For the name of an image or
// programs it returns the archive, and builds it where needed. It returns any other argument
// unchanged.
func (s *settings) archiveFiles(ctx context.Context, arguments []string) ([]string, error) {
	files := make([]string, 0, len(arguments))
	for _, argument := range arguments {
		if _, _, program := images.ParsePrograms(argument); !program && !slices.Contains(images.Names(), argument) {
			files = append(files, argument)
			continue
		}
		archives, err := s.ensureImages(ctx, argument)
		if err != nil {
			return nil, err
		}
		files = append(files, archives[0].File)
	}
	return files, nil
}

func (s *settings) ensureImages(ctx context.Context, names ...string) ([]images.Archive, error) {
	repository, err := s.repository()
	if err != nil {
		return nil, err
	}
	programs, err := s.store(binaries.Newest)
	if err != nil {
		return nil, err
	}
	store := images.Store{Dir: filepath.Join(repository, imagesPath), Repository: repository, Programs: programs, Progress: os.Stderr}
	return store.Ensure(ctx, names...)
}
