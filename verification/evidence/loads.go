package evidence

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// configs are the configurations that the serving pods were seen to run.
type configs struct {
	// of has the digest for each pod.
	of map[types.UID]string
	// refusing are the pods that run another configuration than they should, although they had had the time to load
	// that. It is what clients meet, so what is seen of it counts.
	refusing map[types.UID]bool
}

// learnConfigs notes what the serving pods run. A function that reads sights calls it first.
func (f *Facts) learnConfigs(reports []v1alpha1.SourceIPReport) {
	f.configs = configs{of: map[types.UID]string{}, refusing: map[types.UID]bool{}}
	for pod, sight := range f.running(insideReports(reports)) {
		f.configs.of[pod] = sight.ConfigDigest
		if !f.ConfigWritten.IsZero() && sight.ConfigDigest != f.ConfigDigest && !f.maybeLoading(sight) {
			f.configs.refusing[pod] = true
		}
	}
}

// isLoaded reports whether what an inside vantage saw is of the configuration that the pod runs: the one that it should
// run, or another one that it does not give up. What was seen of a configuration before the pod ran another one
// does not count, also where it should run the first one again.
func (f *Facts) isLoaded(sight *v1alpha1.Sight) bool {
	return f.ConfigDigest == "" ||
		(sight.ConfigDigest == f.configs.of[sight.PodUID] && (sight.ConfigDigest == f.ConfigDigest || f.configs.refusing[sight.PodUID]))
}

// countsFor reports whether what was seen from outside is of the configuration that clients meet. A vantage that knew
// that the controllers run what they should has said so. It knew the path for which the report was written, so other
// changes of the configuration since then do not matter. While a controller refuses its configuration, nobody knows to
// which path the one that runs belongs. Then only a look at that one counts, and only where all controllers run it.
func (f *Facts) countsFor(sight *v1alpha1.Sight) bool {
	switch {
	case f.ConfigDigest == "":
		return true
	case len(f.configs.refusing) > 0:
		for _, digest := range f.configs.of {
			if digest != sight.ConfigDigest {
				return false
			}
		}
		return true
	default:
		return sight.ConfigConfirmed || sight.ConfigDigest == f.ConfigDigest
	}
}

// Load is the configuration that an edge node was seen to run.
type Load struct {
	Node string
	// Pod is the uid of the controller pod. Of several on a node, one that runs another configuration than it should
	// is the one to name.
	Pod    types.UID
	Digest string
	// Time is when the newest challenge was made whose answer named it; zero where none did.
	Time time.Time
}

// LoadGrace is how long an engine has for loading a configuration after it was written.
const LoadGrace = 60 * time.Second

// Loads returns for each serving edge node the configuration that its controller pod was last seen to run. The
// answers name it and are signed, so that it does not matter which way a request took. While an engine loads a
// configuration, the one before answers some requests: a round with both says that it is not loaded yet, and a
// later answer of the one before does not say that it is not loaded any more.
func Loads(f Facts, reports []v1alpha1.SourceIPReport) []Load {
	newest := f.running(insideReports(reports))
	loads := make([]Load, len(f.Serving))
	for i, node := range f.Serving {
		loads[i].Node = node.Name
		for _, pod := range node.Pods {
			if sight := newest[pod]; sight != nil && f.tellsMore(sight, loads[i]) {
				loads[i] = Load{node.Name, pod, sight.ConfigDigest, sight.Time.Time}
			}
		}
	}
	return loads
}

// running returns for each serving pod the sight that tells what it runs.
func (f *Facts) running(reports []*v1alpha1.SourceIPReport) map[types.UID]*v1alpha1.Sight {
	newest := map[types.UID]*v1alpha1.Sight{}
	for _, report := range reports {
		for pod, sight := range f.runs(report) {
			if known := newest[pod]; known == nil || f.supersedes(sight, known) {
				newest[pod] = sight
			}
		}
	}
	return newest
}

// runs returns for each serving pod the newest sight of a report that names what it runs. Of several in one round
// it is one that names another configuration than the pod should run.
func (f *Facts) runs(report *v1alpha1.SourceIPReport) map[types.UID]*v1alpha1.Sight {
	newest := map[types.UID]*v1alpha1.Sight{}
	for i := range report.Status.Sights {
		sight := &report.Status.Sights[i]
		node := f.serving(sight.Node)
		if node == nil || !Answered(sight) || sight.NodeUID != node.UID || !slices.Contains(node.Pods, sight.PodUID) {
			continue
		}
		if _, untimely := f.timely(sight.Time.Time, InsideLife); untimely != "" {
			continue
		}
		if known := newest[sight.PodUID]; known == nil || f.after(sight, known) {
			newest[sight.PodUID] = sight
		}
	}
	return newest
}

// supersedes reports whether what one vantage saw of a pod counts rather than what another saw.
func (f *Facts) supersedes(sight, known *v1alpha1.Sight) bool {
	switch {
	case f.loaded(sight) && f.maybeLoading(known):
		return true
	case f.loaded(known) && f.maybeLoading(sight):
		return false
	}
	return f.after(sight, known)
}

// after reports whether a sight is newer than another one. Of those in one second, the one that names another
// configuration than the pod should run is the newer one, so that the order of the reports does not matter.
func (f *Facts) after(sight, known *v1alpha1.Sight) bool {
	differs, knownDiffers := sight.ConfigDigest != f.ConfigDigest, known.ConfigDigest != f.ConfigDigest
	switch {
	case !sight.Time.Equal(&known.Time):
		return sight.Time.After(known.Time.Time)
	case differs != knownDiffers:
		return differs
	default:
		return sight.ConfigDigest > known.ConfigDigest
	}
}

// loaded reports whether the pod ran the configuration after it was written.
func (f *Facts) loaded(sight *v1alpha1.Sight) bool {
	return sight.ConfigDigest == f.ConfigDigest && !f.ConfigWritten.IsZero() && !sight.Time.Time.Before(f.ConfigWritten)
}

// maybeLoading reports whether the pod ran another configuration when it still had time to load this one.
func (f *Facts) maybeLoading(sight *v1alpha1.Sight) bool {
	return sight.ConfigDigest != f.ConfigDigest && sight.Time.Time.Before(f.ConfigWritten.Add(LoadGrace))
}

// tellsMore reports whether what one pod runs is to name rather than what another pod on the same node runs.
func (f *Facts) tellsMore(sight *v1alpha1.Sight, known Load) bool {
	differs, knownDiffers := sight.ConfigDigest != f.ConfigDigest, known.Digest != f.ConfigDigest
	if known.Time.IsZero() || differs != knownDiffers {
		return known.Time.IsZero() || differs
	}
	return sight.Time.After(known.Time)
}
