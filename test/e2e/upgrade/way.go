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
	"strings"

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

// besides is a Way whose tool installs the operator only. What it cannot install, such as the guard, is applied when the
// operator runs.
type besides interface {
	Way
	ApplyBeside(context.Context, Release) error
	// InForce reports whether the policies that are in the cluster now are those of this release.
	InForce(Release) bool
}

// Pair are the two versions, on a lab whose registry has their images after Publish.
type Pair struct {
	Lab         *lab.Lab
	Older, This Release
	// Say receives each step, and Log what the tools say.
	Say, Log io.Writer
}

// Publish pushes the images of both versions to the lab's registry.
func (p *Pair) Publish(ctx context.Context) error {
	return errors.Join(p.Older.publish(ctx, p.Lab), p.This.publish(ctx, p.Lab))
}

// Ways are all ways.
func Ways(p Pair) []Way {
	return []Way{kubectl{p}, &helm{Pair: p}, takeover{kubectl{p}, &helm{Pair: p}}, &olm{Pair: p}}
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

// kubectl is one file, applied.
type kubectl struct{ Pair }

func (k kubectl) Name() string { return "kubectl" }

func (k kubectl) apply(ctx context.Context, file string, flags ...string) error {
	return k.run(ctx, "kubectl", append([]string{"apply", "--server-side", "-f", file}, flags...)...)
}

func (k kubectl) InstallOlder(ctx context.Context) error { return k.apply(ctx, k.Older.install) }

func (k kubectl) Upgrade(ctx context.Context) error { return k.apply(ctx, k.This.install) }

// Downgrade keeps the newer definitions, as docs/operations.md says.
func (k kubectl) Downgrade(ctx context.Context) error {
	return k.apply(ctx, k.Older.installWithoutDefinitions)
}

func (k kubectl) Uninstall(ctx context.Context) error {
	return k.run(ctx, "kubectl", "delete", "--ignore-not-found", "namespace", lab.OperatorNamespace, lab.ProberNamespace)
}

func (k kubectl) RemovesToDowngrade() bool { return false }

func (k kubectl) Reinstall(ctx context.Context) error { return k.Upgrade(ctx) }

func (k kubectl) Remove(ctx context.Context) error {
	return k.run(ctx, "kubectl", "delete", "--ignore-not-found", "-f", k.This.install)
}
