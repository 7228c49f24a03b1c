package prober

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

func TestAnAnsweredControlIsReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.start(t.Context())
		wait(2 * time.Minute)
		w.set(func() { w.translated = true })
		wait(21 * time.Second)
		if control := w.last().status.Control; !control.Answered || control.Node != "worker-2" {
			t.Errorf("the control is %+v", control)
		}
		w.set(func() { w.translated = false })
		wait(21 * time.Second)
		if control := w.last().status.Control; control.Answered {
			t.Errorf("the control is still %+v", control)
		}
		w.change(m, func(f *fixture) { f.node("worker-2").ready = false })
		wait(time.Second)
		if control := w.last().status.Control; control.Node != "" || control.Answered || control.ServiceProxy != "iptables" {
			t.Errorf("without another node the control is %+v", control)
		}
	})
}

func TestAControllerThatComesToTheControlsNodeIsNoTranslation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := newMeasurer(w.shared(), w.edge)
		w.behave = func(node string, _ probe.Request, _ *answer.Answer) probe.Failure {
			if node == "worker-2" {
				w.change(m, func(f *fixture) { f.addPod("web", "web-3", "worker-2") })
			}
			return ""
		}
		w.translated = true
		m.step(t.Context())
		if status := w.last().status; status.Control != nil || len(status.Sights) > 0 {
			t.Errorf("the round counts: %+v", status)
		}
	})
}
