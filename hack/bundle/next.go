package main

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/release"
)

func newNext() *cobra.Command {
	var version string
	cmd := &cobra.Command{
		Use:   "next",
		Short: "Fail where a version cannot be released beside the published ones on standard input, and otherwise print how GitHub has to mark it",
		Long: "Standard input has the tags of the published releases, one on each line. The output is pre-release, latest, or not-latest for a\n" +
			"release of an older minor version.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			mark, err := next(version, cmd.InOrStdin(), cmd.ErrOrStderr())
			if err == nil {
				fmt.Fprintln(cmd.OutOrStdout(), mark)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&version, "version", "", "version to release, such as v0.1.0")
	if err := cmd.MarkFlagRequired("version"); err != nil {
		panic(err)
	}
	return cmd
}

// next decides about a version. Tags that are none of a version belong to no release of the operator.
func next(text string, tags io.Reader, notes io.Writer) (mark string, err error) {
	version, err := release.Parse(text)
	if err != nil {
		return "", err
	}
	var published []release.Version
	lines := bufio.NewScanner(tags)
	for lines.Scan() {
		if lines.Text() == "" {
			continue
		}
		other, err := release.Parse(lines.Text())
		if err != nil {
			fmt.Fprintf(notes, "not counted among the published versions: %v\n", err)
			continue
		}
		published = append(published, other)
	}
	if err := lines.Err(); err != nil {
		return "", fmt.Errorf("reading the published tags: %w", err)
	}
	if err := version.CheckNext(published); err != nil {
		return "", err
	}
	switch {
	case version.IsPreRelease():
		return "pre-release", nil
	case version.IsLatest(published):
		return "latest", nil
	default:
		return "not-latest", nil
	}
}
