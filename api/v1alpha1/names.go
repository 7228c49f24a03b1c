package v1alpha1

// Labels that the operator writes.
const (
	// NodeLabelPrefix followed by the name of an EdgeIngress is the label of a node that belongs to it; the controller's nodeSelector
	// uses it. A kubelet cannot give it to itself: the NodeRestriction admission plugin protects *.node-restriction.kubernetes.io.
	NodeLabelPrefix = "edgeingress.node-restriction.kubernetes.io/"
	// DefaultRoleLabel is the role label of edge nodes where spec.nodes.label says nothing.
	DefaultRoleLabel = "node-role.kubernetes.io/edge"
	// OwnerLabel is on every object that the operator makes; its value is the name of the EdgeIngress. The inventory is read by it.
	OwnerLabel = "edgeingress.dev/name"
	// ManagedByLabel and its value ManagedBy are on every object that the operator makes (Kubernetes' recommended labels).
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of ManagedByLabel and the beginning of every field manager.
	ManagedBy = "edge-ingress-operator"
)

// Annotations that the operator writes.
const (
	// TaintAnnotationPrefix followed by the name of an EdgeIngress is on a node whose taint this EdgeIngress put there or relies on;
	// the value is the taint's key. The taint goes with the last of them: a taint itself has no owner.
	TaintAnnotationPrefix = "taint.edgeingress.dev/"
	// AppliedAnnotation holds the digest of what the operator last applied to an object. It shows which
	// settings the operator no longer needs and must remove.
	AppliedAnnotation = "edgeingress.dev/applied"
	// MoveAnnotation is in the template of a Deployment's pods and changes when pods have to move away from a node that left the edge set: the
	// Deployment replaces them one after the other, and new ones start on edge nodes only.
	MoveAnnotation = "edgeingress.dev/moved"
	// WakeAnnotation is on a DaemonSet whose roll-out stands still, and changes to make Kubernetes' DaemonSet controller look at it again.
	WakeAnnotation = "edgeingress.dev/wake"
)

// Finalizer keeps an EdgeIngress until its nodes are clean and its objects are gone.
const Finalizer = "edgeingress.dev/cleanup"

// FieldManager is the manager of every object that the operator applies, nodes excepted.
const FieldManager = ManagedBy

// NodeFieldManagerPrefix followed by the name of an EdgeIngress manages that EdgeIngress's labels on nodes, so that an apply without them takes away only these.
const NodeFieldManagerPrefix = ManagedBy + "/"

// NodeLabel is the label of nodes that belong to the EdgeIngress of this name.
func NodeLabel(name string) string { return NodeLabelPrefix + name }

// NodeFieldManager is the field manager of the labels of the EdgeIngress of this name.
func NodeFieldManager(name string) string { return NodeFieldManagerPrefix + name }

// TaintAnnotation is the annotation with which the EdgeIngress of this name claims a taint on a node.
func TaintAnnotation(name string) string { return TaintAnnotationPrefix + name }

// ControllerNamespace is where the controller of this EdgeIngress runs: spec.namespace, or edge-<name>.
func (e *EdgeIngress) ControllerNamespace() string {
	if e.Spec.Namespace != "" {
		return e.Spec.Namespace
	}
	return "edge-" + e.Name
}

// IngressClassName is the name of the IngressClass of this EdgeIngress: spec.ingressClass.name, or metadata.name.
func (e *EdgeIngress) IngressClassName() string {
	if e.Spec.IngressClass != nil && e.Spec.IngressClass.Name != "" {
		return e.Spec.IngressClass.Name
	}
	return e.Name
}

// UsesHostPorts reports whether the controller holds ports 80 and 443 of its node, so that no second pod fits beside it.
func (e *EdgeIngress) UsesHostPorts() bool {
	return e.Spec.Exposure.Type == ExposureHostNetwork || e.Spec.Exposure.Type == ExposureHostPort
}

// UsesService reports whether traffic reaches the controller through a Service.
func (e *EdgeIngress) UsesService() bool { return !e.UsesHostPorts() }
