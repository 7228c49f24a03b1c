package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// EdgeIngressStatus is what was seen.
type EdgeIngressStatus struct {
	// observedGeneration is the generation of the spec that this status is about.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are the verdicts; docs/conditions.md explains each type and reason.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=32
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// namespace is where the controller runs.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// ingressClass is the ingressClassName that an Ingress names to be served here.
	// +optional
	IngressClass string `json:"ingressClass,omitempty"`

	// nodes counts the edge nodes.
	// +optional
	Nodes NodesStatus `json:"nodes,omitzero"`

	// addresses from which clients reach the controller: of the load balancer, or of the edge nodes. At most 16 are listed.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Addresses []string `json:"addresses,omitempty"`

	// healthCheckNodePort is the port on which every node tells a load balancer whether it serves. It is kept through repairs.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	HealthCheckNodePort int32 `json:"healthCheckNodePort,omitempty"`
}

// NodesStatus counts edge nodes.
type NodesStatus struct {
	// selected is how many nodes the spec chooses.
	// +kubebuilder:validation:Minimum=0
	Selected int32 `json:"selected"`

	// labelled is how many of them carry this object's labels.
	// +kubebuilder:validation:Minimum=0
	Labelled int32 `json:"labelled"`

	// serving is how many of them run a controller that traffic from outside can reach.
	// +kubebuilder:validation:Minimum=0
	Serving int32 `json:"serving"`

	// withdrawn is how many of the selected run no controller for now, because they are cordoned or about to be removed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Withdrawn int32 `json:"withdrawn,omitempty"`

	// releasing is how many nodes are on their way out: the spec does not choose them any more, and their controller ends, or serves on
	// until enough others do.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Releasing int32 `json:"releasing,omitempty"`

	// summary is "serving/selected", for the printed table.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Summary string `json:"summary,omitempty"`
}
