package upgrade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
)

// helm is a release of the chart. The version before may have none of its own. Then its chart is made from its own
// manifests by this version's generator, so that Helm upgrades from these objects, and not from today's.
type helm struct{ Pair }

func (h helm) Name() string { return "Helm" }

const (
	releaseName = "edge-ingress-operator"
	// olderChart is lower than the version of this chart, which is all that Helm wants to know of it.
	olderChart  = "v0.0.9"
	waitAtMost  = "--timeout=3m"
	ofNamespace = "--namespace=" + lab.OperatorNamespace
)

// values are those that a user sets for images of his own.
func (h helm) values(r Release) string {
	return "--set=image.repository=" + r.Repository() + ",image.tag=" + lab.ImageTag + ",allowedImageRepositories={" + h.Lab.Controller.Repository + "}"
}

func (h helm) install(ctx context.Context, r Release, flags ...string) error {
	chart, err := h.chart(ctx, r)
	if err != nil {
		return err
	}
	return h.run(ctx, "helm", append([]string{"install", releaseName, chart, ofNamespace, "--create-namespace", h.values(r), "--wait", waitAtMost}, flags...)...)
}

func (h helm) InstallOlder(ctx context.Context) error { return h.install(ctx, h.Older) }

func (h helm) Upgrade(ctx context.Context) error {
	chart, err := h.chart(ctx, h.This)
	if err != nil {
		return err
	}
	return h.run(ctx, "helm", "upgrade", releaseName, chart, ofNamespace, "--reset-then-reuse-values", h.values(h.This), "--wait", waitAtMost)
}

func (h helm) Downgrade(ctx context.Context) error {
	return h.run(ctx, "helm", "rollback", releaseName, ofNamespace, "--wait", waitAtMost)
}

func (h helm) Uninstall(ctx context.Context) error {
	return h.run(ctx, "helm", "uninstall", releaseName, ofNamespace, "--wait", waitAtMost)
}

func (h helm) RemovesToDowngrade() bool { return false }

// Reinstall also runs the chart's test, whose pod starts the image.
func (h helm) Reinstall(ctx context.Context) error {
	if err := h.install(ctx, h.This); err != nil {
		return err
	}
	return h.run(ctx, "helm", "test", releaseName, ofNamespace, waitAtMost)
}

// Remove does what docs/install.md says for the removal of everything.
func (h helm) Remove(ctx context.Context) error {
	return errors.Join(h.Uninstall(ctx),
		h.run(ctx, "kubectl", "delete", "crd", "edgeingresses.edgeingress.dev", "sourceipreports.edgeingress.dev"),
		h.run(ctx, "kubectl", "delete", "clusterrole", "edge-ingress-operator-controller", "edge-ingress-operator-controller-election"),
		h.run(ctx, "kubectl", "delete", "--ignore-not-found", "namespace", lab.OperatorNamespace))
}

// chart returns the directory of a release's chart.
func (h helm) chart(ctx context.Context, r Release) (string, error) {
	if own := filepath.Join(r.Root, "config", "chart"); exists(filepath.Join(own, "Chart.yaml")) {
		return own, nil
	}
	manifests, err := h.scratch("manifests-" + r.Revision)
	if err != nil {
		return "", err
	}
	for _, name := range []string{"default", "without-verification", "prometheus", "network-policy"} {
		built, err := output(ctx, r.Root, nil, h.Lab.Kubectl(ctx).Path, "kustomize", filepath.Join(r.Root, "config", name))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(filepath.Join(manifests, name+".yaml"), []byte(built), 0o644); err != nil {
			return "", fmt.Errorf("writing the manifests for a chart: %w", err)
		}
	}
	parent, err := h.scratch("chart-" + r.Revision)
	if err != nil {
		return "", err
	}
	chart := filepath.Join(parent, releaseName)
	if err := os.CopyFS(chart, os.DirFS(filepath.Join(h.This.Root, "config", "chart"))); err != nil {
		return "", fmt.Errorf("copying the chart: %w", err)
	}
	_, err = output(ctx, r.Root, nil, filepath.Join(h.This.Root, "bin", "tools", "bundle"), "chart", "--manifests="+manifests,
		"--base="+filepath.Join(r.Root, "config", "manifests", "bases", "edge-ingress-operator.clusterserviceversion.yaml"), "--version="+olderChart, "--output="+chart)
	return chart, err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// takeover begins with kubectl, and Helm takes the objects over.
type takeover struct {
	kubectl
	helm helm
}

func (t takeover) Name() string { return "kubectl, then Helm" }

func (t takeover) Upgrade(ctx context.Context) error {
	return t.helm.install(ctx, t.This, "--take-ownership")
}

// Downgrade is the section "From Helm to kubectl" of docs/install.md, with the newer definitions.
func (t takeover) Downgrade(ctx context.Context) error {
	if err := t.helm.Uninstall(ctx); err != nil {
		return err
	}
	return t.apply(ctx, t.Older, definitionKind, "--force-conflicts")
}

func (t takeover) Uninstall(ctx context.Context) error { return t.helm.Uninstall(ctx) }

func (t takeover) RemovesToDowngrade() bool { return true }

func (t takeover) Reinstall(ctx context.Context) error { return t.helm.Reinstall(ctx) }

func (t takeover) Remove(ctx context.Context) error { return t.helm.Remove(ctx) }
