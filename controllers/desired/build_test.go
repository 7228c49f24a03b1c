package desired

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"time"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// runs is the engine of all tests.
var runs = registry.All()[0]

const (
	ingressName = "public"
	roleLabel   = v1alpha1.DefaultRoleLabel
)

var (
	ownLabel = v1alpha1.NodeLabel(ingressName)
	created  = metav1.NewTime(time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC))
)

// edge is an EdgeIngress as the API server stores its short form, changed by the options.
func edge(options ...func(*v1alpha1.EdgeIngress)) *v1alpha1.EdgeIngress {
	e := &v1alpha1.EdgeIngress{
		ObjectMeta: metav1.ObjectMeta{Name: ingressName, UID: "uid-public", Generation: 1},
		Spec: v1alpha1.EdgeIngressSpec{
			Nodes: v1alpha1.NodesSpec{
				Selector:  &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"pool": "edge"}},
				Label:     roleLabel,
				Isolation: v1alpha1.IsolationDedicated,
			},
			Controller: v1alpha1.ControllerSpec{Engine: v1alpha1.EngineIngressNGINX, Kind: v1alpha1.WorkloadDaemonSet},
			Exposure:   v1alpha1.ExposureSpec{Type: v1alpha1.ExposureLoadBalancer, DrainDelay: &metav1.Duration{Duration: 30 * time.Second}},
		},
	}
	for _, option := range options {
		option(e)
	}
	return e
}

func named(names ...string) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Nodes.Selector, e.Spec.Nodes.Names = nil, names }
}

func shared(e *v1alpha1.EdgeIngress)   { e.Spec.Nodes.Isolation = v1alpha1.IsolationShared }
func deleting(e *v1alpha1.EdgeIngress) { e.DeletionTimestamp = &created }

func exposed(exposure v1alpha1.ExposureType) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Exposure.Type = exposure }
}

func kind(workload v1alpha1.WorkloadKind) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Kind = workload }
}

func replicas(count int32) func(*v1alpha1.EdgeIngress) {
	return func(e *v1alpha1.EdgeIngress) { e.Spec.Controller.Replicas = &count }
}

// node is a worker, changed by the options.
func node(name string, options ...func(*snapshot.Node)) snapshot.Node {
	n := snapshot.Node{
		Name: name, UID: types.UID("uid-" + name), Ready: corev1.ConditionTrue,
		Labels: map[string]string{"kubernetes.io/hostname": name}, TaintClaims: map[string]string{}, ManagedLabels: map[string][]string{},
	}
	for _, option := range options {
		option(&n)
	}
	return n
}

func label(key, value string) func(*snapshot.Node) {
	return func(n *snapshot.Node) { n.Labels[key] = value }
}

func pool(n *snapshot.Node) { n.Labels["pool"] = "edge" }

func taint(key string, effect corev1.TaintEffect) func(*snapshot.Node) {
	return func(n *snapshot.Node) { n.Taints = append(n.Taints, corev1.Taint{Key: key, Effect: effect}) }
}

func claim(name, key string) func(*snapshot.Node) {
	return func(n *snapshot.Node) { n.TaintClaims[name] = key }
}

func managed(name string, keys ...string) func(*snapshot.Node) {
	return func(n *snapshot.Node) { n.ManagedLabels[name] = keys }
}

func beingDeleted(n *snapshot.Node) { n.Deleting = true }
func cordoned(n *snapshot.Node)     { n.Unschedulable = true }

// labelled is a node that this EdgeIngress labelled; tainted that it tainted as well.
func labelled(n *snapshot.Node) {
	n.Labels[ownLabel], n.Labels[roleLabel] = "", ""
	n.ManagedLabels[ingressName] = []string{ownLabel, roleLabel}
}

func tainted(n *snapshot.Node) {
	taint(roleLabel, corev1.TaintEffectNoSchedule)(n)
	claim(ingressName, roleLabel)(n)
}

func seen(e *v1alpha1.EdgeIngress, nodes ...snapshot.Node) snapshot.Snapshot {
	return snapshot.Snapshot{
		EdgeIngress: e,
		Nodes:       snapshot.List[snapshot.Node]{Items: nodes},
		Options: snapshot.Options{
			AllowedImageRepositories: []string{runs.DefaultImage().Repository, "registry.example.com/fork/controller"},
		},
	}
}

// owning adds objects that are ours to the snapshot.
func owning(s *snapshot.Snapshot, refs ...snapshot.Ref) {
	s.Inventory.Items = append(s.Inventory.Items, refs...)
	if s.Live == nil {
		s.Live = map[snapshot.Ref]snapshot.Live{}
	}
	for _, ref := range refs {
		object := &unstructured.Unstructured{}
		object.SetKind(ref.Kind)
		object.SetNamespace(ref.Namespace)
		object.SetName(ref.Name)
		s.Live[ref] = snapshot.Live{Object: object}
	}
}

// speaker is MetalLB's agent, with the tolerations of its own manifests and those given.
func speaker(tolerations ...corev1.Toleration) snapshot.Agent {
	return snapshot.Agent{
		Provider: v1alpha1.ProviderMetalLB, Namespace: "metallb-system", Name: "speaker",
		NodeSelector: map[string]string{},
		Tolerations: append([]corev1.Toleration{
			{Key: "node-role.kubernetes.io/control-plane", Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffectNoSchedule},
		}, tolerations...),
	}
}

func liveService(options ...func(*corev1.Service)) *corev1.Service {
	service := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "edge-public", Name: names.Service(ingressName)},
		Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal, HealthCheckNodePort: 31000, IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}},
	}
	for _, option := range options {
		option(service)
	}
	return service
}

func liveDaemonSet(digest string, generation, observed int64, desired, updated, available int32) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: names.Service(ingressName), Namespace: "edge-public", Generation: generation, Annotations: map[string]string{v1alpha1.AppliedAnnotation: digest}},
		Status:     appsv1.DaemonSetStatus{ObservedGeneration: observed, DesiredNumberScheduled: desired, UpdatedNumberScheduled: updated, NumberAvailable: available},
	}
}
