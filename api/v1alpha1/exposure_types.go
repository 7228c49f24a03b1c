package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ExposureSpec says how traffic reaches the edge nodes. The Service always has externalTrafficPolicy
// Local.
//
// +kubebuilder:validation:XValidation:rule="!has(self.loadBalancer) || self.type == 'LoadBalancer'",message="exposure.loadBalancer needs exposure.type LoadBalancer: remove loadBalancer or change the type"
// +kubebuilder:validation:XValidation:rule="!has(self.nodePorts) || self.type == 'NodePort'",message="exposure.nodePorts needs exposure.type NodePort: remove nodePorts or change the type"
// +kubebuilder:validation:XValidation:rule="!(has(self.ipFamilies) || has(self.ipFamilyPolicy)) || self.type in ['LoadBalancer', 'NodePort']",message="exposure.ipFamilies and ipFamilyPolicy need a Service: write exposure.type LoadBalancer or NodePort, or remove them"
// +kubebuilder:validation:XValidation:rule="!has(self.ipFamilies) || size(self.ipFamilies) < 2 || (has(self.ipFamilyPolicy) && self.ipFamilyPolicy != 'SingleStack')",message="two exposure.ipFamilies need ipFamilyPolicy PreferDualStack or RequireDualStack: write one of these, or a single family"
// +kubebuilder:validation:XValidation:rule="!has(self.ipFamilies) || size(self.ipFamilies) != 1 || !has(self.ipFamilyPolicy) || self.ipFamilyPolicy == 'SingleStack'",message="exposure.ipFamilyPolicy PreferDualStack and RequireDualStack take both ipFamilies or none, because Kubernetes adds the second one: write both, the primary one first, or remove ipFamilies, or write SingleStack"
type ExposureSpec struct {
	// type is LoadBalancer (a load balancer of the cluster serves the Service), NodePort (a
	// balancer outside Kubernetes uses the Service's node ports), HostNetwork (the controller uses
	// the node's own network, without a Service) or HostPort (ports 80 and 443 of the node lead to
	// the pod, without a Service).
	// +optional
	// +kubebuilder:default=LoadBalancer
	Type ExposureType `json:"type,omitempty"`

	// loadBalancer refines type LoadBalancer.
	// +optional
	LoadBalancer *LoadBalancerSpec `json:"loadBalancer,omitempty"`

	// nodePorts fixes the ports of type NodePort.
	// +optional
	NodePorts *NodePortsSpec `json:"nodePorts,omitempty"`

	// ipFamilyPolicy of the Service. Default: the cluster's.
	// +optional
	// +kubebuilder:validation:Enum=SingleStack;PreferDualStack;RequireDualStack
	IPFamilyPolicy *corev1.IPFamilyPolicy `json:"ipFamilyPolicy,omitempty"`

	// ipFamilies of the Service, the primary one first. Default: the cluster's. With ipFamilyPolicy
	// PreferDualStack or RequireDualStack, write both or none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=2
	// +kubebuilder:validation:items:Enum=IPv4;IPv6
	// +kubebuilder:validation:XValidation:rule="size(self) > 0",message="exposure.ipFamilies must not be empty: write IPv4, IPv6 or both, or remove ipFamilies to take the cluster's"
	// +kubebuilder:validation:XValidation:rule="size(self) < 2 || self[0] != self[1]",message="exposure.ipFamilies names the same family twice: write IPv4 and IPv6, or one of them"
	IPFamilies []corev1.IPFamily `json:"ipFamilies,omitempty"`

	// drainDelay is how long the load balancer needs to notice that a node stopped serving: its
	// health-check interval times the number of failures, and a margin. A pod that ends serves on for
	// this long, while health checks already fail: those of healthCheckNodePort, or, with exposure.type
	// HostNetwork and HostPort, of the controller's own /healthz. Whole seconds from 0s to 10m, such as
	// 30s or 1m30s.
	// +optional
	// +kubebuilder:default="30s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}m)?([0-9]{1,3}s)?$') && size(self) > 0 && duration(self) <= duration('10m')",message="exposure.drainDelay must be whole seconds or minutes from 0s to 10m: write it like 30s or 1m30s"
	DrainDelay *metav1.Duration `json:"drainDelay,omitempty"`
}

// ExposureType says how traffic reaches the controller.
// +kubebuilder:validation:Enum=LoadBalancer;NodePort;HostNetwork;HostPort
type ExposureType string

// The values of ExposureType.
const (
	ExposureLoadBalancer ExposureType = "LoadBalancer"
	ExposureNodePort     ExposureType = "NodePort"
	ExposureHostNetwork  ExposureType = "HostNetwork"
	ExposureHostPort     ExposureType = "HostPort"
)

// LoadBalancerSpec refines a Service of type LoadBalancer.
type LoadBalancerSpec struct {
	// class is the Service's loadBalancerClass. It chooses one of several load-balancer implementations.
	// Immutable, as in Kubernetes.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="!format.qualifiedName().validate(self).hasValue()",message="exposure.loadBalancer.class must be a name or a name with a domain in front: write it like internal-vip or example.com/internal-vip"
	Class string `json:"class,omitempty"`

	// annotations of the Service. Many load balancers read their settings from them. The API server
	// refuses keys of the operator (edgeingress.dev) and of kubectl (kubectl.kubernetes.io). Write
	// allowed source addresses into sourceRanges.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && !format.qualifiedName().validate(k.lowerAscii()).hasValue())",messageExpression="'exposure.loadBalancer.annotations has \"' + self.filter(k, size(k) > 317 || format.qualifiedName().validate(k.lowerAscii()).hasValue())[0] + '\", which is no annotation key: write name or example.com/name'",message="exposure.loadBalancer.annotations has a key that is no annotation key: write name or example.com/name"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.lowerAscii().matches('^([^/]*[.])?(edgeingress[.]dev|kubectl[.]kubernetes[.]io)/'))",message="annotations under edgeingress.dev/ belong to the operator and those under kubectl.kubernetes.io/ to kubectl: remove them from exposure.loadBalancer.annotations"
	// +kubebuilder:validation:XValidation:rule="!('service.beta.kubernetes.io/load-balancer-source-ranges' in self)",message="exposure.loadBalancer.annotations must not hold service.beta.kubernetes.io/load-balancer-source-ranges: write exposure.loadBalancer.sourceRanges"
	// +kubebuilder:validation:XValidation:rule="self.map(k, size(k) + size(self[k])).sum() <= 50000",message="exposure.loadBalancer.annotations are larger than 50000 characters in all, more than Kubernetes lets an object have: write shorter values"
	Annotations map[string]AnnotationValue `json:"annotations,omitempty"`

	// sourceRanges are the addresses from which the load balancer accepts connections (the Service's
	// loadBalancerSourceRanges). Default: every address.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=200
	// +kubebuilder:validation:XValidation:rule="size(self) > 0",message="exposure.loadBalancer.sourceRanges must not be empty: write the ranges that may connect, or remove sourceRanges to let every address in"
	SourceRanges []CIDR `json:"sourceRanges,omitempty"`

	// provider is the load balancer. The verdict on the client's address rests on it. Auto recognises it
	// from the cluster. Where the operator cannot recognise it, name it, or say what it does:
	// PacketForwarding (it passes packets on and keeps their source) or Proxying (it ends the connection
	// and opens one of its own).
	// +optional
	// +kubebuilder:default=Auto
	Provider Provider `json:"provider,omitempty"`

	// nodePorts says whether the Service also gets node ports (allocateLoadBalancerNodePorts). Disable
	// them only where the load balancer delivers without them.
	// +optional
	// +kubebuilder:default=Enabled
	NodePorts Switch `json:"nodePorts,omitempty"`
}

// AnnotationValue is the value of an annotation.
// +kubebuilder:validation:MaxLength=4096
type AnnotationValue string

// Provider is a load-balancer implementation, or what it does with connections.
// +kubebuilder:validation:Enum=Auto;PacketForwarding;Proxying;MetalLB;KubeVIP;Cilium;Calico;KubeRouter;LoxiLB;OpenELB;PureLB;ServiceLB;CloudProviderKind;AWS;GCP;Azure;DigitalOcean;Hetzner;OVH;Scaleway;Linode;Vultr;OpenStack;IBM;Oracle;Alibaba;Tencent;Naver
type Provider string

// The values of Provider.
const (
	ProviderAuto              Provider = "Auto"
	ProviderPacketForwarding  Provider = "PacketForwarding"
	ProviderProxying          Provider = "Proxying"
	ProviderMetalLB           Provider = "MetalLB"
	ProviderKubeVIP           Provider = "KubeVIP"
	ProviderCilium            Provider = "Cilium"
	ProviderCalico            Provider = "Calico"
	ProviderKubeRouter        Provider = "KubeRouter"
	ProviderLoxiLB            Provider = "LoxiLB"
	ProviderOpenELB           Provider = "OpenELB"
	ProviderPureLB            Provider = "PureLB"
	ProviderServiceLB         Provider = "ServiceLB"
	ProviderCloudProviderKind Provider = "CloudProviderKind"
	ProviderAWS               Provider = "AWS"
	ProviderGCP               Provider = "GCP"
	ProviderAzure             Provider = "Azure"
	ProviderDigitalOcean      Provider = "DigitalOcean"
	ProviderHetzner           Provider = "Hetzner"
	ProviderOVH               Provider = "OVH"
	ProviderScaleway          Provider = "Scaleway"
	ProviderLinode            Provider = "Linode"
	ProviderVultr             Provider = "Vultr"
	ProviderOpenStack         Provider = "OpenStack"
	ProviderIBM               Provider = "IBM"
	ProviderOracle            Provider = "Oracle"
	ProviderAlibaba           Provider = "Alibaba"
	ProviderTencent           Provider = "Tencent"
	ProviderNaver             Provider = "Naver"
)

// NodePortsSpec fixes node ports. Kubernetes allocates those that are not written.
//
// +kubebuilder:validation:XValidation:rule="!has(self.http) || !has(self.https) || self.http != self.https",message="exposure.nodePorts.http and https must differ: write another port, or remove one to let Kubernetes choose it"
type NodePortsSpec struct {
	// http is the node port of plain HTTP.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	HTTP *int32 `json:"http,omitempty"`

	// https is the node port of HTTPS.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	HTTPS *int32 `json:"https,omitempty"`
}

// CIDR is an address range of IPv4 or IPv6, such as 203.0.113.0/24, without host bits.
//
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=43
// +kubebuilder:validation:XValidation:rule="isCIDR(self)",message="must be an address range: write it like 203.0.113.0/24 or 2001:db8::/32, a single address with /32 or /128, and IPv4 addresses as IPv4, not as ::ffff:..."
// +kubebuilder:validation:XValidation:rule="!isCIDR(self) || cidr(self) == cidr(self).masked()",message="must not have host bits: write the first address of the range, such as 10.0.0.0/8 for 10.0.0.5/8, or a single address with /32 or /128"
type CIDR string
