package evidence

import (
	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Confirmed is how many of three equal requests have to show a loss before it counts as one.
const Confirmed = 2

// MaxSights is how many sights a report has room for (SourceIPReportStatus, sights).
const MaxSights = 2048

// Answered reports whether the witness answered.
func Answered(sight *v1alpha1.Sight) bool {
	return sight.Seen == v1alpha1.SeenOwn || sight.Seen == v1alpha1.SeenOther || sight.Seen == v1alpha1.SeenForged
}

// SameTarget reports whether two requests were sent to the same target in the same way, whatever they claimed.
func SameTarget(a, b *v1alpha1.Sight) bool {
	return a.Address == b.Address && a.Port == b.Port && a.Scheme == b.Scheme && a.Family == b.Family && a.Host == b.Host
}
