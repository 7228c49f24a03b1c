package provider

import (
	"slices"
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func TestFixedAddresses(t *testing.T) {
	for name, test := range map[string]struct {
		annotations map[string]v1alpha1.AnnotationValue
		want        []string
	}{
		"no annotation":                 {annotations: nil, want: nil},
		"an annotation about a pool":    {annotations: map[string]v1alpha1.AnnotationValue{"metallb.io/address-pool": "public"}, want: nil},
		"one address":                   {annotations: map[string]v1alpha1.AnnotationValue{"metallb.io/loadBalancerIPs": "203.0.113.7"}, want: []string{"203.0.113.7"}},
		"one of each family":            {annotations: map[string]v1alpha1.AnnotationValue{"lbipam.cilium.io/ips": "203.0.113.7, 2001:DB8:0::7"}, want: []string{"2001:db8::7", "203.0.113.7"}},
		"a JSON list":                   {annotations: map[string]v1alpha1.AnnotationValue{"projectcalico.org/loadBalancerIPs": `["203.0.113.7"]`}, want: []string{"203.0.113.7"}},
		"ids of reserved addresses":     {annotations: map[string]v1alpha1.AnnotationValue{"service.beta.kubernetes.io/aws-load-balancer-eip-allocations": "eipalloc-1,eipalloc-2"}, want: []string{"eipalloc-1", "eipalloc-2"}},
		"an address from DHCP":          {annotations: map[string]v1alpha1.AnnotationValue{"kube-vip.io/loadbalancerIPs": "0.0.0.0"}, want: nil},
		"the same address in two words": {annotations: map[string]v1alpha1.AnnotationValue{"metallb.io/loadBalancerIPs": "203.0.113.7", "metallb.universe.tf/loadBalancerIPs": "203.0.113.7"}, want: []string{"203.0.113.7"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := FixedAddresses(test.annotations); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
