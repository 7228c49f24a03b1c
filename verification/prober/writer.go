package prober

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
)

const (
	reportsResource = "sourceipreports"
	writeTimeout    = 10 * time.Second
	// attempts after a conflict. Nobody else writes the status of this prober's reports, so one is enough
	// mostly.
	attempts = 3
	// candidates is how many names a report may have. It takes the next one where somebody else has the name, or
	// has changed the report's metadata so that the operator does not see it.
	candidates = 8
)

// writer writes the reports of the prober on one node.
type writer struct {
	client *rest.RESTClient
	node   string
	log    *slog.Logger
}

// write creates the report if it does not exist, and replaces its status.
func (w *writer) write(ctx context.Context, e *v1alpha1.EdgeIngress, status v1alpha1.SourceIPReportStatus) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	var last error
	for range attempts {
		report, err := w.getOrCreate(ctx, e)
		if err != nil {
			return err
		}
		report.Status = status
		if last = w.client.Put().Resource(reportsResource).Name(report.Name).SubResource("status").Body(report).Do(ctx).Error(); last != nil {
			last = fmt.Errorf("writing report %s: %w", report.Name, last)
		}
		if !apierrors.IsConflict(last) && !apierrors.IsNotFound(last) {
			break
		}
	}
	return last
}

// getOrCreate finds the prober's own report, or creates it under the first name that is free.
func (w *writer) getOrCreate(ctx context.Context, e *v1alpha1.EdgeIngress) (*v1alpha1.SourceIPReport, error) {
	free := ""
	for i := range candidates {
		name, report := reportName(e, w.node, i), &v1alpha1.SourceIPReport{}
		err := w.client.Get().Resource(reportsResource).Name(name).Do(ctx).Into(report)
		switch {
		case err == nil && w.isOwn(report, e):
			return report, nil
		case err == nil:
			w.log.Warn("A report has the name of the prober's, and is another one or was changed. Delete it.", "report", name, "edgeIngress", e.Name)
		case !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("reading report %s: %w", name, err)
		case free == "":
			free = name
		}
	}
	if free == "" {
		return nil, fmt.Errorf("creating a report: other reports have all its names, such as %s: delete them", reportName(e, w.node, 0))
	}
	return w.create(ctx, free, e)
}

// isOwn reports whether this is what create creates, as far as the operator looks at it.
func (w *writer) isOwn(report *v1alpha1.SourceIPReport, e *v1alpha1.EdgeIngress) bool {
	return report.Spec == w.spec(e) && report.Labels[v1alpha1.OwnerLabel] == e.Name &&
		len(report.OwnerReferences) == 1 && report.OwnerReferences[0].UID == e.UID
}

func (w *writer) spec(e *v1alpha1.EdgeIngress) v1alpha1.SourceIPReportSpec {
	return v1alpha1.SourceIPReportSpec{EdgeIngress: e.Name, Vantage: v1alpha1.VantageInside, Node: w.node}
}

func (w *writer) create(ctx context.Context, name string, e *v1alpha1.EdgeIngress) (*v1alpha1.SourceIPReport, error) {
	fresh := &v1alpha1.SourceIPReport{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "SourceIPReport"},
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Labels: names.Labels(e.Name),
			// It goes with the EdgeIngress, and does not keep it.
			OwnerReferences: []metav1.OwnerReference{{APIVersion: v1alpha1.GroupVersion.String(), Kind: "EdgeIngress", Name: e.Name, UID: e.UID}},
		},
		Spec: w.spec(e),
	}
	report := &v1alpha1.SourceIPReport{}
	if err := w.client.Post().Resource(reportsResource).Body(fresh).Do(ctx).Into(report); err != nil {
		return nil, fmt.Errorf("creating report %s: %w", name, err)
	}
	return report, nil
}
