package drift_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
)

// TestWhatOpenShiftAddsChangesNoPod compares pods as OpenShift's own code stores them (test/openshift records them) with the
// workloads that the operator wants.
func TestWhatOpenShiftAddsChangesNoPod(t *testing.T) {
	recorded, err := filepath.Glob("testdata/openshift/*.yaml")
	if err != nil || len(recorded) < 4 {
		t.Fatalf("found %d pods (%v), want one for each exposure", len(recorded), err)
	}
	for _, file := range recorded {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			var pod corev1.Pod
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.Unmarshal(content, &pod); err != nil {
				t.Fatal(err)
			}
			if pod.Spec.SecurityContext.SELinuxOptions == nil {
				t.Error("OpenShift has added nothing, so this shows nothing")
			}
			wanted := daemonSetIn(t, "../engine/ingressnginx/testdata/"+strings.Replace(filepath.Base(file), ".yaml", ".out.yaml", 1))
			differences, err := drift.OfPod(drift.PodSpecOf(pod.Spec), nil, wanted)
			if err != nil || len(differences) > 0 {
				t.Errorf("it differs in %v (%v)", differences, err)
			}
		})
	}
}

// daemonSetIn returns the DaemonSet of a file.
func daemonSetIn(t *testing.T, path string) *unstructured.Unstructured {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
		encoded, err := yaml.YAMLToJSON(document)
		if err != nil {
			t.Fatal(err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(encoded); err != nil {
			t.Fatal(err)
		}
		if object.GetKind() == "DaemonSet" {
			return object
		}
	}
	t.Fatalf("%s has no DaemonSet", path)
	return nil
}
