package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const ovhClass = "loadbalancer.ovhcloud.com/class"

// OVHcloud runs OpenStack Octavia with the amphora driver and also reads Octavia's annotations. It
// switches the health monitor on by default (ovh/docs
// pages/public_cloud/containers_orchestration/managed_kubernetes/expose_your_applications_using_a_load_balancer).
var _ = register(loadBalancer{
	provider:    v1alpha1.ProviderOVH,
	name:        "OVHcloud Load Balancer",
	signs:       signs{onNodesOf: v1alpha1.ProviderOpenStack, onNodesOfIf: ovhClass},
	annotations: annotations{decide: []string{ovhClass}},
	describe:    octaviaAmphora,
})
