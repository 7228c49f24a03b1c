package controllers

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// observeReports reads the reports about an EdgeIngress. One that does not belong to it may be about another one that
// had the same name, and is not among them.
func (r *Reconciler) observeReports(ctx context.Context, edge *v1alpha1.EdgeIngress) snapshot.List[v1alpha1.SourceIPReport] {
	list := &v1alpha1.SourceIPReportList{}
	if err := r.Client.List(ctx, list, client.MatchingLabels{v1alpha1.OwnerLabel: edge.Name}); err != nil {
		return snapshot.List[v1alpha1.SourceIPReport]{Err: fmt.Errorf("listing the SourceIPReports of EdgeIngress %q: %w", edge.Name, err)}
	}
	reports := slices.DeleteFunc(list.Items, func(report v1alpha1.SourceIPReport) bool { return !isAbout(&report, edge) })
	slices.SortFunc(reports, func(a, b v1alpha1.SourceIPReport) int { return cmp.Compare(a.Name, b.Name) })
	return snapshot.List[v1alpha1.SourceIPReport]{Items: reports}
}

// isAbout reports whether a report is about this very EdgeIngress.
func isAbout(report *v1alpha1.SourceIPReport, edge *v1alpha1.EdgeIngress) bool {
	return report.Spec.EdgeIngress == edge.Name && slices.ContainsFunc(report.OwnerReferences, func(owner metav1.OwnerReference) bool {
		return owner.Kind == "EdgeIngress" && owner.UID == edge.UID
	})
}

// trimReport keeps of the managed fields only when they were written.
func trimReport(object any) (any, error) {
	if report, isReport := object.(*v1alpha1.SourceIPReport); isReport {
		report.ManagedFields = timesOf(report.ManagedFields)
	}
	return object, nil
}

// trimConfigMap keeps of the managed fields only who wrote when.
func trimConfigMap(object any) (any, error) {
	if configMap, isConfigMap := object.(*corev1.ConfigMap); isConfigMap {
		configMap.ManagedFields = timesOf(configMap.ManagedFields)
	}
	return object, nil
}

func timesOf(entries []metav1.ManagedFieldsEntry) []metav1.ManagedFieldsEntry {
	var times []metav1.ManagedFieldsEntry
	for _, entry := range entries {
		times = append(times, metav1.ManagedFieldsEntry{Manager: shared(entry.Manager), Operation: entry.Operation, Time: entry.Time})
	}
	return times
}

// writtenAt returns when a field manager last changed the object, by the API server's clock.
func writtenAt(object client.Object, manager string) (at time.Time) {
	for _, entry := range object.GetManagedFields() {
		if entry.Manager == manager && entry.Time != nil && entry.Time.After(at) {
			at = entry.Time.Time
		}
	}
	return at
}

// viewOfReport returns what a pass looks at. It leaves out what changes with every write and decides nothing:
// the challenges, which are for outside vantages, and the counts of requests. Of a time, the minute matters:
// evidence ends, and a configuration should have been loaded by then.
func viewOfReport(report *v1alpha1.SourceIPReport) v1alpha1.SourceIPReport {
	status := report.Status.DeepCopy()
	status.Challenges, status.Probes = nil, nil
	for i := range status.Sights {
		status.Sights[i].Time = toMinute(status.Sights[i].Time)
	}
	if status.Control != nil {
		status.Control.Time = toMinute(status.Control.Time)
	}
	return v1alpha1.SourceIPReport{Spec: report.Spec, Status: *status}
}

func toMinute(at metav1.Time) metav1.Time { return metav1.NewTime(at.Truncate(time.Minute)) }

// requestsForReport finds the EdgeIngress that a report is about.
func requestsForReport(_ context.Context, object client.Object) []reconcile.Request {
	report, isReport := object.(*v1alpha1.SourceIPReport)
	if !isReport {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Name: report.Spec.EdgeIngress}}}
}
