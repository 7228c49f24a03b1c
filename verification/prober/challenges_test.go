package prober

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
)

func TestWithoutAWitness(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.away = true
		w.start(t.Context())
		wait(time.Second)
		if status := w.last().status; status.Problem != v1alpha1.ReportWitnessMissing || len(status.Challenges) > 0 || status.Detail == "" {
			t.Errorf("the report is %+v", status)
		}
		wait(10 * time.Minute)
		if w.countWrites() > 5 {
			t.Errorf("%d reports say the same", w.countWrites())
		}
		w.set(func() { w.away = false })
		wait(21 * time.Second)
		if status := w.last().status; status.Problem != "" || plainOf(status, "edge-1").Seen != v1alpha1.SeenOwn || len(status.Challenges) == 0 {
			t.Errorf("with a witness the report is %+v", status)
		}
	})
}

func TestARestartedWitnessHasAnotherKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(t.Context())
		wait(time.Minute)
		before := w.last().status
		w.restartWitness()
		wait(21 * time.Second)
		after := w.last().status
		if after.PublicKey == before.PublicKey {
			t.Error("the key is the old one")
		}
		for _, challenge := range after.Challenges {
			for _, old := range before.Challenges {
				if challenge.Nonce == old.Nonce {
					t.Errorf("%s was published before, and the witness does not know it", challenge.Nonce)
				}
			}
		}
		if plain := plainOf(after, "edge-1"); plain.Seen != v1alpha1.SeenOwn {
			t.Errorf("the sight is %+v", plain)
		}
	})
}

func TestAUsedChallengeIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.start(t.Context())
		wait(time.Minute)
		used := w.last().status.Challenges[1].Nonce
		w.set(func() { w.usedByOthers[used] = true })
		wait(21 * time.Second)
		after := w.last().status.Challenges
		if len(after) != maxPublished {
			t.Errorf("there are %d challenges", len(after))
		}
		for _, challenge := range after {
			if challenge.Nonce == used {
				t.Error("it is still there")
			}
		}
	})
}

func TestNoTokenIsSpentTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.behave = masquerade("edge-2")
		w.start(t.Context())
		wait(20 * time.Minute)
		tokens := map[answer.Token]bool{}
		for _, r := range w.sent {
			if tokens[r.Token] {
				t.Fatalf("token %s is sent twice", r.Token)
			}
			tokens[r.Token] = true
			if !r.Source.IsValid() || !r.Direct || !strings.HasSuffix(r.Host, ".invalid") {
				t.Fatalf("a request is %+v", r)
			}
		}
	})
}
