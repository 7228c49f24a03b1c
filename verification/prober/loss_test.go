package prober

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

func masquerade(at string) func(string, probe.Request, *answer.Answer) probe.Failure {
	return func(node string, _ probe.Request, a *answer.Answer) probe.Failure {
		if node == at {
			a.RealIP, a.ForwardedFor = "10.244.1.1", "10.244.1.1"
		}
		return ""
	}
}

func TestALossIsReportedTwiceWithinAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(t.Context())
		wait(5 * time.Minute)
		w.set(func() { w.behave = masquerade("edge-1") })
		if took := w.untilSeen(t, "edge-1", v1alpha1.SeenOther, 2); took > 25*time.Second {
			t.Errorf("it took %v", took)
		}
		lost := plainOf(w.last().status, "edge-1")
		if lost.SeenAddress != "10.244.1.1" || lost.Source != "10.0.0.1" {
			t.Errorf("the sight is %+v", lost)
		}
		if other := plainOf(w.last().status, "edge-2"); other.Seen != v1alpha1.SeenOwn {
			t.Errorf("edge-2 is %+v", other)
		}
		wait(7 * time.Minute) // All kinds of requests met it.
		w.set(func() { w.behave = nil })
		// The next round, and two more requests, because three in a row show the end of a loss.
		if took := w.untilSeen(t, "edge-1", v1alpha1.SeenOwn, 1); took > 25*time.Second {
			t.Errorf("the repair took %v", took)
		}
		for _, one := range w.last().status.Sights {
			if one.Node == "edge-1" && one.Seen != v1alpha1.SeenOwn {
				t.Errorf("another kind of request still shows the loss: %+v", one)
			}
		}
	})
}

func TestASingleLossStaysSingle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(t.Context())
		wait(5 * time.Minute)
		once := true
		w.set(func() {
			w.behave = func(node string, r probe.Request, a *answer.Answer) probe.Failure {
				if node == "edge-1" && once {
					once = false
					return masquerade("edge-1")(node, r, a)
				}
				return ""
			}
		})
		before := w.countWrites()
		wait(time.Minute)
		for _, one := range w.writes[before:] {
			if lost := plainOf(one.status, "edge-1"); lost.Seen != v1alpha1.SeenOwn && lost.Repeated > 1 {
				t.Errorf("a single loss is reported as %+v", lost)
			}
		}
		if w.countWrites() == before {
			t.Error("nothing was reported")
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.behave = func(node string, _ probe.Request, _ *answer.Answer) probe.Failure {
			if node == "edge-1" {
				<-time.After(probe.DefaultConnectTimeout)
				return probe.ConnectTimedOut
			}
			return ""
		}
		w.start(t.Context())
		wait(time.Minute)
		if plain := plainOf(w.last().status, "edge-1"); plain.Seen != v1alpha1.SeenNobody || plain.Detail != "ConnectTimedOut" || plain.Repeated < 2 {
			t.Errorf("the sight is %+v", plain)
		}
		if forged := forgedOf(w.last().status, "edge-1", probe.RealIP); forged.Seen != "" {
			t.Errorf("forgeries are reported where nobody answers: %+v", forged)
		}
		if plain := plainOf(w.last().status, "edge-2"); plain.Seen != v1alpha1.SeenOwn {
			t.Errorf("edge-2 is %+v", plain)
		}
		wait(10 * time.Minute)
		writes, sent := w.countWrites(), w.countSent()
		wait(10 * time.Minute)
		if w.countWrites()-writes > 4 {
			t.Errorf("%d reports say the same", w.countWrites()-writes)
		}
		if requests := w.countSent() - sent; requests > 10*3*3+2*12 {
			t.Errorf("%d requests are sent in ten minutes, although nothing changes", requests)
		}
	})
}
