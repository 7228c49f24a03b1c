package workload

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// Families returns the IP families of a Service in their order. kube-proxy handles each family on its own,
// with the EndpointSlices of that family (k8s.io/kubernetes pkg/proxy/metaproxier), so a node may serve in
// one and drop the traffic of the other.
func Families(service *corev1.Service) []corev1.IPFamily {
	if service == nil {
		return nil
	}
	return service.Spec.IPFamilies
}

// FamilyOf returns the family of an address, and "" for a text that is none.
func FamilyOf(address string) corev1.IPFamily {
	switch parsed, err := netip.ParseAddr(address); {
	case err != nil:
		return ""
	case parsed.Unmap().Is4():
		return corev1.IPv4Protocol
	}
	return corev1.IPv6Protocol
}

// HasFamily reports whether one of the addresses is of the family.
func HasFamily(addresses []string, family corev1.IPFamily) bool {
	return slices.ContainsFunc(addresses, func(address string) bool { return FamilyOf(address) == family })
}
