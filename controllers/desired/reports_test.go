package desired

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// report was created at the test's beginning, and last written so much later.
func report(name string, vantage v1alpha1.Vantage, later time.Duration) v1alpha1.SourceIPReport {
	written := metav1.NewTime(created.Add(later))
	r := v1alpha1.SourceIPReport{Spec: v1alpha1.SourceIPReportSpec{EdgeIngress: ingressName, Vantage: vantage}}
	r.Name, r.UID, r.ResourceVersion, r.CreationTimestamp = name, "uid", "7", created
	r.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "x", Time: &written}, {Manager: "y"}}
	return r
}

func TestReportsThatNobodyWritesAnyMore(t *testing.T) {
	const inside, outside = v1alpha1.VantageInside, v1alpha1.VantageOutside
	ending := report("d", inside, 0)
	ending.DeletionTimestamp = &created
	for name, test := range map[string]struct {
		probes  v1alpha1.Switch
		change  func(*v1alpha1.EdgeIngress)
		reports []v1alpha1.SourceIPReport
		want    []string
	}{
		"two probers write": {v1alpha1.Enabled, nil, []v1alpha1.SourceIPReport{report("a", inside, 0), report("b", inside, time.Hour)}, nil},
		"one prober has moved": {v1alpha1.Enabled, nil,
			[]v1alpha1.SourceIPReport{report("a", inside, 0), report("b", inside, time.Hour+time.Second)}, []string{"a"}},
		"the only prober is dead":          {v1alpha1.Enabled, nil, []v1alpha1.SourceIPReport{report("a", inside, 0)}, nil},
		"a person wrote later":             {v1alpha1.Enabled, nil, []v1alpha1.SourceIPReport{report("a", inside, 0), report("b", outside, 99*time.Hour)}, nil},
		"a person wrote long before":       {v1alpha1.Enabled, nil, []v1alpha1.SourceIPReport{report("a", outside, 0), report("b", inside, 99*time.Hour)}, nil},
		"nothing is measured any more":     {v1alpha1.Disabled, nil, []v1alpha1.SourceIPReport{report("a", inside, 0), report("b", outside, 0), report("c", inside, 0)}, []string{"a", "c"}},
		"one is being deleted already":     {v1alpha1.Disabled, nil, []v1alpha1.SourceIPReport{ending}, nil},
		"the EdgeIngress is being deleted": {v1alpha1.Disabled, deleting, []v1alpha1.SourceIPReport{report("a", inside, 0)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			e := edge(probes(test.probes))
			if test.change != nil {
				test.change(e)
			}
			s := seen(e)
			s.Reports = snapshot.List[v1alpha1.SourceIPReport]{Items: test.reports}
			var got []string
			for _, change := range compute(t, s).Changes {
				if change.Ref.Kind != "SourceIPReport" {
					continue
				}
				got = append(got, change.Ref.Name)
				if change.Kind != Delete || change.Live.GetUID() != "uid" || change.Live.GetResourceVersion() != "7" {
					t.Errorf("the change is %+v", change)
				}
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("deleted (-want +got):\n%s", diff)
			}
		})
	}
}
