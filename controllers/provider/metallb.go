package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

const (
	metalLBPool       = "metallb.io/ip-allocated-from-pool"
	metalLBPoolBefore = "metallb.universe.tf/ip-allocated-from-pool"
)

// MetalLB attracts packets to a node, by ARP and NDP or by BGP, and does not change them
// (metallb/metallb website/content/concepts/layer2.md and bgp.md). Its controller writes the pool of an
// address into an annotation of the Service (internal/k8s annotations; the domain was
// metallb.universe.tf before). Images and labels come from its manifests and chart. FRR-K8s holds the
// BGP sessions of newer versions.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderMetalLB,
	name:     "MetalLB",
	signs: signs{
		marks: []string{metalLBPool, metalLBPoolBefore},
		agents: []agentSign{
			{
				images: []string{"metallb/speaker", "metallb-speaker"}, variables: []string{"METALLB_NODE_NAME", "METALLB_HOST"},
				labels: map[string]string{"app.kubernetes.io/name": "metallb", "app.kubernetes.io/component": "speaker"},
			},
			{labels: map[string]string{"app": "metallb", "component": "speaker"}},
			// OVN-Kubernetes runs FRR-K8s without MetalLB (openshift/cluster-network-operator bindata/network/frr-k8s).
			{images: []string{"metallb/frr-k8s", "frr-k8s"}, labels: map[string]string{"app": "frr-k8s"}, companion: true},
		},
		// metallb/metallb-operator api/v1beta1 MetalLBSpec, and metallb/metallb charts/metallb/values.yaml.
		owner:       agentOwner{resource: "MetalLB", fields: map[string]string{"tolerations": "spec.speakerTolerations", "nodeSelector": "spec.nodeSelector"}},
		chartPrefix: "speaker.",
	},
	annotations: annotations{written: []string{metalLBPool, metalLBPoolBefore}},
	describe: func(view) Balancer {
		return Balancer{
			Path: Forwards, HealthChecks: followsEndpoints,
			NotRead: "the node selectors of MetalLB's L2Advertisement and BGPAdvertisement objects, and the node that announces the address",
		}
	},
})
