package prober

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// olderThan returns the sights of a report whose challenge was made before this time.
func olderThan(status v1alpha1.SourceIPReportStatus, at time.Time) (older []v1alpha1.Sight) {
	for _, one := range status.Sights {
		if one.Time.Time.Before(at) {
			older = append(older, one)
		}
	}
	return older
}

// TestSightsOfAnotherPathAreDropped: a sight says something about the path on which it was seen. A round that
// fails, or during which the path changes, must not publish it under the path of now.
func TestSightsOfAnotherPathAreDropped(t *testing.T) {
	for name, edit := range map[string]func(f *fixture){
		"the Service is another one":   func(f *fixture) { f.service().UID = "uid-new" },
		"an annotation of it changes":  func(f *fixture) { f.service().Annotations = map[string]string{"balancer": "proxy"} },
		"the trusted header changes":   func(f *fixture) { f.edge.Spec.ClientIP = &v1alpha1.ClientIPSpec{}; f.edge.Generation++ },
		"the Service is gone":          func(f *fixture) { delete(f.view.services, f.serviceKey("web")) },
		"it is exposed in another way": func(f *fixture) { f.exposed(v1alpha1.ExposureHostPort); f.edge.Generation++ },
		"its traffic policy changes":   func(f *fixture) { f.service().Spec.ExternalTrafficPolicy = "Cluster" },
	} {
		for _, during := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { changePath(t, edit, during) })
			})
		}
	}
}

func changePath(t *testing.T, edit func(*fixture), during bool) {
	t.Helper()
	w := newWorld(t)
	m := newMeasurer(w.shared(), w.edge)
	m.step(t.Context())
	before := w.last().status
	if len(before.Sights) == 0 {
		t.Fatal("nothing was seen at first")
	}
	<-time.After(time.Minute)
	register, changed := m.register, time.Now()
	m.register = func(ctx context.Context, r registration, count int, life time.Duration) (registered, error) {
		if during {
			changed = time.Now().Add(time.Nanosecond)
			w.change(m, edit)
			return register(ctx, r, count, life)
		}
		return registered{}, errors.New("connection refused")
	}
	if !during {
		w.change(m, edit)
	}
	m.step(t.Context())
	after := w.last().status
	if after.PathDigest == before.PathDigest && after.ServiceUID == before.ServiceUID {
		t.Fatalf("the path did not change: %+v", after)
	}
	if older := olderThan(after, changed); len(older) > 0 {
		t.Errorf("sights of another path are published: %+v", older)
	}
}

// TestARoundWithAnAnsweredControlNeverCounts: once the control is silent again, no sight from before may stand
// beside it, not even one of a kind that is asked only now and then, and not where nobody answers now.
func TestARoundWithAnAnsweredControlNeverCounts(t *testing.T) {
	for name, test := range map[string]struct {
		behave func(node string, r probe.Request, a *answer.Answer) probe.Failure
		end    func(f *fixture)
	}{
		"all is well then": {end: func(*fixture) {}},
		"a node does not answer then": {end: func(*fixture) {}, behave: func(node string, _ probe.Request, _ *answer.Answer) probe.Failure {
			if node == "edge-1" {
				return probe.ConnectRefused
			}
			return ""
		}},
		"the control's node goes":  {end: func(f *fixture) { f.removeNode("worker-2") }},
		"a controller comes to it": {end: func(f *fixture) { f.addPod("web", "web-3", "worker-2") }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.translated, w.behave = true, masquerade("edge-1")
				m := w.start(t.Context())
				wait(6 * time.Minute)
				if status := w.last().status; !status.Control.Answered {
					t.Fatalf("the control is %+v", status.Control)
				}
				w.set(func() { w.translated, w.behave = false, test.behave })
				w.change(m, test.end)
				first, ended := w.countWrites(), time.Now()
				wait(30 * time.Second)
				for _, one := range w.writes[first:] {
					if older := olderThan(one.status, ended); len(older) > 0 && !one.status.Control.Answered {
						t.Fatalf("beside a silent control there is %+v", older)
					}
				}
				last := w.last().status
				if forged := forgedOf(last, "edge-2", probe.RealIP); last.Control.Answered || forged.Seen != v1alpha1.SeenOwn {
					t.Errorf("half a minute later the forged sight is %+v, and the control %+v", forged, last.Control)
				}
			})
		})
	}
}
