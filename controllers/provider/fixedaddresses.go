package provider

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// addressRequests are the annotations with which a Service asks for one certain address, or for the name or id
// of a reserved one. The values are lists. They are from metallb/metallb internal/k8s, kube-vip/kube-vip
// pkg/kubevip, cilium/cilium pkg/annotation, projectcalico/calico kube-controllers, purelb/purelb internal/k8s,
// loxilb-io/kube-loxilb pkg/agent/manager, kubernetes-sigs/cloud-provider-azure pkg/consts,
// kubernetes-sigs/aws-load-balancer-controller pkg/annotations, and GKE's documentation of LoadBalancer Services.
var addressRequests = []string{
	"metallb.io/loadBalancerIPs",
	"metallb.universe.tf/loadBalancerIPs",
	"kube-vip.io/loadbalancerIPs",
	"lbipam.cilium.io/ips",
	"io.cilium/lb-ipam-ips",
	"projectcalico.org/loadBalancerIPs",
	"purelb.io/addresses",
	"loxilb.io/staticIP",
	"service.beta.kubernetes.io/azure-load-balancer-ipv4",
	"service.beta.kubernetes.io/azure-load-balancer-ipv6",
	"service.beta.kubernetes.io/azure-pip-name",
	"service.beta.kubernetes.io/aws-load-balancer-eip-allocations",
	"service.beta.kubernetes.io/aws-load-balancer-private-ipv4-addresses",
	"networking.gke.io/load-balancer-ip-addresses",
}

// FixedAddresses returns what the annotations of a Service of type LoadBalancer ask for: addresses, and names or
// ids of reserved ones. It is empty where the balancer chooses. kube-vip reads 0.0.0.0 as a request by DHCP.
func FixedAddresses(annotations map[string]v1alpha1.AnnotationValue) []string {
	var fixed []string
	for _, key := range addressRequests {
		for _, value := range strings.FieldsFunc(string(annotations[key]), betweenAddresses) {
			address, err := netip.ParseAddr(value)
			switch {
			case err != nil:
				fixed = append(fixed, value)
			case !address.IsUnspecified():
				fixed = append(fixed, address.String())
			}
		}
	}
	slices.Sort(fixed)
	return slices.Compact(fixed)
}

// betweenAddresses finds what separates the addresses of a list. Calico's is a JSON list.
func betweenAddresses(r rune) bool { return strings.ContainsRune(`,[]" `, r) }
