package assess

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// verdict is the answer to the question of one condition.
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

// check looks at one thing that can stand in the way of True. It answers nil where it finds nothing to say, also where what it
// would look at does not exist: that something is missing is the business of a check of its own.
type check func(*scene) *verdict

// question is how one condition is answered.
type question struct {
	// needs are the reads without which nothing can be said.
	needs []read
	// writes tells whether a failed write to an object of this kind belongs to the condition.
	writes func(kind string) bool
	// checks in the order of what a person should hear of first.
	checks []check
	// holds is the answer where no check found anything.
	holds func(*scene) verdict
}

// read is something that was looked at, with the error where that failed.
type read struct {
	what string
	err  error
}

// answer is the specification of every condition: without its reads it is Unknown; False beats Unknown beats True; and among equals the first check wins.
func (q question) answer(sc *scene) verdict {
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
	return q.holds(sc)
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
	return unclear(v1alpha1.ReasonNotRead, "Nothing can be said without %s, which could not be read: %v.", listed(failed), first)
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
		others = fmt.Sprintf(" %s failed as well.", countOf(len(failures)-1, "other write"))
	}
	if first.Reason == snapshot.FailureNameTaken {
		return nameTaken(first.Ref, others)
	}
	return isNot(v1alpha1.ReasonApplyFailed, "Writing %s failed: %s.%s%s", first.Ref, strings.TrimRight(first.Message, "."), others, refusalRemedy(first.Cause))
}

// refusalRemedy is a sentence with a space before it; empty where the message has to say it all.
func refusalRemedy(cause snapshot.FailureCause) string {
	switch cause {
	case snapshot.CauseHealthCheckPort:
		return " Another Service has the health-check port; the operator takes another one. Tell it to a load balancer that was set up outside of the cluster."
	case snapshot.CauseNodePort:
		return " Write other ports into spec.exposure.nodePorts, or leave the choice to Kubernetes."
	case snapshot.CauseIPFamilies:
		return " Write IP families that the cluster has into spec.exposure.ipFamilies and ipFamilyPolicy."
	case snapshot.CauseQuota:
		return " Extend the ResourceQuota of the namespace."
	}
	return ""
}

func nameTaken(ref snapshot.Ref, others string) *verdict {
	return isNot(v1alpha1.ReasonNameTaken,
		"%s exists and does not belong to this EdgeIngress, so it is left alone. The operator looks again every %d seconds: delete or rename the object, or create the EdgeIngress under another name.%s",
		ref, int(snapshot.NameTakenRecheck.Seconds()), others)
}
