package v1alpha1

import corev1 "k8s.io/api/core/v1"

// Toleration lets the controller run on nodes with a taint, as in a pod.
//
// +kubebuilder:validation:XValidation:rule="has(self.key) || self.operator == 'Exists'",message="controller.tolerations: a toleration without a key matches every taint and needs operator Exists: write the key of the taint, or operator: Exists"
// +kubebuilder:validation:XValidation:rule="self.operator != 'Exists' || !has(self.value) || size(self.value) == 0",message="controller.tolerations: operator Exists takes no value: remove value, or write operator: Equal"
// +kubebuilder:validation:XValidation:rule="!has(self.tolerationSeconds) || (has(self.effect) && self.effect == 'NoExecute')",message="controller.tolerations: tolerationSeconds needs effect NoExecute, because no other effect ends a pod: write effect: NoExecute, or remove tolerationSeconds"
type Toleration struct {
	// key of the taint. Without it the toleration matches every taint.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="!format.qualifiedName().validate(self).hasValue()",message="controller.tolerations has a key that is no taint key: write name or example.com/name"
	Key string `json:"key,omitempty"`

	// operator compares the taint. Exists matches every value.
	// +optional
	// +kubebuilder:default=Equal
	// +kubebuilder:validation:Enum=Exists;Equal
	Operator corev1.TolerationOperator `json:"operator,omitempty"`

	// value of the taint. It may be empty.
	// +optional
	Value LabelValue `json:"value,omitempty"`

	// effect of the taint. Without it the toleration matches every effect.
	// +optional
	// +kubebuilder:validation:Enum=NoSchedule;PreferNoSchedule;NoExecute
	Effect corev1.TaintEffect `json:"effect,omitempty"`

	// tolerationSeconds is how long a pod stays after a taint with effect NoExecute appeared. Default:
	// for ever.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=86400
	TolerationSeconds *int64 `json:"tolerationSeconds,omitempty"`
}

// PodTolerations are the same tolerations in the types of a pod.
func (c *ControllerSpec) PodTolerations() []corev1.Toleration {
	tolerations := make([]corev1.Toleration, 0, len(c.Tolerations))
	for _, t := range c.Tolerations {
		tolerations = append(tolerations, corev1.Toleration{
			Key: t.Key, Operator: t.Operator, Value: string(t.Value), Effect: t.Effect, TolerationSeconds: t.TolerationSeconds,
		})
	}
	return tolerations
}
