package assess

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// sourceIPConfigured follows the packet: client, load balancer, node, controller, application. Checks that show a lost address come first,
// in the order in which it would be lost, then those that find something unknown. Rows are those of docs/source-ip.md.
func sourceIPConfigured(sc *scene) verdict {
	needs := []read{
		{"the nodes", sc.Nodes.Err}, {"the controller pods", sc.Pods.Err},
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

// directChecks are for a controller on the node's own ports, where no Service of Kubernetes stands in between.
var directChecks = []check{
	addressThrownAway, // rows 28, 29, 33, 34
	controllerUnseen,
	configUnseen, otherConfigRead, configUnwanted, // rows 40, 44
	podsUnwanted, rolloutUnderWay,
	controllerElsewhere, noControllerReady,
	serviceStillThere,
	clientsChoose, // rows 32, 68
	frontUnseen,   // row 56
}

// serviceChecks are for a controller behind a Service.
var serviceChecks = []check{
	notExternal,     // row 3
	policyIsCluster, // rows 5 to 10
	policyFallsBack,
	proxyBalancerOnly,   // row 25
	proxyControllerOnly, // row 26
	proxiedWithout,      // rows 24, 54
	ipModeProxies,       // row 55
	preservationOff,     // rows 21, 23
	addressThrownAway,   // rows 28, 29, 33, 34
	controllerUnseen,
	configUnseen,
	otherConfigRead, // row 40
	configUnwanted,  // row 44
	podsUnwanted,
	rolloutUnderWay,
	serviceUnseen,
	otherServiceProxy,
	addressPending,   // row 4
	foreignEndpoints, // row 14
	noReadyEndpoints, // row 12
	clientsChoose,    // rows 32, 68
	otherWaysIn,
	nodePortFrontUnseen,  // row 56
	serviceLBMasquerades, // row 53
	balancerHeaderUnseen, // row 75
	providerUnknown,      // rows 56, 74
	clusterPolicyNeeded,  // row 52
	healthChecksFail,     // row 20
	proxyProtocolUnseen,  // row 56
	familyUntrusted,      // row 36
	engineVersionUnseen,  // row 72
}

// clientsChoose: what is believed is what a client wrote, or the proxy's own address where it wrote nothing.
func clientsChoose(sc *scene) *verdict {
	for _, believes := range []check{trustTooWide, headerOfClients} {
		if found := believes(sc); found != nil {
			return unclear(found.reason, "Which address arrives is for the client to choose: see the condition %s.", v1alpha1.ConditionForwardedHeadersSafe)
		}
	}
	return nil
}

// undecided is for a list of checks that always finds something; if it ever does not, nothing is claimed.
func undecided(*scene) verdict {
	return *unclear(v1alpha1.ReasonExternalBalancerUnseen, "The path of a packet cannot be seen from the cluster.")
}

// addressThrownAway: what was seen of the configuration loses the address that the spec says comes by PROXY protocol or in a header.
func addressThrownAway(sc *scene) *verdict {
	if sc.ConfigMap.Value == nil {
		return nil
	}
	asked := sc.spec.ClientIP
	believesNobody := len(sc.trust.CIDRs) == 0
	switch {
	case sc.trust.ProxyProtocol && believesNobody:
		return lostInConfig(sc, "PROXY protocol is read and believed from nobody, so applications see the balancer's address")
	case sc.trust.ProxyProtocol && sc.trust.BelievesHeader() && sc.trust.TrustsAnyone:
		return lostInConfig(sc, "PROXY protocol and a header are believed from everyone, so applications see the balancer's address or what a client wrote")
	case asked != nil && asked.ForwardedHeader != nil && (!sc.trust.BelievesHeader() || believesNobody):
		return lostInConfig(sc, "the header that the proxies in front write is believed from nobody, so applications see a proxy's address")
	}
	return nil
}

func lostInConfig(sc *scene, what string) *verdict {
	return isNot(v1alpha1.ReasonConfigNotEffective, "Lost at the controller: with %s as it is, %s. See the condition %s.", sc.configMapRef(), what, v1alpha1.ConditionConfigEffective)
}

func controllerUnseen(sc *scene) *verdict {
	switch {
	case sc.workload.foreign:
		return unclear(v1alpha1.ReasonNameTaken, "%s is not this EdgeIngress's, so what its pods make of the client's address is not known: see the condition %s.",
			sc.workload.ref, v1alpha1.ConditionControllerAvailable)
	case sc.workload.template != nil:
		return nil
	}
	return unclear(v1alpha1.ReasonWorkloadMissing, "%s has not been seen yet.", sc.workload.ref)
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
		"%s was not seen as it is wanted, so which address the controller takes is not known; %s.", sc.configMapRef(), sc.mending(sc.configMapRef()))
}

// podsUnwanted: pods that somebody changed can see another address, read other files and believe others than the configuration says.
func podsUnwanted(sc *scene) *verdict {
	switch {
	case sc.workload.template == nil || sc.workload.runsAsWanted():
		return nil
	case sc.workload.wanted == nil:
		return unclear(v1alpha1.ReasonConfigNotEffective,
			"%s is left as it was, which is not what is wanted: see the condition %s.", sc.workload.ref, v1alpha1.ConditionControllerAvailable)
	}
	return unclear(v1alpha1.ReasonConfigNotEffective,
		"%s was not seen with the image, arguments, environment, files and network that are wanted, so what its pods do is not known; %s.", sc.workload.ref, sc.mending(sc.workload.ref))
}

// rolloutUnderWay: only the current template was read, and pods of an older one may differ.
func rolloutUnderWay(sc *scene) *verdict {
	if sc.workload.template == nil || !sc.workload.rolling {
		return nil
	}
	return unclear(v1alpha1.ReasonRolloutInProgress, "Not all controller pods run the template that was read; they are being replaced.")
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

// serviceStillThere: while the way in is being changed, the old Service may still lead to the controller.
func serviceStillThere(sc *scene) *verdict {
	if sc.service == nil && !sc.Service.Foreign {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen, "%s still exists and may lead to the controller; it goes when the controller serves as it is wanted.", sc.serviceRef())
}

// frontUnseen: without a Service nothing shows what stands in front of the nodes.
func frontUnseen(sc *scene) *verdict {
	if !sc.trustsAddresses() {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The controller takes the client's address from %s; whether what stands in front of the nodes writes it, and from which addresses, cannot be seen.", sc.sourceOfAddress())
}

// sourceOfAddress is where the controller takes the client's address from.
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
		"The network plugin leads ports 80 and 443 of the nodes to the controller, and whether it keeps the source address cannot be seen: "+
			"use exposure.type HostNetwork to be sure.")
}

// engineVersionUnseen: whether the engine acts on its configuration depends on a version that the image does not show.
func engineVersionUnseen(sc *scene) *verdict {
	doubt := sc.engine.VersionDoubt(sc.trust, sc.spec.Controller.Image)
	if doubt == "" {
		return nil
	}
	return unclear(v1alpha1.ReasonEngineVersionUnknown,
		"%s, and the image's digest does not show which version it is.", capital(doubt))
}

func hostNetworkDirect(sc *scene) verdict {
	return is(v1alpha1.ReasonHostNetworkDirect,
		"client -> node: connections arrive at the node's own ports; -> controller: %s one on the node's network, and no header is believed; -> application: %s",
		partOf(sc.edgeWith(sc.podOn), len(sc.edge), "edge node", "runs", "run"), passedOn)
}

// passedOn is the last leg. What an application sees of the connection itself is always a controller pod.
const passedOn = "the controller writes the address into X-Forwarded-For and X-Real-IP. Not measured."

// sourceIPPreserved is never True: nobody has measured. Where the objects show that it cannot be, it is False.
func sourceIPPreserved(sc *scene, configured verdict) verdict {
	switch {
	case configured.status == metav1.ConditionFalse, configured.reason == v1alpha1.ReasonDeleting:
		return configured
	}
	return *unclear(v1alpha1.ReasonNotMeasured, "Which address an application sees was not measured. Nobody has looked at: %s. What the objects say is in the condition %s.",
		unseenLegs(sc), v1alpha1.ConditionSourceIPConfigured)
}

func unseenLegs(sc *scene) string {
	const always = "the configuration that the controller has loaded, and what the application makes of the headers"
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

// isLocal is whether the Service seen keeps traffic on the node where it arrives.
func (sc *scene) isLocal() bool {
	return sc.service != nil && sc.service.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal
}
