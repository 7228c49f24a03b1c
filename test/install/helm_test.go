package install_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// olderChart is a copy of the chart as a version before could have been: an older image, and a CRD without a short name.
func olderChart(t *testing.T) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), release)
	if err := os.CopyFS(directory, os.DirFS(where.chart)); err != nil {
		t.Fatal(err)
	}
	replace(t, filepath.Join(directory, "Chart.yaml"), "appVersion: "+where.programs.Release, "appVersion: v0.0.9",
		"\nversion: "+strings.TrimPrefix(where.programs.Release, "v"), "\nversion: 0.0.9")
	replace(t, filepath.Join(directory, "templates", "generated", "customresourcedefinition_sourceipreports.edgeingress.dev.yaml"), "    shortNames:\n    - sipr\n", "")
	return directory
}

// replace changes a file by pairs of old and new texts.
func replace(t *testing.T, path string, pairs ...string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("%s does not contain %q", path, pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func shortNamesOfReports(t *testing.T) string {
	t.Helper()
	return field(t, "{.spec.names.shortNames}", "crd", "sourceipreports.edgeingress.dev")
}

// TestHelmInstallsUpgradesAndUninstalls is the life of a release in a namespace that no manifest names.
func TestHelmInstallsUpgradesAndUninstalls(t *testing.T) {
	emptyAfterwards(t)
	here := []string{"--namespace=" + otherNamespace, "--wait", "--timeout=3m"}
	deployment := []string{"--namespace=" + otherNamespace, "deployment/edge-ingress-operator"}

	must(t, "helm", append([]string{"install", release, olderChart(t), "--create-namespace"}, here...)...)
	if names := shortNamesOfReports(t); names != "" {
		t.Fatalf("the older CRD has the short names %s already, so an upgrade shows nothing", names)
	}
	uid := createEdgeIngress(t)

	must(t, "helm", append([]string{"upgrade", release, where.archive, "--set=operator.replicas=2,measuring.enabled=false"}, here...)...)
	if names := shortNamesOfReports(t); !strings.Contains(names, "sipr") {
		t.Errorf("after the upgrade the CRD has the short names %q: it was not upgraded", names)
	}
	if replicas := field(t, "{.spec.replicas}", deployment...); replicas != "2" {
		t.Errorf("after the upgrade there are %s replicas, want 2", replicas)
	}
	if image := field(t, "{.spec.template.spec.containers[0].image}", deployment...); image != currentImage() {
		t.Errorf("after the upgrade the image is %s", image)
	}
	must(t, "kubectl", "wait", "--for=delete", "namespace/"+proberNamespace, "--timeout=1m")
	if exists(t, "--namespace="+otherNamespace, "deployment/edge-ingress-witness") {
		t.Error("after measuring was switched off, the witness is still there")
	}

	before := field(t, "{.metadata.generation}", deployment...)
	must(t, "helm", append([]string{"upgrade", release, where.archive, "--set=operator.replicas=2,measuring.enabled=false"}, here...)...)
	if after := field(t, "{.metadata.generation}", deployment...); after != before {
		t.Errorf("the same upgrade again changed the Deployment: generation %s became %s", before, after)
	}
	helmTest(t)

	said := must(t, "helm", append([]string{"uninstall", release}, here...)...)
	for _, kept := range []string{"edgeingresses.edgeingress.dev", "sourceipreports.edgeingress.dev", "edge-ingress-operator-controller", "edge-ingress-operator-controller-election"} {
		if !strings.Contains(said, kept) {
			t.Errorf("helm uninstall does not say that it keeps %s:\n%s", kept, said)
		}
	}
	if exists(t, deployment...) || exists(t, "validatingadmissionpolicy", "edge-ingress-administrators") || exists(t, "clusterrole", "edge-ingress-operator") {
		t.Error("helm uninstall left the operator, its role or its policy")
	}
	for _, role := range []string{"edge-ingress-operator-controller", "edge-ingress-operator-controller-election"} {
		if !exists(t, "clusterrole", role) {
			t.Errorf("helm uninstall removed the ClusterRole %s, which running controllers need", role)
		}
	}
	if now := uidOfEdgeIngress(t); now != uid {
		t.Errorf("helm uninstall replaced the EdgeIngress: uid %s became %s", uid, now)
	}

	must(t, "helm", append([]string{"install", release, where.archive}, here...)...)
	if now := uidOfEdgeIngress(t); now != uid {
		t.Errorf("the second installation replaced the EdgeIngress: uid %s became %s", uid, now)
	}
	refused(t, []string{"cannot be imported into the current release"}, "helm", "install", "second", where.archive, "--namespace=default")
}

// definitionsNow are the definitions as they were written, by their names.
func definitionsNow(t *testing.T) string {
	t.Helper()
	return must(t, "kubectl", "get", "crd", "edgeingresses.edgeingress.dev", "sourceipreports.edgeingress.dev",
		`--output=jsonpath={range .items[*]}{.metadata.name} {.metadata.uid} {.metadata.generation}{"\n"}{end}`)
}

// An older definition would take the fields that it does not know from every EdgeIngress that is written.
func TestHelmGoesBackAndKeepsTheNewerDefinitions(t *testing.T) {
	emptyAfterwards(t)
	here := []string{"--namespace=" + otherNamespace, "--wait", "--timeout=3m"}
	image := func() string {
		t.Helper()
		return field(t, "{.spec.template.spec.containers[0].image}", "--namespace="+otherNamespace, "deployment/edge-ingress-operator")
	}
	must(t, "helm", append([]string{"install", release, where.archive, "--create-namespace"}, here...)...)
	uid, before := createEdgeIngress(t), definitionsNow(t)

	must(t, "helm", append([]string{"upgrade", release, olderChart(t), "--reset-then-reuse-values", "--set=crds.install=false"}, here...)...)
	if got := image(); got != imageRepository+":v0.0.9" {
		t.Errorf("Helm went back, and the image is %s", got)
	}
	if now := definitionsNow(t); now != before {
		t.Errorf("Helm went back, and the definitions\n%sbecame\n%s", before, now)
	}

	must(t, "helm", append([]string{"upgrade", release, where.archive, "--reset-then-reuse-values", "--set=crds.install=true"}, here...)...)
	if got := image(); got != currentImage() {
		t.Errorf("after the next upgrade the image is %s", got)
	}
	if now := definitionsNow(t); now != before {
		t.Errorf("after the next upgrade, the definitions\n%sbecame\n%s", before, now)
	}
	if now := uidOfEdgeIngress(t); now != uid {
		t.Errorf("the EdgeIngress was replaced: uid %s became %s", uid, now)
	}
}

// Without definitions there are no EdgeIngress objects, and so no ingresses.
func TestHelmDeletesNoDefinitionThatAnUpgradeLeavesOut(t *testing.T) {
	emptyAfterwards(t)
	here := "--namespace=" + otherNamespace
	must(t, "helm", "install", release, where.archive, here, "--create-namespace", "--set=crds.keep=false")
	uid := createEdgeIngress(t)
	for _, values := range []string{"crds.install=false", "crds.install=false,crds.keep=true"} {
		refused(t, []string{"upgrade once with crds.install=true and crds.keep=true"}, "helm", "upgrade", release, where.archive, here, "--reset-then-reuse-values", "--set="+values)
	}
	must(t, "helm", "upgrade", release, where.archive, here, "--reset-then-reuse-values", "--set=crds.keep=true")
	must(t, "helm", "upgrade", release, where.archive, here, "--reset-then-reuse-values", "--set=crds.install=false")
	if now := uidOfEdgeIngress(t); now != uid {
		t.Errorf("the EdgeIngress was replaced: uid %s became %s", uid, now)
	}
}

// helmTest runs `helm test`. A simulated node ends no pod, so the test does it.
func helmTest(t *testing.T) {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := output(t.Context(), "", "helm", "test", release, "--namespace="+otherNamespace, "--timeout=1m")
		ended <- err
	}()
	pod := []string{"--namespace=" + otherNamespace, "pod/edge-ingress-operator-test"}
	running := func() bool {
		phase, err := output(t.Context(), "", "kubectl", append([]string{"get", "--output=jsonpath={.status.phase}"}, pod...)...)
		return err == nil && phase == "Running"
	}
	for !running() {
		select {
		case err := <-ended:
			t.Fatalf("helm test ended before its pod ran: %v", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
	must(t, "kubectl", append([]string{"patch", "--subresource=status", `--patch={"status": {"phase": "Succeeded"}}`}, pod...)...)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
