package drift

import (
	"maps"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

const (
	// firstDelay is between the first and the second repair of a field. It doubles from repair to repair.
	firstDelay = time.Second
	// maxDelay bounds it.
	maxDelay = 5 * time.Minute
	// memory is how long a field has to stay as wanted until its repairs are forgotten. It is longer than maxDelay, so that a rival who writes
	// every few minutes is slowed down as well.
	memory = 30 * time.Minute
	// ContestedAfter is how many repairs of a field in a row show that somebody changes it back each time.
	ContestedAfter = 3
)

// Due is when a field may be repaired again. It is zero for a field that was not repaired lately.
func Due(repairs snapshot.Repairs, field string) time.Time {
	repair, known := repairs[field]
	if !known {
		return time.Time{}
	}
	delay := firstDelay
	for range repair.Count - 1 {
		delay = min(2*delay, maxDelay)
	}
	return repair.Last.Add(delay)
}

// Remember adds a write to the repairs of its object, and forgets what is long past. It returns a copy.
func Remember(repairs snapshot.Repairs, write snapshot.Write, now time.Time) snapshot.Repairs {
	after := Recent(repairs, now)
	for _, field := range write.Fields {
		repair := after[field]
		repair.Count, repair.Last, repair.Rival = repair.Count+1, now, write.Rival
		after[field] = repair
	}
	return after
}

// Recent is a copy of the repairs that are not long past.
func Recent(repairs snapshot.Repairs, now time.Time) snapshot.Repairs {
	recent := maps.Clone(repairs)
	if recent == nil {
		recent = snapshot.Repairs{}
	}
	maps.DeleteFunc(recent, func(_ string, repair snapshot.Repair) bool { return now.Sub(repair.Last) >= memory })
	return recent
}
