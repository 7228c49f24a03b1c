package provider

import "github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"

// entry is one load balancer that this package knows.
type entry struct {
	name string
	// lowConfidence balancers are described for those who declare them, and not recognised unasked.
	lowConfidence bool
	describe      func(view) Balancer
}

// catalogue is all load balancers that this package knows, and what each does as its annotations stand.
var catalogue = map[v1alpha1.Provider]entry{
	v1alpha1.ProviderPacketForwarding:  {name: "the declared packet-forwarding balancer", describe: forwarding},
	v1alpha1.ProviderProxying:          {name: "the declared proxying balancer", describe: proxying},
	v1alpha1.ProviderMetalLB:           {name: "MetalLB", describe: forwarding},
	v1alpha1.ProviderKubeVIP:           {name: "kube-vip", describe: forwarding},
	v1alpha1.ProviderCilium:            {name: "Cilium", describe: cilium},
	v1alpha1.ProviderServiceLB:         {name: "k3s ServiceLB", describe: serviceLB},
	v1alpha1.ProviderCloudProviderKind: {name: "cloud-provider-kind", describe: cloudProviderKind},
	v1alpha1.ProviderAWS:               {name: "AWS", describe: aws},
	v1alpha1.ProviderGCP:               {name: "Google Cloud's passthrough Network Load Balancer", describe: forwarding},
	v1alpha1.ProviderAzure:             {name: "Azure Load Balancer", describe: azure},
	v1alpha1.ProviderDigitalOcean:      {name: "DigitalOcean Load Balancer", describe: digitalOcean},
	v1alpha1.ProviderHetzner:           {name: "Hetzner Load Balancer", describe: hetzner},
	v1alpha1.ProviderOVH:               {name: "OVHcloud Load Balancer", describe: octaviaAmphora},
	v1alpha1.ProviderScaleway:          {name: "Scaleway Load Balancer", describe: scaleway},
	v1alpha1.ProviderLinode:            {name: "Linode NodeBalancer", describe: linode},
	v1alpha1.ProviderVultr:             {name: "Vultr Load Balancer", describe: vultr},
	v1alpha1.ProviderOpenStack:         {name: "OpenStack Octavia", describe: octavia},
	v1alpha1.ProviderIBM:               {name: "IBM Cloud's load balancer", lowConfidence: true, describe: ibm},
	v1alpha1.ProviderOracle:            {name: "Oracle Cloud's load balancer", describe: oracle},
	v1alpha1.ProviderAlibaba:           {name: "Alibaba Cloud's load balancer", describe: alibaba},
	v1alpha1.ProviderTencent:           {name: "Tencent Cloud's load balancer", lowConfidence: true, describe: tencent},
	v1alpha1.ProviderNaver:             {name: "NAVER Cloud's load balancer", lowConfidence: true, describe: naver},
}
