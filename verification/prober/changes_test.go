package prober

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// TestManyChangesAreMeasuredAsFastAsTheFirst: somebody tries out one setting after the other. The limit of writes is
// for what the network does, so the report about each setting comes as fast as that about the first one.
func TestManyChangesAreMeasuredAsFastAsTheFirst(t *testing.T) {
	for name, edit := range map[string]func(f *fixture, n int){
		"the trusted header": func(f *fixture, n int) {
			f.edge.Spec.ClientIP = &v1alpha1.ClientIPSpec{}
			if n%2 == 0 {
				f.edge.Spec.ClientIP = nil
			}
			f.edge.Generation++
		},
		"the Service's policy": func(f *fixture, n int) {
			f.service().Spec.ExternalTrafficPolicy = "Cluster"
			if n%2 == 0 {
				f.service().Spec.ExternalTrafficPolicy = "Local"
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				m := w.start(t.Context())
				wait(time.Minute)
				for n := range 60 {
					path := w.last().status.PathDigest
					w.change(m, func(f *fixture) { edit(f, n+1) })
					wait(3 * time.Second)
					status := w.last().status
					if status.PathDigest == path || plainOf(status, "edge-1").Seen != v1alpha1.SeenOwn || forgedOf(status, "edge-1", probe.ForwardedFor).Seen != v1alpha1.SeenOwn {
						t.Fatalf("three seconds after change %d the report is about the path %s (before: %s), with %d sights", n+1, status.PathDigest, path, len(status.Sights))
					}
				}
			})
		})
	}
}

// TestAReportThatWasHeldBackIsWritten: after a storm of results, the report says what the network does now as soon as
// the limit allows it.
func TestAReportThatWasHeldBackIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var n atomic.Int64
		w.behave = func(string, probe.Request, *answer.Answer) probe.Failure {
			return probe.Failure(fmt.Sprint("HTTP ", n.Add(1)))
		}
		m := w.start(t.Context())
		wait(4 * time.Minute)
		if m.writes.Tokens() >= 1 {
			t.Fatal("the storm did not use up what the limit allows")
		}
		w.set(func() { w.behave = nil })
		wait(writeInterval + 2*repeatRound)
		if plain := plainOf(w.last().status, "edge-1"); plain.Seen != v1alpha1.SeenOwn {
			t.Errorf("the report still says %+v", plain)
		}
	})
}

func TestAnotherConfigurationIsMeasuredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		m := w.start(t.Context())
		wait(10 * time.Minute)
		w.change(m, func(f *fixture) { f.edge.Generation++ })
		wait(3 * time.Second) // The controller loads it.
		w.set(func() {
			w.digest = "beef"
			w.behave = func(_ string, r probe.Request, a *answer.Answer) probe.Failure {
				if r.Forgery.Name == probe.ForwardedFor {
					a.RealIP, a.ForwardedFor = r.Forgery.Claims[0].String(), r.Forgery.Claims[0].String()
				}
				return ""
			}
		})
		wait(2 * time.Second)
		status := w.last().status
		if plain := plainOf(status, "edge-1"); plain.ConfigDigest != "beef" || plain.Seen != v1alpha1.SeenOwn {
			t.Errorf("two seconds later the plain sight is %+v", plain)
		}
		if forged := forgedOf(status, "edge-1", probe.ForwardedFor); forged.Seen != v1alpha1.SeenForged || forged.ConfigDigest != "beef" {
			t.Errorf("two seconds later the forged sight is %+v", forged)
		}
		wait(3 * time.Second)
		if forged := forgedOf(w.last().status, "edge-1", probe.ForwardedFor); forged.Repeated < 2 {
			t.Errorf("the forgery is not repeated: %+v", forged)
		}
		if other := forgedOf(w.last().status, "edge-1", probe.RealIP); other.Seen != v1alpha1.SeenOwn {
			t.Errorf("another forgery is %+v", other)
		}
	})
}

// The second IP family is asked rarely, and a controller may load its configuration after everything was asked once.
func TestTheSecondFamilyIsMeasuredWithAnotherConfiguration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.service().Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
		for i := range w.view.nodes {
			w.view.nodes[i].addresses = append(w.view.nodes[i].addresses, netip.MustParseAddr(fmt.Sprintf("fd00::%d", i+1)))
		}
		for i := range w.view.pods["web"] {
			w.view.pods["web"][i].addresses = append(w.view.pods["web"][i].addresses, netip.MustParseAddr(fmt.Sprintf("fd00:1::%d", i+1)))
		}
		m := w.start(t.Context())
		wait(10 * time.Minute)
		w.change(m, func(f *fixture) {
			f.edge.Spec.ClientIP, f.edge.Generation = &v1alpha1.ClientIPSpec{}, f.edge.Generation+1
		})
		wait(3 * time.Second) // The controllers load it.
		w.set(func() { w.digest = "beef" })
		wait(8 * time.Second)
		families := map[string]int{}
		for _, one := range w.last().status.Sights {
			families[one.Family]++
			if one.ConfigDigest != "beef" {
				t.Errorf("%s %v of %s over %s still has the configuration %s", one.Scheme, one.Forgeries, one.Node, one.Family, one.ConfigDigest)
			}
		}
		if len(families) != 2 {
			t.Errorf("asked over %v", families)
		}
		wait(2 * time.Minute)
		before := w.countSent()
		wait(time.Minute)
		if again := w.countSent() - before; again > 3*3 { // Three rounds to two nodes, each with a control.
			t.Errorf("%d requests in a minute in which nothing changed", again)
		}
	})
}

// While a controller loads its configuration, its old and its new workers answer for a moment. What the old ones
// answered to is asked again at once, and not when everything is asked again in five minutes.
func TestAConfigurationThatIsLoadedDuringARoundIsMeasured(t *testing.T) {
	for name, old := range map[string]func(probe.Request) bool{
		"HTTPS":            func(r probe.Request) bool { return r.Scheme == v1alpha1.SchemeHTTPS },
		"a forgery":        func(r probe.Request) bool { return r.Forgery.Name == probe.RealIP },
		"a PROXY header":   func(r probe.Request) bool { return r.Forgery.Name == probe.ProxyV2Header },
		"a plain request":  func(r probe.Request) bool { return r.Scheme == v1alpha1.SchemeHTTP && r.Forgery.Name == "" },
		"all but that one": func(r probe.Request) bool { return r.Scheme != v1alpha1.SchemeHTTP || r.Forgery.Name != "" },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				m := w.start(t.Context())
				wait(10*time.Minute + time.Second)
				w.set(func() {
					w.digest = "beef"
					w.behave = func(_ string, r probe.Request, a *answer.Answer) probe.Failure {
						if old(r) {
							a.Config = "c0ffee"
						}
						return ""
					}
				})
				w.change(m, func(f *fixture) { f.edge.Generation++ })
				wait(settle + 100*time.Millisecond) // A round.
				w.set(func() { w.behave = nil })
				wait(4 * time.Second)
				for _, one := range w.last().status.Sights {
					if one.ConfigDigest != "beef" {
						t.Errorf("%s %v of %s still has the configuration %s", one.Scheme, one.Forgeries, one.Node, one.ConfigDigest)
					}
				}
			})
		})
	}
}
