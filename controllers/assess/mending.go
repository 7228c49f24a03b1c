package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// mending is a clause about an object that was not seen as it is wanted: whether this pass wrote it, or else what stands in the way.
func (sc *scene) mending(ref snapshot.Ref) string {
	if slices.Contains(sc.outcome.Written, ref) {
		return "it is being written again"
	}
	for _, failure := range sc.outcome.Failures {
		if failure.Ref == ref {
			return "writing it failed: " + strings.TrimRight(failure.Message, ".")
		}
	}
	for _, change := range sc.state.Changes {
		if change.Ref == ref && change.Kind == desired.Leave {
			return leaving(change)
		}
	}
	for _, failure := range sc.outcome.Failures {
		if failure.Ref.Kind == "Namespace" {
			return fmt.Sprintf("it cannot be written: %s: %s", failure.Ref, strings.TrimRight(failure.Message, "."))
		}
	}
	return "this pass did not write it"
}

func leaving(change desired.Change) string {
	switch change.Cause {
	case desired.CauseNameTaken:
		return "it is left alone, because it does not belong to this EdgeIngress"
	case desired.CauseTerminating:
		return "it cannot be written, because the namespace is being deleted"
	case desired.CauseNotRead:
		return "it is left alone, because it could not be read"
	}
	return "it is left alone"
}
