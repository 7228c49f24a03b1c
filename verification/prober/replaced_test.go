package prober

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

func TestAReplacedPodLeavesNoSight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.start(t.Context())
		wait(time.Minute)
		w.change(m, func(f *fixture) { f.pod("web-1").ready = false })
		wait(time.Second)
		if plain := plainOf(w.last().status, "edge-1"); plain.Seen != "" {
			t.Errorf("a node that does not serve is reported: %+v", plain)
		}
		w.change(m, func(f *fixture) {
			p := f.pod("web-1")
			p.Name, p.uid, p.ready = "web-9", "uid-web-9", true
			f.view.endpoints[f.serviceKey("web")]["uid-web-9"] = true
		})
		wait(time.Second)
		if plain := plainOf(w.last().status, "edge-1"); plain.PodUID != "uid-web-9" || plain.Seen != v1alpha1.SeenOwn || plain.Repeated != 1 {
			t.Errorf("a second after the new pod is ready the sight is %+v", plain)
		}
	})
}

func TestAPodThatIsReplacedDuringARoundIsNotReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var m *measurer
		var once sync.Once
		w.behave = func(node string, _ probe.Request, _ *answer.Answer) probe.Failure {
			if node == "edge-1" {
				once.Do(func() {
					w.change(m, func(f *fixture) {
						p := f.pod("web-1")
						p.Name, p.uid = "web-9", "uid-web-9"
						f.view.endpoints[f.serviceKey("web")]["uid-web-9"] = true
					})
				})
			}
			return ""
		}
		m = newMeasurer(w.shared(), w.edge)
		m.step(t.Context())
		if plain := plainOf(w.last().status, "edge-1"); plain.Seen != "" {
			t.Errorf("what the old pod answered is reported: %+v", plain)
		}
		if plain := plainOf(w.last().status, "edge-2"); plain.Seen != v1alpha1.SeenOwn {
			t.Errorf("edge-2, which stayed, is %+v", plain)
		}
	})
}

func TestAPodThatDoesNotServeByItsReadinessProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.addPod("web", "web-old", "edge-1")
		w.pod("web-old").ready = false
		w.behave = func(node string, _ probe.Request, a *answer.Answer) probe.Failure {
			if node == "edge-1" {
				a.Pod = "web-old"
			}
			return ""
		}
		w.start(t.Context())
		wait(time.Second)
		if plain := plainOf(w.last().status, "edge-1"); plain.Seen != "" {
			t.Errorf("the sight is %+v", plain)
		}
	})
}

func TestANodeThatIsCreatedAgainIsAnotherNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.start(t.Context())
		wait(time.Minute)
		w.change(m, func(f *fixture) { f.node("edge-1").uid = "uid-new" })
		wait(time.Second)
		if plain := plainOf(w.last().status, "edge-1"); plain.NodeUID != "uid-new" || plain.Repeated != 1 {
			t.Errorf("the sight is %+v", plain)
		}
	})
}

func TestTheControllerOfAnotherNodeAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.behave = func(node string, _ probe.Request, a *answer.Answer) probe.Failure {
			if node == "edge-1" {
				a.Pod = "web-2"
			}
			return ""
		}
		w.start(t.Context())
		wait(30 * time.Second)
		plain := plainOf(w.last().status, "edge-1")
		if plain.Seen != v1alpha1.SeenElsewhere || plain.Detail != "Node edge-2 answered" || plain.PodUID != "uid-web-2" || plain.Node != "edge-1" {
			t.Errorf("the sight is %+v", plain)
		}
		sent := w.countSent()
		wait(10 * time.Minute)
		if per := (w.countSent() - sent) / 10; per > 60 {
			t.Errorf("%d requests a minute are sent", per)
		}
	})
}
