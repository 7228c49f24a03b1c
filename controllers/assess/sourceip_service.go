package assess

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

func notExternal(sc *scene) *verdict {
	if sc.service == nil || sc.isLoadBalancer() || sc.service.Spec.Type == corev1.ServiceTypeNodePort || len(sc.service.Spec.ExternalIPs) > 0 {
		return nil
	}
	return isNot(v1alpha1.ReasonServiceNotExternal,
		"Lost before the node: %s has type %s, which clients outside cannot reach; %s.", sc.serviceRef(), sc.service.Spec.Type, sc.mending(sc.serviceRef()))
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
		"Lost at the node: the annotation %s of %s lets a node without an endpoint send traffic to another node, with a node's address as its source. Remove the annotation.",
		provider.TrafficPolicyFallback, sc.serviceRef())
}

// viaBalancer reports whether a load balancer with one known path is in front.
func (sc *scene) viaBalancer() bool {
	return sc.isLoadBalancer() && sc.balancer.Path != provider.Unknown && !sc.portsDiffer()
}

func proxyBalancerOnly(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.ConfigMap.Value == nil || sc.balancer.ProxyProtocol != provider.On || sc.trust.ProxyProtocol {
		return nil
	}
	return isNot(v1alpha1.ReasonProxyProtocolBalancerOnly,
		"Lost between load balancer and controller: %s speaks PROXY protocol, but the controller does not read it and answers every request with 400. "+
			"Set spec.clientIP.proxyProtocol with the balancer's addresses, or switch off PROXY protocol at the balancer.", sc.balancer.Name)
}

func proxyControllerOnly(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.balancer.Path == provider.Forwards || sc.balancer.ProxyProtocol != provider.Off || !sc.trust.ProxyProtocol {
		return nil
	}
	remedy := "Remove spec.clientIP.proxyProtocol"
	if sc.balancer.ProxyProtocolRemedy.Key != "" {
		remedy = annotate(sc.balancer.ProxyProtocolRemedy) + ", or remove spec.clientIP.proxyProtocol"
	}
	return isNot(v1alpha1.ReasonProxyProtocolControllerOnly,
		"Lost between load balancer and controller: the controller reads PROXY protocol, but %s does not speak it, so the controller closes every connection. %s.",
		sc.balancer.Name, remedy)
}

// annotate is the remedy for missing annotations.
func annotate(missing ...provider.Annotation) string {
	lines := make([]string, 0, len(missing))
	for _, annotation := range missing {
		lines = append(lines, annotation.String())
	}
	return fmt.Sprintf("Add %s to spec.exposure.loadBalancer.annotations", strings.Join(lines, " and "))
}

func preservationOff(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.balancer.Preserve != provider.Off || sc.proxyOnBothSides() {
		return nil
	}
	return isNot(v1alpha1.ReasonPreserveClientIPDisabled, "Lost at the load balancer: %s is set not to keep the client's address. %s, and keep what the annotation already holds.",
		sc.balancer.Name, annotate(sc.balancer.PreserveRemedy))
}

func (sc *scene) proxyOnBothSides() bool {
	return sc.balancer.ProxyProtocol == provider.On && sc.trust.ProxyProtocol
}

func serviceUnseen(sc *scene) *verdict {
	switch {
	case sc.service != nil:
		return nil
	case sc.Service.Foreign:
		return unclear(v1alpha1.ReasonServiceMissing, "%s does not belong to this EdgeIngress, so there is no Service to check.", sc.serviceRef())
	}
	return unclear(v1alpha1.ReasonServiceMissing, "The operator has not seen %s yet.", sc.serviceRef())
}

// otherServiceProxy finds a Service that kube-proxy ignores. Another proxy may do anything with the
// source address.
func otherServiceProxy(sc *scene) *verdict {
	if sc.service == nil {
		return nil
	}
	name, there := sc.service.Labels[provider.ServiceProxyName]
	if !there {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The label %s of %s assigns it to the proxy %q instead of kube-proxy. The cluster does not show what that proxy does with the source address. Remove the label.",
		provider.ServiceProxyName, sc.serviceRef(), name)
}

func addressPending(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.hasAddress() {
		return nil
	}
	return unclear(v1alpha1.ReasonAddressPending, "No load balancer has assigned an address to %s, so the path of a packet is not known.", sc.serviceRef())
}

func foreignEndpoints(sc *scene) *verdict {
	if len(sc.foreign) == 0 {
		return controllerElsewhere(sc)
	}
	return unclear(v1alpha1.ReasonForeignEndpoints, "%s has endpoints that are not controller pods on edge nodes: %s. Find out who writes its EndpointSlices.",
		sc.serviceRef(), listed(sc.foreign))
}

func noReadyEndpoints(sc *scene) *verdict {
	if sc.edgeWith(sc.endpointOn) > 0 || sc.anyEndpoint {
		return nil
	}
	return unclear(v1alpha1.ReasonNoReadyEndpoints, "No edge node has a ready endpoint, so the nodes drop traffic for %s.", sc.serviceRef())
}

func otherWaysIn(sc *scene) *verdict {
	if sc.service == nil || len(sc.service.Spec.ExternalIPs) == 0 {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"%s has externalIPs (%s). The cluster does not show how traffic reaches them. Remove them.", sc.serviceRef(), listed(sc.service.Spec.ExternalIPs))
}

func nodePortFrontUnseen(sc *scene) *verdict {
	if sc.service == nil || sc.service.Spec.Type != corev1.ServiceTypeNodePort {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The nodes keep the source of a packet (externalTrafficPolicy Local), and the controller takes the client's address from %s. "+
			"The cluster does not show what sends traffic to the node ports.",
		sc.sourceOfAddress())
}

func serviceLBMasquerades(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.balancer.Provider != v1alpha1.ProviderServiceLB {
		return nil
	}
	return unclear(v1alpha1.ReasonServiceLBMasquerades, "k3s ServiceLB may replace the client's address with its own. Use MetalLB, or set spec.exposure.type to HostNetwork.")
}

func providerUnknown(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.balancer.Path != provider.Unknown {
		return nil
	}
	return unclear(v1alpha1.ReasonProviderUnknown, "The operator does not know what %s does with the source address, because %s.%s",
		sc.balancer.Name, sc.balancer.Why, providerRemedy(sc.balancer))
}

// providerRemedy returns a sentence that begins with a space. It offers no name that the operator knows
// already, and nothing where the reason names a remedy of its own.
func providerRemedy(b provider.Balancer) string {
	const behaviours = "PacketForwarding (it passes packets on with their source) or Proxying (it opens a connection of its own)"
	switch {
	case strings.Contains(b.Why, "spec.exposure.loadBalancer"):
		return ""
	case b.Provider == v1alpha1.ProviderAuto:
		return " Set spec.exposure.loadBalancer.provider to its name. If the list does not have it, set " + behaviours + "."
	}
	return " If you know what it does, set spec.exposure.loadBalancer.provider to " + behaviours + "."
}

func clusterPolicyNeeded(sc *scene) *verdict {
	if !sc.isLoadBalancer() || !sc.balancer.NeedsClusterPolicy {
		return nil
	}
	return unclear(policyReason(sc.balancer), "%s may not work with externalTrafficPolicy Local, so packets may not arrive. See the condition %s.",
		capital(sc.balancer.Name), v1alpha1.ConditionLoadBalancerReady)
}

func healthChecksFail(sc *scene) *verdict {
	if !sc.isLoadBalancer() || !checksCarryProxy(sc.balancer) {
		return nil
	}
	return unclear(v1alpha1.ReasonProxyV2HealthCheckIncompatible,
		"%s counts every node as unhealthy, so the operator does not know which nodes it sends traffic to. See the condition %s.",
		capital(sc.balancer.Name), v1alpha1.ConditionLoadBalancerReady)
}

// proxyProtocolUnseen finds a controller that reads PROXY protocol where no object shows that
// anything speaks it.
func proxyProtocolUnseen(sc *scene) *verdict {
	if !sc.viaBalancer() || !sc.trust.ProxyProtocol || sc.balancer.ProxyProtocol == provider.On {
		return nil
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"The controller reads PROXY protocol. The cluster does not show whether %s, or a balancer in front of it, speaks it.", sc.balancer.Name)
}

// familyUntrusted finds an IP family of the Service from which the controller trusts no balancer or proxy.
func familyUntrusted(sc *scene) *verdict {
	if sc.service == nil || !sc.trustsAddresses() {
		return nil
	}
	for _, family := range sc.service.Spec.IPFamilies {
		if !trustsFamily(sc.trust.CIDRs, family) {
			return unclear(v1alpha1.ReasonFamilyNotTrusted,
				"%s has addresses of family %s, but trustedCIDRs have none. Add the addresses of the balancer or proxies, or remove the family from "+
					"spec.exposure.ipFamilies.", sc.serviceRef(), family)
		}
	}
	return nil
}

func trustsFamily(cidrs []string, family corev1.IPFamily) bool {
	return slices.ContainsFunc(prefixes(cidrs), func(prefix netip.Prefix) bool { return prefix.Addr().Is4() == (family == corev1.IPv4Protocol) })
}

// keptThroughService implements rows 11, 22 and 27 of docs/source-ip.md. It is True only where every
// leg is known, and claims nothing about a case that no check covers.
func keptThroughService(sc *scene) verdict {
	if !sc.viaBalancer() || !sc.isLocal() {
		return undecided(sc)
	}
	var reason, balancer string
	switch {
	case sc.proxyOnBothSides():
		reason, balancer = v1alpha1.ReasonProxyProtocolTrusted, "is set to send the client's address in PROXY protocol"
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
		"client -> load balancer -> node: %s %s; -> controller: externalTrafficPolicy is Local, %s, no endpoint is elsewhere, and %s; -> application: %s",
		sc.balancer.Name, balancer, sc.endpoints(), sc.believes(), passedOn)
}

// believes describes which headers and protocols the controller trusts, and from which addresses.
func (sc *scene) believes() string {
	from := cidrsNamed(sc.trust.CIDRs)
	switch {
	case sc.trust.ProxyProtocol && sc.trust.BelievesHeader():
		return fmt.Sprintf("the controller trusts PROXY protocol and, from proxies behind it, %s; both from %s, which must contain the addresses of balancer and proxies",
			sc.trust.Header, from)
	case sc.trust.ProxyProtocol:
		return fmt.Sprintf("the controller trusts PROXY protocol from %s, which must contain the balancer's addresses", from)
	case sc.trust.BelievesHeader():
		return fmt.Sprintf("the controller trusts %s from %s, which must contain the addresses of the proxies, and otherwise takes the connection's address",
			sc.trust.Header, from)
	}
	return "the controller trusts no header"
}
