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
	if at := slices.IndexFunc(sc.outcome.Written, func(w snapshot.Write) bool { return w.Ref == ref }); at >= 0 {
		if write := sc.outcome.Written[at]; len(write.Overruled) > 0 {
			return fmt.Sprintf("the operator has written it again, and %s changed %s in the same request", write.Rival, listed(write.Overruled))
		}
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
		if sc.isContested(change) {
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
		repair := sc.Repairs[change.Ref][field]
		worse := repair.Count > most.Count && repair.Overruled == most.Overruled || repair.Overruled && !most.Overruled
		if repair.Version == change.Version && worse {
			most = repair
		}
	}
	return most
}

// isContested reports whether the object is left because another writer undoes each repair. A field
// that was repaired only once or twice is not contested, unless the answer shows that the repair did
// not hold.
func (sc *scene) isContested(change desired.Change) bool {
	repair := sc.contestOf(change)
	return change.Cause == desired.CauseContested && (repair.Count >= drift.ContestedAfter || repair.Overruled)
}

// contests names the other writers of objects whose kind belongs to a condition, unless the message
// names them already. Each sentence begins with a space.
func contests(sc *scene, belongs func(kind string) bool, message string) string {
	text, count, more := "", 0, 0
	for _, change := range sc.state.Changes {
		if belongs == nil || !belongs(change.Ref.Kind) || !sc.isContested(change) {
			continue
		}
		switch sentence := sc.contest(change); {
		case strings.Contains(message, sentence):
		case count == maxNames:
			more++
		default:
			text += " " + sentence
			count++
		}
	}
	if more > 0 {
		text += " The same happens to " + countOf(more, "other object") + "."
	}
	return text
}

// contest says what another writer does to an object, when the operator writes next, and what to do.
func (sc *scene) contest(change desired.Change) string {
	if sc.contestOf(change).Overruled {
		return sc.overruled(change)
	}
	rival, at := cmp.Or(sc.contestOf(change).Rival, "an unknown writer"), clock(change.Until)
	switch change.Delayed {
	case desired.Create:
		return fmt.Sprintf("%s is deleted again and again. The operator creates it again at %s. Find out what deletes it, and stop that.", change.Ref, at)
	case desired.Replace:
		return fmt.Sprintf("After each replacement of %s, %s sets %s again, which only another replacement can undo; the next one is at %s. Stop the other writer.",
			change.Ref, rival, listed(change.Fields), at)
	case desired.Apply:
		return fmt.Sprintf("After each apply of %s, %s writes another version of it; the next apply is at %s. "+
			"Stop the other writer, for example a second installation of the operator.", change.Ref, rival, at)
	default:
		return fmt.Sprintf("After each repair of %s, %s changes %s again; the next repair is at %s. Stop the other writer.", change.Ref, rival, listed(change.Fields), at)
	}
}
