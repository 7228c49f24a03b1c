package verification_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// writes are the ways to write a report of this vantage. Each works for whoever may write such reports.
func writes(c client.Client, existing *v1alpha1.SourceIPReport) map[string]func(context.Context) error {
	vantage := existing.Spec.Vantage
	changed := func() *v1alpha1.SourceIPReport {
		r := existing.DeepCopy()
		r.Status.Sights = []v1alpha1.Sight{{Address: "10.0.0.11", Port: 80, Scheme: v1alpha1.SchemeHTTP, Family: "IPv4", Seen: v1alpha1.SeenOwn, Time: existing.CreationTimestamp}}
		return r
	}
	applied := func(name string, status bool) *unstructured.Unstructured {
		object := &unstructured.Unstructured{Object: map[string]any{}}
		object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("SourceIPReport"))
		object.SetName(name)
		spec := map[string]any{"edgeIngress": "web", "vantage": string(vantage)}
		if vantage == v1alpha1.VantageInside {
			spec["node"] = "edge-1"
		}
		object.Object["spec"] = spec
		if status {
			object.Object["status"] = map[string]any{"detail": "applied"}
		}
		return object
	}
	const owner = client.FieldOwner("a-writer")
	return map[string]func(context.Context) error{
		"create": func(ctx context.Context) error { return c.Create(ctx, report("created-by-somebody", vantage)) },
		"create under a generated name": func(ctx context.Context) error {
			r := report("", vantage)
			r.GenerateName = "generated-"
			return c.Create(ctx, r)
		},
		"apply a new one": func(ctx context.Context) error {
			return c.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied("applied-by-somebody", false)), owner)
		},
		"update the status": func(ctx context.Context) error { return c.Status().Update(ctx, changed()) },
		"patch the status": func(ctx context.Context) error {
			return c.Status().Patch(ctx, existing.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(`{"status":{"detail":"patched"}}`)))
		},
		"apply the status": func(ctx context.Context) error {
			return c.Status().Apply(ctx, client.ApplyConfigurationFromUnstructured(applied(existing.Name, true)), owner, client.ForceOwnership)
		},
	}
}

// TestWhoMayWriteWhichReports tries every way as every account. A cluster admin has every right, so that only the
// policy refuses it.
func TestWhoMayWriteWhichReports(t *testing.T) {
	inside, outside := written(t, "writes-inside", v1alpha1.VantageInside), written(t, "writes-outside", v1alpha1.VantageOutside)
	for name, row := range map[string]struct {
		client   client.Client
		existing *v1alpha1.SourceIPReport
		// only are the writes that RBAC allows; nil for all.
		only    []string
		allowed bool
	}{
		"the prober writes inside ones":               {asAccount(t, proberNamespace, proberName), inside, []string{"create", "create under a generated name", "update the status"}, true},
		"the prober writes no outside ones":           {asAccount(t, proberNamespace, proberName), outside, nil, false},
		"an admin writes outside ones":                {asPerson(t), outside, nil, true},
		"an admin writes no inside ones":              {asPerson(t), inside, nil, false},
		"a cluster admin writes outside ones":         {root, outside, nil, true},
		"a cluster admin writes no inside ones":       {root, inside, nil, false},
		"the prober's namesake writes no inside ones": {asAccount(t, namesake, proberName), inside, nil, false},
		"the witness writes no inside ones":           {asAccount(t, operatorNamespace, witnessName), inside, nil, false},
		"the witness writes no outside ones":          {asAccount(t, operatorNamespace, witnessName), outside, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			// Nothing is kept, so that no row changes what another one finds.
			for way, write := range writes(client.NewDryRunClient(row.client), row.existing) {
				if row.only != nil && !slices.Contains(row.only, way) {
					continue
				}
				err := write(t.Context())
				if row.allowed && err != nil {
					t.Errorf("%s: want it allowed, got %v", way, err)
				}
				if !row.allowed && !apierrors.IsForbidden(err) {
					t.Errorf("%s: want it forbidden, got %v", way, err)
				}
			}
		})
	}
}

func TestTheRefusalSaysWhatToWrite(t *testing.T) {
	err := asPerson(t).Create(t.Context(), report("refusal", v1alpha1.VantageInside))
	if err == nil || !strings.Contains(err.Error(), "write vantage Outside") {
		t.Errorf("got %v", err)
	}
}

func TestAReportKeepsItsVantage(t *testing.T) {
	for name, row := range map[string]struct {
		from  v1alpha1.Vantage
		patch string
	}{
		"outside to inside": {v1alpha1.VantageOutside, `{"spec":{"vantage":"Inside","node":"edge-1"}}`},
		"inside to outside": {v1alpha1.VantageInside, `{"spec":{"vantage":"Outside","node":null}}`},
		"another node":      {v1alpha1.VantageInside, `{"spec":{"node":"edge-2"}}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := written(t, "keeps-its-vantage", row.from)
			for who, c := range map[string]client.Client{"an admin": asPerson(t), "a cluster admin": root, "the prober": asAccount(t, proberNamespace, proberName)} {
				for way, patch := range map[string]func() error{
					"object": func() error {
						return c.Patch(t.Context(), r.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(row.patch)))
					},
					"status": func() error {
						return c.Status().Patch(t.Context(), r.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(row.patch)))
					},
				} {
					err := patch()
					got := &v1alpha1.SourceIPReport{}
					if readErr := root.Get(t.Context(), client.ObjectKeyFromObject(r), got); readErr != nil {
						t.Fatal(readErr)
					}
					if got.Spec != r.Spec {
						t.Errorf("%s patched the %s and changed the spec to %+v", who, way, got.Spec)
					}
					if way == "object" && !apierrors.IsForbidden(err) && !apierrors.IsInvalid(err) {
						t.Errorf("%s patched the %s: want it refused, got %v", who, way, err)
					}
				}
			}
		})
	}
}

func TestAnUpdateOfAnInsideReportCannotBringAStatus(t *testing.T) {
	r := written(t, "brings-a-status", v1alpha1.VantageInside)
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"a":"b"}},"status":{"detail":"mine"}}`))
	if err := asPerson(t).Patch(t.Context(), r.DeepCopy(), patch); err != nil {
		t.Errorf("labels of an inside report: want it allowed, as for the garbage collector, got %v", err)
	}
	got := &v1alpha1.SourceIPReport{}
	if err := root.Get(t.Context(), client.ObjectKeyFromObject(r), got); err != nil {
		t.Fatal(err)
	}
	if got.Status.Detail != "" || got.Labels["a"] != "b" {
		t.Errorf("the report has the labels %v and the detail %q", got.Labels, got.Status.Detail)
	}
}

func TestPeopleMayDeleteReports(t *testing.T) {
	for _, vantage := range []v1alpha1.Vantage{v1alpha1.VantageInside, v1alpha1.VantageOutside} {
		r := written(t, "is-deleted", vantage)
		if err := asPerson(t).Delete(t.Context(), r); err != nil {
			t.Errorf("deleting a report of vantage %s: %v", vantage, err)
		}
	}
}
