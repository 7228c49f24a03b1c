package controllers_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

// createReport creates a report about the story's EdgeIngress.
func (s *story) createReport(name string, vantage v1alpha1.Vantage) *v1alpha1.SourceIPReport {
	s.Helper()
	edge := s.edge()
	report := &v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{
		Name: s.name + "-" + name, Labels: names.Labels(s.name),
		OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "EdgeIngress", Name: edge.Name, UID: edge.UID}},
	}}
	report.Spec = v1alpha1.SourceIPReportSpec{EdgeIngress: s.name, Vantage: vantage}
	if vantage == v1alpha1.VantageInside {
		report.Spec.Node = s.node("a")
	}
	if err := admin.Create(s.Context(), report, client.FieldOwner("prober")); err != nil {
		s.Fatal(err)
	}
	s.cleanUp(report)
	return report
}

// TestReportsOfProbersGoWhenNothingIsMeasured: those of people stay until the EdgeIngress goes.
func TestReportsOfProbersGoWhenNothingIsMeasured(t *testing.T) {
	t.Parallel()
	s := newStory(t, "reports")
	s.addNodes("a")
	s.createReady()
	inside, outside := s.createReport("inside", v1alpha1.VantageInside), s.createReport("outside", v1alpha1.VantageOutside)
	inside.Status.Problem = v1alpha1.ReportOnlyNode
	if err := admin.Status().Update(t.Context(), inside, client.FieldOwner("prober")); err != nil {
		t.Fatal(err)
	}
	s.becomesReady()
	s.mustRead(inside)

	s.change(probes(v1alpha1.Disabled))
	s.eventually("the prober's report goes", s.isGone(t.Context(), inside))
	s.becomesReady()
	s.mustRead(outside)
	s.deleteEdge()
	s.eventually("the other report goes with the EdgeIngress", s.isGone(t.Context(), outside))
}
