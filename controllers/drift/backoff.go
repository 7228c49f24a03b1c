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

// Due is when a field may be repaired again. It is zero for a field that was not repaired to this version lately.
func Due(repairs snapshot.Repairs, field, version string) time.Time {
	repair, known := repairs[field]
	if !known || repair.Version != version {
		return time.Time{}
	}
	delay := firstDelay
	for range repair.Count - 1 {
		delay = min(2*delay, maxDelay)
	}
	return repair.Last.Add(delay)
}

// Times is how often a field was repaired to this version.
func Times(repairs snapshot.Repairs, field, version string) int {
	if repair := repairs[field]; repair.Version == version {
		return repair.Count
	}
	return 0
}

// Remember adds a write to the repairs of its object, and forgets what is long past. A field that was written in another version
// before is counted from one again, because the operator changed it itself. It returns a copy.
func Remember(repairs snapshot.Repairs, write snapshot.Write, now time.Time) snapshot.Repairs {
	after := Recent(repairs, now)
	for _, field := range write.Fields {
		after[field] = snapshot.Repair{Count: Times(after, field, write.Version) + 1, Last: now, Version: write.Version, Rival: write.Rival}
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
