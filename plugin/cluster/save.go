package cluster

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// ReportName is the name of the outside report about an EdgeIngress. vantage tells several machines apart;
// it may be empty.
func ReportName(edgeIngress, vantage string) string {
	if vantage == "" {
		return edgeIngress + "-outside"
	}
	return edgeIngress + "-outside-" + vantage
}

// Save writes the outside report of this name about the EdgeIngress. merge gets the status that the report
// had, and returns the new one; it may run several times.
func (c *Client) Save(ctx context.Context, edge *v1alpha1.EdgeIngress, name string, merge func(v1alpha1.SourceIPReportStatus) v1alpha1.SourceIPReportStatus) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error { return c.save(ctx, edge, name, merge) })
	return explain("writing SourceIPReport "+name, err)
}

func (c *Client) save(ctx context.Context, edge *v1alpha1.EdgeIngress, name string, merge func(v1alpha1.SourceIPReportStatus) v1alpha1.SourceIPReportStatus) error {
	report := &v1alpha1.SourceIPReport{}
	err := c.edge.Get().Resource(reports).Name(name).Do(ctx).Into(report)
	switch {
	case apierrors.IsNotFound(err):
		report = &v1alpha1.SourceIPReport{}
		report.Name = name
		report.Spec = v1alpha1.SourceIPReportSpec{EdgeIngress: edge.Name, Vantage: v1alpha1.VantageOutside}
		own(report, edge)
		err = c.edge.Post().Resource(reports).Body(report).Do(ctx).Into(report)
	case err == nil && (report.Spec.EdgeIngress != edge.Name || report.Spec.Vantage != v1alpha1.VantageOutside):
		return fmt.Errorf("it is a report of vantage %s about %s: write another --vantage", report.Spec.Vantage, report.Spec.EdgeIngress)
	case err == nil && own(report, edge):
		// It is of an earlier EdgeIngress of this name, and so are its sights.
		report.Status = v1alpha1.SourceIPReportStatus{}
		err = c.edge.Put().Resource(reports).Name(name).Body(report).Do(ctx).Into(report)
		report.Status = v1alpha1.SourceIPReportStatus{}
	}
	if err != nil {
		return err
	}
	report.Status = merge(report.Status)
	return c.edge.Put().Resource(reports).Name(name).SubResource("status").Body(report).Do(ctx).Error()
}

// own makes the report belong to the EdgeIngress, so that it goes with it and the operator finds it by its
// label. It reports whether that changed anything.
func own(report *v1alpha1.SourceIPReport, edge *v1alpha1.EdgeIngress) bool {
	owner := report.OwnerReferences
	if len(owner) == 1 && owner[0].UID == edge.UID && report.Labels[v1alpha1.OwnerLabel] == edge.Name {
		return false
	}
	report.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "EdgeIngress", Name: edge.Name, UID: edge.UID,
	}}
	if report.Labels == nil {
		report.Labels = map[string]string{}
	}
	report.Labels[v1alpha1.OwnerLabel] = edge.Name
	return true
}
