package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/chart"
	"github.com/edge-ingress/edge-ingress-operator/hack/bundle/manifest"
)

type chartFlags struct {
	manifests, base, output string
	version, digest         string
}

func newChart() *cobra.Command {
	f := chartFlags{}
	cmd := &cobra.Command{
		Use:   "chart",
		Short: "Write the generated files of the Helm chart: templates, Chart.yaml and README.md",
		Args:  cobra.NoArgs,
		RunE:  func(*cobra.Command, []string) error { return f.run() },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.manifests, "manifests", "", "directory with default.yaml, without-verification.yaml, prometheus.yaml and network-policy.yaml, as kustomize builds them")
	flags.StringVar(&f.base, "base", "", "file with the hand-written part of the ClusterServiceVersion, which names the oldest Kubernetes")
	flags.StringVar(&f.output, "output", "", "directory of the chart, with values.yaml and values.schema.json")
	flags.StringVar(&f.version, "version", "", "version of the operator, such as v0.1.0")
	flags.StringVar(&f.digest, "digest", "", "digest of the operator's image; empty as long as it was not pushed")
	for _, name := range []string{"manifests", "base", "output", "version"} {
		if err := cmd.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return cmd
}

func (f chartFlags) run() error {
	input, err := f.read()
	if err != nil {
		return err
	}
	files, err := chart.Build(input)
	if err != nil {
		return fmt.Errorf("building the chart: %w", err)
	}
	return writeChart(f.output, files)
}

func (f chartFlags) read() (chart.Input, error) {
	in := chart.Input{Version: f.version, Digest: f.digest}
	for name, into := range map[string]*manifest.Objects{
		"default": &in.Default, "without-verification": &in.WithoutMeasuring, "prometheus": &in.ServiceMonitors, "network-policy": &in.NetworkPolicies,
	} {
		var err error
		if *into, err = manifest.ReadFile(filepath.Join(f.manifests, name+".yaml")); err != nil {
			return in, err
		}
	}
	for name, into := range map[string]*[]byte{"values.yaml": &in.Values, "values.schema.json": &in.Schema} {
		var err error
		if *into, err = os.ReadFile(filepath.Join(f.output, name)); err != nil {
			return in, fmt.Errorf("reading the chart's values: %w", err)
		}
	}
	base, err := os.ReadFile(f.base)
	if err != nil {
		return in, fmt.Errorf("reading the base ClusterServiceVersion: %w", err)
	}
	var version struct {
		Spec struct {
			MinKubeVersion string `json:"minKubeVersion"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(base, &version); err != nil {
		return in, fmt.Errorf("reading the base ClusterServiceVersion: %w", err)
	}
	in.MinimumKubernetes = version.Spec.MinKubeVersion
	return in, nil
}

// writeChart writes the generated files, and removes templates that are no longer made.
func writeChart(directory string, files map[string][]byte) error {
	if err := os.RemoveAll(filepath.Join(directory, chart.Generated)); err != nil {
		return fmt.Errorf("removing the old templates: %w", err)
	}
	for path, content := range files {
		path = filepath.Join(directory, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("writing the chart: %w", err)
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return fmt.Errorf("writing the chart: %w", err)
		}
	}
	return nil
}
