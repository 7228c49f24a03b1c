package assess

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Kubernetes has one condition for Services, LoadBalancerPortsError (k8s.io/api core/v1). Controllers
// add conditions of their own, such as cilium.io/IPAMRequestSatisfied. By the API conventions, the
// type says what is so. These words at its end show whether that is bad or good.
var (
	badEndings  = []string{"Error", "Errors", "Failed", "Failure", "Degraded", "Conflict", "Rejected", "Invalid", "Unavailable", "Pending", "NotReady", "Unsupported"}
	goodEndings = []string{
		"Ready", "Satisfied", "Provisioned", "Programmed", "Available", "Accepted", "Serving", "Synced", "Healthy", "Announced", "Advertised", "Allocated",
		"Assigned", "Reconciled", "Succeeded", "Attached", "Configured", "Established",
	}
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
				found = append(found, fmt.Sprintf("%q for port %d/%s of %s", *port.Error, port.Port, port.Protocol, address))
			}
		}
	}
	return found
}

// wanted returns the status of a condition in which all is well. It reports false for a type whose
// meaning its name does not show.
func wanted(kind string) (good metav1.ConditionStatus, known bool) {
	for _, ending := range badEndings {
		if strings.HasSuffix(kind, ending) {
			return metav1.ConditionFalse, true
		}
	}
	for _, ending := range goodEndings {
		if strings.HasSuffix(kind, ending) {
			return metav1.ConditionTrue, true
		}
	}
	return "", false
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

// quoted returns a condition as "Type Status: Reason, "message"".
func quoted(condition metav1.Condition) string {
	said := fmt.Sprintf("%s %s", condition.Type, condition.Status)
	if condition.Reason != "" {
		said += ": " + condition.Reason
	}
	if condition.Message != "" {
		said += fmt.Sprintf(", %q", condition.Message)
	}
	return said
}
