package drift

import (
	"maps"
	"slices"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

const (
	// firstDelay is the delay between the first and the second repair of a field. It doubles from
	// repair to repair.
	firstDelay = time.Second
	// maxDelay is the longest delay between two repairs.
	maxDelay = 5 * time.Minute
	// memory is how long the operator remembers the repairs of a field after the last one. It is
	// longer than maxDelay, so that the delay also grows for a rival that writes every few minutes.
	memory = 30 * time.Minute
	// ContestedAfter is how many repairs of a field in a row show that another writer undoes each
	// of them.
	ContestedAfter = 3
)

// Due returns when a field may be repaired again. It is zero for a field without recent repairs.
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

// Next returns how often a field has been repaired after one more write. The first write of a version
// is not a repair.
func Next(repairs snapshot.Repairs, field, version string) int {
	repair, known := repairs[field]
	switch {
	case known && repair.Version == version:
		return repair.Count + 1
	case version != "":
		return 0
	}
	return 1
}

// IsContested reports whether a field of the write was written so often that another writer must
// undo each repair, or whether the answer to the last write showed that it did not hold.
func IsContested(repairs snapshot.Repairs, write snapshot.Write) bool {
	return slices.ContainsFunc(write.Fields, func(field string) bool {
		repair := repairs[field]
		return repair.Version == write.Version && (repair.Count >= ContestedAfter || repair.Overruled)
	})
}

// Remember adds a write to the repairs of its object, and forgets old repairs. It returns a copy.
func Remember(repairs snapshot.Repairs, write snapshot.Write, now time.Time) snapshot.Repairs {
	after := Recent(repairs, now)
	for _, field := range write.Fields {
		after[field] = snapshot.Repair{
			Count: Next(after, field, write.Version), Last: now, Version: write.Version, Rival: write.Rival,
			Overruled: slices.Contains(write.Overruled, field),
		}
	}
	return after
}

// Recent returns a copy of the repairs without the old ones.
func Recent(repairs snapshot.Repairs, now time.Time) snapshot.Repairs {
	recent := maps.Clone(repairs)
	if recent == nil {
		recent = snapshot.Repairs{}
	}
	maps.DeleteFunc(recent, func(_ string, repair snapshot.Repair) bool { return now.Sub(repair.Last) >= memory })
	return recent
}
