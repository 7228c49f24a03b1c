package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// EdgeIngressStatus is the observed state.
type EdgeIngressStatus struct {
	// observedGeneration is the generation of the spec that this status describes; -1 until the operator has
	// seen the object.
	// +optional
	// +kubebuilder:validation:Minimum=-1
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are the verdicts. docs/conditions.md explains each type and reason.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=32
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// namespace is where the controller runs.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// ingressClass is the ingressClassName for Ingress objects.
	// +optional
	IngressClass string `json:"ingressClass,omitempty"`

	// nodes counts the edge nodes.
	// +optional
	Nodes NodesStatus `json:"nodes,omitzero"`

	// addresses at which clients reach the controller: those of the load balancer, or of the edge nodes.
	// The list has at most 16.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Addresses []string `json:"addresses,omitempty"`

	// healthCheckNodePort is the port on which each node answers a load balancer's health checks. A
	// repaired Service keeps it.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=65535
	HealthCheckNodePort int32 `json:"healthCheckNodePort,omitempty"`

	// operatorVersion is the version of the operator that served this object last. An operator that is
	// older by more than one minor version changes nothing of the object, and says so in the conditions.
	// +optional
	OperatorVersion string `json:"operatorVersion,omitempty"`
}

// NodesStatus counts edge nodes.
type NodesStatus struct {
	// selected is how many nodes the spec chooses.
	// +required
	// +kubebuilder:validation:Minimum=0
	Selected int32 `json:"selected"`

	// labelled is how many of them have this object's labels.
	// +required
	// +kubebuilder:validation:Minimum=0
	Labelled int32 `json:"labelled"`

	// serving is how many of them run a controller that traffic from outside reaches.
	// +required
	// +kubebuilder:validation:Minimum=0
	Serving int32 `json:"serving"`

	// withdrawn is how many selected nodes run no controller for now, because they are cordoned or about
	// to be removed.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Withdrawn int32 `json:"withdrawn,omitempty"`

	// releasing is how many nodes the spec no longer selects and a controller still runs on. It ends, or
	// serves until enough others do.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Releasing int32 `json:"releasing,omitempty"`

	// summary is "serving/selected". kubectl get prints it.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Summary string `json:"summary,omitempty"`
}
