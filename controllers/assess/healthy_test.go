package assess

import (
	"cmp"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine/registry"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// given holds the arguments of Status in one case.
type given struct {
	s snapshot.Snapshot
	d desired.State
	o snapshot.Outcome
	// image of the controller; empty for the engine's own.
	image string
}

type option func(*given)

const (
	ingressName = "public"
	objectName  = "public-edge-ingress"
	namespace   = "edge-public"
	digest      = "0011223344556677"
)

// runs is the engine of all tests.
var runs = registry.All()[0]

var (
	noon     = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	errNoAPI = errors.New("the server is currently unable to handle the request")
)

// healthy has two edge nodes and one for applications, a DaemonSet with a ready pod on each edge
// node, a Service of type LoadBalancer with policy Local and an address from MetalLB, and the
// desired configuration. Options change it from left to right.
func healthy(options ...option) given {
	edgeIngress := &v1alpha1.EdgeIngress{
		ObjectMeta: metav1.ObjectMeta{Name: ingressName, Generation: 3},
		Spec: v1alpha1.EdgeIngressSpec{
			Nodes: v1alpha1.NodesSpec{
				Selector: &v1alpha1.NodeSelector{MatchLabels: map[string]v1alpha1.LabelValue{"pool": "edge"}},
				Label:    v1alpha1.DefaultRoleLabel, Isolation: v1alpha1.IsolationDedicated,
			},
			Controller: v1alpha1.ControllerSpec{Engine: v1alpha1.EngineIngressNGINX, Kind: v1alpha1.WorkloadDaemonSet},
			Exposure: v1alpha1.ExposureSpec{
				Type: v1alpha1.ExposureLoadBalancer, LoadBalancer: &v1alpha1.LoadBalancerSpec{Provider: v1alpha1.ProviderAuto},
			},
		},
	}
	g := given{
		s: snapshot.Snapshot{
			EdgeIngress: edgeIngress,
			Nodes:       snapshot.List[snapshot.Node]{Items: []snapshot.Node{edgeNode("edge-1", "10.0.0.1"), edgeNode("edge-2", "10.0.0.2"), appNode("app-1", "10.0.0.9")}},
			Service:     snapshot.Read[corev1.Service]{Value: service()},
			Pods: snapshot.List[snapshot.Pod]{Items: []snapshot.Pod{
				pod("controller-1", "edge-1", "10.244.1.5"), pod("controller-2", "edge-2", "10.244.2.5"),
			}},
			EndpointSlices: snapshot.List[discoveryv1.EndpointSlice]{Items: []discoveryv1.EndpointSlice{
				{Endpoints: []discoveryv1.Endpoint{endpoint("10.244.1.5", true), endpoint("10.244.2.5", true)}},
			}},
			Agents: snapshot.List[snapshot.Agent]{Items: []snapshot.Agent{{
				Provider: v1alpha1.ProviderMetalLB, Namespace: "metallb-system", Name: "speaker",
				Tolerations: []corev1.Toleration{{Key: v1alpha1.DefaultRoleLabel, Operator: corev1.TolerationOpExists}},
				Pods:        snapshot.AgentPods{Running: snapshot.RunningAll, Wanted: 3, Created: 3, Ready: 3},
			}}},
		},
		d: desired.State{Namespace: namespace, Nodes: desired.NodePlan{Selected: []string{"edge-1", "edge-2"}}},
	}
	g.asDaemonSet()
	g.writeConfig()
	for _, o := range options {
		o(&g)
	}
	return g
}

func edgeNode(name, ip string) snapshot.Node {
	node := appNode(name, ip)
	node.Labels = map[string]string{corev1.LabelOSStable: "linux", "pool": "edge", v1alpha1.DefaultRoleLabel: "", v1alpha1.NodeLabel(ingressName): ""}
	node.Taints = []corev1.Taint{{Key: v1alpha1.DefaultRoleLabel, Effect: corev1.TaintEffectNoSchedule}}
	return node
}

func appNode(name, ip string) snapshot.Node {
	number := ip[strings.LastIndex(ip, ".")+1:]
	return snapshot.Node{
		Name: name, Ready: corev1.ConditionTrue, Labels: map[string]string{corev1.LabelOSStable: "linux"},
		InternalIPs: []string{ip}, PodCIDRs: []string{"10.244." + number + ".0/24"},
	}
}

func pod(name, node, ip string) snapshot.Pod {
	return snapshot.Pod{Name: name, Node: node, Workload: v1alpha1.WorkloadDaemonSet, IPs: []string{ip}, Ready: true}
}

func endpoint(ip string, ready bool) discoveryv1.Endpoint {
	return discoveryv1.Endpoint{Addresses: []string{ip}, Conditions: discoveryv1.EndpointConditions{Ready: &ready, Serving: &ready}}
}

func service() *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: objectName, Namespace: namespace, Annotations: map[string]string{"metallb.io/ip-allocated-from-pool": "public"}},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeLoadBalancer, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal, HealthCheckNodePort: 32100,
			IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol},
			Ports:      []corev1.ServicePort{{Name: "http", Port: 80, NodePort: 30080}, {Name: "https", Port: 443, NodePort: 30443}},
		},
		Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: "203.0.113.10"}}}},
	}
}

func (g *given) spec() *v1alpha1.EdgeIngressSpec { return &g.s.EdgeIngress.Spec }

// writeConfig makes the ConfigMap wanted from the spec, and the one seen like it.
func (g *given) writeConfig() {
	g.d.Config, g.d.ConfigProblems = runs.Configure(g.s.EdgeIngress, nil)
	g.s.ConfigMap = snapshot.Read[corev1.ConfigMap]{Value: &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: objectName, Namespace: namespace}, Data: maps.Clone(g.d.Config),
	}}
}

func (g *given) template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		HostNetwork: g.spec().Exposure.Type == v1alpha1.ExposureHostNetwork,
		Tolerations: []corev1.Toleration{{Key: g.spec().Nodes.Label, Operator: corev1.TolerationOpExists}},
		Containers: []corev1.Container{{
			Name: "controller", Image: cmp.Or(g.image, runs.DefaultImage().Repository), Args: []string{"/nginx-ingress-controller", "--configmap=" + namespace + "/" + objectName},
			Env:   []corev1.EnvVar{fieldVariable("POD_NAME", "metadata.name"), fieldVariable("POD_NAMESPACE", "metadata.namespace")},
			Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80}, {Name: "https", ContainerPort: 443}},
		}},
	}}
}

func fieldVariable(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: path}}}
}

// want makes the workload wanted that has the pods of the template seen.
func (g *given) want(kind v1alpha1.WorkloadKind) {
	template := g.template().Spec
	podSpec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&template)
	if err != nil {
		panic(err)
	}
	g.d.Objects = []*unstructured.Unstructured{{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": string(kind),
		"metadata": map[string]any{"name": objectName, "namespace": namespace, "annotations": map[string]any{v1alpha1.AppliedAnnotation: digest}},
		"spec":     map[string]any{"template": map[string]any{"spec": podSpec}},
	}}}
}

func workloadMeta() metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: objectName, Namespace: namespace, Generation: 4, Annotations: map[string]string{v1alpha1.AppliedAnnotation: digest}}
}

func (g *given) asDaemonSet() {
	g.want(v1alpha1.WorkloadDaemonSet)
	g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{Value: &appsv1.DaemonSet{
		ObjectMeta: workloadMeta(),
		Spec:       appsv1.DaemonSetSpec{Template: g.template()},
		Status:     appsv1.DaemonSetStatus{ObservedGeneration: 4, DesiredNumberScheduled: 2, CurrentNumberScheduled: 2, UpdatedNumberScheduled: 2, NumberAvailable: 2},
	}}
}

// row is one case: what is given, and what the condition then says. Without given it is the healthy one.
type row struct {
	given  []option
	status metav1.ConditionStatus
	reason string
	// says is a part of the message.
	says string
}

const (
	yes     = metav1.ConditionTrue
	no      = metav1.ConditionFalse
	unknown = metav1.ConditionUnknown
)

// runRows checks one condition in every case.
func runRows(t *testing.T, condition string, rows map[string]row) {
	t.Helper()
	for name, r := range rows {
		t.Run(name, func(t *testing.T) {
			g := healthy(r.given...)
			status := Status(g.s, g.d, g.o, noon)
			got := meta.FindStatusCondition(status.Conditions, condition)
			if got == nil {
				t.Fatalf("there is no condition %s", condition)
			}
			if got.Status != r.status || got.Reason != r.reason {
				t.Errorf("%s is %s %s, want %s %s\n%s", condition, got.Status, got.Reason, r.status, r.reason, got.Message)
			}
			if !strings.Contains(got.Message, r.says) {
				t.Errorf("message %q does not say %q", got.Message, r.says)
			}
		})
	}
}
