package look

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Changed says what changed during a measurement; "" for nothing. used are the reports whose challenges were used,
// and after are those of now. A measurement across a change proves nothing, also where the last part of it was
// about the path of now.
func Changed(used []*v1alpha1.SourceIPReport, after []v1alpha1.SourceIPReport) string {
	for _, before := range used {
		if what := differs(used[0], before); what != "" {
			return what
		}
		now := Inside(after) // Another prober may have taken over.
		if same := slices.IndexFunc(after, func(r v1alpha1.SourceIPReport) bool { return r.Name == before.Name }); same >= 0 {
			now = &after[same]
		}
		if now == nil {
			return "the prober's reports were deleted"
		}
		if what := differs(before, now); what != "" {
			return what
		}
	}
	return ""
}

func differs(before, after *v1alpha1.SourceIPReport) string {
	switch {
	case before.Status.ServiceUID != after.Status.ServiceUID:
		return "the Service was replaced"
	case before.Status.PathDigest != after.Status.PathDigest:
		return "the Service or the spec changed"
	default:
		return ""
	}
}

// Merge is the status of the outside report after a measurement during which nothing changed. It keeps earlier sights of targets that were
// not asked this time, as long as they are about the same path.
func Merge(old v1alpha1.SourceIPReportStatus, result Result, stated string, now time.Time) v1alpha1.SourceIPReportStatus {
	merged := v1alpha1.SourceIPReportStatus{StatedAddress: stated, Sights: slices.Clone(result.Sights)}
	if len(result.Inside) > 0 {
		merged.ServiceUID, merged.PathDigest = result.Inside[0].Status.ServiceUID, result.Inside[0].Status.PathDigest
	}
	if samePath(old, merged) {
		for _, sight := range old.Sights {
			asked := slices.ContainsFunc(result.Sights, func(s v1alpha1.Sight) bool { return evidence.SameTarget(&s, &sight) })
			if !asked && now.Sub(sight.Time.Time) < evidence.OutsideLife && len(merged.Sights) < evidence.MaxSights {
				merged.Sights = append(merged.Sights, sight)
			}
		}
	}
	counts := map[v1alpha1.Seen]int64{}
	for _, count := range old.Probes {
		counts[count.Seen] = count.Count
	}
	for seen, count := range result.Probes {
		counts[seen] += count
	}
	for seen, count := range counts {
		merged.Probes = append(merged.Probes, v1alpha1.ProbeCount{Seen: seen, Count: count})
	}
	slices.SortFunc(merged.Probes, func(a, b v1alpha1.ProbeCount) int { return worst[a.Seen] - worst[b.Seen] })
	return merged
}

func samePath(a, b v1alpha1.SourceIPReportStatus) bool {
	return a.ServiceUID == b.ServiceUID && a.PathDigest == b.PathDigest && a.StatedAddress == b.StatedAddress &&
		(a.ServiceUID != types.UID("") || a.PathDigest != "")
}
