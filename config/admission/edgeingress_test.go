package admission_test

import (
	"context"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func merge(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }

func applied(name string) *unstructured.Unstructured {
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"nodes": map[string]any{"names": []any{"edge-2"}}}}}
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("EdgeIngress"))
	object.SetName(name)
	return object
}

// writes are the ways to write an EdgeIngress, each so that it changes nothing for the next one.
func writes(c client.Client, e *v1alpha1.EdgeIngress) map[string]func(context.Context) error {
	dry := client.NewDryRunClient(c)
	const owner = client.FieldOwner("a-writer")
	return map[string]func(context.Context) error{
		"create": func(ctx context.Context) error { return dry.Create(ctx, edgeIngress("another")) },
		"create under a generated name": func(ctx context.Context) error {
			another := edgeIngress("")
			another.GenerateName = "another-"
			return dry.Create(ctx, another)
		},
		"apply a new one": func(ctx context.Context) error {
			return dry.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied("another")), owner)
		},
		"apply the existing one": func(ctx context.Context) error {
			return dry.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied(e.Name)), owner, client.ForceOwnership)
		},
		"update": func(ctx context.Context) error {
			changed := e.DeepCopy()
			changed.Spec.Nodes.Names = []string{"edge-2"}
			return dry.Update(ctx, changed)
		},
		"patch": func(ctx context.Context) error {
			return dry.Patch(ctx, e.DeepCopy(), merge(`{"spec":{"nodes":{"names":["edge-2"]}}}`))
		},
		"add an owner": func(ctx context.Context) error {
			return dry.Patch(ctx, e.DeepCopy(), merge(`{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"Node","name":"gone","uid":"gone"}]}}`))
		},
		"add a finalizer": func(ctx context.Context) error {
			return dry.Patch(ctx, e.DeepCopy(), merge(`{"metadata":{"finalizers":["example.com/stay"]}}`))
		},
		"delete": func(ctx context.Context) error { return dry.Delete(ctx, e.DeepCopy()) },
		"delete a collection": func(ctx context.Context) error {
			return dry.DeleteAllOf(ctx, &v1alpha1.EdgeIngress{}, client.MatchingLabels(e.Labels))
		},
	}
}

// TestWhoMayWriteEdgeIngressObjects tries every way as everybody. The roles admin and edit have the rights that OLM adds
// to them, so that only the policy refuses.
func TestWhoMayWriteEdgeIngressObjects(t *testing.T) {
	e := existing(t, "web")
	for _, row := range []struct {
		role    string
		allowed bool
	}{{editor, false}, {aggregatedAdmin, false}, {administrator, true}, {clusterAdmin, true}} {
		for name, write := range writes(person(t, row.role), e) {
			t.Run(row.role+" "+name, func(t *testing.T) {
				err := write(t.Context())
				noRight := row.role == editor && name == "delete a collection" // OLM does not add it to edit.
				switch {
				case row.allowed && err != nil:
					t.Errorf("it is refused: %v", err)
				case !row.allowed && !noRight && !refusedByPolicy(err):
					t.Errorf("want it refused by the policy, got %v", err)
				case !row.allowed && !noRight && !strings.Contains(err.Error(), "bind the ClusterRole "+administrator):
					t.Errorf("the refusal does not name the role: %v", err)
				case noRight && err == nil:
					t.Error("it is allowed")
				}
			})
		}
	}
}

func TestReadingNeedsNoMore(t *testing.T) {
	e := existing(t, "read")
	for _, role := range []string{editor, aggregatedAdmin, administrator, verifier} {
		if err := person(t, role).Get(t.Context(), client.ObjectKeyFromObject(e), &v1alpha1.EdgeIngress{}); err != nil {
			t.Errorf("%s may not read: %v", role, err)
		}
	}
}

// Labels and annotations decide nothing, and tools of many kinds write them.
func TestLabelsNeedNoMore(t *testing.T) {
	e := existing(t, "labelled")
	if err := person(t, editor).Patch(t.Context(), e.DeepCopy(), merge(`{"metadata":{"labels":{"team":"a"},"annotations":{"note":"b"}}}`)); err != nil {
		t.Error(err)
	}
}

func TestTheOperatorKeepsItsFinalizer(t *testing.T) {
	e, c := existing(t, "finalized"), account(t)
	for _, patch := range []string{`{"metadata":{"finalizers":["` + v1alpha1.Finalizer + `"]}}`, `{"metadata":{"finalizers":null}}`} {
		if err := c.Patch(t.Context(), e.DeepCopy(), merge(patch)); err != nil {
			t.Errorf("the operator may not write %s: %v", patch, err)
		}
	}
}

// A deletion in the foreground is ended by the garbage collector, which removes its finalizer.
func TestTheGarbageCollectorFinishesDeletions(t *testing.T) {
	e := existing(t, "collected")
	foreground := metav1.DeletePropagationForeground
	if err := person(t, administrator).Delete(t.Context(), e.DeepCopy(), &client.DeleteOptions{PropagationPolicy: &foreground}); err != nil {
		t.Fatal(err)
	}
	err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		err := root.Get(ctx, client.ObjectKeyFromObject(e), &v1alpha1.EdgeIngress{})
		return err != nil, client.IgnoreNotFound(err)
	})
	if err != nil {
		t.Errorf("waiting until the garbage collector has deleted it: %v", err)
	}
}

// What a report says is in its status, and OLM's roles give no right on that. An empty report proves nothing.
func TestOLMsRolesGiveNoEvidence(t *testing.T) {
	existing(t, "seen")
	report := &v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "seen"}, Spec: v1alpha1.SourceIPReportSpec{EdgeIngress: "seen", Vantage: v1alpha1.VantageOutside}}
	if err := person(t, verifier).Create(t.Context(), report); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Delete(context.WithoutCancel(t.Context()), report) })
	for _, role := range []string{editor, aggregatedAdmin} {
		if err := person(t, role).Status().Patch(t.Context(), report.DeepCopy(), merge(`{"status":{"detail":"forged"}}`)); err == nil {
			t.Errorf("%s may write what a report says", role)
		}
		whole := report.DeepCopy()
		whole.ResourceVersion, whole.Name, whole.UID, whole.Status.Detail = "", "forged-"+role, "", "forged"
		if err := person(t, role).Create(t.Context(), whole); err != nil {
			t.Fatalf("%s may not create a report, so the test shows nothing: %v", role, err)
		}
		t.Cleanup(func() { _ = root.Delete(context.WithoutCancel(t.Context()), whole) })
		if whole.Status.Detail != "" {
			t.Errorf("%s created a report that says %q", role, whole.Status.Detail)
		}
	}
}
