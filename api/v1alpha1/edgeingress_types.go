package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// EdgeIngress makes a set of nodes the only way into the cluster. It labels and taints the nodes, runs
// an ingress controller on exactly these nodes, publishes it without losing the client's address, and
// reports in conditions whether that address reaches the application.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=ei
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Nodes, controller, load balancer and configuration are as the spec asks"
// +kubebuilder:printcolumn:name="Nodes Keep IP",type=string,JSONPath=`.status.conditions[?(@.type=="NodesKeepSourceIP")].status`,description="Whether the edge nodes were measured to keep the source address of connections"
// +kubebuilder:printcolumn:name="Source IP",type=string,JSONPath=`.status.conditions[?(@.type=="SourceIPPreserved")].status`,description="Whether the client's address was measured to reach the application"
// +kubebuilder:printcolumn:name="Nodes",type=string,JSONPath=`.status.nodes.summary`,description="Edge nodes that serve, of those selected"
// +kubebuilder:printcolumn:name="Address",type=string,JSONPath=`.status.addresses[0]`,description="First address from which clients reach the controller"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Class",type=string,priority=1,JSONPath=`.status.ingressClass`,description="The ingressClassName to write into an Ingress"
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why Ready is what it is"
// +kubebuilder:printcolumn:name="Source IP Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="SourceIPPreserved")].reason`,description="Why Source IP is what it is"
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 50",message="metadata.name must be at most 50 characters, because names of other objects are made from it: choose a shorter name"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z][-a-z0-9]*$')",message="metadata.name must begin with a letter and hold only lower-case letters, digits and hyphens, because namespaces and Services are named after it: write a name such as public-web"
// +kubebuilder:validation:XValidation:rule="self.metadata.name != 'ingress-operator-system' || has(self.spec.__namespace__)",message="metadata.name ingress-operator-system would make the operator's own namespace, edge-ingress-operator-system, the controller's: choose another name, or write spec.namespace"
type EdgeIngress struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is the desired state.
	// +required
	Spec EdgeIngressSpec `json:"spec"`

	// status is the observed state.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status EdgeIngressStatus `json:"status,omitempty"`
}

// EdgeIngressList is a list of EdgeIngress.
//
// +kubebuilder:object:root=true
type EdgeIngressList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []EdgeIngress `json:"items"`
}

// EdgeIngressSpec is the desired state. Only nodes is required.
//
// +kubebuilder:validation:XValidation:rule="has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)",message="namespace cannot be changed: create a second EdgeIngress with the other namespace, then delete this one"
// +kubebuilder:validation:XValidation:rule="(has(self.ingressClass) && has(self.ingressClass.name)) == (has(oldSelf.ingressClass) && has(oldSelf.ingressClass.name)) && (!has(self.ingressClass) || !has(self.ingressClass.name) || self.ingressClass.name == oldSelf.ingressClass.name)",message="ingressClass.name cannot be changed, because Ingress objects refer to it: create a second EdgeIngress with the other class, then delete this one"
// +kubebuilder:validation:XValidation:rule="self.exposure.type != 'LoadBalancer' || oldSelf.exposure.type != 'LoadBalancer' || ((has(self.exposure.loadBalancer) && has(self.exposure.loadBalancer.class)) == (has(oldSelf.exposure.loadBalancer) && has(oldSelf.exposure.loadBalancer.class)) && (!has(self.exposure.loadBalancer) || !has(self.exposure.loadBalancer.class) || self.exposure.loadBalancer.class == oldSelf.exposure.loadBalancer.class))",message="exposure.loadBalancer.class cannot be changed, because Kubernetes freezes a Service's loadBalancerClass: create a second EdgeIngress with the other class, then delete this one"
// +kubebuilder:validation:XValidation:rule="!has(self.exposure.ipFamilies) || !has(oldSelf.exposure.ipFamilies) || size(self.exposure.ipFamilies) == 0 || self.exposure.ipFamilies[0] == oldSelf.exposure.ipFamilies[0]",message="the first of exposure.ipFamilies cannot be changed, because Kubernetes freezes a Service's primary family: create a second EdgeIngress with the other family, then delete this one"
// +kubebuilder:validation:XValidation:rule="self.nodes.label == oldSelf.nodes.label",message="nodes.label cannot be changed, because running pods tolerate the old taint only: create a second EdgeIngress with the other label, then delete this one"
// +kubebuilder:validation:XValidation:rule="self.controller.kind == oldSelf.controller.kind || !(self.exposure.type in ['HostNetwork', 'HostPort'] || oldSelf.exposure.type in ['HostNetwork', 'HostPort'])",message="controller.kind cannot be changed while the controller holds host ports, because the old and the new one need the same ports of the same nodes: create a second EdgeIngress on other nodes, then delete this one"
// +kubebuilder:validation:XValidation:rule="!(self.exposure.type in ['HostNetwork', 'HostPort']) || !has(self.controller.rollout) || !has(self.controller.rollout.maxSurge) || self.controller.rollout.maxSurge == 0",message="controller.rollout.maxSurge must be 0 with exposure.type HostNetwork or HostPort, because two pods cannot hold the same port of a node: remove maxSurge"
// +kubebuilder:validation:XValidation:rule="!(self.exposure.type in ['HostNetwork', 'HostPort']) || !has(self.controller.rollout) || !has(self.controller.rollout.maxUnavailable) || self.controller.rollout.maxUnavailable > 0",message="controller.rollout.maxUnavailable must be at least 1 with exposure.type HostNetwork or HostPort, because a pod can only be replaced after it gave up its ports: write 1 or remove maxUnavailable"
// +kubebuilder:validation:XValidation:rule="self.controller.engine != 'IngressNGINX' || !has(self.clientIP) || !has(self.clientIP.proxyProtocol) || !has(self.clientIP.forwardedHeader) || self.clientIP.forwardedHeader.protoAndHost == 'TrustFromAnyone'",fieldPath=".clientIP.forwardedHeader.protoAndHost",message="with clientIP.proxyProtocol and clientIP.forwardedHeader together the engine IngressNGINX trusts X-Forwarded-Proto, -Host and -Port from anybody: write forwardedHeader.protoAndHost: TrustFromAnyone to accept that, or remove one of the two"
// +kubebuilder:validation:XValidation:rule="self.controller.engine != 'IngressNGINX' || !has(self.clientIP) || !has(self.clientIP.forwardedHeader) || !self.clientIP.forwardedHeader.header.contains('_')",fieldPath=".clientIP.forwardedHeader.header",message="clientIP.forwardedHeader.header must not have an underscore, because the engine IngressNGINX drops such headers: write X-Forwarded-For or the header of your CDN, such as CF-Connecting-IP"
// +kubebuilder:validation:XValidation:rule="self.controller.engine != 'IngressNGINX' || !has(self.clientIP) || !has(self.clientIP.forwardedHeader) || !(self.clientIP.forwardedHeader.header.lowerAscii() in ['x-original-forwarded-for', 'x-forwarded-for-proxy-protocol'])",fieldPath=".clientIP.forwardedHeader.header",message="clientIP.forwardedHeader.header must not be a header that the engine IngressNGINX writes itself: write X-Forwarded-For or the header of your CDN, such as CF-Connecting-IP"
type EdgeIngressSpec struct {
	// namespace is where the ingress controller runs. The operator creates it if it does not exist, and
	// never deletes it. Default: edge-<metadata.name>. Immutable. A namespace that exists already and has
	// another name than the default needs the label edgeingress.dev/controllers=allowed, or the admission
	// policies of the guard refuse the operator's objects in it.
	// A pod in this namespace can act as the controller, which reads every Secret, so use the namespace
	// for nothing else. The API server refuses the namespaces of Kubernetes (kube-*), default, and
	// edge-ingress-operator-system, where the controller's rights would reach the operator's leader election.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Label().validate(self).hasValue()",message="namespace must be lower-case letters, digits and hyphens, and begin and end with a letter or digit: write a name such as edge-public"
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('kube-')",message="namespaces that begin with kube- belong to Kubernetes: write one of its own, such as edge-public, or remove namespace"
	// +kubebuilder:validation:XValidation:rule="self != 'default'",message="namespace must not be default, because whoever may run pods there could act as the controller, which reads every Secret: write one of its own, such as edge-public, or remove namespace"
	// +kubebuilder:validation:XValidation:rule="self != 'edge-ingress-operator-system'",message="namespace must not be edge-ingress-operator-system, where the operator runs, because the controller would get rights beside the operator's leader election: write one of its own, such as edge-public, or remove namespace"
	Namespace string `json:"namespace,omitempty"`

	// nodes says which nodes are edge nodes.
	// +required
	Nodes NodesSpec `json:"nodes"`

	// controller says how the ingress controller runs.
	// +optional
	// +kubebuilder:default={}
	Controller ControllerSpec `json:"controller,omitempty"`

	// ingressClass is the class that Ingress objects name.
	// +optional
	IngressClass *IngressClassSpec `json:"ingressClass,omitempty"`

	// exposure says how traffic reaches the edge nodes.
	// +optional
	// +kubebuilder:default={}
	Exposure ExposureSpec `json:"exposure,omitempty"`

	// clientIP names the proxies in front of the edge nodes that may tell the client's address. Without
	// it, the address of the connection counts, and the controller trusts no header.
	// +optional
	ClientIP *ClientIPSpec `json:"clientIP,omitempty"`

	// verification says how the path of the client's address is measured.
	// +optional
	Verification *VerificationSpec `json:"verification,omitempty"`
}

// IngressClassSpec is the IngressClass of this EdgeIngress.
type IngressClassSpec struct {
	// name of the IngressClass. Default: metadata.name. Immutable.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="ingressClass.name must be lower-case letters, digits, hyphens and dots, and begin and end with a letter or digit: write a name such as public"
	Name string `json:"name,omitempty"`

	// default makes this the class of Ingress objects that name no class.
	// +optional
	// +kubebuilder:default=Disabled
	Default Switch `json:"default,omitempty"`
}

// Switch is Enabled or Disabled.
// +kubebuilder:validation:Enum=Enabled;Disabled
type Switch string

// The values of Switch.
const (
	Enabled  Switch = "Enabled"
	Disabled Switch = "Disabled"
)
