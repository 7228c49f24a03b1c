package olm_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// olderCommit is a commit of this repository with another bundle of this version, as it was: with fewer rights, another
// CustomResourceDefinition, and one channel.
const (
	olderCommit  = "2df3fcc7890269b2b62804d719a9d6335f087903"
	olderVersion = "v0.1.0"
)

// The catalogues of the tests, by what they offer.
const (
	older        = "older"         // olderVersion of olderCommit
	withPre      = "with-pre"      // the same, and v0.2.0-rc.1
	withRelease  = "with-release"  // the same, and v0.2.0
	withFix      = "with-fix"      // the same, and v0.1.1, which was published last
	releaseAlone = "release-alone" // v0.2.0
	current      = "current"       // the release as the repository has it
)

func catalogue(name string) string { return filepath.Join(where.scratch, "catalogues", name) }

// makeCatalogues makes all of them, from bundles of the repository with other versions.
func makeCatalogues(ctx context.Context) error {
	bundles := filepath.Join(where.scratch, "bundles")
	atCommit := filepath.Join(bundles, olderCommit)
	if err := os.MkdirAll(atCommit, 0o755); err != nil {
		return fmt.Errorf("making a directory of bundles: %w", err)
	}
	if _, err := where.Output(ctx, "", "bash", "-euo", "pipefail", "-c", "git archive "+olderCommit+" bundle | tar -x -C "+atCommit); err != nil {
		return fmt.Errorf("taking the older bundle from git, which needs the whole history: %w", err)
	}
	input := filepath.Join(bundles, "manifests.yaml")
	if err := where.Build(ctx, "config/manifests", input); err != nil {
		return err
	}
	for _, version := range []string{"v0.1.1", "v0.2.0-rc.1", "v0.2.0"} {
		_, err := where.Output(ctx, "", "bundle", "generate", "--input="+input, "--base=config/manifests/bases/edge-ingress-operator.clusterserviceversion.yaml",
			"--version="+version, "--image=ghcr.io/edge-ingress/edge-ingress-operator", "--created-at=2026-11-29T00:00:00Z", "--output="+filepath.Join(bundles, version))
		if err != nil {
			return err
		}
	}
	for _, made := range []struct{ name, bundle, before string }{
		{older, filepath.Join(atCommit, "bundle"), ""},
		{withPre, filepath.Join(bundles, "v0.2.0-rc.1", "bundle"), older},
		{withRelease, filepath.Join(bundles, "v0.2.0", "bundle"), withPre},
		{withFix, filepath.Join(bundles, "v0.1.1", "bundle"), withRelease},
		{releaseAlone, filepath.Join(bundles, "v0.2.0", "bundle"), ""},
		{current, "bundle", ""},
	} {
		arguments := []string{"catalog", "--bundle=" + made.bundle, "--output=" + filepath.Join(catalogue(made.name), "catalog.json")}
		if made.before != "" {
			arguments = append(arguments, "--before="+filepath.Join(catalogue(made.before), "catalog.json"))
		}
		if _, err := where.Output(ctx, "", "bundle", arguments...); err != nil {
			return err
		}
	}
	return nil
}
