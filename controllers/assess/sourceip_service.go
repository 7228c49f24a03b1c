package assess

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

func notExternal(sc *scene) *verdict {
	if sc.service == nil || sc.isLoadBalancer() || sc.service.Spec.Type == corev1.ServiceTypeNodePort || len(sc.service.Spec.ExternalIPs) > 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonServiceNotExternal,
		"Client -> node: %s has type %s and cannot be reached from outside; %s.", sc.serviceRef(), sc.service.Spec.Type, sc.mending(sc.serviceRef()))
}

func policyIsCluster(sc *scene) *verdict {
	if sc.service == nil || sc.isLocal() {
		return nil
	}
	policy := sc.service.Spec.ExternalTrafficPolicy
	if policy == "" {
		policy = "unset, which means Cluster"
	}
	return isNot(v1alpha1.ReasonTrafficPolicyCluster,
		"Lost at the node: externalTrafficPolicy of %s is %s, so a node's address replaces the client's; %s.", sc.serviceRef(), policy, sc.mending(sc.serviceRef()))
}

func policyFallsBack(sc *scene) *verdict {
	if sc.service == nil {
		return nil
	}
	if _, there := sc.service.Annotations[provider.TrafficPolicyFallback]; !there {
		return nil
	}
	return isNot(v1alpha1.ReasonTrafficPolicyFallback,
		"Lost at the node: the annotation %s of %s sends traffic on to another node, with a node's address, where a node has no endpoint: remove it.",
		provider.TrafficPolicyFallback, sc.serviceRef())
}

// viaBalancer is whether a load balancer with a known path is in front.
func (sc *scene) viaBalancer() bool {
	return sc.isLoadBalancer() && sc.balancer.Path != provider.Unknown
}

func proxyBalancerOnly(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.ConfigMap.Value == nil || sc.balancer.ProxyProtocol != provider.On || sc.trust.ProxyProtocol {
		return nil
	}
	return isNot(v1alpha1.ReasonProxyProtocolBalancerOnly,
		"Lost between load balancer and controller: %s speaks PROXY protocol, the controller does not read it and answers every request with 400: "+
			"write spec.clientIP.proxyProtocol with the balancer's addresses, or switch it off at the balancer.", sc.balancer.Name)
}

func proxyControllerOnly(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.balancer.Path == provider.Forwards || sc.balancer.ProxyProtocol != provider.Off || !sc.trust.ProxyProtocol {
		return nil
	}
	return isNot(v1alpha1.ReasonProxyProtocolControllerOnly,
		"Lost between load balancer and controller: the controller reads PROXY protocol, %s does not speak it, and every connection is closed: %sor remove "+
			"spec.clientIP.proxyProtocol.",
		sc.balancer.Name, annotate(sc.balancer.ProxyProtocolRemedy))
}

// annotate is the remedy by annotation, where there is one.
func annotate(a provider.Annotation) string {
	if a.Key == "" {
		return ""
	}
	return fmt.Sprintf("write %s into spec.exposure.loadBalancer.annotations, ", a)
}

func preservationOff(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.balancer.Preserve != provider.Off || sc.proxyOnBothSides() {
		return nil
	}
	return isNot(v1alpha1.ReasonPreserveClientIPDisabled, "Lost at the load balancer: %s does not keep the client's address as it is set: %s.",
		sc.balancer.Name, annotate(sc.balancer.PreserveRemedy)+"beside what the annotation holds already")
}

func (sc *scene) proxyOnBothSides() bool {
	return sc.balancer.ProxyProtocol == provider.On && sc.trust.ProxyProtocol
}

func serviceUnseen(sc *scene) *verdict {
	switch {
	case sc.service != nil:
		return nil
	case sc.Service.Foreign:
		return unclear(v1alpha1.ReasonServiceMissing, "%s is not this EdgeIngress's, so there is no Service to look at.", sc.serviceRef())
	}
	return unclear(v1alpha1.ReasonServiceMissing, "%s has not been seen yet.", sc.serviceRef())
}

// otherServiceProxy: rules for the Service that kube-proxy did not write may do anything with the source address.
func otherServiceProxy(sc *scene) *verdict {
	if sc.service == nil {
		return nil
	}
	name, there := sc.service.Labels[provider.ServiceProxyName]
	if !there {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The label %s of %s hands it to the proxy %q instead of kube-proxy, and what that does with the source address cannot be seen: remove the label.",
		provider.ServiceProxyName, sc.serviceRef(), name)
}

func addressPending(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.hasAddress() {
		return nil
	}
	return unclear(v1alpha1.ReasonAddressPending, "No load balancer has given an address to %s, so the path of a packet is not known.", sc.serviceRef())
}

func foreignEndpoints(sc *scene) *verdict {
	if len(sc.foreign) == 0 {
		return controllerElsewhere(sc)
	}
	return unclear(v1alpha1.ReasonForeignEndpoints, "Not every endpoint of %s is a controller pod on an edge node; there is also %s. Find out who writes its EndpointSlices.",
		sc.serviceRef(), listed(sc.foreign))
}

func noReadyEndpoints(sc *scene) *verdict {
	if sc.edgeWith(sc.endpointOn) > 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonNoReadyEndpoints, "No edge node has a ready endpoint, so the nodes drop what arrives for %s.", sc.serviceRef())
}

func otherWaysIn(sc *scene) *verdict {
	if sc.service == nil || len(sc.service.Spec.ExternalIPs) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"%s has externalIPs (%s), and how traffic reaches these cannot be seen: remove them.", sc.serviceRef(), listed(sc.service.Spec.ExternalIPs))
}

func nodePortFrontUnseen(sc *scene) *verdict {
	if sc.service == nil || sc.service.Spec.Type != corev1.ServiceTypeNodePort {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The nodes keep the source of a packet (externalTrafficPolicy Local); the controller takes the address from %s. What sends to the node ports cannot be seen from the "+
			"cluster.",
		sc.sourceOfAddress())
}

func serviceLBMasquerades(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.balancer.Provider != v1alpha1.ProviderServiceLB {
		return nil
	}
	return unclear(v1alpha1.ReasonServiceLBMasquerades, "k3s ServiceLB may put its own address in place of the client's: use MetalLB, or exposure.type HostNetwork.")
}

func providerUnknown(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.balancer.Path != provider.Unknown {
		return nil
	}
	return unclear(v1alpha1.ReasonProviderUnknown,
		"What %s does with the source address is not known, because %s. Write its name into spec.exposure.loadBalancer.provider; where the list does not have it, write "+
			"PacketForwarding (it passes packets on with their source) or Proxying (it opens a connection of its own).",
		sc.balancer.Name, sc.balancer.Why)
}

func clusterPolicyNeeded(sc *scene) *verdict {
	if !sc.isLoadBalancer() || !sc.balancer.NeedsClusterPolicy {
		return nil
	}
	return unclear(v1alpha1.ReasonCiliumL2NeedsCluster, "%s does not work with externalTrafficPolicy Local, so whether packets arrive is not known.", capital(sc.balancer.Name))
}

func healthChecksFail(sc *scene) *verdict {
	if !sc.isLoadBalancer() || !checksCarryProxy(sc.balancer) {
		return nil
	}
	return unclear(v1alpha1.ReasonProxyV2HealthCheckIncompatible,
		"%s counts every node as unhealthy, so which nodes it sends to is not known: see the condition %s.", capital(sc.balancer.Name), v1alpha1.ConditionLoadBalancerReady)
}

// proxyProtocolUnseen: the controller reads PROXY protocol, and nothing shows that somebody speaks it.
func proxyProtocolUnseen(sc *scene) *verdict {
	if !sc.viaBalancer() || !sc.trust.ProxyProtocol || sc.balancer.ProxyProtocol == provider.On {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The controller reads PROXY protocol; whether %s, or a balancer in front of it, speaks it cannot be seen.", sc.balancer.Name)
}

// familyUntrusted: a balancer or proxy is believed from addresses of some families only, and the Service has another.
func familyUntrusted(sc *scene) *verdict {
	if sc.service == nil || !sc.trustsAddresses() {
		return nil
	}
	for _, family := range sc.service.Spec.IPFamilies {
		if !trustsFamily(sc.trust.CIDRs, family) {
			return unclear(v1alpha1.ReasonFamilyNotTrusted,
				"%s has addresses of family %s, and trustedCIDRs have none: add those of what stands in front, or leave the family out of "+
					"spec.exposure.ipFamilies.", sc.serviceRef(), family)
		}
	}
	return nil
}

func trustsFamily(cidrs []string, family corev1.IPFamily) bool {
	return slices.ContainsFunc(prefixes(cidrs), func(prefix netip.Prefix) bool { return prefix.Addr().Is4() == (family == corev1.IPv4Protocol) })
}

// keptThroughService answers rows 11, 22 and 27 of docs/source-ip.md, and only where every leg is known; anything that no check took is not claimed.
func keptThroughService(sc *scene) verdict {
	if !sc.viaBalancer() || !sc.isLocal() {
		return undecided(sc)
	}
	var reason, balancer string
	switch {
	case sc.proxyOnBothSides():
		reason, balancer = v1alpha1.ReasonProxyProtocolTrusted, "is set to tell the client's address by PROXY protocol"
	case sc.balancer.Path == provider.TargetsPods && sc.balancer.Preserve == provider.On:
		reason, balancer = v1alpha1.ReasonPodTargetsPreserve, "sends to pods and is set to keep the client's address"
	case sc.balancer.Path == provider.Forwards:
		reason, balancer = v1alpha1.ReasonPreservedByLocalPolicy, "passes packets on with their source"
	default:
		return undecided(sc)
	}
	if sc.trust.BelievesHeader() && !sc.trust.ProxyProtocol {
		reason = v1alpha1.ReasonForwardedHeaderTrusted
	}
	return is(reason,
		"client -> load balancer -> node: %s %s; -> controller: externalTrafficPolicy is Local, %s a ready endpoint, no endpoint is elsewhere, and %s; -> application: %s",
		sc.balancer.Name, balancer, partOf(sc.edgeWith(sc.endpointOn), len(sc.edge), "edge node", "has", "have"), sc.believes(), passedOn)
}

// believes is what the controller takes for the client's address, with what that rests on.
func (sc *scene) believes() string {
	from := cidrsNamed(sc.trust.CIDRs)
	switch {
	case sc.trust.ProxyProtocol && sc.trust.BelievesHeader():
		return fmt.Sprintf("PROXY protocol and, of proxies behind it, %s are believed from %s, which must hold the addresses of balancer and proxies", sc.trust.Header, from)
	case sc.trust.ProxyProtocol:
		return fmt.Sprintf("PROXY protocol is believed from %s, which must hold the balancer's addresses", from)
	case sc.trust.BelievesHeader():
		return fmt.Sprintf("%s is believed from %s, which must hold the addresses of the proxies; of all others the connection's address counts", sc.trust.Header, from)
	}
	return "no header is believed"
}
