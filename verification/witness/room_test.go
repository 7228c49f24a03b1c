package witness

import (
	"fmt"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

// After a restart of the witness, pods can come before the prober.
func TestPodsThatCameFirstDoNotKeepTheProberOut(t *testing.T) {
	own := answer.Token{Nonce: "of-the-real-prober"}
	register := func(s *stage, pod, i, count int) int {
		_, status := s.register(fmt.Sprintf("10.244.%d.%d:1", pod/250, pod%250), ofProber(func(r *answer.Registration) {
			r.Prober, r.Nonces = fmt.Sprintf("flood-of-registrations-%d-%d", pod, i), nonces(fmt.Sprintf("n-%d-%d", pod, i), count)
			r.Controllers = []string{"10.244.7.7"}
		}))
		return status
	}
	for name, flood := range map[string]func(*stage){
		"that hold much": func(s *stage) {
			for pod := range 60 { // Until nothing else fits.
				for _, count := range []int{1000, 100, 10, 0} {
					register(s, pod, count, count)
				}
			}
		},
		"that hold little each": func(s *stage) {
			for pod := range 300 {
				register(s, pod, 0, 40)
			}
		},
		"that come all the time": func(s *stage) {
			for i := range 100 * registrationsAtOnce {
				register(s, i%100, 0, 0)
			}
		},
		"that ask for answers all the time": func(s *stage) {
			known := nonces("n-0-0", answersAtOnce/answer.PerChallenge+1)
			register(s, 0, 0, len(known))
			for i := range answersAtOnce + 1 {
				token := answer.Token{Nonce: known[i/answer.PerChallenge], Index: i % answer.PerChallenge}
				s.ask(ask{target: answer.Path + token.String(), peer: "10.244.7.7:1"})
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			flood(s)
			s.mustRegister(proberAddress, ofProber(func(r *answer.Registration) { r.Nonces = []string{own.Nonce} }))
			flood(s)
			if _, signed := s.opened(s.ask(ask{target: answer.Path + own.String()}), own); !signed {
				t.Error("the prober's challenge gets no answer")
			}
			if got := s.book.weight(); got > maxWeight {
				t.Errorf("the witness keeps %d bytes, and at most %d are allowed", got, maxWeight)
			}
		})
	}
}
