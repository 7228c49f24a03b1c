package assess

import (
	"cmp"
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/verification/answer"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// whyUndecided says why the prober proves nothing about these edge nodes, and what ends that.
func whyUndecided(sc *scene, leg *evidence.Leg, nodes string) *verdict {
	detail := shortened(cmp.Or(leg.Detail, "no detail"), maxQuoted)
	switch leg.Cause {
	case evidence.CauseBelieved:
		return unclear(v1alpha1.ReasonForgedAddressBelieved, "A request to %s claimed an address, and the controller believed it. See the condition %s.",
			nodes, v1alpha1.ConditionForwardedHeadersSafe)
	case evidence.CauseNotRepeated:
		return unclear(v1alpha1.ReasonLossNotRepeated,
			"A connection from %s to %s arrived as %s once. The prober repeats the request. If this stays so, look at its pods: `kubectl -n %s get pods`.",
			leg.Sight.Source, nodes, cmp.Or(leg.Sight.SeenAddress, "no single address"), proberNamespace)
	case evidence.CauseTranslated:
		return unclear(v1alpha1.ReasonConnectionsTranslated,
			"%s has no controller, and yet one answered the prober there. So something, such as a network plugin's socket load balancer, "+
				"translates connections before they leave the prober's node, and probes from inside prove nothing. Run %s on a machine outside the cluster.",
			capital(nodesNamed([]string{detail})), verifyCommand(sc))
	case evidence.CauseNoControl:
		return unclear(v1alpha1.ReasonNoNegativeControl,
			"Every other node has a controller, and kube-proxy was not recognised on %s. So nothing shows that the prober's connections cross the nodes that it asks. "+
				"Add a node without a controller, or run %s on a machine outside the cluster.", cmp.Or(leg.Detail, "the prober's node"), verifyCommand(sc))
	case evidence.CauseProberTrusted:
		return unclear(v1alpha1.ReasonProberTrusted,
			"trustedCIDRs contain the prober's address %s, so the controller rightly believes what the prober claims, and its probes prove nothing about %s. "+
				"Narrow spec.clientIP to the proxies, or run %s on a machine outside the cluster.", detail, nodes, verifyCommand(sc))
	case evidence.CauseUnsigned:
		return unclear(v1alpha1.ReasonAnswerNotSigned,
			"Something on %s answered that is not the witness (%s). Look for an Ingress with the host name %s or the path %s, "+
				"and in the controllers' logs for a configuration that they refuse: %s.",
			nodes, detail, names.WitnessHost(sc.EdgeIngress.Name), answer.Path, controllerLogs(sc))
	case evidence.CauseElsewhere:
		return unclear(v1alpha1.ReasonAnsweredElsewhere,
			"Another controller than that of %s answered there (%s), so the connection was passed on. See the condition %s, and look for another controller behind these ports: "+
				"`kubectl get pods -A -o wide`.", nodes, detail, v1alpha1.ConditionSourceIPConfigured)
	case evidence.CauseUnanswered:
		return unclear(v1alpha1.ReasonProbesUnanswered,
			"The prober got no answer from %s (%s). Let connections from the other nodes through packet filters and NetworkPolicies, "+
				"look in the controllers' logs for a configuration that they refuse (%s), or run %s on a machine outside the cluster.",
			nodes, detail, controllerLogs(sc), verifyCommand(sc))
	default:
		return whyNothingCame(sc, leg, nodes, detail)
	}
}

// whyNothingCame explains the causes without an answer of a controller.
func whyNothingCame(sc *scene, leg *evidence.Leg, nodes, detail string) *verdict {
	switch leg.Cause {
	case evidence.CauseWitnessMissing:
		return unclear(v1alpha1.ReasonWitnessMissing,
			"The witness is not ready (%s), so no probe gets an answer. Look at its pods: `kubectl -n %s get pods`.", detail, sc.Options.Namespace)
	case evidence.CauseNoNodePorts:
		return unclear(v1alpha1.ReasonNoPortToProbe, "%s has no node ports, so the prober cannot reach %s as clients do. Run %s on a machine outside the cluster.",
			sc.serviceRef(), nodes, verifyCommand(sc))
	case evidence.CauseOnlyNode:
		return unclear(v1alpha1.ReasonOnlyProberNode, "The prober can ask %s only from that node itself, where a masqueraded source is normal. "+
			"Let the prober run on another node: `kubectl -n %s get pods -o wide`.", nodes, proberNamespace)
	case evidence.CauseNotRead:
		return unclear(v1alpha1.ReasonProberCannotRead,
			"The prober could not read what it needs: %s. Look at its ClusterRole, and at its logs: `kubectl -n %s logs -l app.kubernetes.io/component=prober`.",
			detail, proberNamespace)
	case evidence.CauseEnded, evidence.CauseAhead:
		return unclear(v1alpha1.ReasonEvidenceEnded,
			"What the prober saw of %s does not count any more, because its report is old or has a time in the future. Look at its pods: `kubectl -n %s get pods`.",
			nodes, proberNamespace)
	case evidence.CauseNoReport:
		return unclear(v1alpha1.ReasonNoProberReports,
			"No prober has reported about this EdgeIngress yet. If this stays so, look at its pods (`kubectl -n %s get pods`), or install it: %s.",
			proberNamespace, applyVerification)
	case evidence.CauseNotAsked:
		return unclear(v1alpha1.ReasonMeasuringAgain,
			"The prober has not asked %s yet (%s). If this stays so, look whether both it and the prober's node have an InternalIP of that family (`kubectl get nodes -o wide`), "+
				"and whether the Service has node ports for 80 and 443.",
			nodes, cmp.Or(leg.Detail, "no common IP family"))
	default:
		return unclear(v1alpha1.ReasonMeasuringAgain, "%s", measuredAgain(nodes))
	}
}

// measuredAgain says why edge nodes are measured again, and what to look at if that lasts.
func measuredAgain(nodes string) string {
	return fmt.Sprintf("%s is measured again, because a pod, the Service or the configuration changed. The prober needs a few seconds. "+
		"If this stays so, see the condition %s, and look whether the prober's pods run and are of the operator's version: `kubectl -n %s get pods -o wide`.",
		capital(nodes), v1alpha1.ConditionConfigEffective, proberNamespace)
}

// proberNamespace is where the prober runs (config/verification).
const proberNamespace = "edge-ingress-verification"

// controllerLogs is the command that shows them.
func controllerLogs(sc *scene) string {
	return fmt.Sprintf("`kubectl -n %s logs -l app.kubernetes.io/component=controller,app.kubernetes.io/instance=%s`", sc.state.Namespace, sc.EdgeIngress.Name)
}

// verifyCommand is the command that measures from outside.
func verifyCommand(sc *scene) string {
	return fmt.Sprintf("`kubectl edge-ingress verify %s --save`", sc.EdgeIngress.Name)
}

// verifyFrontCommand is the one that crosses what writes a header in front.
func verifyFrontCommand(sc *scene) string {
	if v := sc.spec.Verification; v != nil && len(v.Hosts) > 0 {
		return fmt.Sprintf("`kubectl edge-ingress verify %s --host %s --save`", sc.EdgeIngress.Name, v.Hosts[0])
	}
	return fmt.Sprintf("`kubectl edge-ingress verify %s --host HOST --save` (HOST: a host name that you add to spec.verification.hosts)", sc.EdgeIngress.Name)
}
