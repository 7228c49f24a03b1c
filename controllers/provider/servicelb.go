package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// ServiceLB of k3s runs a DaemonSet for each Service (k3s-io/k3s pkg/cloudprovider/servicelb.go). Its
// pods forward with DNAT and MASQUERADE (k3s-io/klipper-lb entry). Where the address in the Service's
// status is the node's own, kube-proxy takes packets before they reach these pods, and the source stays.
// It reads the tolerations of its pods from an annotation of the Service (writers.go).
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderServiceLB,
	name:     "k3s ServiceLB",
	signs: signs{
		agentPerService: agentPerService{namePrefix: "svclb-", label: "svccontroller.k3s.cattle.io/svcname"},
		agents:          []agentSign{{images: []string{"rancher/klipper-lb", "klipper-lb"}}},
		agentOrder:      2,
	},
	describe: func(view) Balancer {
		return Balancer{
			Path: Unknown, Why: "k3s ServiceLB masquerades traffic that does not arrive at a node address in the Service's status", NeedsNodePorts: true,
			// With externalTrafficPolicy Local (getStatus in pkg/cloudprovider/servicelb.go).
			HealthChecks: HealthChecks{Elsewhere: "assigns only the addresses of nodes with a ready pod"},
		}
	},
})
