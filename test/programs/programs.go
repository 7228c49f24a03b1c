// Package programs runs kubectl, Helm and other programs of the repository against a cluster, for tests of what users do.
package programs

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// Programs are in a directory of their own, which is first in PATH.
type Programs struct {
	// Repository is the root of the repository, where programs run.
	Repository string
	// Release is the version that config/ and the documentation name, such as v0.1.0.
	Release string
	// directory has a link to each program.
	directory   string
	environment []string
}

// Find makes programs of the repository available, below a scratch directory: kubectl, and what bin/tools has under these
// names. They use the cluster of the kubeconfig.
func Find(repository, scratch, kubeconfig string, tools ...string) (*Programs, error) {
	var chart struct{ AppVersion string }
	content, err := os.ReadFile(filepath.Join(repository, "config", "chart", "Chart.yaml"))
	if err == nil {
		err = yaml.Unmarshal(content, &chart)
	}
	if err != nil {
		return nil, fmt.Errorf("reading which release the repository names: %w", err)
	}
	p := &Programs{Repository: repository, Release: chart.AppVersion, directory: filepath.Join(scratch, "bin")}
	if err := os.MkdirAll(p.directory, 0o755); err != nil {
		return nil, fmt.Errorf("making a directory of programs: %w", err)
	}
	if err := p.link("kubectl", filepath.Join(repository, "bin", "k8s"), os.Getenv("KUBEBUILDER_ASSETS")); err != nil {
		return nil, err
	}
	for _, tool := range tools {
		if err := p.link(tool, filepath.Join(repository, "bin", "tools")); err != nil {
			return nil, err
		}
	}
	p.environment = append(os.Environ(), "PATH="+p.directory+":"+os.Getenv("PATH"), "KUBECONFIG="+kubeconfig,
		"HELM_CACHE_HOME="+scratch, "HELM_CONFIG_HOME="+scratch, "HELM_DATA_HOME="+scratch)
	return p, nil
}

// ReleaseFiles is where users download what the release has, with a slash at its end.
func (p *Programs) ReleaseFiles() string {
	return "https://github.com/edge-ingress/edge-ingress-operator/releases/download/" + p.Release + "/"
}

// link makes a program available under its name, from the first directory that has it.
func (p *Programs) link(name string, directories ...string) error {
	for _, directory := range directories {
		if directory == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(directory, name)); err == nil {
			return os.Symlink(filepath.Join(directory, name), filepath.Join(p.directory, name))
		}
	}
	return fmt.Errorf("finding %s: it is not built: run the test with make", name)
}

// Output runs a program in the repository, and returns its standard output. An error has what it complained about.
func (p *Programs) Output(ctx context.Context, input, name string, arguments ...string) (string, error) {
	path := filepath.Join(p.directory, name)
	if _, err := os.Stat(path); err != nil {
		path = name
	}
	command := exec.CommandContext(ctx, path, arguments...)
	command.Dir, command.Env, command.Stdin = p.Repository, p.environment, strings.NewReader(input)
	var said, complaint bytes.Buffer
	command.Stdout, command.Stderr = &said, &complaint
	if err := command.Run(); err != nil {
		return said.String(), fmt.Errorf("running %s %s: %w: %s%s", name, strings.Join(arguments, " "), err, said.String(), complaint.String())
	}
	return said.String(), nil
}

// Build writes what a directory below the repository is built to into a file. It needs the program kustomize.
func (p *Programs) Build(ctx context.Context, directory, file string) error {
	manifests, err := p.Output(ctx, "", "kustomize", "build", directory)
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(manifests), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(file), err)
	}
	return nil
}

// Must runs a program that has to succeed.
func (p *Programs) Must(t testing.TB, name string, arguments ...string) string {
	t.Helper()
	said, err := p.Output(t.Context(), "", name, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	return said
}

// Refused runs a program that has to fail with these words.
func (p *Programs) Refused(t testing.TB, words []string, name string, arguments ...string) {
	t.Helper()
	said, err := p.Output(t.Context(), "", name, arguments...)
	if err == nil {
		t.Errorf("%s %s succeeded: want it refused\n%s", name, strings.Join(arguments, " "), said)
		return
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the error has to contain %q:\n%v", word, err)
		}
	}
}

// Field returns a field of an object, as kubectl's jsonpath writes it.
func (p *Programs) Field(t testing.TB, path string, object ...string) string {
	t.Helper()
	return p.Must(t, "kubectl", append([]string{"get", "--output=jsonpath=" + path}, object...)...)
}

// Exists reports whether an object exists.
func (p *Programs) Exists(t testing.TB, object ...string) bool {
	t.Helper()
	return p.Must(t, "kubectl", append([]string{"get", "--ignore-not-found", "--output=name"}, object...)...) != ""
}
