package controllers

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/assess"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Measured holds what the newest pass over each EdgeIngress found measured: for metrics, and for the next pass. It
// is safe for concurrent use.
type Measured struct {
	mu sync.Mutex
	// byEdge has the EdgeIngress's uid as its key. Its values are replaced and never changed.
	byEdge map[types.UID]assess.Assessment
}

// of returns what the newest pass found; the zero value before the first one.
func (m *Measured) of(edge types.UID) assess.Assessment {
	if m == nil {
		return assess.Assessment{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.byEdge[edge]
}

// keptBefore is what earlier passes knew of edge nodes.
func (m *Measured) keptBefore(edge types.UID) snapshot.NodesBefore { return m.of(edge).Kept }

func (m *Measured) note(edge types.UID, found assess.Assessment) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.byEdge == nil {
		m.byEdge = map[types.UID]assess.Assessment{}
	}
	found.Status = v1alpha1.EdgeIngressStatus{} // The cache has it.
	m.byEdge[edge] = found
}

func (m *Measured) forget(edge types.UID) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.byEdge, edge)
}

var (
	legMetric = prometheus.NewDesc("edge_ingress_leg_state",
		"1 for the state that a measured leg of the path has, 0 for the other two: an edge node with its controller (leg node), a published address (leg address), "+
			"or what writes a header in front (leg front).", []string{"name", "leg", "at", "state"}, nil)
	ageMetric = prometheus.NewDesc("edge_ingress_evidence_age_seconds",
		"Age of the newest evidence about a measured leg of the path.", []string{"name", "leg", "at"}, nil)
	probesMetric = prometheus.NewDesc("edge_ingress_probes_total",
		"Requests of a vantage since it started, by what the witness saw.", []string{"name", "report", "seen"}, nil)
)

// collectLegs writes the series of what was measured of one EdgeIngress.
func collectLegs(out chan<- prometheus.Metric, edge *v1alpha1.EdgeIngress, legs []evidence.Leg, now time.Time) {
	for _, leg := range legs {
		kind, at := "front", ""
		switch {
		case leg.Node != "":
			kind, at = "node", leg.Node
		case leg.Address != "":
			kind, at = "address", leg.Address
		}
		for _, state := range []evidence.State{evidence.Kept, evidence.Lost, evidence.Unknown} {
			value := 0.0
			if leg.State == state {
				value = 1
			}
			out <- prometheus.MustNewConstMetric(legMetric, prometheus.GaugeValue, value, edge.Name, kind, at, string(state))
		}
		if !leg.Newest.IsZero() {
			out <- prometheus.MustNewConstMetric(ageMetric, prometheus.GaugeValue, max(0, now.Sub(leg.Newest).Seconds()), edge.Name, kind, at)
		}
	}
}

// collectProbes writes the series of one report. Reports of an EdgeIngress that is gone are about to go, too.
func collectProbes(out chan<- prometheus.Metric, report *v1alpha1.SourceIPReport) {
	for _, probes := range report.Status.Probes {
		out <- prometheus.MustNewConstMetric(probesMetric, prometheus.CounterValue, float64(probes.Count), report.Spec.EdgeIngress, report.Name, string(probes.Seen))
	}
}
