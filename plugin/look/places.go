package look

import (
	"net/netip"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Places say whose an address is. They come from the EdgeIngress, from the nodes where the user may list them,
// and from the prober's reports, which know at least the nodes that it asked and its own.
func Places(edge *v1alpha1.EdgeIngress, nodes []corev1.Node, reports []v1alpha1.SourceIPReport) *evidence.Places {
	p := &evidence.Places{Balancer: edge.Status.Addresses, Trusted: trusted(edge)}
	for i := range nodes {
		member := evidence.Member{Name: nodes[i].Name, PodCIDRs: nodes[i].Spec.PodCIDRs}
		for _, address := range nodes[i].Status.Addresses {
			member.Addresses = append(member.Addresses, address.Address)
		}
		p.Members = append(p.Members, member)
	}
	for _, report := range reports {
		if report.Spec.Vantage != v1alpha1.VantageInside {
			continue
		}
		for _, sight := range report.Status.Sights {
			p.Members = append(p.Members,
				evidence.Member{Name: sight.Node, Addresses: []string{sight.Address}},
				evidence.Member{Name: report.Spec.Node, Addresses: []string{sight.Source}})
		}
	}
	return p
}

func trusted(edge *v1alpha1.EdgeIngress) (prefixes []netip.Prefix) {
	var ranges v1alpha1.TrustedCIDRs
	if c := edge.Spec.ClientIP; c != nil {
		if c.ProxyProtocol != nil {
			ranges = append(ranges, c.ProxyProtocol.TrustedCIDRs...)
		}
		if c.ForwardedHeader != nil {
			ranges = append(ranges, c.ForwardedHeader.TrustedCIDRs...)
		}
	}
	for _, text := range ranges {
		if prefix, err := netip.ParsePrefix(string(text)); err == nil {
			prefixes = append(prefixes, prefix)
		}
	}
	return prefixes
}
