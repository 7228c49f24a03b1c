package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/drift"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// mending describes what this pass did about an object that does not match the spec: it wrote the
// object, or something prevented the write. It is a clause for the end of a sentence.
func (sc *scene) mending(ref snapshot.Ref) string {
	if slices.ContainsFunc(sc.outcome.Written, func(w snapshot.Write) bool { return w.Ref == ref }) {
		return "the operator has written it again"
	}
	for _, failure := range sc.outcome.Failures {
		if failure.Ref == ref {
			return "writing it failed: " + strings.TrimRight(failure.Message, ".")
		}
	}
	for _, change := range sc.state.Changes {
		if change.Ref == ref && change.Kind == desired.Leave {
			return sc.leaving(change)
		}
	}
	for _, failure := range sc.outcome.Failures {
		if failure.Ref.Kind == "Namespace" {
			return fmt.Sprintf("the operator cannot write it: %s: %s", failure.Ref, strings.TrimRight(failure.Message, "."))
		}
	}
	return "the operator has not written it"
}

func (sc *scene) leaving(change desired.Change) string {
	switch change.Cause {
	case desired.CauseNameTaken:
		return "the operator leaves it alone, because it does not belong to this EdgeIngress"
	case desired.CauseTerminating:
		return "the operator cannot write it, because the namespace is being deleted"
	case desired.CauseContested:
		if sc.contestOf(change).Count >= drift.ContestedAfter {
			return "another writer undoes each repair, so the operator waits before the next one"
		}
		return "the operator wrote it a moment ago"
	case desired.CauseNotRead:
		return "the operator leaves it alone, because reading it failed"
	}
	return "the operator leaves it alone"
}

// contestOf returns the repair of the object's most often repaired field.
func (sc *scene) contestOf(change desired.Change) snapshot.Repair {
	var most snapshot.Repair
	for _, field := range change.Fields {
		if repair := sc.Repairs[change.Ref][field]; repair.Version == change.Version && repair.Count > most.Count {
			most = repair
		}
	}
	return most
}

// contests names the other writers of objects whose kind belongs to a condition. Each sentence
// begins with a space. A field that was repaired only once or twice is not contested.
func contests(sc *scene, belongs func(kind string) bool) string {
	text := ""
	for _, change := range sc.state.Changes {
		if belongs == nil || !belongs(change.Ref.Kind) || change.Cause != desired.CauseContested {
			continue
		}
		if contest := sc.contestOf(change); contest.Count >= drift.ContestedAfter {
			text += fmt.Sprintf(" After each repair of %s, %s changes %s again; the next repair is at %s. Stop the other writer.",
				change.Ref, cmp.Or(contest.Rival, "an unknown writer"), listed(change.Fields), change.Until.UTC().Format("15:04:05 MST"))
		}
	}
	return text
}
