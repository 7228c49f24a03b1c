package assess

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// verdict is the status, reason and message of one condition.
type verdict struct {
	status  metav1.ConditionStatus
	reason  string
	message string
}

func is(reason, format string, args ...any) verdict {
	return verdict{metav1.ConditionTrue, reason, fmt.Sprintf(format, args...)}
}

func isNot(reason, format string, args ...any) *verdict {
	return &verdict{metav1.ConditionFalse, reason, fmt.Sprintf(format, args...)}
}

func unclear(reason, format string, args ...any) *verdict {
	return &verdict{metav1.ConditionUnknown, reason, fmt.Sprintf(format, args...)}
}

// check looks for one thing that prevents True. It returns nil where it finds none, and where the
// object that it would look at does not exist: a check of its own reports a missing object.
type check func(*scene) *verdict

// question describes how to decide one condition.
type question struct {
	// needs lists the reads that the verdict requires.
	needs []read
	// writes reports whether a failed write to an object of this kind belongs to the condition.
	writes func(kind string) bool
	// checks run in the order in which users should fix what they find.
	checks []check
	// holds gives the verdict where no check finds anything.
	holds func(*scene) verdict
}

// read names what was read, with the error of a failed read.
type read struct {
	what string
	err  error
}

// answer specifies every condition. After a failed read it is Unknown. False beats Unknown, Unknown
// beats True, and among equals the first check wins.
func (q question) answer(sc *scene) verdict {
	answered := q.decide(sc)
	answered.message += contests(sc, q.writes, answered.message)
	return answered
}

func (q question) decide(sc *scene) verdict {
	deleting := !sc.EdgeIngress.DeletionTimestamp.IsZero()
	if sc.engineErr != nil && !deleting {
		return *unclear(v1alpha1.ReasonEngineUnknown, "%s.", capital(sc.engineErr.Error()))
	}
	if unread := notRead(q.needs); unread != nil && !deleting {
		return *unread
	}
	if failed := failedWrites(sc, q.writes); failed != nil {
		return *failed
	}
	if deleting {
		return *unclear(v1alpha1.ReasonDeleting, "The EdgeIngress is being deleted.")
	}
	var undecided *verdict
	for _, look := range q.checks {
		found := look(sc)
		switch {
		case found == nil:
		case found.status == metav1.ConditionFalse:
			return *found
		case undecided == nil:
			undecided = found
		}
	}
	if undecided != nil {
		return *undecided
	}
	if contested := contestedWrite(sc, q.writes); contested != nil {
		return *contested
	}
	return q.holds(sc)
}

// contestedWrite reports an object that is left because it was written a moment ago. No check
// looks at every object, so a condition must not be True while one of its objects is left.
func contestedWrite(sc *scene, belongs func(kind string) bool) *verdict {
	for _, change := range sc.state.Changes {
		switch {
		case belongs == nil || !belongs(change.Ref.Kind) || change.Cause != desired.CauseContested:
		case sc.isContested(change):
			return isNot(v1alpha1.ReasonApplyFailed, "%s", sc.contest(change))
		default:
			return isNot(v1alpha1.ReasonApplyFailed, "%s does not match the spec, although the operator wrote it a moment ago. The operator writes it again at %s.",
				change.Ref, change.Until.UTC().Format("15:04:05 MST"))
		}
	}
	return nil
}

func notRead(needs []read) *verdict {
	var failed []string
	var first error
	for _, need := range needs {
		if need.err == nil {
			continue
		}
		failed = append(failed, need.what)
		if first == nil {
			first = need.err
		}
	}
	if first == nil {
		return nil
	}
	return unclear(v1alpha1.ReasonNotRead, "The operator could not read %s: %v.", listed(failed), first)
}

func failedWrites(sc *scene, belongs func(kind string) bool) *verdict {
	if belongs == nil {
		return nil
	}
	var failures []snapshot.Failure
	for _, failure := range sc.outcome.Failures {
		if belongs(failure.Ref.Kind) {
			failures = append(failures, failure)
		}
	}
	if len(failures) == 0 {
		return nil
	}
	first := failures[0]
	others := ""
	if len(failures) > 1 {
		others = fmt.Sprintf(" %s also failed.", countOf(len(failures)-1, "other write"))
	}
	if first.Reason == snapshot.FailureNameTaken {
		return nameTaken(first.Ref, others)
	}
	return isNot(v1alpha1.ReasonApplyFailed, "Writing %s failed: %s.%s%s", first.Ref, strings.TrimRight(first.Message, "."), others, refusalRemedy(first.Cause))
}

// refusalRemedy is sentences that each begin with a space, or empty where only the error can help.
func refusalRemedy(cause snapshot.FailureCause) string {
	switch cause {
	case snapshot.CauseHealthCheckPort:
		return " Another Service has the health-check port, so the operator requests a new one. Set the new port on any load balancer that is configured outside the cluster."
	case snapshot.CauseNodePort:
		return " Set other ports in spec.exposure.nodePorts, or let Kubernetes choose them."
	case snapshot.CauseIPFamilies:
		return " Set spec.exposure.ipFamilies and spec.exposure.ipFamilyPolicy to what the cluster supports."
	case snapshot.CauseQuota:
		return " Increase the ResourceQuota of the namespace."
	}
	return ""
}

func nameTaken(ref snapshot.Ref, others string) *verdict {
	return isNot(v1alpha1.ReasonNameTaken,
		"%s exists and does not belong to this EdgeIngress, so the operator leaves it alone and checks again every %d seconds.%s "+
			"Delete it, or create the EdgeIngress under another name.",
		ref, int(snapshot.NameTakenRecheck.Seconds()), others)
}
