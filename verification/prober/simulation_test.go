package prober

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
	"github.com/edge-ingress/edge-ingress-operator/verification/serverclock"
)

// world is a simulated network with a witness behind controllers, which keep the sender's address unless a test
// says otherwise.
type world struct {
	t testing.TB
	*fixture

	mu     sync.Mutex
	key    ed25519.PublicKey
	live   map[string]bool
	issued int
	used   map[answer.Token]bool
	// usedByOthers are nonces that the witness reports as used.
	usedByOthers map[string]bool
	digest       string
	// away: the witness does not answer registrations.
	away bool
	// behave says what happens to a request at a node. It may change the answer, or return a failure.
	behave func(node string, r probe.Request, a *answer.Answer) probe.Failure
	// controlled: requests to nodes without a controller reach one as well.
	translated bool
	sent       []probe.Request
	writes     []write
	writeError error
}

type write struct {
	at     time.Time
	edge   string
	status v1alpha1.SourceIPReportStatus
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, fixture: cluster2(), live: map[string]bool{}, used: map[answer.Token]bool{}, usedByOthers: map[string]bool{}, digest: "c0ffee"}
	w.restartWitness()
	return w
}

func (w *world) restartWitness() {
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.key, w.live = public, map[string]bool{}
}

// start runs the prober's measurers on the world's view until the test ends.
func (w *world) start(ctx context.Context) *measurer {
	m := newMeasurer(w.shared(), w.edge)
	ended := make(chan struct{})
	go func() { defer close(ended); m.run(ctx) }()
	w.t.Cleanup(func() { <-ended }) // The test's context ends before.
	return m
}

func (w *world) shared() *shared {
	began, found := time.Now(), newWitness(nil)
	s := &shared{
		Options: Options{Node: own, Version: "test", Log: slog.New(slog.DiscardHandler)},
		clock:   serverclock.New(), witness: found, send: w.send,
		view:  func() *view { w.mu.Lock(); defer w.mu.Unlock(); return w.view },
		fetch: func(context.Context, probe.Request) (answer.Page, error) { return answer.Page{Status: 404}, nil },
		register: func(_ context.Context, r registration, count int, _ time.Duration) (registered, error) {
			return w.register(found, r, count)
		},
		serviceProxy: func(context.Context) string { return "iptables" },
		write: func(_ context.Context, e *v1alpha1.EdgeIngress, status v1alpha1.SourceIPReportStatus) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.writeError == nil {
				w.writes = append(w.writes, write{time.Now(), e.Name, *status.DeepCopy()})
			}
			return w.writeError
		},
	}
	s.clock.Set(began, began)
	return s
}

func (w *world) register(found *witness, r registration, count int) (registered, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.away {
		return registered{}, errors.New("connection refused")
	}
	if len(r.witnesses) == 0 {
		return registered{}, errNoWitness
	}
	result := registered{key: w.key}
	for range count {
		w.issued++
		nonce := fmt.Sprintf("nonce-%012d", w.issued)
		w.live[nonce] = true
		result.nonces = append(result.nonces, nonce)
	}
	found.mu.Lock()
	found.used = map[string]bool{}
	for nonce := range w.usedByOthers {
		found.used[nonce] = true
	}
	found.mu.Unlock()
	return result, nil
}

func (w *world) send(ctx context.Context, r probe.Request) probe.Reply {
	w.mu.Lock()
	w.sent = append(w.sent, r)
	behave, digest, translated, v, fresh := w.behave, w.digest, w.translated, w.view, w.live[r.Token.Nonce] && !w.used[r.Token]
	w.used[r.Token] = true
	known := r.Key.Equal(w.key)
	w.mu.Unlock()
	if !fresh {
		return probe.Reply{Failure: "HTTP 404"}
	}
	i := slices.IndexFunc(v.nodes, func(n node) bool { return slices.Contains(n.addresses, r.Target.Addr()) })
	name := v.nodes[i].name
	pods := slices.DeleteFunc(slices.Clone(v.pods["web"]), func(p pod) bool { return !translated && p.node != name })
	if len(pods) == 0 { // Dropped, as node ports with the policy Local do.
		select {
		case <-ctx.Done():
			return probe.Reply{Failure: probe.Canceled}
		case <-time.After(probe.DefaultConnectTimeout):
			return probe.Reply{Failure: probe.ConnectTimedOut}
		}
	}
	a := answer.Answer{RealIP: r.Source.String(), ForwardedFor: r.Source.String(), Config: digest, Pod: pods[0].Name}
	if pods[0].hostNetwork {
		a.Pod = pods[0].node
	}
	if behave != nil {
		if failure := behave(name, r, &a); failure != "" {
			return probe.Reply{Failure: failure}
		}
	}
	if !known {
		return probe.Reply{Failure: probe.NotSigned}
	}
	return probe.Reply{Answer: a, Local: netip.AddrPortFrom(r.Source, 40000)}
}

// change changes the world, and replaces the view, as a change of an object does.
func (w *world) change(m *measurer, edit func(f *fixture)) {
	w.mu.Lock()
	next := *w.view
	next.nodes = slices.Clone(w.view.nodes)
	next.pods = map[string][]pod{}
	for edge, pods := range w.view.pods {
		next.pods[edge] = slices.Clone(pods)
	}
	next.endpoints, next.services = map[types.NamespacedName]map[types.UID]bool{}, map[types.NamespacedName]*corev1.Service{}
	for key, pods := range w.view.endpoints {
		next.endpoints[key] = maps.Clone(pods)
	}
	for key, service := range w.view.services {
		next.services[key] = service.DeepCopy()
	}
	edge := w.edge.DeepCopy()
	next.edges = map[string]*v1alpha1.EdgeIngress{edge.Name: edge}
	w.view, w.edge = &next, edge
	edit(w.fixture)
	w.mu.Unlock()
	m.wakeUp()
}

func (w *world) set(edit func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	edit()
}

// last is the newest report, and when it was written.
func (w *world) last() write {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.writes) == 0 {
		w.t.Fatal("nothing was written")
	}
	return w.writes[len(w.writes)-1]
}

func (w *world) countWrites() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.writes)
}

func (w *world) countSent() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sent)
}

// plainOf is what a report says about a plain request to a node over HTTP.
func plainOf(status v1alpha1.SourceIPReportStatus, node string) v1alpha1.Sight {
	for _, one := range status.Sights {
		if one.Node == node && one.Scheme == v1alpha1.SchemeHTTP && len(one.Forgeries) == 0 {
			return one
		}
	}
	return v1alpha1.Sight{}
}

// forgedOf is what a report says about one forgery at a node.
func forgedOf(status v1alpha1.SourceIPReportStatus, node, forgery string) v1alpha1.Sight {
	for _, one := range status.Sights {
		if one.Node == node && one.Scheme == v1alpha1.SchemeHTTP && slices.Contains(one.Forgeries, forgery) {
			return one
		}
	}
	return v1alpha1.Sight{}
}
