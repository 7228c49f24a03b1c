package controllers

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// scrapeTimeout bounds the read of the cache at a scrape; it matters only until the cache has synced.
const scrapeTimeout = 5 * time.Second

var (
	conditionMetric = prometheus.NewDesc("edge_ingress_status_condition",
		"1 for the status that a condition of an EdgeIngress has, 0 for the other two.", []string{"name", "type", "status"}, nil)
	nodesMetric = prometheus.NewDesc("edge_ingress_nodes",
		"Edge nodes of an EdgeIngress by state; one that serves is also labelled, one that is labelled usually also selected.", []string{"name", "state"}, nil)
	buildMetric = prometheus.NewDesc("edge_ingress_build_info",
		"1, with the version, revision and Go version that the operator was built from.", []string{"version", "revision", "goversion"}, nil)
)

// Collector computes the operator's metrics from the cache at scrape time, so that no series
// outlives its object.
type Collector struct {
	// Reader reads EdgeIngress objects from the cache.
	Reader client.Reader
	// Measured holds what passes found measured; nil without passes.
	Measured *Measured
	// Now returns the time for the age of evidence; nil for the machine's.
	Now func() time.Time
	// Version, Revision and GoVersion describe the build.
	Version, Revision, GoVersion string
}

// Describe implements prometheus.Collector.
func (c *Collector) Describe(out chan<- *prometheus.Desc) {
	out <- conditionMetric
	out <- nodesMetric
	out <- buildMetric
	out <- legMetric
	out <- ageMetric
	out <- probesMetric
}

// Collect implements prometheus.Collector. While the cache cannot be read there are no series of objects.
func (c *Collector) Collect(out chan<- prometheus.Metric) {
	out <- prometheus.MustNewConstMetric(buildMetric, prometheus.GaugeValue, 1, c.Version, c.Revision, c.GoVersion)
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	list := &v1alpha1.EdgeIngressList{}
	if err := c.Reader.List(ctx, list); err != nil {
		out <- prometheus.NewInvalidMetric(conditionMetric, err)
		return
	}
	now := time.Now
	if c.Now != nil {
		now = c.Now
	}
	for i := range list.Items {
		collectObject(out, &list.Items[i])
		collectLegs(out, &list.Items[i], c.Measured.of(list.Items[i].UID).Legs, now())
	}
	reports := &v1alpha1.SourceIPReportList{}
	if err := c.Reader.List(ctx, reports); err != nil {
		out <- prometheus.NewInvalidMetric(probesMetric, err)
		return
	}
	for i := range reports.Items {
		collectProbes(out, &reports.Items[i])
	}
}

func collectObject(out chan<- prometheus.Metric, edge *v1alpha1.EdgeIngress) {
	for _, condition := range edge.Status.Conditions {
		for _, status := range []metav1.ConditionStatus{metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionUnknown} {
			value := 0.0
			if condition.Status == status {
				value = 1
			}
			out <- prometheus.MustNewConstMetric(conditionMetric, prometheus.GaugeValue, value, edge.Name, condition.Type, string(status))
		}
	}
	nodes := edge.Status.Nodes
	counts := map[string]int32{
		"selected": nodes.Selected, "labelled": nodes.Labelled, "serving": nodes.Serving, "withdrawn": nodes.Withdrawn, "releasing": nodes.Releasing,
	}
	for state, count := range counts {
		out <- prometheus.MustNewConstMetric(nodesMetric, prometheus.GaugeValue, float64(count), edge.Name, state)
	}
}
