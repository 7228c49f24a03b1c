package assess

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// sourceIPPreserved implements rows 65 and 114 to 118 of docs/source-ip.md: the whole path. It is True only where
// every leg of it was measured. It is False where the objects show that the address is lost, or a vantage saw it.
func sourceIPPreserved(sc *scene, configured, nodesKeep verdict) verdict {
	switch {
	case configured.status == metav1.ConditionFalse, configured.reason == v1alpha1.ReasonDeleting:
		return configured
	}
	legs := func(*scene) *verdict {
		if nodesKeep.status == metav1.ConditionTrue {
			return nil
		}
		found := nodesKeep
		if sc.measured.on {
			found.message = "Node -> controller -> application: " + found.message
		}
		return &found
	}
	return question{
		needs:  []read{{"the SourceIPReports", sc.Reports.Err}, {"the Ingress objects", sc.Departing.Err}},
		checks: []check{notMeasured, outsideLost, legs, objectsForbid(configured), applicationsDepart, frontUncrossed, outsideUndecided, pathNew},
		holds:  preservedEndToEnd,
	}.answer(sc)
}

// pathNew finds edge nodes that are still being measured again although the path was not True before: it may be one
// that was measured from outside a while ago, and has come back. A True stays meanwhile.
func pathNew(sc *scene) *verdict {
	if was := sc.was(v1alpha1.ConditionSourceIPPreserved); was != nil && was.Status == metav1.ConditionTrue {
		return nil
	}
	var again []string
	for _, leg := range sc.measured.nodes {
		if leg.State == evidence.Unknown {
			again = append(again, leg.Node)
		}
	}
	if len(again) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonMeasuringAgain, "Node -> controller -> application: %s", measuredAgain(nodesNamed(again)))
}

// outsideLost finds an address through which another one arrives than the sender's.
func outsideLost(sc *scene) *verdict {
	crossing := sc.measured.crossing
	for _, leg := range slices.Concat(crossing.Addresses, crossing.Elsewhere) {
		if leg.State != evidence.Lost {
			continue
		}
		through := cmp.Or(leg.Sight.Host, leg.Sight.Address)
		whose, remedy := whoReplaces(leg)
		return isNot(v1alpha1.ReasonAddressReplaced,
			"Lost before the controller: connections from %s through %s (%s over %s) arrive as %s, %s (SourceIPReport %s, %s). %s, then run %s again.",
			leg.Sight.Source, through, leg.Sight.Scheme, leg.Sight.Family, cmp.Or(leg.Sight.SeenAddress, "no single address"), whose,
			leg.Report, leg.Sight.Time.UTC().Format("2006-01-02"), remedy, sc.verifyAny())
	}
	return nil
}

// whoReplaces says whose address arrived, and what to do about it, as an imperative without the full stop.
func whoReplaces(leg evidence.Leg) (whose, remedy string) {
	switch leg.Place {
	case evidence.PlaceUnknown:
		return "an address outside the cluster", "Let the router or proxy with this address keep the source, or pass the client's address on and be named in spec.clientIP"
	case evidence.PlaceProxy:
		return leg.Whose, "Let it pass the client's address on in the way that spec.clientIP says"
	case evidence.PlaceBalancer:
		return leg.Whose, "Let it keep the source, or speak PROXY protocol and set spec.clientIP.proxyProtocol"
	default:
		return leg.Whose, "Let what masquerades on the edge nodes or in front of them keep the source"
	}
}

// overruledByMeasuring are the reasons of SourceIPConfigured that a measurement decides: the objects do not show how a
// packet travels, and the measurement does.
var overruledByMeasuring = []string{
	v1alpha1.ReasonProviderUnknown, v1alpha1.ReasonExternalBalancerUnseen, v1alpha1.ReasonServiceLBMasquerades, v1alpha1.ReasonHostPortMappingUnseen,
	v1alpha1.ReasonEngineVersionUnknown, v1alpha1.ReasonRolloutInProgress, v1alpha1.ReasonFamilyNotTrusted, v1alpha1.ReasonPortsTreatedDifferently,
	v1alpha1.ReasonProxyV2HealthCheckIncompatible, v1alpha1.ReasonAnnouncedElsewhere, v1alpha1.ReasonCiliumL2NeedsCluster,
	v1alpha1.ReasonAgentIgnoresLocalPolicy, v1alpha1.ReasonNetworkPolicyBlocks, v1alpha1.ReasonPodsChanged,
}

// objectsForbid finds what the objects show beside the measured path: another way in, another configuration than
// the measured one, or something that could not be read.
func objectsForbid(configured verdict) check {
	return func(sc *scene) *verdict {
		otherWays := otherWaysIn(sc)
		if !sc.EdgeIngress.UsesService() {
			otherWays = serviceStillThere(sc)
		}
		switch {
		case otherWays != nil:
			return otherWays
		case configured.status == metav1.ConditionTrue, slices.Contains(overruledByMeasuring, configured.reason):
			return nil
		}
		return unclear(configured.reason, "%s", configured.message)
	}
}

// applicationsDepart finds Ingress objects whose applications may see another address than the witness.
func applicationsDepart(sc *scene) *verdict {
	if len(sc.Departing.Items) == 0 {
		return nil
	}
	var names []string
	for _, ingress := range sc.Departing.Items {
		names = append(names, fmt.Sprintf("%s/%s: %s", ingress.Namespace, ingress.Name, ingress.Why))
	}
	return unclear(v1alpha1.ReasonApplicationsDepart,
		"The witness stands for applications, and %s may see another address: %s. Remove these annotations, or check these applications themselves.",
		countOf(len(names), "application"), shortList(names))
}

// frontUncrossed finds a header that is believed, while no request crossed what writes it.
func frontUncrossed(sc *scene) *verdict {
	front := sc.measured.crossing.Front
	if front == nil || !sc.headerFront() || front.State == evidence.Kept || front.Cause == evidence.CauseNoReport {
		return nil
	}
	switch front.Cause {
	case evidence.CauseNotAsked:
		return unclear(v1alpha1.ReasonFrontNotCrossed,
			"The controller takes the client's address from %s, and no request from outside has crossed the proxy or CDN that writes it. Run %s on a machine outside the cluster.",
			sc.sourceOfAddress(), verifyFrontCommand(sc))
	default:
		return outsideDoubt(sc, *front, "the proxy or CDN in front", verifyFrontCommand(sc))
	}
}

func outsideUndecided(sc *scene) *verdict {
	crossing := sc.measured.crossing
	if len(crossing.Addresses) == 0 {
		return unclear(v1alpha1.ReasonAddressPending,
			"No address is published yet, so nothing from outside can cross the path. See the condition %s.", v1alpha1.ConditionLoadBalancerReady)
	}
	var worst *evidence.Leg
	for i := range crossing.Addresses {
		if leg := &crossing.Addresses[i]; leg.State == evidence.Unknown && (worst == nil || leg.Cause.Before(worst.Cause)) {
			worst = leg
		}
	}
	for i := range crossing.Elsewhere { // Only what contradicts is among them.
		if leg := &crossing.Elsewhere[i]; worst == nil || leg.Cause.Before(worst.Cause) {
			worst = leg
		}
	}
	if worst == nil {
		return nil
	}
	return outsideDoubt(sc, *worst, cmp.Or(worst.Address, "the published address"), sc.verifyAny())
}

// outsideDoubt says why an outside vantage proves nothing about an address, and the command that ends that.
func outsideDoubt(sc *scene, leg evidence.Leg, address, command string) *verdict {
	detail := shortened(cmp.Or(leg.Detail, "no detail"), maxQuoted)
	const elsewhere = " on a machine outside whose network interface has a public address"
	switch leg.Cause {
	case evidence.CauseBelieved:
		return forgeryBelievedThere(address)
	case evidence.CauseNotRepeated:
		return unclear(v1alpha1.ReasonLossNotRepeated, "A connection from %s through %s arrived as %s once. Run %s again.",
			leg.Sight.Source, address, cmp.Or(leg.Sight.SeenAddress, "no single address"), command)
	case evidence.CauseBehindNAT:
		return unclear(v1alpha1.ReasonBehindNAT, "A connection from %s through %s arrived as %s. The sender's address is private, so its own NAT may have replaced it. Run %s%s.",
			leg.Sight.Source, address, leg.Sight.SeenAddress, command, elsewhere)
	case evidence.CauseAsStated:
		return unclear(v1alpha1.ReasonMeasuredAsStated, "A connection from %s through %s arrived as %s, and a person states that the sender has %s. That is no measurement. Run %s%s.",
			leg.Sight.Source, address, leg.Sight.SeenAddress, detail, command, elsewhere)
	case evidence.CauseFromCluster:
		return unclear(v1alpha1.ReasonVantageInCluster,
			"The requests through %s came from %s, an address of the cluster, so they need not have left it. Run %s on a machine outside the cluster.",
			address, detail, command)
	case evidence.CauseUnsigned:
		return unclear(v1alpha1.ReasonAnswerNotSigned,
			"Something that is not the witness answered requests from outside through %s (%s). Find out what, then run %s again.", address, detail, command)
	case evidence.CauseElsewhere:
		return unclear(v1alpha1.ReasonAnsweredElsewhere,
			"A controller answered requests from outside through %s that no prober has named as one of this EdgeIngress. "+
				"Look where this address or host name leads, then run %s again.", address, command)
	case evidence.CauseUnanswered:
		return unclear(v1alpha1.ReasonProbesUnanswered, "Requests from outside through %s got no answer (%s). Run %s on a machine that can reach it.", address, detail, command)
	case evidence.CauseEnded, evidence.CauseAhead:
		return unclear(v1alpha1.ReasonEvidenceEnded,
			"What was seen from outside through %s is older than 30 days, or has a time in the future. Run %s again on a machine outside the cluster.", address, command)
	case evidence.CauseNotAsked:
		return unclear(v1alpha1.ReasonAddressNotCrossed, "No request from outside has crossed %s%s. Run %s on a machine outside the cluster.", address, with(leg.Detail), command)
	case evidence.CauseLoading:
		return unclear(v1alpha1.ReasonNotMeasuredFromOutside,
			"What was seen from outside through %s is of another configuration than the one that every controller runs now. "+
				"See the condition %s, and run %s again on a machine outside the cluster.",
			address, v1alpha1.ConditionConfigEffective, command)
	case evidence.CauseChanged:
		return unclear(v1alpha1.ReasonNotMeasuredFromOutside,
			"The Service, or a setting that can change the address, changed since the path was measured from outside. Run %s again on a machine outside the cluster.", command)
	default:
		return unclear(v1alpha1.ReasonNotMeasuredFromOutside,
			"Measured up to now: %s Not measured: %s. Run %s on a machine outside the cluster.", measuredInside(sc), outsideLegs(sc), command)
	}
}

func forgeryBelievedThere(address string) *verdict {
	return unclear(v1alpha1.ReasonForgedAddressBelieved, "A request through %s claimed an address, and the controller believed it. See the condition %s.",
		address, v1alpha1.ConditionForwardedHeadersSafe)
}

func with(detail string) string {
	if detail == "" {
		return ""
	}
	return " with " + detail
}

func measuredInside(sc *scene) string {
	return fmt.Sprintf("the source of a connection to %s reaches the application.", countOf(len(sc.measured.nodes), "edge node"))
}

func preservedEndToEnd(sc *scene) verdict {
	crossing := sc.measured.crossing
	var through []string
	for _, leg := range crossing.Addresses {
		through = append(through, leg.Address)
	}
	text := fmt.Sprintf("Measured: client -> node: %s saw its own address arrive through %s (SourceIPReport %s, %s); node -> controller -> application: on %s.",
		crossing.Source, listed(through), crossing.Report, crossing.Time.UTC().Format("2006-01-02"), countOf(len(sc.measured.nodes), "edge node"))
	if len(crossing.NotCrossed) > 0 {
		text += fmt.Sprintf(" No request from outside is known to have crossed %s yet.", nodesNamed(crossing.NotCrossed))
		if sc.isLoadBalancer() {
			text += " Where the balancer sends to one node at a time (MetalLB in layer 2), that is expected."
		}
	}
	return is(v1alpha1.ReasonMeasuredEndToEnd, "%s", text)
}

// unseenLegs names the legs that nothing of the cluster shows, while nothing measures them.
func unseenLegs(sc *scene) string {
	const always = "the configuration that the controller has loaded, and what the application does with the headers"
	switch sc.spec.Exposure.Type {
	case v1alpha1.ExposureHostNetwork:
		return "routers and proxies in front of the nodes, " + always
	case v1alpha1.ExposureHostPort:
		return "routers and proxies in front of the nodes, the network plugin's port mapping, " + always
	case v1alpha1.ExposureNodePort:
		return "the balancer and routers in front of the nodes, the Service rules on the nodes (kube-proxy), " + always
	default:
		return "the load balancer itself, routers in front of it and of the nodes, the Service rules on the nodes (kube-proxy), " + always
	}
}

// outsideLegs names the legs in front of the edge nodes.
func outsideLegs(sc *scene) string {
	switch sc.spec.Exposure.Type {
	case v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort:
		return "routers and proxies in front of the nodes"
	case v1alpha1.ExposureNodePort:
		return "the balancer and routers in front of the nodes"
	default:
		return "the load balancer itself, routers in front of it and of the nodes"
	}
}
