package assess

import (
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

func proxiedWithout(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.balancer.Path != provider.Proxies || sc.ConfigMap.Value == nil || sc.trust.ProxyProtocol || sc.headerOfBalancer() {
		return nil
	}
	remedy := "use another load balancer, or exposure.type NodePort or HostNetwork"
	switch {
	case sc.balancer.ProxyProtocolRemedy.Key != "":
		remedy = annotate(sc.balancer.ProxyProtocolRemedy) + "and spec.clientIP.proxyProtocol with the balancer's addresses"
	case sc.balancer.Provider == v1alpha1.ProviderProxying:
		remedy = "write spec.clientIP.proxyProtocol where it speaks that, or else " + remedy
	}
	if sc.mayWriteHeader() {
		remedy += "; where it writes the client's address into a header, write spec.clientIP.forwardedHeader"
	}
	return isNot(v1alpha1.ReasonProxyWithoutProxyProtocol,
		"Lost at the load balancer: %s ends the client's connection and opens one of its own, and the controller reads no PROXY protocol: %s.", sc.balancer.Name, remedy)
}

// mayWriteHeader is whether the balancer writes a header, or is not known well enough to say that it does not: one that is only known for ending
// connections may well read HTTP.
func (sc *scene) mayWriteHeader() bool {
	return sc.balancer.WritesHeader || sc.balancer.Provider == v1alpha1.ProviderProxying || sc.balancer.Path == provider.Unknown
}

// headerOfBalancer is whether the balancer may write a header that the controller believes from somebody.
func (sc *scene) headerOfBalancer() bool { return sc.mayWriteHeader() && sc.trust.BelievesHeader() }

func ipModeProxies(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.ConfigMap.Value == nil || sc.trust.ProxyProtocol || sc.headerOfBalancer() {
		return nil
	}
	if !sc.hasModeProxy() {
		return nil
	}
	return isNot(v1alpha1.ReasonIPModeProxy,
		"Lost at the load balancer: the status of %s has ipMode Proxy, which says that connections end at the balancer, and the controller reads no PROXY protocol: "+
			"have the balancer speak it and write spec.clientIP.proxyProtocol, or, where it writes a header, spec.clientIP.forwardedHeader.", sc.serviceRef())
}

// hasModeProxy is whether the balancer declares that it ends connections.
func (sc *scene) hasModeProxy() bool {
	return sc.isLoadBalancer() && slices.ContainsFunc(sc.service.Status.LoadBalancer.Ingress, func(i corev1.LoadBalancerIngress) bool {
		return i.IPMode != nil && *i.IPMode == corev1.LoadBalancerIPModeProxy
	})
}

// balancerHeaderUnseen: the balancer writes the header, or may, and its addresses, from which it must be believed, are not known.
func balancerHeaderUnseen(sc *scene) *verdict {
	proxies := sc.viaBalancer() && sc.balancer.Path == provider.Proxies
	unknown := sc.balancer.Path == provider.Unknown && sc.hasModeProxy() && sc.trust.BelievesHeader()
	if (!proxies && !unknown) || sc.trust.ProxyProtocol {
		return nil
	}
	writes := "writes"
	if !sc.balancer.WritesHeader {
		writes = "may write"
	}
	return unclear(v1alpha1.ReasonExternalBalancerUnseen,
		"%s ends connections and %s the client's address into a header; whether its addresses are among trustedCIDRs cannot be seen.", capital(sc.balancer.Name), writes)
}
