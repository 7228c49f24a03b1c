package controllers

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestAReportWakesByWhatAVerdictNeeds(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 11, 1, 12, 0, 10, 0, time.UTC))
	report := &v1alpha1.SourceIPReport{
		Spec: v1alpha1.SourceIPReportSpec{EdgeIngress: "public", Vantage: v1alpha1.VantageInside, Node: "a"},
		Status: v1alpha1.SourceIPReportStatus{
			Control:    &v1alpha1.NegativeControl{Time: at},
			Challenges: []v1alpha1.Challenge{{Nonce: "0", Issued: at}},
			Probes:     []v1alpha1.ProbeCount{{Seen: v1alpha1.SeenOwn, Count: 1}},
			Sights:     []v1alpha1.Sight{{Address: "10.0.0.1", Seen: v1alpha1.SeenOwn, ConfigDigest: "0", Time: at}},
		},
	}
	type wake = wakeUp[*v1alpha1.SourceIPReport]
	checkWakeUps(t, report, map[string]wake{
		"counts":                   {change: func(r *v1alpha1.SourceIPReport) { r.Status.Probes[0].Count++ }},
		"challenges":               {change: func(r *v1alpha1.SourceIPReport) { r.Status.Challenges[0].Nonce = "1" }},
		"a second":                 {change: func(r *v1alpha1.SourceIPReport) { r.Status.Sights[0].Time = metav1.NewTime(at.Add(time.Second)) }},
		"a managed field":          {change: func(r *v1alpha1.SourceIPReport) { r.ManagedFields = []metav1.ManagedFieldsEntry{{Time: &at}} }},
		"a minute":                 {change: func(r *v1alpha1.SourceIPReport) { r.Status.Sights[0].Time = metav1.NewTime(at.Add(time.Minute)) }, wakes: true},
		"a minute of the control":  {change: func(r *v1alpha1.SourceIPReport) { r.Status.Control.Time = metav1.NewTime(at.Add(time.Minute)) }, wakes: true},
		"what was seen":            {change: func(r *v1alpha1.SourceIPReport) { r.Status.Sights[0].Seen = v1alpha1.SeenOther }, wakes: true},
		"how often":                {change: func(r *v1alpha1.SourceIPReport) { r.Status.Sights[0].Repeated = 2 }, wakes: true},
		"what was loaded":          {change: func(r *v1alpha1.SourceIPReport) { r.Status.Sights[0].ConfigDigest = "1" }, wakes: true},
		"an answer to the control": {change: func(r *v1alpha1.SourceIPReport) { r.Status.Control.Answered = true }, wakes: true},
		"a problem":                {change: func(r *v1alpha1.SourceIPReport) { r.Status.Problem = v1alpha1.ReportOnlyNode }, wakes: true},
	})
	if requests := requestsForReport(t.Context(), report); len(requests) != 1 || requests[0].Name != "public" {
		t.Errorf("the report causes %v", requests)
	}
}

func TestAReportIsAboutItsOwner(t *testing.T) {
	edge := &v1alpha1.EdgeIngress{ObjectMeta: metav1.ObjectMeta{Name: "public", UID: "this"}}
	for name, row := range map[string]struct {
		about  string
		owners []metav1.OwnerReference
		want   bool
	}{
		"its owner":           {about: "public", owners: []metav1.OwnerReference{{Kind: "EdgeIngress", UID: "this"}}, want: true},
		"one of before":       {about: "public", owners: []metav1.OwnerReference{{Kind: "EdgeIngress", UID: "older"}}},
		"nobody":              {about: "public"},
		"another kind":        {about: "public", owners: []metav1.OwnerReference{{Kind: "DaemonSet", UID: "this"}}},
		"another EdgeIngress": {about: "internal", owners: []metav1.OwnerReference{{Kind: "EdgeIngress", UID: "this"}}},
	} {
		report := &v1alpha1.SourceIPReport{Spec: v1alpha1.SourceIPReportSpec{EdgeIngress: row.about}}
		report.OwnerReferences = row.owners
		if got := isAbout(report, edge); got != row.want {
			t.Errorf("a report that belongs to %s counts: %v", name, got)
		}
	}
}

// The cache keeps who wrote when, and not what.
func TestTheTimeOfAWriteIsKept(t *testing.T) {
	first := metav1.NewTime(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
	second, third := metav1.NewTime(first.Add(time.Hour)), metav1.NewTime(first.Add(2*time.Hour))
	fields := metav1.NewFieldsV1(`{"f:data":{}}`)
	configMap := &corev1.ConfigMap{Data: map[string]string{"a": "b"}}
	configMap.ManagedFields = []metav1.ManagedFieldsEntry{
		{Manager: v1alpha1.FieldManager, Operation: metav1.ManagedFieldsOperationApply, Time: &second, FieldsV1: fields},
		{Manager: v1alpha1.FieldManager, Operation: metav1.ManagedFieldsOperationUpdate, Time: &first, FieldsV1: fields},
		{Manager: "kubectl-edit", Operation: metav1.ManagedFieldsOperationUpdate, Time: &third, FieldsV1: fields},
		{Manager: v1alpha1.FieldManager},
	}
	kept, err := trimConfigMap(configMap)
	if err != nil {
		t.Fatal(err)
	}
	trimmed, isConfigMap := kept.(*corev1.ConfigMap)
	if !isConfigMap || cmp.Diff(map[string]string{"a": "b"}, trimmed.Data) != "" {
		t.Fatalf("trimmed to %v", kept)
	}
	for _, entry := range trimmed.ManagedFields {
		if entry.FieldsV1 != nil {
			t.Errorf("the fields of %s are kept", entry.Manager)
		}
	}
	if got := writtenAt(trimmed, v1alpha1.FieldManager); !got.Equal(second.Time) {
		t.Errorf("written at %s, want %s", got, second)
	}
	if got := writtenAt(trimmed, "somebody"); !got.IsZero() {
		t.Errorf("a manager that wrote nothing wrote at %s", got)
	}
	report := &v1alpha1.SourceIPReport{}
	report.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "prober", Time: &first, FieldsV1: fields}}
	if _, err := trimReport(report); err != nil || report.ManagedFields[0].FieldsV1 != nil || !writtenAt(report, "prober").Equal(first.Time) {
		t.Errorf("the report keeps %v (%v)", report.ManagedFields, err)
	}
}
