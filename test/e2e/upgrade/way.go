// Package upgrade upgrades, downgrades, removes and reinstalls the operator while clients send requests, in each way of
// installing it. It counts what is lost, which controller pods are replaced, and what else changes.
package upgrade

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
)

// Way is a way of installing the operator, as docs/install.md describes it. A method returns when the tool has returned.
// Whether the operator serves then is not its business.
type Way interface {
	// Name is what the table calls it.
	Name() string
	// InstallOlder installs the version before on a cluster that has none.
	InstallOlder(context.Context) error
	// Upgrade brings this version, and Downgrade the version before again.
	Upgrade(context.Context) error
	Downgrade(context.Context) error
	// RemovesToDowngrade reports whether Downgrade removes this version first.
	RemovesToDowngrade() bool
	// Uninstall removes the operator and leaves running ingresses alone. Reinstall brings this version again.
	Uninstall(context.Context) error
	Reinstall(context.Context) error
	// Remove removes everything. There is no EdgeIngress any more.
	Remove(context.Context) error
}

// Pair are the two versions, on a lab that has their images.
type Pair struct {
	Lab         *lab.Lab
	Older, This Release
	// Say receives each step, and Log what the tools say.
	Say, Log io.Writer
}

// Ways are all ways.
func Ways(p Pair) []Way {
	return []Way{kubectl{p}, helm{Pair: p}, takeover{kubectl{p}, helm{Pair: p}}, &olm{Pair: p}}
}

// scratch is a directory for the files of a purpose.
func (p Pair) scratch(purpose string) (string, error) {
	dir := filepath.Join(p.Lab.Repository(), "bin", "upgrade", purpose)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return "", fmt.Errorf("making a directory for %s: %w", purpose, err)
	}
	return dir, nil
}

// run runs kubectl or Helm, and passes on what it says.
func (p Pair) run(ctx context.Context, program string, arguments ...string) error {
	path := p.Lab.Kubectl(ctx).Path
	if program == "helm" {
		path = filepath.Join(p.Lab.Repository(), "bin", "tools", "helm")
	}
	said, err := output(ctx, p.Lab.Repository(), nil, path, append([]string{"--kubeconfig=" + p.Lab.Cluster.Kubeconfig}, arguments...)...)
	fmt.Fprintf(p.Log, "$ %s %s\n%s", program, strings.Join(arguments, " "), said)
	return err
}

const definitionKind = "CustomResourceDefinition"

// installYAML writes the file install.yaml of a release, without objects of this kind.
func (p Pair) installYAML(ctx context.Context, r Release, without string) (string, error) {
	all, err := r.objects(ctx, p.Lab)
	if err != nil {
		return "", err
	}
	all = slices.DeleteFunc(all, func(o *unstructured.Unstructured) bool { return o.GetKind() == without })
	dir, err := p.scratch("install-" + r.Revision)
	if err != nil {
		return "", err
	}
	var text []byte
	for _, object := range all {
		document, err := yaml.Marshal(object.Object)
		if err != nil {
			return "", fmt.Errorf("encoding %s %s: %w", object.GetKind(), object.GetName(), err)
		}
		text = append(append(text, "---\n"...), document...)
	}
	file := filepath.Join(dir, "install.yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return "", fmt.Errorf("writing install.yaml: %w", err)
	}
	return file, nil
}

// kubectl is one file, applied.
type kubectl struct{ Pair }

func (k kubectl) Name() string { return "kubectl" }

func (k kubectl) apply(ctx context.Context, r Release, without string, flags ...string) error {
	file, err := k.installYAML(ctx, r, without)
	if err != nil {
		return err
	}
	return k.run(ctx, "kubectl", append([]string{"apply", "--server-side", "-f", file}, flags...)...)
}

func (k kubectl) InstallOlder(ctx context.Context) error { return k.apply(ctx, k.Older, "") }

func (k kubectl) Upgrade(ctx context.Context) error { return k.apply(ctx, k.This, "") }

// Downgrade keeps the newer definitions, as docs/operations.md says.
func (k kubectl) Downgrade(ctx context.Context) error { return k.apply(ctx, k.Older, definitionKind) }

func (k kubectl) Uninstall(ctx context.Context) error {
	return k.run(ctx, "kubectl", "delete", "--ignore-not-found", "namespace", lab.OperatorNamespace, lab.ProberNamespace)
}

func (k kubectl) RemovesToDowngrade() bool { return false }

func (k kubectl) Reinstall(ctx context.Context) error { return k.Upgrade(ctx) }

func (k kubectl) Remove(ctx context.Context) error {
	file, err := k.installYAML(ctx, k.This, "")
	if err != nil {
		return err
	}
	return k.run(ctx, "kubectl", "delete", "--ignore-not-found", "-f", file)
}
