package assess

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// maxRefusal limits the quoted refusal, in runes, so that the remedy fits into the message.
const maxRefusal = 500

// podName is the name of a refused pod, which is another one each time.
var podName = regexp.MustCompile(`pods "[^"]*"`)

// podsRefused finds pods that Kubernetes does not create, with the refusal and what helps (row 94). It
// is False where the pods are missing. Where older ones still serve it is Unknown.
func podsRefused(sc *scene) *verdict {
	if sc.workload.template == nil || sc.Refusal.Message == "" {
		return nil
	}
	// The queue of the workload's controller waits up to 1,000 seconds (k8s.io/client-go
	// util/workqueue, DefaultTypedControllerRateLimiter).
	refusal := fmt.Sprintf("Kubernetes refuses to create pods of %s: %s. %s Kubernetes tries again by itself, up to 17 minutes later.",
		sc.workload.ref, refusalQuoted(sc.Refusal.Message), sc.refusedPodRemedy())
	missing := sc.edgeWithout(sc.podOn)
	switch {
	case sc.isDeployment() && sc.readyPods() < sc.replicas():
		return isNot(v1alpha1.ReasonPodsRefused, "%s ready. %s%s", partOf(sc.readyPods(), sc.replicas(), "controller pod", "is", "are"), refusal, sc.departures())
	case !sc.isDeployment() && len(missing) > 0:
		return isNot(v1alpha1.ReasonPodsRefused, "%s a ready controller; missing on %s. %s%s",
			partOf(len(sc.edge)-len(missing), len(sc.edge), "edge node", "runs", "run"), listed(missing), refusal, sc.departures())
	case sc.workload.rolling:
		return unclear(v1alpha1.ReasonPodsRefused, "Ready, but the pods of an older template are not replaced. %s", refusal)
	}
	return nil
}

// refusalQuoted is the refusal without what changes from attempt to attempt.
func refusalQuoted(message string) string {
	message = strings.TrimRight(strings.TrimPrefix(message, "Error creating: "), ". ")
	message = podName.ReplaceAllString(message, "the pod")
	if runes := []rune(message); len(runes) > maxRefusal {
		return string(runes[:maxRefusal]) + ellipsis
	}
	return message
}

// remedies are by a part of the refusal. The first one that matches counts. %s is the namespace.
var remedies = []struct{ part, remedy string }{
	// k8s.io/pod-security-admission/admission. The controller's pods need host ports at most.
	{"violates PodSecurity", "Run kubectl label namespace %s pod-security.kubernetes.io/enforce=privileged --overwrite, or choose an exposure without ports of the node."},
	// k8s.io/kubernetes pkg/quota and plugin/pkg/admission/resourcequota.
	{"must specify", "A ResourceQuota of namespace %s counts these resources: set them in spec.controller.resources."},
	{"exceeded quota", "Increase the ResourceQuota of namespace %s, or set less in spec.controller.resources."},
	// k8s.io/kubernetes plugin/pkg/admission/limitranger.
	{" usage per ", "Set spec.controller.resources to amounts that the LimitRange of namespace %s allows."},
	{" limit to request ratio per ", "Set spec.controller.resources to amounts that the LimitRange of namespace %s allows."},
	// k8s.io/apiserver pkg/admission/plugin/policy/validating and plugin/webhook/errors.
	{"ValidatingAdmissionPolicy", "Exempt namespace %s from this policy."},
	{"failed calling webhook", "Repair the webhook, or exempt namespace %s from it."},
	{"denied the request", "Exempt namespace %s from the policy of this webhook, or change the spec to what it accepts."},
	// openshift/apiserver-library-go pkg/securitycontextconstraints.
	{"Host ports are not allowed to be used", "Apply openshift.yaml of a release (docs/install.md), so that pods in namespace %s may use host ports, or choose another exposure."},
	{"security context constraint", "Bind a SecurityContextConstraints that allows these fields to the controller's ServiceAccount in namespace %s."},
	{"error looking up service account", "Wait until the operator has created the ServiceAccount in namespace %s again."},
	{"is being terminated", "Wait until namespace %s is gone; the operator then creates it again."},
}

func (sc *scene) refusedPodRemedy() string {
	for _, known := range remedies {
		if strings.Contains(sc.Refusal.Message, known.part) {
			return fmt.Sprintf(known.remedy, sc.state.Namespace)
		}
	}
	return fmt.Sprintf("Remove the cause in namespace %s.", sc.state.Namespace)
}
