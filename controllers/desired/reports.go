package desired

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// staleAfter is how much older than the newest report of a prober another one must be to be of no use. Its
// prober has moved to another node, or its node is gone. Only times of the API server are compared.
const staleAfter = time.Hour

// staleReports finds the reports of probers that nobody writes any more. Reports of people stay. Those of an
// EdgeIngress that is being deleted go with it, as garbage.
func staleReports(s snapshot.Snapshot) (stale []Change) {
	if !s.EdgeIngress.DeletionTimestamp.IsZero() {
		return nil
	}
	var newest time.Time
	for i := range s.Reports.Items {
		if at := lastWrite(&s.Reports.Items[i]); isInside(&s.Reports.Items[i]) && at.After(newest) {
			newest = at
		}
	}
	measured := s.EdgeIngress.Measured(s.Options.MeasureByDefault)
	for i := range s.Reports.Items {
		report := &s.Reports.Items[i]
		if !isInside(report) || !report.DeletionTimestamp.IsZero() || (measured && newest.Sub(lastWrite(report)) <= staleAfter) {
			continue
		}
		ref := snapshot.Ref{Kind: "SourceIPReport", Name: report.Name}
		live := &unstructured.Unstructured{}
		live.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(ref.Kind))
		live.SetName(report.Name)
		live.SetUID(report.UID)
		live.SetResourceVersion(report.ResourceVersion)
		stale = append(stale, Change{Kind: Delete, Ref: ref, Live: live})
	}
	return stale
}

func isInside(report *v1alpha1.SourceIPReport) bool {
	return report.Spec.Vantage == v1alpha1.VantageInside
}

func lastWrite(report *v1alpha1.SourceIPReport) time.Time {
	at := report.CreationTimestamp.Time
	for _, entry := range report.ManagedFields {
		if entry.Time != nil && entry.Time.After(at) {
			at = entry.Time.Time
		}
	}
	return at
}
