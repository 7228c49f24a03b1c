package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// NodesSpec chooses the edge nodes.
//
// +kubebuilder:validation:XValidation:rule="has(self.selector) || has(self.names)",message="nodes does not say which nodes are edge nodes: write nodes.selector (by label) or nodes.names"
// +kubebuilder:validation:XValidation:rule="!has(self.selector) || !has(self.names)",message="nodes.selector and nodes.names exclude each other: remove one of them"
// +kubebuilder:validation:XValidation:rule="!has(self.selector) || !has(self.selector.matchExpressions) || self.selector.matchExpressions.all(e, e.key != self.label || !(e.operator in ['NotIn', 'DoesNotExist']))",message="nodes.selector must not choose nodes by the absence of nodes.label, because the operator gives that label to the nodes it chose, and they would leave and join without end: write another label, such as pool"
type NodesSpec struct {
	// selector chooses nodes by label. Nodes that get the label later join. The operator sets nodes.label
	// itself, so a selector may ask for its presence (In, Exists and matchLabels), to choose nodes that
	// already have this role, but not for its absence (NotIn and DoesNotExist).
	// +optional
	Selector *NodeSelector `json:"selector,omitempty"`

	// names lists the edge nodes. A node that does not exist yet joins when it appears.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="size(self) > 0",message="nodes.names must not be empty: write at least one node, or nodes.selector instead"
	// +kubebuilder:validation:XValidation:rule="self.all(n, !format.dns1123Subdomain().validate(n).hasValue())",messageExpression="'nodes.names has \"' + self.filter(n, format.dns1123Subdomain().validate(n).hasValue())[0] + '\", which cannot be the name of a node: write names as kubectl get nodes shows them'",message="nodes.names has a name that no node can have: write names as kubectl get nodes shows them"
	Names []string `json:"names,omitempty"`

	// label is the role label of edge nodes and, with isolation Dedicated, the key of their taint.
	// Allowed are node-role.kubernetes.io/edge and node-role.kubernetes.io/ingress (with an optional
	// suffix, such as edge-internal), which a kubelet cannot give to its own node, and keys under
	// edgeingress.dev/ other than edgeingress.dev/name. Any other key may mean something to other
	// software, as node-role.kubernetes.io/control-plane does. The controller's nodeSelector does not
	// use this label, but one that no kubelet can set. Immutable.
	// +optional
	// +kubebuilder:default="node-role.kubernetes.io/edge"
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="!format.qualifiedName().validate(self).hasValue()",message="nodes.label must be a label key (at most 63 characters after the slash): write node-role.kubernetes.io/edge, or remove nodes.label"
	// +kubebuilder:validation:XValidation:rule="self.matches('^(node-role[.]kubernetes[.]io/(edge|ingress)(-.*)?|edgeingress[.]dev/.*)$')",message="nodes.label must be node-role.kubernetes.io/edge or node-role.kubernetes.io/ingress (a suffix such as -internal is allowed) or begin with edgeingress.dev/, because other roles are not this operator's to give: write node-role.kubernetes.io/edge, or remove nodes.label"
	// +kubebuilder:validation:XValidation:rule="self != 'edgeingress.dev/name'",message="nodes.label must not be edgeingress.dev/name, which marks the operator's own objects: write node-role.kubernetes.io/edge, or remove nodes.label"
	Label string `json:"label,omitempty"`

	// isolation says whether other pods may run on the edge nodes. Dedicated adds a NoSchedule taint with
	// the key nodes.label, Shared adds only the labels.
	// +optional
	// +kubebuilder:default=Dedicated
	Isolation Isolation `json:"isolation,omitempty"`
}

// Isolation says whether other pods may run on the edge nodes.
// +kubebuilder:validation:Enum=Dedicated;Shared
type Isolation string

// The values of Isolation.
const (
	IsolationDedicated Isolation = "Dedicated"
	IsolationShared    Isolation = "Shared"
)

// NodeSelector chooses nodes by label. It chooses a node that meets all of its conditions.
//
// +kubebuilder:validation:XValidation:rule="(has(self.matchLabels) && size(self.matchLabels) > 0) || (has(self.matchExpressions) && size(self.matchExpressions) > 0)",message="nodes.selector must not be empty, because it would take every node: write matchLabels or matchExpressions"
type NodeSelector struct {
	// matchLabels are labels that a node must have with these values.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, size(k) <= 317 && !format.qualifiedName().validate(k).hasValue())",messageExpression="'nodes.selector.matchLabels has \"' + self.filter(k, size(k) > 317 || format.qualifiedName().validate(k).hasValue())[0] + '\", which is no label key: write name or example.com/name'",message="nodes.selector.matchLabels has a key that is no label key: write name or example.com/name"
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('edgeingress.node-restriction.kubernetes.io/'))",message="nodes.selector must not choose by edgeingress.node-restriction.kubernetes.io/, which are the labels that the operator sets on the nodes it chose: write another label, such as pool"
	MatchLabels map[string]LabelValue `json:"matchLabels,omitempty"`

	// matchExpressions are conditions on the labels of a node.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	MatchExpressions []NodeRequirement `json:"matchExpressions,omitempty"`
}

// NodeRequirement is a condition on one label of a node.
//
// +kubebuilder:validation:XValidation:rule="(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",message="nodes.selector.matchExpressions: write values with the operators In and NotIn, and none with Exists and DoesNotExist"
type NodeRequirement struct {
	// key of the label.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=317
	// +kubebuilder:validation:XValidation:rule="!format.qualifiedName().validate(self).hasValue()",message="must be a label key: write name or example.com/name"
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('edgeingress.node-restriction.kubernetes.io/')",message="nodes.selector must not choose by edgeingress.node-restriction.kubernetes.io/, which are the labels that the operator sets on the nodes it chose: write another label, such as pool"
	Key string `json:"key"`

	// operator is In (the value is one of values), NotIn (it is none of them, or the label is
	// missing), Exists or DoesNotExist.
	// +required
	// +kubebuilder:validation:Enum=In;NotIn;Exists;DoesNotExist
	Operator metav1.LabelSelectorOperator `json:"operator"`

	// values of In and NotIn.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=100
	Values []LabelValue `json:"values,omitempty"`
}

// LabelValue is the value of a label. It may be empty.
//
// +kubebuilder:validation:MaxLength=63
// +kubebuilder:validation:XValidation:rule="!format.labelValue().validate(self).hasValue()",message="must be a label value: write at most 63 letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"
type LabelValue string

// LabelSelector is the same selector in the types of Kubernetes' libraries. It is nil for nil.
func (s *NodeSelector) LabelSelector() *metav1.LabelSelector {
	if s == nil {
		return nil
	}
	selector := &metav1.LabelSelector{}
	for key, value := range s.MatchLabels {
		metav1.AddLabelToSelector(selector, key, string(value))
	}
	for _, requirement := range s.MatchExpressions {
		var values []string
		for _, value := range requirement.Values {
			values = append(values, string(value))
		}
		selector.MatchExpressions = append(selector.MatchExpressions,
			metav1.LabelSelectorRequirement{Key: requirement.Key, Operator: requirement.Operator, Values: values})
	}
	return selector
}
