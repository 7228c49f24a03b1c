package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// nodesKeepSourceIP implements rows 60 to 64 and 110 to 113 of docs/source-ip.md. The prober sees the leg from
// the edge node to the application, and nothing in front of it.
func nodesKeepSourceIP(sc *scene) verdict {
	needs := []read{{"the nodes", sc.Nodes.Err}, {"the controller pods", sc.Pods.Err}}
	if sc.EdgeIngress.UsesService() {
		needs = append(needs, read{"the Service", sc.Service.Err}, read{"the EndpointSlices", sc.EndpointSlices.Err})
	}
	return question{
		needs:  append(needs, read{"the SourceIPReports", sc.Reports.Err}, read{"the admission policy for SourceIPReports", sc.ReportPolicy.Err}),
		checks: []check{notMeasured, reportPolicyMissing, nothingServes, nodesLose, noWayToTheWitness, nodesUndecided},
		holds:  nodesKeep,
	}.answer(sc)
}

// notMeasured finds an EdgeIngress of which the operator does not want to be measured.
func notMeasured(sc *scene) *verdict {
	switch {
	case sc.measured.on:
		return nil
	case sc.Options.Namespace == "":
		return unclear(v1alpha1.ReasonNotMeasured, "The address that applications see has not been measured. Not checked: %s. For what the objects show, see the condition %s.",
			unseenLegs(sc), v1alpha1.ConditionSourceIPConfigured)
	}
	remedy := "Set spec.verification.probes to Enabled to measure it."
	if !sc.ReportPolicy.Exists {
		remedy = "The prober's admission policy is not installed, or is not that of this version. To measure it, run " + applyVerification +
			", and then set spec.verification.probes to Enabled."
	}
	return unclear(v1alpha1.ReasonMeasuringOff, "The address that applications see is not measured. Not checked: %s. %s", unseenLegs(sc), remedy)
}

// applyVerification is the command that installs prober, witness and policy.
const applyVerification = "`kubectl apply -k config/verification`"

// reportPolicyMissing finds a cluster in which anybody could write what the prober should have seen.
func reportPolicyMissing(sc *scene) *verdict {
	if sc.ReportPolicy.Exists {
		return nil
	}
	return unclear(v1alpha1.ReasonReportPolicyMissing,
		"The ValidatingAdmissionPolicy edge-ingress-source-ip-reports or its binding is missing, or is not that of this version, "+
			"so anyone with rights on SourceIPReports could write a prober's. Run %s.", applyVerification)
}

// noWayToTheWitness finds a failed write of the Ingress that leads to the witness, where it explains why a node
// is not measured.
func noWayToTheWitness(sc *scene) *verdict {
	if !slices.ContainsFunc(sc.measured.nodes, func(leg evidence.Leg) bool { return leg.State == evidence.Unknown }) {
		return nil
	}
	for _, failure := range sc.outcome.Failures {
		switch {
		case failure.Ref.Kind != "Ingress":
		case failure.Reason == snapshot.FailureNameTaken:
			return unclear(v1alpha1.ReasonWitnessIngressFailed, "%s exists and does not belong to this EdgeIngress, so no request is led to the witness. Delete it.", failure.Ref)
		default:
			return unclear(v1alpha1.ReasonWitnessIngressFailed,
				"Writing %s failed, so no request is led to the witness: %s. Let the operator write Ingress objects in its own namespace.",
				failure.Ref, strings.TrimRight(failure.Message, "."))
		}
	}
	return nil
}

func nothingServes(sc *scene) *verdict {
	if len(sc.measured.nodes) > 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonNoReadyEndpoints, "No edge node serves, so there is nothing to measure. See the condition %s.", v1alpha1.ConditionControllerAvailable)
}

// nodesLose finds edge nodes through which another address arrives. A node that lost addresses counts until it
// has been measured again, also when its pod was replaced.
func nodesLose(sc *scene) *verdict {
	var lost []string
	remedy, again := "", false
	for _, leg := range sc.measured.nodes {
		if leg.State == evidence.Lost {
			lost = append(lost, lossAt(leg))
			remedy = cmp.Or(remedy, remedyFor(leg))
		}
		before, known := sc.keptBefore(leg)
		again = again || (known && before.Lost)
	}
	switch was := sc.was(v1alpha1.ConditionNodesKeepSourceIP); {
	case len(lost) > 0:
		return isNot(v1alpha1.ReasonAddressReplaced, "%s. %s", shortList(lost), remedy)
	case again && was != nil && was.Status == metav1.ConditionFalse && was.Reason == v1alpha1.ReasonAddressReplaced:
		return isNot(v1alpha1.ReasonAddressReplaced, "%s", was.Message)
	}
	return nil
}

// lossAt says what happened on an edge node, such as "edge-1: connections from 10.0.0.13 arrive as 10.244.1.1,
// the node's own pod gateway".
func lossAt(leg evidence.Leg) string {
	text := fmt.Sprintf("%s: connections from %s arrive as %s", leg.Node, leg.Sight.Source, cmp.Or(leg.Sight.SeenAddress, "no single address"))
	if leg.Whose != "" {
		text += ", " + leg.Whose
	}
	if leg.Sight.Scheme == v1alpha1.SchemeHTTPS || leg.Sight.Family != string(hostFamilies[0]) {
		text += fmt.Sprintf(" (%s over %s)", leg.Sight.Scheme, leg.Sight.Family)
	}
	return text
}

func remedyFor(leg evidence.Leg) string {
	switch leg.Place {
	case evidence.PlaceController:
		return "Something in front of the controller in its own pod or node opens connections of its own. Remove it."
	case evidence.PlaceCluster:
		return fmt.Sprintf("Something on the node masquerades. Look on %s for such a rule (`nft list ruleset`) and in the network plugin's settings, and remove it.", leg.Node)
	default:
		return fmt.Sprintf("Something between the nodes replaces the source. Look on %s and in the network plugin's settings for masquerading.", leg.Node)
	}
}

// shortList is like listed, for texts that contain commas.
func shortList(texts []string) string {
	if len(texts) <= maxNames {
		return strings.Join(texts, "; ")
	}
	return fmt.Sprintf("%s; and %d more", strings.Join(texts[:maxNames], "; "), len(texts)-maxNames)
}

// nodesUndecided finds edge nodes of which nothing is proved. While pods are replaced, and while a request is repeated, a
// node that kept the address counts until it has been measured again or its evidence ends.
func nodesUndecided(sc *scene) *verdict {
	was := sc.was(v1alpha1.ConditionNodesKeepSourceIP)
	var worst *evidence.Leg
	var nodes []string
	for i := range sc.measured.nodes {
		leg := &sc.measured.nodes[i]
		if leg.State != evidence.Unknown {
			continue
		}
		if before, known := sc.keptBefore(*leg); known && !before.Lost && was != nil && was.Status == metav1.ConditionTrue {
			continue
		}
		switch {
		case worst == nil || leg.Cause.Before(worst.Cause):
			worst, nodes = leg, []string{leg.Node}
		case leg.Cause == worst.Cause:
			nodes = append(nodes, leg.Node)
		}
	}
	if worst == nil {
		return nil
	}
	return whyUndecided(sc, worst, nodesNamed(nodes))
}

func nodesKeep(sc *scene) verdict {
	var names, again []string
	for _, leg := range sc.measured.nodes {
		names = append(names, leg.Node)
		if leg.State != evidence.Kept {
			again = append(again, leg.Node)
		}
	}
	text := ""
	if len(again) > 0 {
		text = fmt.Sprintf(" Being measured again: %s.", listed(again))
	}
	if refusing := nodesOf(sc.refusingLoads()); len(refusing) > 0 {
		text += fmt.Sprintf(" On %s the controller runs an earlier configuration. See the condition %s.", nodesNamed(refusing), v1alpha1.ConditionConfigEffective)
	}
	return is(v1alpha1.ReasonNodesMeasured,
		"Measured from other nodes: connections to %s reach an application with their own source address.%s", nodesNamed(names), text)
}
