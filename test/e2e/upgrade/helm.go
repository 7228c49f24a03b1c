package upgrade

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/test/e2e/lab"
)

// helm is a release of the chart. The version before may have none of its own. Then its chart is made from its own
// manifests by this version's generator, so that Helm upgrades from these objects, and not from today's.
type helm struct {
	Pair
	// charts are the packed charts by the revisions of their releases, once they are made.
	charts map[string]string
}

func (h *helm) Name() string { return "Helm" }

const (
	releaseName = "edge-ingress-operator"
	waitAtMost  = "--timeout=3m"
	ofNamespace = "--namespace=" + lab.OperatorNamespace
)

// values let the operator run the controller that was built here. The operator's own image is that of the chart.
func (h *helm) values() string {
	return "--set=allowedImageRepositories={" + h.Lab.Controller.Repository + "}"
}

func (h *helm) install(ctx context.Context, r Release, flags ...string) error {
	chart, err := h.chart(ctx, r)
	if err != nil {
		return err
	}
	return h.run(ctx, "helm", append([]string{"install", releaseName, chart, ofNamespace, "--create-namespace", h.values(), "--wait", waitAtMost}, flags...)...)
}

// prepare makes both charts, so that no step waits for it.
func (h *helm) prepare(ctx context.Context) error {
	for _, r := range []Release{h.Older, h.This} {
		if _, err := h.chart(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (h *helm) InstallOlder(ctx context.Context) error {
	if err := h.prepare(ctx); err != nil {
		return err
	}
	return h.install(ctx, h.Older)
}

func (h *helm) Upgrade(ctx context.Context) error {
	chart, err := h.chart(ctx, h.This)
	if err != nil {
		return err
	}
	return h.run(ctx, "helm", "upgrade", releaseName, chart, ofNamespace, "--reset-then-reuse-values", h.values(), "--wait", waitAtMost)
}

func (h *helm) Downgrade(ctx context.Context) error {
	return h.run(ctx, "helm", "rollback", releaseName, ofNamespace, "--wait", waitAtMost)
}

func (h *helm) Uninstall(ctx context.Context) error {
	return h.run(ctx, "helm", "uninstall", releaseName, ofNamespace, "--wait", waitAtMost)
}

func (h *helm) RemovesToDowngrade() bool { return false }

// Reinstall also runs the chart's test, whose pod starts the image.
func (h *helm) Reinstall(ctx context.Context) error {
	if err := h.install(ctx, h.This); err != nil {
		return err
	}
	return h.run(ctx, "helm", "test", releaseName, ofNamespace, waitAtMost)
}

// Remove does what docs/install.md says for the removal of everything.
func (h *helm) Remove(ctx context.Context) error {
	return errors.Join(h.Uninstall(ctx),
		h.run(ctx, "kubectl", "delete", "crd", "edgeingresses.edgeingress.dev", "sourceipreports.edgeingress.dev"),
		h.run(ctx, "kubectl", "delete", "clusterrole", "edge-ingress-operator-controller", "edge-ingress-operator-controller-election"),
		h.run(ctx, "kubectl", "delete", "--ignore-not-found", "namespace", lab.OperatorNamespace))
}

// chart returns the packed chart of a release.
func (h *helm) chart(ctx context.Context, r Release) (string, error) {
	if made, found := h.charts[r.Revision+r.Version]; found {
		return made, nil
	}
	packs, err := r.mentions("\nchart-package:", "Makefile")
	if err != nil {
		return "", err
	}
	made := filepath.Join(r.Root, "dist", releaseName+"-"+strings.TrimPrefix(r.Version, "v")+".tgz")
	if packs {
		err = r.make(ctx, "chart-package")
	} else {
		err = h.makeChart(ctx, r)
	}
	if err != nil {
		return "", err
	}
	if h.charts == nil {
		h.charts = map[string]string{}
	}
	h.charts[r.Revision+r.Version] = made
	return made, nil
}

// makeChart makes and packs a chart for a version that has none.
func (h *helm) makeChart(ctx context.Context, r Release) error {
	manifests, err := h.scratch("manifests-" + r.Version)
	if err != nil {
		return err
	}
	for _, name := range []string{"default", "without-verification", "prometheus", "network-policy"} {
		built, err := output(ctx, r.Root, nil, h.Lab.Kubectl(ctx).Path, "kustomize", filepath.Join(r.Root, "config", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(manifests, name+".yaml"), []byte(built), 0o644); err != nil {
			return fmt.Errorf("writing the manifests for a chart: %w", err)
		}
	}
	parent, err := h.scratch("chart-" + r.Version)
	if err != nil {
		return err
	}
	chart := filepath.Join(parent, releaseName)
	if err := os.CopyFS(chart, os.DirFS(filepath.Join(h.This.Root, "config", "chart"))); err != nil {
		return fmt.Errorf("copying the chart: %w", err)
	}
	_, digest, _ := strings.Cut(r.Image, "@")
	_, err = output(ctx, r.Root, nil, filepath.Join(h.This.Root, "bin", "tools", "bundle"), "chart", "--manifests="+manifests,
		"--base="+filepath.Join(r.Root, "config", "manifests", "bases", "edge-ingress-operator.clusterserviceversion.yaml"),
		"--version="+r.Version, "--digest="+digest, "--output="+chart)
	if err != nil {
		return err
	}
	_, err = output(ctx, r.Root, nil, filepath.Join(h.This.Root, "bin", "tools", "helm"), "package", chart, "--destination="+filepath.Join(r.Root, "dist"))
	return err
}

// takeover begins with kubectl, and Helm takes the objects over.
type takeover struct {
	kubectl
	helm *helm
}

func (t takeover) Name() string { return "kubectl, then Helm" }

func (t takeover) InstallOlder(ctx context.Context) error {
	if err := t.helm.prepare(ctx); err != nil {
		return err
	}
	return t.kubectl.InstallOlder(ctx)
}

func (t takeover) Upgrade(ctx context.Context) error {
	return t.helm.install(ctx, t.This, "--take-ownership")
}

// Downgrade is the section "From Helm to kubectl" of docs/install.md, with the newer definitions.
func (t takeover) Downgrade(ctx context.Context) error {
	if err := t.helm.Uninstall(ctx); err != nil {
		return err
	}
	return t.apply(ctx, t.Older.installWithoutDefinitions, "--force-conflicts")
}

func (t takeover) Uninstall(ctx context.Context) error { return t.helm.Uninstall(ctx) }

func (t takeover) RemovesToDowngrade() bool { return true }

func (t takeover) Reinstall(ctx context.Context) error { return t.helm.Reinstall(ctx) }

func (t takeover) Remove(ctx context.Context) error { return t.helm.Remove(ctx) }
