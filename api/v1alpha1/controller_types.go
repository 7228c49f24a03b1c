package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// ControllerSpec says how the ingress controller runs.
//
// +kubebuilder:validation:XValidation:rule="!has(self.replicas) || self.kind == 'Deployment'",message="controller.replicas needs controller.kind Deployment: a DaemonSet runs one pod on each edge node; remove replicas or write kind: Deployment"
// +kubebuilder:validation:XValidation:rule="self.kind != 'DaemonSet' || !has(self.rollout) || !has(self.rollout.maxSurge) || !has(self.rollout.maxUnavailable) || (self.rollout.maxSurge == 0) != (self.rollout.maxUnavailable == 0)",message="controller.rollout of a DaemonSet: exactly one of maxSurge and maxUnavailable must be greater than 0, because Kubernetes takes no other: write maxSurge: 1 and maxUnavailable: 0, or maxSurge: 0 and maxUnavailable: 1"
// +kubebuilder:validation:XValidation:rule="self.kind != 'Deployment' || !has(self.rollout) || !has(self.rollout.maxSurge) || !has(self.rollout.maxUnavailable) || self.rollout.maxSurge > 0 || self.rollout.maxUnavailable > 0",message="controller.rollout: maxSurge and maxUnavailable cannot both be 0, because no pod could be replaced: write maxSurge: 1"
type ControllerSpec struct {
	// engine is the ingress controller that runs.
	// +optional
	// +kubebuilder:default=IngressNGINX
	Engine Engine `json:"engine,omitempty"`

	// kind is the workload. A DaemonSet runs one controller on each edge node. A Deployment runs as many
	// as replicas says, spread over the edge nodes.
	// +optional
	// +kubebuilder:default=DaemonSet
	Kind WorkloadKind `json:"kind,omitempty"`

	// replicas is the number of controllers of a Deployment. Default: 2.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=500
	Replicas *int32 `json:"replicas,omitempty"`

	// rollout says how pods are replaced. Default: a new pod serves before an old one ends; with host
	// ports, one node at a time.
	// +optional
	Rollout *RolloutSpec `json:"rollout,omitempty"`

	// image replaces the controller's image as a whole: repository, tag and digest belong together. The
	// operator's flag --allowed-image-repositories must name the repository, and so must the admission
	// policy edge-ingress-guard-workloads.
	// +optional
	Image *ImageSpec `json:"image,omitempty"`

	// config holds further settings of the engine, by its own keys. The operator does not write keys that
	// the engine does not know, that this API owns, or that could undo the trust settings. The condition
	// ConfigEffective reports them.
	// +optional
	// +kubebuilder:validation:MaxProperties=200
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 253 && k.matches('^[-._a-zA-Z0-9]+$') && k != '.' && !k.startsWith('..'))",message="controller.config has a key that a ConfigMap cannot hold: write at most 253 letters, digits, '-', '_' and '.', such as proxy-body-size"
	// +kubebuilder:validation:XValidation:rule="self.map(k, size(k) + size(self[k])).sum() <= 100000",message="controller.config is larger than 100000 characters in all, more than fits into a ConfigMap beside the rest: write shorter values"
	Config map[string]ConfigValue `json:"config,omitempty"`

	// resources of the controller's container. Default: requests of 100m CPU and 128Mi memory, no limits.
	// +optional
	Resources *ResourcesSpec `json:"resources,omitempty"`

	// tolerations let the controller run on edge nodes that have taints of their own, such as those of
	// a node pool. The taint that the operator sets is always tolerated. A change replaces the pods.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Tolerations []Toleration `json:"tolerations,omitempty"`
}

// ResourcesSpec is what the controller's container gets, as in a pod: cpu, memory and
// ephemeral-storage.
//
// +kubebuilder:validation:XValidation:rule="!has(self.requests) || !has(self.limits) || self.requests.all(k, !(k in self.limits) || !isQuantity(string(self.requests[k])) || !isQuantity(string(self.limits[k])) || !quantity(string(self.requests[k])).isGreaterThan(quantity(string(self.limits[k]))))",message="controller.resources: a request must not be larger than the limit of the same resource: lower the request or raise the limit"
type ResourcesSpec struct {
	// requests are reserved for the container.
	// +optional
	Requests ResourceAmounts `json:"requests,omitempty"`

	// limits are the most that the container may use.
	// +optional
	Limits ResourceAmounts `json:"limits,omitempty"`
}

// ResourceAmounts are quantities of cpu, memory and ephemeral-storage, such as 500m or 256Mi.
//
// +kubebuilder:validation:MaxProperties=3
// +kubebuilder:validation:XValidation:rule="self.all(k, k in ['cpu', 'memory', 'ephemeral-storage'])",messageExpression="'controller.resources takes cpu, memory and ephemeral-storage only: remove ' + self.filter(k, !(k in ['cpu', 'memory', 'ephemeral-storage']))[0]",message="controller.resources takes cpu, memory and ephemeral-storage only: remove the others"
// +kubebuilder:validation:XValidation:rule="self.all(k, isQuantity(string(self[k])) && !quantity(string(self[k])).isLessThan(quantity('0')))",message="controller.resources: an amount must be a quantity that is not negative: write it like 500m or 256Mi"
type ResourceAmounts map[corev1.ResourceName]resource.Quantity

// Requirements are the same amounts in the types of a pod. They are empty for nil.
func (r *ResourcesSpec) Requirements() corev1.ResourceRequirements {
	if r == nil {
		return corev1.ResourceRequirements{}
	}
	return corev1.ResourceRequirements{Requests: corev1.ResourceList(r.Requests), Limits: corev1.ResourceList(r.Limits)}
}

// ConfigValue is the value of an engine setting.
// +kubebuilder:validation:MaxLength=4096
type ConfigValue string

// Engine is an ingress controller.
// +kubebuilder:validation:Enum=IngressNGINX
type Engine string

// EngineIngressNGINX is the community's ingress-nginx (kubernetes/ingress-nginx), retired upstream
// in March 2026.
const EngineIngressNGINX Engine = "IngressNGINX"

// WorkloadKind is the kind of workload that runs the controller.
// +kubebuilder:validation:Enum=DaemonSet;Deployment
type WorkloadKind string

// The values of WorkloadKind.
const (
	WorkloadDaemonSet  WorkloadKind = "DaemonSet"
	WorkloadDeployment WorkloadKind = "Deployment"
)

// RolloutSpec says how pods are replaced. The numbers are pods (of a DaemonSet: nodes).
type RolloutSpec struct {
	// maxSurge is how many additional pods may run while pods are replaced.
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
	// repository without tag, such as registry.example.com/ingress/controller.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$')",message="controller.image.repository must be registry/path in lower case, without tag and digest: write it like registry.example.com/ingress/controller"
	Repository string `json:"repository"`

	// tag names the version for people. The digest decides what runs.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z0-9_][A-Za-z0-9._-]*$')",message="controller.image.tag must be letters, digits, '_', '.' and '-': write it like v1.15.1"
	Tag string `json:"tag"`

	// digest of the image, sha256:<64 hexadecimal digits>.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:XValidation:rule="self.matches('^sha256:[0-9a-f]{64}$')",message="controller.image.digest must be sha256: and 64 hexadecimal digits in lower case: write what the registry says for the tag"
	Digest string `json:"digest"`
}
