package prober

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

func TestWithProxyProtocolTheClaimedAddressMustNotArrive(t *testing.T) {
	for name, test := range map[string]struct {
		believed bool
		want     v1alpha1.Seen
	}{"the prober is not trusted": {false, v1alpha1.SeenOwn}, "the prober is trusted": {true, v1alpha1.SeenForged}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.edge.Spec.ClientIP = &v1alpha1.ClientIPSpec{ProxyProtocol: &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{"10.9.0.0/16"}}}
				w.behave = func(_ string, r probe.Request, a *answer.Answer) probe.Failure {
					if r.Forgery.Proxy == 0 {
						return probe.ClosedWithoutAnswer
					}
					if test.believed {
						a.RealIP = r.Forgery.Claims[len(r.Forgery.Claims)-1].String()
						a.ForwardedFor = a.RealIP
					}
					return ""
				}
				w.start(t.Context())
				wait(time.Second)
				status := w.last().status
				if plain := plainOf(status, "edge-1"); plain.Seen != test.want || len(plain.Forgeries) > 0 {
					t.Errorf("the plain sight is %+v", plain)
				}
				if forged := forgedOf(status, "edge-1", probe.ProxyV2Header); forged.Seen != test.want {
					t.Errorf("the sight of another version is %+v", forged)
				}
			})
		})
	}
}

func TestRefusedProxyHeadersAreNotRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.behave = func(_ string, r probe.Request, _ *answer.Answer) probe.Failure {
			if r.Forgery.Proxy != 0 {
				return "HTTP 400"
			}
			return ""
		}
		w.start(t.Context())
		wait(2 * time.Minute)
		sent := w.countSent()
		wait(time.Minute)
		if requests := w.countSent() - sent; requests > 3*3 {
			t.Errorf("%d requests are sent in a minute at rest", requests)
		}
		if forged := forgedOf(w.last().status, "edge-1", probe.ProxyV1Header); forged.Seen != v1alpha1.SeenUnsigned || forged.Detail != "HTTP 400" {
			t.Errorf("the sight is %+v", forged)
		}
	})
}
