package assess

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Kubernetes has one condition for Services, LoadBalancerPortsError (k8s.io/api core/v1). Controllers
// add conditions of their own, such as cilium.io/IPAMRequestSatisfied. By the API conventions, the
// type says what is so. These words at its end show whether that is bad or good.
var (
	badEndings = []string{
		"Error", "Errors", "Failed", "Failing", "Failure", "Failures", "Degraded", "Conflict", "Conflicts", "Conflicted", "Rejected", "Refused", "Denied", "Forbidden",
		"Blocked", "Invalid", "Pending", "NotFound", "Missing", "Misconfigured", "Disconnected", "Expired", "Timeout", "TimedOut", "Down",
		// Stalled is a condition of kstatus (sigs.k8s.io/cli-utils pkg/kstatus).
		"Stalled", "Exceeded", "Exhausted",
	}
	goodEndings = []string{
		"Ready", "Satisfied", "Provisioned", "Programmed", "Available", "Accepted", "Serving", "Synced", "Healthy", "Announced", "Advertised", "Allocated",
		"Assigned", "Reconciled", "Succeeded", "Attached", "Configured", "Established", "Supported", "Reachable", "Resolved", "Valid", "Connected",
	}
	// Before one of these words they mean the opposite, such as in NotReady. Un is one too, as in Unavailable.
	denials = []string{"Not", "No", "Non", "Never", "Without"}
	words   = regexp.MustCompile(`[A-Z]?[a-z]+|[A-Z]+`)
)

// balancerReports implements row 81. It quotes what a load balancer writes into the Service's status.
func balancerReports(sc *scene) *verdict {
	if !sc.isLoadBalancer() {
		return nil
	}
	const remedy = "See the events of the Service and the log of the load balancer's controller"
	if errors := portErrors(sc); len(errors) > 0 {
		return isNot(v1alpha1.ReasonBalancerReportsError, "The status of %s has the error %s. %s.", sc.serviceRef(), listed(errors), remedy)
	}
	var doubt *verdict
	for _, condition := range sc.service.Status.Conditions {
		switch good, known := wanted(condition.Type); {
		case !known || condition.Status == good:
		case condition.Status == metav1.ConditionUnknown:
			doubt = unclear(v1alpha1.ReasonBalancerReportsError, "The status of %s has the condition %s. %s.", sc.serviceRef(), quoted(condition), remedy)
		default:
			return isNot(v1alpha1.ReasonBalancerReportsError, "The status of %s has the condition %s. %s.", sc.serviceRef(), quoted(condition), remedy)
		}
	}
	return doubt
}

// portErrors quotes the error of each port of each address.
func portErrors(sc *scene) []string {
	var found []string
	for _, ingress := range sc.service.Status.LoadBalancer.Ingress {
		address := ingress.IP
		if address == "" {
			address = ingress.Hostname
		}
		for _, port := range ingress.Ports {
			if port.Error != nil && *port.Error != "" {
				found = append(found, fmt.Sprintf("%q for port %d/%s of %s", shortened(*port.Error, maxQuoted/3), port.Port, port.Protocol, address))
			}
		}
	}
	return found
}

// wanted returns the status of a condition in which all is well. It reports false for a type whose
// meaning its name does not show.
func wanted(kind string) (good metav1.ConditionStatus, known bool) {
	if before, bad := cutEnding(kind, badEndings); bad {
		denied, sure := turnedRound(before)
		return statusOf(denied), sure
	}
	if before, fine := cutEnding(kind, goodEndings); fine {
		denied, _ := turnedRound(before)
		return statusOf(!denied), true
	}
	return "", false
}

func statusOf(is bool) metav1.ConditionStatus {
	if is {
		return metav1.ConditionTrue
	}
	return metav1.ConditionFalse
}

// cutEnding returns what stands before one of the endings. Un stays with what stands before.
func cutEnding(kind string, endings []string) (before string, found bool) {
	for _, ending := range endings {
		if before, found = strings.CutSuffix(kind, ending); found {
			return before, true
		}
		if before, found = strings.CutSuffix(kind, "Un"+strings.ToLower(ending)); found {
			return before + "Un", true
		}
	}
	return "", false
}

// turnedRound reports whether the words before an ending turn its meaning round. It is not sure where the
// denial stands further ahead: NoPoolError may be an error about a pool.
func turnedRound(before string) (denied, sure bool) {
	rest, un := strings.CutSuffix(before, "Un")
	for _, denial := range denials {
		if strings.HasSuffix(rest, denial) {
			return !un, true
		}
	}
	ahead := slices.ContainsFunc(words.FindAllString(rest, -1), func(word string) bool { return slices.Contains(denials, word) })
	return un != ahead, !ahead
}

// alsoReported quotes conditions whose meaning is not known. It returns sentences that each begin
// with a space, or "".
func (sc *scene) alsoReported() string {
	said := ""
	for _, condition := range sc.service.Status.Conditions {
		if _, known := wanted(condition.Type); !known {
			said += fmt.Sprintf(" The Service also has the condition %s.", quoted(condition))
		}
	}
	return said
}

// maxQuoted limits a quote, in runes, so that the remedy after it fits into the message.
const maxQuoted = 300

// quoted returns a condition as "Type Status: Reason, "message"".
func quoted(condition metav1.Condition) string {
	said := fmt.Sprintf("%s %s", condition.Type, condition.Status)
	if condition.Reason != "" {
		said += ": " + shortened(condition.Reason, maxQuoted/3)
	}
	if condition.Message != "" {
		said += fmt.Sprintf(", %q", shortened(condition.Message, maxQuoted))
	}
	return said
}
