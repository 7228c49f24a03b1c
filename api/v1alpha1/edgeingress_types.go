package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EdgeIngress makes a set of nodes the only way into the cluster: it labels (and taints) them, runs an ingress controller on
// exactly these nodes, publishes it without losing the client's address, and reports in conditions whether that address
// reaches the application.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,shortName=ei
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`,description="Nodes, controller, load balancer and configuration are as asked for"
// +kubebuilder:printcolumn:name="Source IP",type=string,JSONPath=`.status.conditions[?(@.type=="SourceIPPreserved")].status`,description="Whether the client's address was measured to reach the application"
// +kubebuilder:printcolumn:name="Nodes",type=string,JSONPath=`.status.nodes.summary`,description="Edge nodes that serve, of those selected"
// +kubebuilder:printcolumn:name="Address",type=string,JSONPath=`.status.addresses[0]`,description="First address from which clients reach the controller"
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Class",type=string,priority=1,JSONPath=`.status.ingressClass`,description="The ingressClassName to write into an Ingress"
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`,description="Why Ready is what it is"
// +kubebuilder:printcolumn:name="Source IP Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="SourceIPPreserved")].reason`,description="Why Source IP is what it is"
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 50",message="metadata.name must be at most 50 characters, because names of other objects are made from it: choose a shorter name"
// +kubebuilder:validation:XValidation:rule="!self.metadata.name.contains('.')",message="metadata.name must not contain dots, because namespaces and Services are named after it: write a DNS label such as public-web"
type EdgeIngress struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what should be.
	// +required
	Spec EdgeIngressSpec `json:"spec"`

	// status is what was seen.
	// +optional
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

// EdgeIngressSpec is the desired state. The short form is spec.nodes alone.
//
// +kubebuilder:validation:XValidation:rule="has(self.__namespace__) == has(oldSelf.__namespace__) && (!has(self.__namespace__) || self.__namespace__ == oldSelf.__namespace__)",message="namespace cannot be changed: create a second EdgeIngress with the other namespace, then delete this one"
// +kubebuilder:validation:XValidation:rule="(has(self.ingressClass) && has(self.ingressClass.name)) == (has(oldSelf.ingressClass) && has(oldSelf.ingressClass.name)) && (!has(self.ingressClass) || !has(self.ingressClass.name) || self.ingressClass.name == oldSelf.ingressClass.name)",message="ingressClass.name cannot be changed, because Ingress objects refer to it: create a second EdgeIngress with the other class, then delete this one"
// +kubebuilder:validation:XValidation:rule="(has(self.exposure.loadBalancer) && has(self.exposure.loadBalancer.class)) == (has(oldSelf.exposure.loadBalancer) && has(oldSelf.exposure.loadBalancer.class)) && (!has(self.exposure.loadBalancer) || !has(self.exposure.loadBalancer.class) || self.exposure.loadBalancer.class == oldSelf.exposure.loadBalancer.class)",message="exposure.loadBalancer.class cannot be changed, because Kubernetes freezes a Service's loadBalancerClass: create a second EdgeIngress with the other class, then delete this one"
// +kubebuilder:validation:XValidation:rule="self.nodes.label == oldSelf.nodes.label",message="nodes.label cannot be changed, because running pods tolerate the old taint only: create a second EdgeIngress with the other label, then delete this one"
// +kubebuilder:validation:XValidation:rule="self.controller.kind == oldSelf.controller.kind || !(self.exposure.type in ['HostNetwork', 'HostPort'] || oldSelf.exposure.type in ['HostNetwork', 'HostPort'])",message="controller.kind cannot be changed while the controller holds host ports, because the old and the new one need the same ports of the same nodes: create a second EdgeIngress on other nodes, then delete this one"
// +kubebuilder:validation:XValidation:rule="!(self.exposure.type in ['HostNetwork', 'HostPort']) || !has(self.controller.rollout) || !has(self.controller.rollout.maxSurge) || self.controller.rollout.maxSurge == 0",message="controller.rollout.maxSurge must be 0 with exposure.type HostNetwork or HostPort, because two pods cannot hold the same port of a node: remove maxSurge"
type EdgeIngressSpec struct {
	// namespace is where the ingress controller runs. It is created if it does not exist and is never deleted. Default: edge-<metadata.name>. Immutable.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Label().validate(self).hasValue()",message="namespace must be a DNS label: lower-case letters, digits and hyphens, such as edge-public"
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('kube-')",message="namespaces that begin with kube- belong to Kubernetes: write one of your own, such as edge-public"
	Namespace string `json:"namespace,omitempty"`

	// nodes says which nodes are edge nodes.
	// +required
	Nodes NodesSpec `json:"nodes"`

	// controller says how the ingress controller runs.
	// +optional
	// +kubebuilder:default={}
	Controller ControllerSpec `json:"controller,omitempty"`

	// ingressClass is the class that Ingress objects name to be served here.
	// +optional
	IngressClass *IngressClassSpec `json:"ingressClass,omitempty"`

	// exposure says how traffic reaches the edge nodes.
	// +optional
	// +kubebuilder:default={}
	Exposure ExposureSpec `json:"exposure,omitempty"`

	// clientIP says what stands in front of the edge nodes and may name the client's address. Without it the address of the connection is the client's, and no header is believed.
	// +optional
	ClientIP *ClientIPSpec `json:"clientIP,omitempty"`
}

// NodesSpec chooses the edge nodes.
//
// +kubebuilder:validation:XValidation:rule="has(self.selector) != has(self.names)",message="write exactly one of nodes.selector and nodes.names"
type NodesSpec struct {
	// selector chooses nodes by label; nodes that get the label later join.
	// +optional
	// +kubebuilder:validation:XValidation:rule="(has(self.matchLabels) && size(self.matchLabels) > 0) || (has(self.matchExpressions) && size(self.matchExpressions) > 0)",message="nodes.selector must not be empty, because it would take every node: write matchLabels or matchExpressions"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchLabels) || size(self.matchLabels) <= 16",message="nodes.selector.matchLabels takes at most 16 labels"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchLabels) || size(self.matchLabels) > 16 || self.matchLabels.all(k, size(k) <= 317 && !format.qualifiedName().validate(k).hasValue())",message="nodes.selector.matchLabels has a key that is no label key: write [prefix/]name, such as example.com/pool"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchLabels) || size(self.matchLabels) > 16 || self.matchLabels.all(k, size(self.matchLabels[k]) <= 63 && !format.labelValue().validate(self.matchLabels[k]).hasValue())",message="nodes.selector.matchLabels has a value that is no label value: at most 63 letters, digits, '-', '_' and '.'"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || size(self.matchExpressions) <= 16",message="nodes.selector.matchExpressions takes at most 16 expressions"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || size(self.matchExpressions) > 16 || self.matchExpressions.all(e, e.operator in ['In', 'NotIn', 'Exists', 'DoesNotExist'])",message="nodes.selector.matchExpressions: operator must be In, NotIn, Exists or DoesNotExist"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || size(self.matchExpressions) > 16 || self.matchExpressions.all(e, (e.operator in ['In', 'NotIn']) == (has(e.values) && size(e.values) > 0))",message="nodes.selector.matchExpressions: write values with In and NotIn, and none with Exists and DoesNotExist"
	// +kubebuilder:validation:XValidation:rule="!has(self.matchExpressions) || size(self.matchExpressions) > 16 || self.matchExpressions.all(e, size(e.key) <= 317 && !format.qualifiedName().validate(e.key).hasValue())",message="nodes.selector.matchExpressions has a key that is no label key: write [prefix/]name, such as example.com/pool"
	Selector *metav1.LabelSelector `json:"selector,omitempty"`

	// names lists the edge nodes. A node that does not exist yet joins when it appears.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`
	Names []string `json:"names,omitempty"`

	// label is the role label that edge nodes carry, and with isolation Dedicated also the key of their taint. Allowed are
	// node-role.kubernetes.io/edge and /ingress (with an optional suffix, such as edge-internal) and keys under edgeingress.dev/:
	// a kubelet cannot give itself these role labels, and any other key may mean something to other software, so that setting
	// and tainting it would take over a foreign role. Immutable.
	// +optional
	// +kubebuilder:default="node-role.kubernetes.io/edge"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="!format.qualifiedName().validate(self).hasValue()",message="nodes.label must be a label key: write node-role.kubernetes.io/edge"
	// +kubebuilder:validation:XValidation:rule="self.matches('^(node-role[.]kubernetes[.]io/(edge|ingress)(-[A-Za-z0-9._-]+)?|edgeingress[.]dev/.+)$')",message="nodes.label must be node-role.kubernetes.io/edge or node-role.kubernetes.io/ingress (a suffix such as -internal is allowed) or begin with edgeingress.dev/: other roles are not this operator's to give"
	Label string `json:"label,omitempty"`

	// isolation says whether other pods are kept off the edge nodes: Dedicated adds a NoSchedule taint with the key of nodes.label, Shared adds the labels only.
	// +optional
	// +kubebuilder:default=Dedicated
	Isolation Isolation `json:"isolation,omitempty"`
}

// Isolation says whether other pods are kept off the edge nodes.
// +kubebuilder:validation:Enum=Dedicated;Shared
type Isolation string

// The values of Isolation.
const (
	IsolationDedicated Isolation = "Dedicated"
	IsolationShared    Isolation = "Shared"
)

// ControllerSpec says how the ingress controller runs.
//
// +kubebuilder:validation:XValidation:rule="!has(self.replicas) || self.kind == 'Deployment'",message="controller.replicas needs controller.kind Deployment: a DaemonSet runs one pod on each edge node; remove replicas or write kind: Deployment"
// +kubebuilder:validation:XValidation:rule="self.kind != 'DaemonSet' || !has(self.rollout) || !has(self.rollout.maxSurge) || !has(self.rollout.maxUnavailable) || (self.rollout.maxSurge == 0) != (self.rollout.maxUnavailable == 0)",message="controller.rollout: of a DaemonSet exactly one of maxSurge and maxUnavailable is greater than 0"
// +kubebuilder:validation:XValidation:rule="self.kind != 'Deployment' || !has(self.rollout) || !has(self.rollout.maxSurge) || !has(self.rollout.maxUnavailable) || self.rollout.maxSurge > 0 || self.rollout.maxUnavailable > 0",message="controller.rollout: maxSurge and maxUnavailable cannot both be 0, because nothing could be replaced"
type ControllerSpec struct {
	// engine is the ingress controller that is run.
	// +optional
	// +kubebuilder:default=IngressNGINX
	Engine Engine `json:"engine,omitempty"`

	// kind is the workload: a DaemonSet runs one controller on each edge node, a Deployment as many as replicas says, spread over the edge nodes.
	// +optional
	// +kubebuilder:default=DaemonSet
	Kind WorkloadKind `json:"kind,omitempty"`

	// replicas is the number of controllers of a Deployment. Default: 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	Replicas *int32 `json:"replicas,omitempty"`

	// rollout says how pods are replaced. Default: one new pod more until it serves; with host ports one node at a time.
	// +optional
	Rollout *RolloutSpec `json:"rollout,omitempty"`

	// image replaces the controller's image as a whole: repository, tag and digest belong together. The repository must be one that the operator's flag --allowed-image-repositories names.
	// +optional
	Image *ImageSpec `json:"image,omitempty"`

	// config holds further settings of the engine, by its own keys. Keys that the engine does not know, that this API owns or that could undo the trust settings are not written and are reported in the condition ConfigEffective.
	// +optional
	// +kubebuilder:validation:MaxProperties=200
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) > 0 && size(k) <= 253 && k.matches('^[-._a-zA-Z0-9]+$'))",message="controller.config has a key that a ConfigMap cannot hold: use letters, digits, '-', '_' and '.'"
	Config map[string]ConfigValue `json:"config,omitempty"`

	// resources of the controller's container. Default: requests of 100m CPU and 128Mi memory, no limits.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
}

// ConfigValue is the value of an engine setting.
// +kubebuilder:validation:MaxLength=4096
type ConfigValue string

// Engine is an ingress controller.
// +kubebuilder:validation:Enum=IngressNGINX
type Engine string

// EngineIngressNGINX is the community's ingress-nginx (kubernetes/ingress-nginx), retired upstream in March 2026.
const EngineIngressNGINX Engine = "IngressNGINX"

// WorkloadKind is the kind of workload that runs the controller.
// +kubebuilder:validation:Enum=DaemonSet;Deployment
type WorkloadKind string

// The values of WorkloadKind.
const (
	WorkloadDaemonSet  WorkloadKind = "DaemonSet"
	WorkloadDeployment WorkloadKind = "Deployment"
)

// RolloutSpec says how pods are replaced; the numbers are pods (of a DaemonSet: nodes).
type RolloutSpec struct {
	// maxSurge is how many pods may run more than asked for while pods are replaced.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MaxSurge *int32 `json:"maxSurge,omitempty"`

	// maxUnavailable is how many pods may be missing while pods are replaced.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MaxUnavailable *int32 `json:"maxUnavailable,omitempty"`
}

// ImageSpec is an image, pinned by digest.
type ImageSpec struct {
	// repository without tag, such as registry.example.com/ingress-nginx/controller.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$')",message="image.repository must be registry/path without tag or digest, such as registry.example.com/ingress-nginx/controller"
	Repository string `json:"repository"`

	// tag names the version for people; the digest decides what runs.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_][A-Za-z0-9._-]*$')",message="image.tag must be an image tag, such as v1.15.1"
	Tag string `json:"tag"`

	// digest of the image, sha256:<64 hexadecimal digits>.
	// +required
	// +kubebuilder:validation:MinLength=71
	// +kubebuilder:validation:MaxLength=71
	// +kubebuilder:validation:XValidation:rule="self.matches('^sha256:[0-9a-f]{64}$')",message="image.digest must be sha256: and 64 hexadecimal digits"
	Digest string `json:"digest"`
}

// IngressClassSpec is the IngressClass of this EdgeIngress.
type IngressClassSpec struct {
	// name of the IngressClass. Default: metadata.name. Immutable.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="!format.dns1123Subdomain().validate(self).hasValue()",message="ingressClass.name must be lower-case letters, digits, hyphens and dots, such as public"
	Name string `json:"name,omitempty"`

	// default makes this the class of Ingress objects that name none.
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
