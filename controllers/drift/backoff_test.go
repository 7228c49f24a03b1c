package drift_test

import (
	"testing"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// TestARivalCausesFewRepairs lets a rival undo each repair of a field, and counts the repairs.
func TestARivalCausesFewRepairs(t *testing.T) {
	start := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		// every is the time from a repair to the rival's next write.
		every, during time.Duration
		atMost        int
		atLeast       int
	}{
		"at once, for a minute":                       {every: 0, during: time.Minute, atLeast: 6, atMost: 6},
		"at once, for a day":                          {every: 0, during: 24 * time.Hour, atLeast: 280, atMost: 300},
		"every minute, for a day":                     {every: time.Minute, during: 24 * time.Hour, atLeast: 280, atMost: 300},
		"after the operator forgot: each is repaired": {every: 31 * time.Minute, during: 24 * time.Hour, atLeast: 46, atMost: 47},
	} {
		t.Run(name, func(t *testing.T) {
			var repairs snapshot.Repairs
			count := 0
			changed := start
			for now := start; now.Sub(start) < test.during; now = now.Add(time.Second) {
				if now.Before(changed) || now.Before(drift.Due(repairs, "data.a", "")) {
					continue
				}
				repairs = drift.Remember(repairs, snapshot.Write{Fields: []string{"data.a"}}, now)
				count++
				changed = now.Add(test.every)
			}
			if count < test.atLeast || count > test.atMost {
				t.Errorf("%d repairs, want %d to %d", count, test.atLeast, test.atMost)
			}
		})
	}
}

func TestAnotherFieldIsRepairedAtOnce(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	repairs := drift.Remember(nil, snapshot.Write{Fields: []string{"data.a"}}, now)
	if due := drift.Due(repairs, "data.b", ""); !due.IsZero() {
		t.Errorf("the other field waits until %s", due)
	}
	if due := drift.Due(repairs, "data.a", ""); !due.After(now) {
		t.Errorf("the same field is due at %s", due)
	}
}
