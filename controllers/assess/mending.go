package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// mending describes what this pass did about an object that does not match the spec: it wrote the
// object, or something prevented the write. It is a clause for the end of a sentence.
func (sc *scene) mending(ref snapshot.Ref) string {
	if slices.Contains(sc.outcome.Written, ref) {
		return "the operator has written it again"
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
			return fmt.Sprintf("the operator cannot write it: %s: %s", failure.Ref, strings.TrimRight(failure.Message, "."))
		}
	}
	return "the operator has not written it"
}

func leaving(change desired.Change) string {
	switch change.Cause {
	case desired.CauseNameTaken:
		return "the operator leaves it alone, because it does not belong to this EdgeIngress"
	case desired.CauseTerminating:
		return "the operator cannot write it, because the namespace is being deleted"
	case desired.CauseNotRead:
		return "the operator leaves it alone, because reading it failed"
	}
	return "the operator leaves it alone"
}
