package assess

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

func healthCheckPortMissing(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.service.Spec.HealthCheckNodePort != 0 {
		return nil
	}
	if sc.service.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal {
		return isNot(v1alpha1.ReasonHealthCheckNodePortMissing, "%s has externalTrafficPolicy %s and therefore no health-check port; %s.",
			sc.serviceRef(), sc.service.Spec.ExternalTrafficPolicy, sc.mending(sc.serviceRef()))
	}
	return isNot(v1alpha1.ReasonHealthCheckNodePortMissing,
		"%s has no healthCheckNodePort, so a load balancer cannot see which nodes serve. Delete the Service to let the operator create it again.", sc.serviceRef())
}

func healthCheckOverridden(sc *scene) *verdict {
	checks := sc.balancer.HealthChecks
	if !sc.isLoadBalancer() || (checks.Override.Key == "" && checks.OfPods.Key == "") {
		return nil
	}
	if checks.Override.Key == "" {
		return sc.podCheckFails(checks.OfPods)
	}
	remedy := "Remove the annotation"
	if checks.Instead.Key != "" {
		remedy = fmt.Sprintf("Set %s in spec.exposure.loadBalancer.annotations", checks.Instead)
	}
	if checks.Does != "" {
		return isNot(v1alpha1.ReasonHealthCheckOverridden, "With the annotation %s, %s %s. %s.", checks.Override, sc.balancer.Name, checks.Does, remedy)
	}
	return isNot(v1alpha1.ReasonHealthCheckOverridden,
		"The annotation %s makes %s check something other than HTTP on the health-check port %d, so it cannot find the nodes that serve, and requests are lost. %s.",
		checks.Override, sc.balancer.Name, sc.service.Spec.HealthCheckNodePort, remedy)
}

// podCheckFails finds checks of a port that no controller pod opens.
func (sc *scene) podCheckFails(port provider.Annotation) *verdict {
	if sc.workload.template == nil || slices.Contains(openPorts(sc.workload.template.Spec.Containers), strings.TrimSpace(port.Value)) {
		return nil
	}
	return isNot(v1alpha1.ReasonHealthCheckOverridden,
		"With the annotation %s, %s checks a port that the controller pods do not open, so it cannot find the pods that serve, and requests are lost. Remove the annotation.",
		port, sc.balancer.Name)
}

// openPorts returns the numbers and names of the ports that the containers declare, and those that their
// probes ask.
func openPorts(containers []corev1.Container) []string {
	var open []string
	for _, container := range containers {
		for _, port := range container.Ports {
			open = append(open, strconv.Itoa(int(port.ContainerPort)), port.Name)
		}
		for _, probe := range []*corev1.Probe{container.ReadinessProbe, container.LivenessProbe} {
			if probe != nil && probe.HTTPGet != nil {
				open = append(open, probe.HTTPGet.Port.String())
			}
		}
	}
	return open
}

func healthCheckUnreadable(sc *scene) *verdict {
	if !sc.isLoadBalancer() || !checksCarryProxy(sc.balancer) {
		return nil
	}
	return isNot(v1alpha1.ReasonProxyV2HealthCheckIncompatible,
		"%s begins its health checks with a PROXY header, which the nodes cannot read, so every node counts as unhealthy. "+
			"This balancer keeps the client's address without PROXY protocol. Switch off PROXY protocol, or use pod targets.", capital(sc.balancer.Name))
}

func checksCarryProxy(b provider.Balancer) bool {
	return b.HealthChecksCarryProxy && b.ProxyProtocol == provider.On
}

// healthCheckUnseen implements row 78.
func healthCheckUnseen(sc *scene) *verdict {
	checks := sc.balancer.HealthChecks
	if !sc.isLoadBalancer() || checks.Doubt == "" {
		return nil
	}
	return unclear(v1alpha1.ReasonHealthCheckUnseen,
		"The cluster does not show whether %s finds out which nodes serve, because %s. Nodes without a ready endpoint drop what it sends to them. %s.",
		sc.balancer.Name, checks.Doubt, annotate(checks.Remedies...))
}

// checksElsewhere implements row 77. It returns sentences that each begin with a space, or "".
func (sc *scene) checksElsewhere() string {
	checks := sc.balancer.HealthChecks
	if checks.Elsewhere == "" {
		return ""
	}
	said := fmt.Sprintf(" %s does not check this port: it %s", capital(sc.balancer.Name), checks.Elsewhere)
	if checks.UntilClosed {
		said += ", so it sends requests to a node until the controller there closes its ports"
	}
	if len(checks.Remedies) > 0 {
		said += ". " + annotate(checks.Remedies...) + " to let it check the health-check port"
	}
	return said + "."
}
