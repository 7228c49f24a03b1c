package assess

import (
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// sourceIPConfigured follows the packet: client, load balancer, node, controller, application. Checks
// for a lost address come first, in the order in which the packet meets them. Checks for unknowns
// follow. The rows are those of docs/source-ip.md.
func sourceIPConfigured(sc *scene) verdict {
	needs := []read{
		{"the NetworkPolicies", sc.NetworkPolicies.Err}, {"the nodes", sc.Nodes.Err}, {"the controller pods", sc.Pods.Err},
		{"the ConfigMap", sc.ConfigMap.Err}, {"the " + sc.workload.ref.Kind, sc.workload.err},
	}
	service := []read{{"the Service", sc.Service.Err}, {"the EndpointSlices", sc.EndpointSlices.Err}}
	switch sc.spec.Exposure.Type {
	case v1alpha1.ExposureHostNetwork:
		return question{needs: append(needs, service[0]), checks: directChecks, holds: hostNetworkDirect}.answer(sc)
	case v1alpha1.ExposureHostPort:
		return question{needs: append(needs, service[0]), checks: append(directChecks[:len(directChecks):len(directChecks)], hostPortUnseen), holds: undecided}.answer(sc)
	case v1alpha1.ExposureNodePort:
		return question{needs: append(needs, service...), checks: serviceChecks, holds: keptThroughService}.answer(sc)
	default:
		needs = append(needs, service...)
		return question{needs: append(needs, read{"the load-balancer agents", sc.Agents.Err}), checks: serviceChecks, holds: keptThroughService}.answer(sc)
	}
}

// directChecks apply to a controller on the node's own ports, without a Service in between.
var directChecks = []check{
	addressThrownAway, // rows 28, 29, 33, 34
	controllerUnseen,
	configUnseen, otherConfigRead, configUnwanted, // rows 40, 44
	podsUnwanted, podsChanged, rolloutUnderWay, // row 92
	controllerElsewhere, noControllerReady,
	policiesBlockAll, // row 89
	serviceStillThere,
	clientsChoose, // rows 32, 68
	frontUnseen,   // row 56
}

// serviceChecks apply to a controller behind a Service.
var serviceChecks = []check{
	notExternal,     // row 3
	policyIsCluster, // rows 5 to 10
	policyFallsBack,
	portsTreatedDifferently, // row 80
	proxyBalancerOnly,       // row 25
	proxyControllerOnly,     // row 26
	proxiedWithout,          // rows 24, 54
	ipModeProxies,           // row 55
	preservationOff,         // rows 21, 23
	addressThrownAway,       // rows 28, 29, 33, 34
	controllerUnseen,
	configUnseen,
	otherConfigRead, // row 40
	configUnwanted,  // row 44
	podsUnwanted,
	podsChanged, // row 92
	rolloutUnderWay,
	serviceUnseen,
	otherServiceProxy,
	addressPending,   // row 4
	foreignEndpoints, // row 14
	noReadyEndpoints, // row 12
	policiesBlockAll, // row 89
	clientsChoose,    // rows 32, 68
	otherWaysIn,
	nodePortFrontUnseen,  // row 56
	serviceLBMasquerades, // row 53
	balancerHeaderUnseen, // row 75
	providerUnknown,      // rows 56, 74
	announcerUnclear,     // row 82
	clusterPolicyNeeded,  // row 52
	healthChecksFail,     // row 20
	proxyProtocolUnseen,  // row 56
	familyUntrusted,      // row 36
	engineVersionUnseen,  // row 72
}

// clientsChoose finds configurations in which the controller takes an address that a client wrote.
func clientsChoose(sc *scene) *verdict {
	for _, believes := range []check{trustTooWide, headerOfClients} {
		if found := believes(sc); found != nil {
			return unclear(found.reason, "Clients can choose the address that applications see. See the condition %s.", v1alpha1.ConditionForwardedHeadersSafe)
		}
	}
	return nil
}

// undecided ends a list of checks of which one should always find something. If none does, it claims nothing.
func undecided(*scene) verdict {
	return *unclear(v1alpha1.ReasonExternalBalancerUnseen, "The cluster does not show the path of a packet.")
}

// addressThrownAway finds a live configuration that loses the address in PROXY protocol or a header.
func addressThrownAway(sc *scene) *verdict {
	if sc.ConfigMap.Value == nil {
		return nil
	}
	asked := sc.spec.ClientIP
	believesNobody := len(sc.trust.CIDRs) == 0
	switch {
	case sc.trust.ProxyProtocol && believesNobody:
		return lostInConfig(sc, "the controller reads PROXY protocol but trusts it from nobody, so applications see the balancer's address")
	case sc.trust.ProxyProtocol && sc.trust.BelievesHeader() && sc.trust.TrustsAnyone:
		return lostInConfig(sc, "the controller trusts PROXY protocol and a header from everyone, "+
			"so applications see the balancer's address or what a client wrote")
	case asked != nil && asked.ForwardedHeader != nil && (!sc.trust.BelievesHeader() || believesNobody):
		return lostInConfig(sc, "the controller trusts the proxies' header from nobody, so applications see a proxy's address")
	}
	return nil
}

func lostInConfig(sc *scene, what string) *verdict {
	return isNot(v1alpha1.ReasonConfigNotEffective, "Lost at the controller: with %s as it is, %s. See the condition %s.", sc.configMapRef(), what, v1alpha1.ConditionConfigEffective)
}

func controllerUnseen(sc *scene) *verdict {
	switch {
	case sc.workload.foreign:
		return unclear(v1alpha1.ReasonNameTaken,
			"%s does not belong to this EdgeIngress, so the operator does not know what its pods do with the client's address. See the condition %s.",
			sc.workload.ref, v1alpha1.ConditionControllerAvailable)
	case sc.workload.template != nil:
		return nil
	}
	return unclear(v1alpha1.ReasonWorkloadMissing, "The operator has not seen %s yet.", sc.workload.ref)
}

func configUnseen(sc *scene) *verdict {
	if sc.ConfigMap.Foreign {
		return configForeign(sc)
	}
	return configMissing(sc)
}

func configUnwanted(sc *scene) *verdict {
	if sc.ConfigMap.Value == nil || sc.asWanted {
		return nil
	}
	return unclear(v1alpha1.ReasonConfigNotEffective,
		"%s does not match the spec, so which address the controller takes is unknown; %s.", sc.configMapRef(), sc.mending(sc.configMapRef()))
}

// podsUnwanted finds a changed pod template. Its pods can see other addresses, read other files and
// trust other sources than the configuration states.
func podsUnwanted(sc *scene) *verdict {
	switch {
	case sc.workload.template == nil || sc.workload.runsAsWanted():
		return nil
	case sc.workload.wanted == nil:
		return unclear(v1alpha1.ReasonConfigNotEffective,
			"%s was not updated to the current spec. See the condition %s.", sc.workload.ref, v1alpha1.ConditionControllerAvailable)
	}
	return unclear(v1alpha1.ReasonConfigNotEffective,
		"The image, arguments, environment, files or network of %s do not match the spec, so what its pods do is unknown; %s.",
		sc.workload.ref, sc.mending(sc.workload.ref))
}

// rolloutUnderWay prevents True, because the other checks read only the current template and older
// pods may differ.
func rolloutUnderWay(sc *scene) *verdict {
	if sc.workload.template == nil || !sc.workload.rolling {
		return nil
	}
	return unclear(v1alpha1.ReasonRolloutInProgress, "Not all controller pods run the current template of %s yet.", sc.workload.ref)
}

func controllerElsewhere(sc *scene) *verdict {
	if len(sc.strays) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonForeignEndpoints, "%s outside the edge nodes: %s.", countOf(len(sc.strays), "controller pod"), listed(sc.strays))
}

func noControllerReady(sc *scene) *verdict {
	if sc.edgeWith(sc.podOn) > 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonNoReadyEndpoints, "No edge node has a ready controller, so no packet can arrive.")
}

// serviceStillThere finds the old Service after a change of spec.exposure.type. It may still send
// traffic to the controller.
func serviceStillThere(sc *scene) *verdict {
	if sc.service == nil && !sc.Service.Foreign {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"%s still exists and may send traffic to the controller. The operator deletes it once the controller serves with the current spec.", sc.serviceRef())
}

// frontUnseen prevents True, because without a Service nothing shows what stands in front of the nodes.
func frontUnseen(sc *scene) *verdict {
	if !sc.trustsAddresses() {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The controller takes the client's address from %s. The cluster does not show whether the balancer or proxy in front of the nodes writes it, and from which addresses.",
		sc.sourceOfAddress())
}

// sourceOfAddress names where the controller takes the client's address from.
func (sc *scene) sourceOfAddress() string {
	switch {
	case sc.trust.ProxyProtocol && sc.trust.BelievesHeader():
		return "PROXY protocol and " + sc.trust.Header
	case sc.trust.ProxyProtocol:
		return "PROXY protocol"
	case sc.trust.BelievesHeader():
		return sc.trust.Header
	}
	return "the connection"
}

func hostPortUnseen(*scene) *verdict {
	return unclear(v1alpha1.ReasonHostPortMappingUnseen,
		"The network plugin maps ports 80 and 443 of the nodes to the controller. The cluster does not show whether it keeps the source address. "+
			"Set spec.exposure.type to HostNetwork to be sure.")
}

// engineVersionUnseen prevents True where the engine's behaviour depends on a version that the
// image does not show.
func engineVersionUnseen(sc *scene) *verdict {
	doubt := sc.engine.VersionDoubt(sc.trust, sc.spec.Controller.Image)
	if doubt == "" {
		return nil
	}
	return unclear(v1alpha1.ReasonEngineVersionUnknown,
		"%s, and the image's digest does not show its version.", capital(doubt))
}

func hostNetworkDirect(sc *scene) verdict {
	return is(v1alpha1.ReasonHostNetworkDirect,
		"client -> node: connections arrive at the node's own ports; -> controller: %s one on the node's network, and it trusts no header; -> application: %s",
		partOf(sc.edgeWith(sc.podOn), len(sc.edge), "edge node", "runs", "run"), passedOn)
}

// passedOn describes the last leg. The connection itself always comes from a controller pod.
const passedOn = "the controller writes the address into X-Forwarded-For and X-Real-IP. This is what the objects show, and no measurement."

// isLocal reports whether the live Service keeps traffic on the node where it arrives.
func (sc *scene) isLocal() bool {
	return sc.service != nil && sc.service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}
