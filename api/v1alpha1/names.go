package v1alpha1

// Labels that the operator writes.
const (
	// NodeLabelPrefix followed by the name of an EdgeIngress is the label of its nodes, and the
	// controller's nodeSelector uses it. A kubelet cannot set it on its own node: the
	// NodeRestriction admission plugin protects *.node-restriction.kubernetes.io.
	NodeLabelPrefix = "edgeingress.node-restriction.kubernetes.io/"
	// DefaultRoleLabel is the role label of edge nodes where spec.nodes.label says nothing.
	DefaultRoleLabel = "node-role.kubernetes.io/edge"
	// OwnerLabel is on every object that the operator creates. Its value is the name of the
	// EdgeIngress. The operator finds its objects by it.
	OwnerLabel = "edgeingress.dev/name"
	// ManagedByLabel and its value ManagedBy are on every object that the operator creates
	// (Kubernetes' recommended labels).
	ManagedByLabel = "app.kubernetes.io/managed-by"
	// ManagedBy is the value of ManagedByLabel and the beginning of every field manager.
	ManagedBy = "edge-ingress-operator"
)

// Annotations that the operator writes.
const (
	// TaintAnnotationPrefix followed by the name of an EdgeIngress is on each node with a taint
	// that this EdgeIngress set or relies on. The value is the taint's key. A taint has no owner,
	// so the operator removes it together with the last of these annotations.
	TaintAnnotationPrefix = "taint.edgeingress.dev/"
	// AppliedAnnotation holds the digest of what the operator last applied to an object. It shows which
	// settings the operator no longer needs and must remove.
	AppliedAnnotation = "edgeingress.dev/applied"
	// MoveAnnotation is in the pod template of a Deployment. It changes when pods must move away
	// from a node that left the edge set. The Deployment then replaces all pods, one after the
	// other, and new pods start on edge nodes only.
	MoveAnnotation = "edgeingress.dev/moved"
	// WakeAnnotation is on a DaemonSet whose roll-out stands still. A change of it makes
	// Kubernetes' DaemonSet controller look again.
	WakeAnnotation = "edgeingress.dev/wake"
)

// Finalizer keeps an EdgeIngress until its nodes are clean and its objects are gone.
const Finalizer = "edgeingress.dev/cleanup"

// FieldManager is the manager of every object that the operator applies, nodes excepted.
const FieldManager = ManagedBy

// NodeFieldManagerPrefix followed by the name of an EdgeIngress manages that EdgeIngress's labels
// on nodes, so that an apply without them removes only these.
const NodeFieldManagerPrefix = ManagedBy + "/"

// NodeLabel is the label of nodes that belong to the EdgeIngress of this name.
func NodeLabel(name string) string { return NodeLabelPrefix + name }

// NodeFieldManager is the field manager of the labels of the EdgeIngress of this name.
func NodeFieldManager(name string) string { return NodeFieldManagerPrefix + name }

// TaintAnnotation is the annotation with which the EdgeIngress of this name claims a taint on a node.
func TaintAnnotation(name string) string { return TaintAnnotationPrefix + name }

// ControllerNamespace returns the namespace of this EdgeIngress's controller: spec.namespace, or
// edge-<name>.
func (e *EdgeIngress) ControllerNamespace() string {
	if e.Spec.Namespace != "" {
		return e.Spec.Namespace
	}
	return "edge-" + e.Name
}

// IngressClassName returns the name of this EdgeIngress's IngressClass: spec.ingressClass.name, or
// metadata.name.
func (e *EdgeIngress) IngressClassName() string {
	if e.Spec.IngressClass != nil && e.Spec.IngressClass.Name != "" {
		return e.Spec.IngressClass.Name
	}
	return e.Name
}

// UsesHostPorts reports whether the controller holds ports 80 and 443 of its node, so that no
// second pod fits beside it.
func (e *EdgeIngress) UsesHostPorts() bool {
	return e.Spec.Exposure.Type == ExposureHostNetwork || e.Spec.Exposure.Type == ExposureHostPort
}

// UsesService reports whether traffic reaches the controller through a Service.
func (e *EdgeIngress) UsesService() bool { return !e.UsesHostPorts() }
