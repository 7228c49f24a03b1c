package controllers

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/assess"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// cached is a cache with one EdgeIngress and some reports.
type cached struct {
	client.Reader
	edges   []v1alpha1.EdgeIngress
	reports []v1alpha1.SourceIPReport
}

func (c cached) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	switch list := list.(type) {
	case *v1alpha1.EdgeIngressList:
		list.Items = c.edges
	case *v1alpha1.SourceIPReportList:
		list.Items = c.reports
	default:
		return fmt.Errorf("there is no cache of %T", list)
	}
	return nil
}

// gathered are the values of a collector's series.
func gathered(t *testing.T, collector *Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(collector)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			key := family.GetName()
			for _, label := range metric.GetLabel() {
				key += " " + label.GetName() + "=" + label.GetValue()
			}
			values[key] = metric.GetGauge().GetValue() + metric.GetCounter().GetValue()
		}
	}
	return values
}

func TestMetricsShowWhatWasMeasured(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	measured := &Measured{}
	measured.note("uid", assess.Assessment{Legs: []evidence.Leg{
		{Node: "edge-1", State: evidence.Lost, Newest: now.Add(-time.Minute)},
		{Address: "203.0.113.10", State: evidence.Unknown},
	}})
	measured.note("gone", assess.Assessment{Legs: []evidence.Leg{{Node: "edge-9", State: evidence.Kept}}})
	report := v1alpha1.SourceIPReport{ObjectMeta: metav1.ObjectMeta{Name: "public-inside-1"}, Spec: v1alpha1.SourceIPReportSpec{EdgeIngress: "public"}}
	report.Status.Probes = []v1alpha1.ProbeCount{{Seen: v1alpha1.SeenOther, Count: 7}}
	edges := []v1alpha1.EdgeIngress{{ObjectMeta: metav1.ObjectMeta{Name: "public", UID: "uid"}}}
	collector := &Collector{Reader: cached{edges: edges, reports: []v1alpha1.SourceIPReport{report}}, Measured: measured, Now: func() time.Time { return now }}

	series := gathered(t, collector)
	for key, want := range map[string]float64{
		"edge_ingress_leg_state at=edge-1 leg=node name=public state=Lost":             1,
		"edge_ingress_leg_state at=edge-1 leg=node name=public state=Kept":             0,
		"edge_ingress_leg_state at=203.0.113.10 leg=address name=public state=Unknown": 1,
		"edge_ingress_evidence_age_seconds at=edge-1 leg=node name=public":             60,
		"edge_ingress_probes_total name=public report=public-inside-1 seen=Other":      7,
	} {
		if got, there := series[key]; !there || got != want {
			t.Errorf("%s is %v (%v), want %v", key, got, there, want)
		}
	}
	for _, key := range []string{
		"edge_ingress_evidence_age_seconds at=203.0.113.10 leg=address name=public", "edge_ingress_leg_state at=edge-9 leg=node name=public state=Kept",
	} {
		if _, there := series[key]; there {
			t.Errorf("%s has a value, and nothing to rest on", key)
		}
	}
	if _, there := gathered(t, &Collector{Reader: cached{edges: edges}})["edge_ingress_leg_state at=edge-1 leg=node name=public state=Lost"]; there {
		t.Error("without passes there is a leg")
	}
}

func TestAPassKnowsWhatEarlierPassesMeasured(t *testing.T) {
	var nowhere *Measured
	nowhere.note("uid", assess.Assessment{})
	nowhere.forget("uid")
	if nowhere.keptBefore("uid") != nil {
		t.Error("something is remembered nowhere")
	}
	measured := &Measured{}
	measured.note("uid", assess.Assessment{Kept: snapshot.NodesBefore{"node": {Lost: true}}})
	if !measured.keptBefore("uid")["node"].Lost || len(measured.keptBefore(types.UID("other"))) > 0 {
		t.Error("what was measured is not remembered by EdgeIngress")
	}
	measured.forget("uid")
	if len(measured.keptBefore("uid")) > 0 {
		t.Error("what was measured of a deleted EdgeIngress is remembered")
	}
}
