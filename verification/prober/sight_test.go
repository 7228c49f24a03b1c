package prober

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/probe"
)

// met are the results that the tests write as letters: o is Own under another configuration.
var met = map[rune]result{
	'O': {Result: probe.Result{Seen: v1alpha1.SeenOwn}, digest: "1"},
	'o': {Result: probe.Result{Seen: v1alpha1.SeenOwn}, digest: "2"},
	'X': {Result: probe.Result{Seen: v1alpha1.SeenOther, Address: "10.244.1.1"}, digest: "1"},
	'Y': {Result: probe.Result{Seen: v1alpha1.SeenOther, Address: "10.244.1.2"}, digest: "1"},
	'F': {Result: probe.Result{Seen: v1alpha1.SeenForged}, digest: "1"},
	'N': {Result: probe.Result{Seen: v1alpha1.SeenNobody, Detail: "ConnectTimedOut"}},
}

// TestTwoOfThreeDecide: a loss is one when two of three requests in a row met it, whatever address arrived, and it
// stays until three in a row met none.
func TestTwoOfThreeDecide(t *testing.T) {
	for sequence, want := range map[string]struct {
		seen     v1alpha1.Seen
		address  string
		repeated int32
	}{
		"O":        {v1alpha1.SeenOwn, "", 1},
		"OO":       {v1alpha1.SeenOwn, "", 2},
		"X":        {v1alpha1.SeenOther, "10.244.1.1", 1},
		"XO":       {v1alpha1.SeenOwn, "", 1},
		"XY":       {v1alpha1.SeenOther, "10.244.1.2", 2},
		"YXY":      {v1alpha1.SeenOther, "10.244.1.2", 3},
		"XOY":      {v1alpha1.SeenOther, "10.244.1.2", 2},
		"XXO":      {v1alpha1.SeenOther, "10.244.1.1", 2},
		"XXOO":     {v1alpha1.SeenOther, "10.244.1.1", 2},
		"XXOOX":    {v1alpha1.SeenOther, "10.244.1.1", 2},
		"XXOOO":    {v1alpha1.SeenOwn, "", 3},
		"XXOOXOOO": {v1alpha1.SeenOwn, "", 3},
		"XXOOOX":   {v1alpha1.SeenOther, "10.244.1.1", 1},
		"XFO":      {v1alpha1.SeenForged, "", 2},
		"FXO":      {v1alpha1.SeenOther, "10.244.1.1", 2},
		"XXN":      {v1alpha1.SeenOther, "10.244.1.1", 2},
		"XXNNN":    {v1alpha1.SeenNobody, "", 3},
		"XXo":      {v1alpha1.SeenOwn, "", 1},
		"XXoX":     {v1alpha1.SeenOther, "10.244.1.1", 1},
		"XON":      {v1alpha1.SeenNobody, "", 1},
		"NNO":      {v1alpha1.SeenOwn, "", 1},
	} {
		t.Run(sequence, func(t *testing.T) {
			s := &sight{}
			for _, letter := range sequence {
				s.add(met[letter], false)
			}
			if shown, repeated := s.shown(); shown.Seen != want.seen || shown.Address != want.address || repeated != want.repeated {
				t.Errorf("shown is %+v, %d times; want %+v", shown, repeated, want)
			}
		})
	}
}

// TestWhatIsRepeatedSoon writes a regular request in the sequence as r, and takes all others for repetitions.
func TestWhatIsRepeatedSoon(t *testing.T) {
	forged := kind{scheme: v1alpha1.SchemeHTTP, forgery: probe.RealIP}
	for name, test := range map[string]struct {
		sequence string
		kind     kind
		want     bool
	}{
		"an own address":                     {"rO", plainHTTP, false},
		"a loss":                             {"rX", plainHTTP, true},
		"a second one":                       {"rXX", plainHTTP, true},
		"a third one":                        {"rXXX", plainHTTP, false},
		"a pool of addresses":                {"rXYX", plainHTTP, false},
		"the end of a loss":                  {"rXrXrO", plainHTTP, true},
		"two of three show the end":          {"rXrXrOO", plainHTTP, true},
		"three show the end":                 {"rXrXrOOO", plainHTTP, false},
		"now this, now that":                 {"rXON", plainHTTP, false},
		"now this, now that, in each round":  {"rXONrXON", plainHTTP, false},
		"the next round":                     {"rXONrX", plainHTTP, true},
		"nobody":                             {"rN", plainHTTP, true},
		"a forgery that is refused":          {"rN", forged, false},
		"a forgery that is refused by now":   {"rFFN", forged, false},
		"a forgery that was believed before": {"rFrFrN", forged, true},
		"a forgery that is believed":         {"rF", forged, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, repetition := &sight{}, true
			for _, letter := range test.sequence {
				if letter == 'r' {
					repetition = false
					continue
				}
				s.add(met[letter], repetition)
				repetition = true
			}
			if got := s.unsettled(test.kind); got != test.want {
				t.Errorf("unsettled is %v, want %v", got, test.want)
			}
		})
	}
}

// TestWhatAnUnsteadyNodeCosts: a masquerade with a pool of addresses is a loss, and nothing that changes with
// each request makes a storm of requests or of writes.
func TestWhatAnUnsteadyNodeCosts(t *testing.T) {
	for name, test := range map[string]struct {
		// behave does something with the n-th plain request to the node.
		behave func(n int, a *answer.Answer) probe.Failure
		lost   bool
		writes int
	}{
		"a pool of addresses": {lost: true, writes: 8, behave: func(n int, a *answer.Answer) probe.Failure {
			a.RealIP = fmt.Sprintf("10.244.1.%d", n%250+1)
			a.ForwardedFor = a.RealIP
			return ""
		}},
		"two of three are lost": {lost: true, writes: 8, behave: func(n int, a *answer.Answer) probe.Failure {
			if n%3 != 0 {
				a.RealIP, a.ForwardedFor = "10.244.1.1", "10.244.1.1"
			}
			return ""
		}},
		"one of two is lost": {lost: true, writes: 8, behave: func(n int, a *answer.Answer) probe.Failure {
			if n%2 != 0 {
				a.RealIP, a.ForwardedFor = "10.244.1.1", "10.244.1.1"
			}
			return ""
		}},
		"each request ends in another way": {writes: 70, behave: func(n int, _ *answer.Answer) probe.Failure {
			return probe.Failure(fmt.Sprintf("HTTP %d", 400+n%100))
		}},
		"each configuration is another one": {writes: 70, behave: func(n int, a *answer.Answer) probe.Failure {
			a.Config = fmt.Sprint(n)
			return ""
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.start(t.Context())
				wait(2 * time.Minute)
				asked := 0
				w.set(func() {
					w.behave = func(node string, r probe.Request, a *answer.Answer) probe.Failure {
						if node != "edge-1" || r.Scheme != v1alpha1.SchemeHTTP || r.Forgery.Name != "" {
							return ""
						}
						w.mu.Lock()
						defer w.mu.Unlock()
						asked++
						return test.behave(asked, a)
					}
				})
				wait(time.Minute)
				writes, sent := w.countWrites(), w.countSent()
				wait(11 * time.Minute)
				if got := w.countWrites() - writes; got > test.writes {
					t.Errorf("%d reports are written in 11 minutes, want at most %d", got, test.writes)
				}
				if got := w.countSent() - sent; got > 1000 {
					t.Errorf("%d requests are sent in 11 minutes", got)
				}
				for _, one := range w.writes[writes:] {
					if plain := plainOf(one.status, "edge-1"); test.lost && (plain.Seen != v1alpha1.SeenOther || plain.Repeated < 2) {
						t.Fatalf("the plain sight is %+v", plain)
					}
				}
			})
		})
	}
}
