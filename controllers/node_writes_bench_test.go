package controllers_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// writeTimes counts the writes to nodes and keeps when they began and ended.
type writeTimes struct {
	mu          sync.Mutex
	count       int
	first, last time.Time
}

func (w *writeTimes) record(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(request *http.Request) (*http.Response, error) {
		if request.Method != http.MethodPatch || !strings.HasPrefix(request.URL.Path, "/api/v1/nodes/") {
			return next.RoundTrip(request)
		}
		began := time.Now()
		response, err := next.RoundTrip(request)
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.count == 0 || began.Before(w.first) {
			w.first = began
		}
		w.count, w.last = w.count+1, time.Now()
		return response, err
	})
}

func (w *writeTimes) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count = 0
}

// taken returns how many writes there were, and how long they took together.
func (w *writeTimes) taken() (int, time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count, w.last.Sub(w.first)
}

// BenchmarkNodeWrites measures how long the operator takes to write 1,000 of 5,000 nodes. It prints
// each time as a multiple of the time that a bare tool takes per write in the same run, which is a
// server-side apply of one label by 16 workers. A Deployment keeps Kubernetes' own controllers from
// creating a pod for each node at the same time. Run it with -run '^$' -bench NodeWrites -benchtime
// 1x.
func BenchmarkNodeWrites(b *testing.B) {
	if testing.Short() {
		b.Skip("it makes 5,000 nodes")
	}
	const nodes, edgeNodes = 5000, 1000
	s := newStory(b, "writes")
	s.addBareNodes(nodes)
	var names []string
	for i := range edgeNodes {
		names = append(names, s.node(fmt.Sprintf("%04d", i)))
	}
	s.applyBare(names, `{"example.com/edge":"true"}`)
	for b.Loop() {
		for _, step := range []struct {
			isolation v1alpha1.Isolation
			writes    int
			on, off   string
		}{
			{isolation: v1alpha1.IsolationShared, writes: edgeNodes, on: "label-ratio", off: "unlabel-ratio"},
			{isolation: v1alpha1.IsolationDedicated, writes: 2 * edgeNodes, on: "label+taint-ratio", off: "unlabel+untaint-ratio"},
		} {
			// The bare tool runs before and after, because the machine may become slower or faster.
			// It does not run in between, where the operator would look at each of its writes.
			bare := s.timeBareTool(names)
			on := s.timeNodeWrites(step.writes, func() { s.createOnMany(step.isolation) })
			off := s.timeNodeWrites(step.writes, s.deleteEdge)
			bare = (bare + s.timeBareTool(names)) / 2
			b.ReportMetric(on.Seconds()/bare.Seconds(), step.on)
			b.ReportMetric(off.Seconds()/bare.Seconds(), step.off)
		}
	}
}

func (s *story) createOnMany(isolation v1alpha1.Isolation) {
	s.create(func(e *v1alpha1.EdgeIngress) {
		e.Spec.Nodes.Selector.MatchLabels = map[string]v1alpha1.LabelValue{"example.com/edge": "true"}
		e.Spec.Nodes.Isolation = isolation
		e.Spec.Controller.Kind = v1alpha1.WorkloadDeployment
	})
}

// timeNodeWrites returns the time per write, once as many writes to nodes were made as are expected.
func (s *story) timeNodeWrites(expected int, cause func()) time.Duration {
	s.Helper()
	operator.nodeWrites.reset()
	cause()
	s.eventually("the nodes are written", func() error {
		if count, _ := operator.nodeWrites.taken(); count < expected {
			return fmt.Errorf("%d of %d writes", count, expected)
		}
		return nil
	})
	count, took := operator.nodeWrites.taken()
	s.Logf("%d writes in %v, %d expected", count, took.Round(time.Millisecond), expected)
	return took / time.Duration(count)
}

// timeBareTool returns the time per write of a tool that does nothing but apply a label, and remove it again.
func (s *story) timeBareTool(names []string) time.Duration {
	s.Helper()
	began := time.Now()
	s.applyBare(names, `{"example.com/edge":"true","example.com/bare":""}`)
	s.applyBare(names, `{"example.com/edge":"true"}`)
	took := time.Since(began)
	s.Logf("bare tool: %d writes in %v", 2*len(names), took.Round(time.Millisecond))
	return took / time.Duration(2*len(names))
}

// applyBare applies labels as JSON to nodes, and decodes no answer.
func (s *story) applyBare(names []string, labels string) {
	s.Helper()
	clients, err := kubernetes.NewForConfig(cluster.Config)
	if err != nil {
		s.Fatal(err)
	}
	var group errgroup.Group
	group.SetLimit(16)
	for _, name := range names {
		group.Go(func() error {
			body := fmt.Sprintf(`{"apiVersion":"v1","kind":"Node","metadata":{"name":%q,"labels":%s}}`, name, labels)
			return clients.CoreV1().RESTClient().Patch(types.ApplyPatchType).Resource("nodes").Name(name).
				Param("fieldManager", "bare-tool").Param("force", "true").Body([]byte(body)).Do(s.Context()).Error()
		})
	}
	if err := group.Wait(); err != nil {
		s.Fatal(err)
	}
}
