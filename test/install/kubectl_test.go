package install_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// versionsOf returns for each object of install.yaml what changes when somebody changes its spec.
func versionsOf(t *testing.T) map[string]string {
	t.Helper()
	var list struct {
		Items []struct {
			Kind     string
			Metadata struct {
				Namespace, Name, ResourceVersion string
				Generation                       json.Number
			}
		}
	}
	if err := json.Unmarshal([]byte(must(t, "kubectl", "get", "--output=json", "-f", where.installYAML)), &list); err != nil {
		t.Fatal(err)
	}
	versions := map[string]string{}
	for _, item := range list.Items {
		version := item.Metadata.ResourceVersion
		if item.Metadata.Generation != "" { // Its resourceVersion also follows the status.
			version = item.Metadata.Generation.String()
		}
		versions[item.Kind+" "+item.Metadata.Namespace+"/"+item.Metadata.Name] = version
	}
	return versions
}

// changedYAML is install.yaml with changes, as pairs of old and new texts.
func changedYAML(t *testing.T, pairs ...string) string {
	t.Helper()
	content, err := os.ReadFile(where.installYAML)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "install.yaml")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	replace(t, path, pairs...)
	return path
}

const imageRepository = "ghcr.io/edge-ingress/edge-ingress-operator"

func currentImage() string { return imageRepository + ":" + where.programs.Release }

// otherImage is what to change for the image of another version.
func otherImage(version string) []string {
	return []string{currentImage(), imageRepository + ":" + version}
}

func TestInstallYAMLReplacesAnOlderOneAndChangesNothingTheSecondTime(t *testing.T) {
	emptyAfterwards(t)
	older := changedYAML(t, append(otherImage("v0.0.9"), "    shortNames:\n    - sipr\n", "", "        - --leader-elect\n", "")...)
	must(t, "kubectl", "apply", "--server-side", "-f", older)
	must(t, "kubectl", "wait", "--for=condition=Established", "crd/edgeingresses.edgeingress.dev", "--timeout=1m")
	uid := createEdgeIngress(t)

	must(t, "kubectl", "apply", "--server-side", "-f", where.installYAML)
	must(t, "kubectl", "-n", operatorNamespace, "rollout", "status", "deployment/edge-ingress-operator", "--timeout=2m")
	if image := field(t, "{.spec.template.spec.containers[0].image}", "-n", operatorNamespace, "deployment/edge-ingress-operator"); image != currentImage() {
		t.Errorf("the image is still %s", image)
	}
	if arguments := field(t, "{.spec.template.spec.containers[0].args}", "-n", operatorNamespace, "deployment/edge-ingress-operator"); !strings.Contains(arguments, "--leader-elect") {
		t.Errorf("the arguments are still %s", arguments)
	}
	if names := shortNamesOfReports(t); !strings.Contains(names, "sipr") {
		t.Errorf("the CRD has the short names %q: it was not upgraded", names)
	}
	if now := uidOfEdgeIngress(t); now != uid {
		t.Errorf("the upgrade replaced the EdgeIngress: uid %s became %s", uid, now)
	}

	before := versionsOf(t)
	if len(before) < 30 {
		t.Fatalf("only %d objects were found, so the comparison shows nothing", len(before))
	}
	must(t, "kubectl", "apply", "--server-side", "-f", where.installYAML)
	if after := versionsOf(t); !maps.Equal(before, after) {
		t.Errorf("the second time changed something:\n%v\nbecame\n%v", before, after)
	}
}

// What docs/install.md says that kubectl and Helm print when one finds the objects of the other.
const (
	helmRefuses    = "invalid ownership metadata"
	kubectlRefuses = `conflict with "helm"`
)

func TestHelmRefusesObjectsOfKubectlUnlessItTakesThem(t *testing.T) {
	emptyAfterwards(t)
	must(t, "kubectl", "apply", "--server-side", "-f", where.installYAML)
	uid := createEdgeIngress(t)
	install := []string{"install", release, where.archive, "--namespace=" + operatorNamespace, "--set=operator.replicas=2"}
	refused(t, []string{helmRefuses}, "helm", install...)
	must(t, "helm", append(install, "--take-ownership")...)
	if replicas := field(t, "{.spec.replicas}", "-n", operatorNamespace, "deployment/edge-ingress-operator"); replicas != "2" {
		t.Errorf("Helm took the objects, and there are %s replicas, want 2", replicas)
	}
	must(t, "helm", "uninstall", release, "--namespace="+operatorNamespace)
	if now := uidOfEdgeIngress(t); now != uid {
		t.Errorf("the EdgeIngress was replaced: uid %s became %s", uid, now)
	}
}

func TestKubectlRefusesObjectsOfHelm(t *testing.T) {
	emptyAfterwards(t)
	must(t, "helm", "install", release, where.archive, "--namespace="+operatorNamespace, "--create-namespace")
	refused(t, []string{kubectlRefuses, "spec.matchConstraints"}, "kubectl", "apply", "--server-side", "-f", where.installYAML)
	refused(t, []string{".image"}, "kubectl", "apply", "--server-side", "-f", changedYAML(t, otherImage("v999.0.0")...))
	if image := field(t, "{.spec.template.spec.containers[0].image}", "-n", operatorNamespace, "deployment/edge-ingress-operator"); image != currentImage() {
		t.Errorf("kubectl was refused, and the image is %s", image)
	}
	must(t, "helm", "upgrade", release, where.archive, "--namespace="+operatorNamespace)

	// Without --wait the prober's namespace is still being deleted, and nothing can be created in it.
	must(t, "helm", "uninstall", release, "--namespace="+operatorNamespace, "--wait")
	newer := changedYAML(t, append(otherImage("v999.0.0"), "    - sipr\n", "    - sipr\n    - reports\n")...)
	refused(t, []string{kubectlRefuses, ".shortNames"}, "kubectl", "apply", "--server-side", "-f", newer)
	must(t, "kubectl", "apply", "--server-side", "--force-conflicts", "-f", newer)
	if names := shortNamesOfReports(t); !strings.Contains(names, "reports") {
		t.Errorf("with --force-conflicts the CRD has the short names %s", names)
	}
}

func TestTheDocumentationNamesTheErrors(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(where.repository, "docs", "install.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, message := range []string{helmRefuses, kubectlRefuses} {
		if !strings.Contains(string(content), message) {
			t.Errorf("docs/install.md does not name %q", message)
		}
	}
}

// A prober leaves no room for another one on its node.
func TestProbersAreUpdatedWhereOneNodeIsLeft(t *testing.T) {
	emptyAfterwards(t)
	must(t, "kubectl", "cordon", "worker-2")
	t.Cleanup(func() {
		if _, err := output(context.WithoutCancel(t.Context()), "", "kubectl", "uncordon", "worker-2"); err != nil {
			t.Error(err)
		}
	})
	const prober = "deployment/edge-ingress-prober"
	awaitStatus := func(fields ...string) {
		t.Helper()
		for _, is := range fields {
			must(t, "kubectl", "-n", proberNamespace, "wait", prober, "--for=jsonpath={.status."+is, "--timeout=2m")
		}
	}
	must(t, "kubectl", "apply", "--server-side", "-f", where.installYAML)
	awaitStatus("availableReplicas}=1")

	must(t, "kubectl", "apply", "--server-side", "-f", changedYAML(t, otherImage("v0.0.9")...))
	generation := field(t, "{.metadata.generation}", "-n", proberNamespace, prober)
	awaitStatus("observedGeneration}="+generation, "updatedReplicas}=2", "availableReplicas}=1")
}
