package prober

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// untilSeen waits until the newest report says this about a plain request to a node, and returns how long that took.
func (w *world) untilSeen(t *testing.T, node string, seen v1alpha1.Seen, repeated int32) time.Duration {
	t.Helper()
	began := time.Now()
	for time.Since(began) < 5*time.Minute {
		if w.countWrites() > 0 {
			if one := plainOf(w.last().status, node); one.Seen == seen && one.Repeated >= repeated {
				return w.last().at.Sub(began)
			}
		}
		wait(50 * time.Millisecond)
	}
	t.Fatalf("%s is never seen as %s: %+v", node, seen, plainOf(w.last().status, node))
	return 0
}

func TestTheFirstReportComesAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(t.Context())
		wait(time.Second)
		status := w.last().status
		for _, node := range []string{"edge-1", "edge-2"} {
			plain := plainOf(status, node)
			if plain.Seen != v1alpha1.SeenOwn || plain.Source != "10.0.0.1" || plain.Port != 30080 || plain.ConfigDigest != "c0ffee" || plain.NodeUID == "" || plain.PodUID == "" {
				t.Errorf("the plain sight of %s is %+v", node, plain)
			}
			for _, forgery := range probe.Forgeries(w.edge, "IPv4") {
				if one := forgedOf(status, node, forgery.Name); one.Seen != v1alpha1.SeenOwn {
					t.Errorf("%s with %s is %+v", node, forgery.Name, one)
				}
			}
		}
		if status.Problem != "" || status.PublicKey == "" || len(status.Challenges) != maxPublished || len(status.Controllers) != 2 || status.ServiceUID == "" || status.PathDigest == "" {
			t.Errorf("the report is %+v", status)
		}
		if status.Control == nil || status.Control.Node != "worker-2" || status.Control.Answered || status.Control.ServiceProxy != "iptables" {
			t.Errorf("the control is %+v", status.Control)
		}
		https := 0
		for _, one := range status.Sights {
			if one.Scheme == v1alpha1.SchemeHTTPS {
				https++
			}
		}
		if https != 4 {
			t.Errorf("there are %d sights over HTTPS, want a plain and a forged one of each edge node", https)
		}
	})
}

func TestAtRestAReportIsWrittenEveryThreeMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(t.Context())
		wait(2 * time.Minute)
		before, sent := w.countWrites(), w.countSent()
		wait(time.Hour)
		if writes := w.countWrites() - before; writes < 16 || writes > 20 {
			t.Errorf("%d reports were written in an hour, want at most one in three minutes, and enough that evidence does not end", writes)
		}
		// 3 rounds a minute at two nodes with a control, and a full set of 11 more every five minutes.
		if requests := w.countSent() - sent; requests > 60*3*3+13*2*12 {
			t.Errorf("%d requests were sent in an hour", requests)
		}
		for i, one := range w.writes[before:] {
			for _, seen := range one.status.Sights {
				age := one.at.Sub(seen.Time.Time)
				if age > 6*time.Minute {
					t.Errorf("write %d has a sight that is %v old: %+v", i, age, seen)
				}
				if untilNext := age + restInterval + restingRound; untilNext >= evidence.InsideLife {
					t.Errorf("write %d has a sight whose evidence ends before the next write, at an age of %v: %+v", i, untilNext, seen)
				}
			}
			for _, challenge := range one.status.Challenges {
				if age := one.at.Sub(challenge.Issued.Time); age > time.Second {
					t.Errorf("write %d publishes a challenge that is %v old", i, age)
				}
			}
		}
	})
}

func TestAFailedWriteIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.writeError = errors.New("no")
		w.start(t.Context())
		wait(time.Minute)
		w.set(func() { w.writeError = nil })
		wait(3 * time.Second)
		if plain := plainOf(w.last().status, "edge-1"); plain.Seen != v1alpha1.SeenOwn {
			t.Errorf("the sight is %+v", plain)
		}
	})
}

func TestTwoEdgeIngressesComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		changed := make(chan struct{}, 1)
		done := make(chan struct{})
		go func() { defer close(done); w.shared().runAll(t.Context(), changed) }()
		wait(time.Second)
		w.set(func() {
			next := *w.view
			next.edges = map[string]*v1alpha1.EdgeIngress{"web": w.edge}
			w.view = &next
			other := w.addEdgeIngress("other")
			other.Spec.Exposure.Type = v1alpha1.ExposureHostPort
		})
		changed <- struct{}{}
		wait(time.Second)
		if last := w.last(); last.edge != "other" || last.status.Problem != v1alpha1.ReportNoServingNode {
			t.Errorf("the newest report is %+v", last)
		}
		w.set(func() {
			next := *w.view
			next.edges = map[string]*v1alpha1.EdgeIngress{"other": w.view.edges["other"].DeepCopy()}
			next.routed = map[string]bool{} // The operator measures nothing any more.
			w.view = &next
		})
		changed <- struct{}{}
		wait(time.Second)
		writes := w.countWrites()
		wait(time.Hour)
		if w.countWrites() != writes {
			t.Errorf("%d reports are written of what is not measured", w.countWrites()-writes)
		}
	})
}
