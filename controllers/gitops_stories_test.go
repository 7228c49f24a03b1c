package controllers_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// inGit is an EdgeIngress as a repository may have it. Some values have a shorter form, in which a client would
// write them back. The labels and annotations are those by which GitOps tools know their objects.
const inGit = `
apiVersion: edgeingress.dev/v1alpha1
kind: EdgeIngress
metadata:
  name: NAME
  labels:
    app.kubernetes.io/instance: NAME
    kustomize.toolkit.fluxcd.io/name: edge
  annotations:
    argocd.argoproj.io/tracking-id: edge:edgeingress.dev/EdgeIngress:/NAME
spec:
  nodes:
    selector:
      matchLabels:
        example.com/pool: NAME
  controller:
    config:
      proxy-body-size: 20m
    resources:
      limits:
        memory: 1024Mi
        cpu: 1000m
  exposure:
    drainDelay: 1m
    loadBalancer:
      annotations:
        example.com/size: small
      sourceRanges: [198.51.100.0/24, 10.0.0.0/8]
  clientIP:
    forwardedHeader:
      trustedCIDRs: [192.0.2.0/28]
`

// manifest is the EdgeIngress of the story as git has it.
func (s *story) manifest() *unstructured.Unstructured {
	s.Helper()
	object := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(inGit, "NAME", s.name)), &object.Object); err != nil {
		s.Fatal(err)
	}
	return object
}

// applyFromGit applies the manifest as a GitOps tool does, but never takes a field over: a conflict is an error. It
// returns the API server's answer.
func (s *story) applyFromGit(manager string, options ...client.ApplyOption) *unstructured.Unstructured {
	s.Helper()
	object := s.manifest()
	options = append(options, client.FieldOwner(manager))
	if err := admin.Apply(s.Context(), client.ApplyConfigurationFromUnstructured(object), options...); err != nil {
		s.Fatalf("applying the manifest as %s: %v", manager, err)
	}
	return object
}

func TestWhatGitAppliesIsLeftAlone(t *testing.T) {
	for name, manager := range map[string]string{"git-argo": "argocd-controller", "git-flux": "kustomize-controller"} {
		t.Run(manager, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, name)
			s.addNodes("a")
			applied := partOfGit(s.applyFromGit(manager), manager)
			s.deleteAtTheEnd(&v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: name}})
			s.assignAddress("203.0.113.10")
			s.becomesReady()

			for range 2 {
				if diff := cmp.Diff(applied, partOfGit(s.applyFromGit(manager, client.DryRunAll), manager)); diff != "" {
					t.Errorf("a dry run shows a difference (-first apply +now):\n%s", diff)
				}
				if diff := cmp.Diff(applied, partOfGit(s.applyFromGit(manager), manager)); diff != "" {
					t.Errorf("applying again changed something (-first apply +now):\n%s", diff)
				}
				s.becomesReady()
			}
			if err := s.ownsOnlyItsOwn(manager); err != nil {
				t.Error(err)
			}
			s.toolsDoNotSeeItsObjects()
		})
	}
}

// partOfGit is what an apply can change: everything but the status, the finalizer, which is the operator's, and
// what other managers set. The time in the manager's entry shows whether an apply changed anything.
func partOfGit(object *unstructured.Unstructured, manager string) map[string]any {
	var entries []metav1.ManagedFieldsEntry
	for _, entry := range object.GetManagedFields() {
		if entry.Manager == manager {
			entries = append(entries, entry)
		}
	}
	return map[string]any{
		"spec": object.Object["spec"], "labels": object.GetLabels(), "annotations": object.GetAnnotations(),
		"generation": object.GetGeneration(), "uid": object.GetUID(), "managed fields": entries,
	}
}

// ownsOnlyItsOwn succeeds when all managers but this one set nothing but the finalizer and the status.
func (s *story) ownsOnlyItsOwn(manager string) error {
	var errs []error
	seen := 0
	for _, entry := range s.edge().ManagedFields {
		if entry.Manager == manager {
			continue
		}
		seen++
		for _, field := range []string{`"f:spec"`, `"f:labels"`, `"f:annotations"`} {
			if entry.FieldsV1 != nil && bytes.Contains(entry.FieldsV1.GetRawBytes(), []byte(field)) {
				errs = append(errs, fmt.Errorf("%s set %s: %s", entry.Manager, field, entry.FieldsV1.GetRawString()))
			}
		}
	}
	if seen == 0 {
		errs = append(errs, errors.New("the managed fields do not show the operator"))
	}
	return errors.Join(errs...)
}

// toolsDoNotSeeItsObjects fails the test where an object that the operator made looks as if it was in git. A tool
// would remove it, because git does not have it.
func (s *story) toolsDoNotSeeItsObjects() {
	s.Helper()
	objects := append(s.shortFormObjects(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.namespace()}})
	for _, object := range objects {
		s.mustRead(object)
		for _, keys := range []map[string]string{object.GetLabels(), object.GetAnnotations()} {
			for key := range keys {
				if strings.Contains(key, "argoproj.io") || strings.Contains(key, "fluxcd.io") {
					s.Errorf("%T %s has %s", object, object.GetName(), key)
				}
			}
		}
		// Argo CD can also be set to know its objects by this label. It leaves objects with an owner alone.
		if len(object.GetOwnerReferences()) == 0 && object.GetLabels()["app.kubernetes.io/instance"] != "" {
			s.Errorf("%T %s has no owner, and the label app.kubernetes.io/instance", object, object.GetName())
		}
	}
}
