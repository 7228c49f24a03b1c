package assess

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
)

func proxiedWithout(sc *scene) *verdict {
	if !sc.viaBalancer() || sc.balancer.Path != provider.Proxies || sc.ConfigMap.Value == nil || sc.trust.ProxyProtocol || sc.headerOfBalancer() {
		return nil
	}
	return isNot(v1alpha1.ReasonProxyWithoutProxyProtocol,
		"Lost at the load balancer: %s ends the client's connection and opens one of its own, and the controller reads no PROXY protocol. %s",
		sc.balancer.Name, sc.proxyRemedy())
}

// proxyRemedy lists the ways to get the client's address from a balancer that ends connections.
func (sc *scene) proxyRemedy() string {
	annotated, remedy := sc.balancer.ProxyProtocolRemedy.Key != "", ""
	switch {
	case annotated:
		remedy = annotate(sc.balancer.ProxyProtocolRemedy) + ", and set spec.clientIP.proxyProtocol with the balancer's addresses. "
	case sc.balancer.Provider == v1alpha1.ProviderProxying:
		remedy = "If it speaks PROXY protocol, set spec.clientIP.proxyProtocol. "
	}
	if sc.mayWriteHeader() {
		remedy += "If it writes the client's address into a header, set spec.clientIP.forwardedHeader. "
	}
	switch {
	case annotated:
	case remedy == "":
		remedy = "Use another load balancer, or set spec.exposure.type to NodePort or HostNetwork."
	default:
		remedy += "Otherwise use another load balancer, or set spec.exposure.type to NodePort or HostNetwork."
	}
	return strings.TrimRight(remedy, " ")
}

// mayWriteHeader reports whether the balancer writes a header, or may. A balancer of which only is
// known that it ends connections may well read HTTP.
func (sc *scene) mayWriteHeader() bool {
	return sc.balancer.WritesHeader || sc.balancer.Provider == v1alpha1.ProviderProxying || sc.balancer.Path == provider.Unknown
}

// headerOfBalancer reports whether the balancer may write a header that the controller trusts.
func (sc *scene) headerOfBalancer() bool { return sc.mayWriteHeader() && sc.trust.BelievesHeader() }

func ipModeProxies(sc *scene) *verdict {
	if !sc.isLoadBalancer() || sc.ConfigMap.Value == nil || sc.trust.ProxyProtocol || sc.headerOfBalancer() {
		return nil
	}
	if !sc.hasModeProxy() || sc.portsDiffer() {
		return nil
	}
	return isNot(v1alpha1.ReasonIPModeProxy,
		"Lost at the load balancer: the status of %s has ipMode Proxy, so connections end at the balancer, and the controller reads no PROXY protocol. "+
			"Let the balancer speak PROXY protocol and set spec.clientIP.proxyProtocol. If it writes a header, set spec.clientIP.forwardedHeader instead.", sc.serviceRef())
}

// hasModeProxy reports whether the balancer declares that it ends connections.
func (sc *scene) hasModeProxy() bool {
	return sc.isLoadBalancer() && slices.ContainsFunc(sc.service.Status.LoadBalancer.Ingress, func(i corev1.LoadBalancerIngress) bool {
		return i.IPMode != nil && *i.IPMode == corev1.LoadBalancerIPModeProxy
	})
}

// balancerHeaderUnseen finds a balancer that writes, or may write, the header. The controller must
// trust the balancer's addresses, and no object shows them.
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
		"%s ends connections and %s the client's address into a header. The cluster does not show whether trustedCIDRs contain its addresses.", capital(sc.balancer.Name), writes)
}
