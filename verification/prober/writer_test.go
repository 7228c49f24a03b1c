package prober

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// reports is an API server that has only reports.
type reports struct {
	mu   sync.Mutex
	kept map[string]v1alpha1.SourceIPReport
}

// ServeHTTP reads, creates, and replaces the status.
func (s *reports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := path.Base(strings.TrimSuffix(r.URL.Path, "/status"))
	var sent v1alpha1.SourceIPReport
	if r.Method != http.MethodGet {
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	if r.Method == http.MethodPost {
		s.kept[sent.Name] = sent
		name = sent.Name
	}
	live, found := s.kept[name]
	w.Header().Set("Content-Type", "application/json")
	if !found {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(metav1.Status{TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusFailure, Reason: metav1.StatusReasonNotFound, Code: http.StatusNotFound})
		return
	}
	if r.Method == http.MethodPut {
		live.Status = sent.Status
		s.kept[name] = live
	}
	live.TypeMeta = metav1.TypeMeta{Kind: "SourceIPReport", APIVersion: v1alpha1.GroupVersion.String()}
	_ = json.NewEncoder(w).Encode(live)
}

// with are the reports about this EdgeIngress with this detail in the status.
func (s *reports) with(detail string) (found []v1alpha1.SourceIPReport) {
	for _, report := range s.kept {
		if report.Status.Detail == detail {
			found = append(found, report)
		}
	}
	return found
}

// TestTheWriterLooksAtTheReport: somebody with the right to write reports of vantage Outside can take the name of the
// prober's report, and whoever can change its metadata can hide it from the operator.
func TestTheWriterLooksAtTheReport(t *testing.T) {
	for name, test := range map[string]struct {
		// edit does something to the report that was written first, or to the EdgeIngress.
		edit func(*v1alpha1.SourceIPReport, *v1alpha1.EdgeIngress)
		same bool
	}{
		"nothing happened": {edit: func(*v1alpha1.SourceIPReport, *v1alpha1.EdgeIngress) {}, same: true},
		"another label":    {edit: func(r *v1alpha1.SourceIPReport, _ *v1alpha1.EdgeIngress) { r.Labels["a"] = "b" }, same: true},
		"somebody's report of the outside": {edit: func(r *v1alpha1.SourceIPReport, _ *v1alpha1.EdgeIngress) {
			r.Spec.Vantage, r.Spec.Node = v1alpha1.VantageOutside, ""
		}},
		"a report of another node":        {edit: func(r *v1alpha1.SourceIPReport, _ *v1alpha1.EdgeIngress) { r.Spec.Node = "other" }},
		"a report of another EdgeIngress": {edit: func(r *v1alpha1.SourceIPReport, _ *v1alpha1.EdgeIngress) { r.Spec.EdgeIngress = "other" }},
		"the owner's label is gone":       {edit: func(r *v1alpha1.SourceIPReport, _ *v1alpha1.EdgeIngress) { r.Labels = nil }},
		"it has no owner":                 {edit: func(r *v1alpha1.SourceIPReport, _ *v1alpha1.EdgeIngress) { r.OwnerReferences = nil }},
		"it has another owner": {edit: func(r *v1alpha1.SourceIPReport, _ *v1alpha1.EdgeIngress) {
			r.OwnerReferences = append(r.OwnerReferences, metav1.OwnerReference{Kind: "EdgeIngress", Name: "web", UID: "uid-other"})
		}},
		"the EdgeIngress was created again": {edit: func(_ *v1alpha1.SourceIPReport, e *v1alpha1.EdgeIngress) { e.UID = "uid-again" }},
	} {
		t.Run(name, func(t *testing.T) {
			server := &reports{kept: map[string]v1alpha1.SourceIPReport{}}
			listening := httptest.NewServer(server)
			t.Cleanup(listening.Close)
			all, err := clients(&rest.Config{Host: listening.URL, QPS: 1000, Burst: 1000}, newScheme())
			if err != nil {
				t.Fatal(err)
			}
			w := &writer{client: all.edge, node: own, log: slog.New(slog.DiscardHandler)}
			e := cluster2().edge
			if err := w.write(t.Context(), e, v1alpha1.SourceIPReportStatus{Detail: "first"}); err != nil {
				t.Fatal(err)
			}
			first := server.with("first")[0]
			test.edit(&first, e)
			server.kept[first.Name] = first
			for range 2 {
				if err := w.write(t.Context(), e, v1alpha1.SourceIPReportStatus{Detail: "second"}); err != nil {
					t.Fatal(err)
				}
			}
			written := server.with("second")
			if len(written) != 1 {
				t.Fatalf("%d reports were written: %+v", len(written), written)
			}
			second := written[0]
			if second.Spec != (v1alpha1.SourceIPReportSpec{EdgeIngress: "web", Vantage: v1alpha1.VantageInside, Node: own}) || second.Labels[v1alpha1.OwnerLabel] != "web" ||
				len(second.OwnerReferences) != 1 || second.OwnerReferences[0].UID != e.UID {
				t.Errorf("the report is %+v", second)
			}
			if (second.Name == first.Name) != test.same {
				t.Errorf("the names are %s and %s", first.Name, second.Name)
			}
		})
	}
}

// TestAllNamesOfTheReportAreTaken: the error names one of those reports.
func TestAllNamesOfTheReportAreTaken(t *testing.T) {
	server := &reports{kept: map[string]v1alpha1.SourceIPReport{}}
	listening := httptest.NewServer(server)
	t.Cleanup(listening.Close)
	all, err := clients(&rest.Config{Host: listening.URL, QPS: 1000, Burst: 1000}, newScheme())
	if err != nil {
		t.Fatal(err)
	}
	w := &writer{client: all.edge, node: own, log: slog.New(slog.DiscardHandler)}
	e := cluster2().edge
	for range 100 {
		if err = w.write(t.Context(), e, v1alpha1.SourceIPReportStatus{Detail: "mine"}); err != nil {
			break
		}
		for _, report := range server.with("mine") {
			report.Spec.Vantage, report.Spec.Node, report.Status.Detail = v1alpha1.VantageOutside, "", "taken"
			server.kept[report.Name] = report
		}
	}
	if err == nil || !strings.Contains(err.Error(), "web-inside-") || len(server.kept) != candidates {
		t.Errorf("with %d reports of others the error is %v", len(server.kept), err)
	}
}
