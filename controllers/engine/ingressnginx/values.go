package ingressnginx

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/engine"
	"github.com/edge-ingress/edge-ingress-operator/controllers/names"
	"github.com/edge-ingress/edge-ingress-operator/controllers/workload"
)

// values are the chart's values. values.schema.json describes and checks them.
type values struct {
	ObjectName             string                      `json:"objectName"`
	ClusterRoleBindingName string                      `json:"clusterRoleBindingName"`
	ControllerValue        string                      `json:"controllerValue"`
	Labels                 map[string]string           `json:"labels"`
	Selector               map[string]string           `json:"selector"`
	ControllerClusterRole  string                      `json:"controllerClusterRole"`
	ElectionClusterRole    string                      `json:"electionClusterRole"`
	IngressClass           classValues                 `json:"ingressClass"`
	Config                 map[string]string           `json:"config"`
	NodeLabel              string                      `json:"nodeLabel"`
	TaintKey               string                      `json:"taintKey"`
	Tolerations            []corev1.Toleration         `json:"tolerations"`
	Image                  string                      `json:"image"`
	Resources              corev1.ResourceRequirements `json:"resources"`
	HostPorts              string                      `json:"hostPorts"`
	Workload               workloadValues              `json:"workload"`
	PodAnnotations         map[string]string           `json:"podAnnotations"`
	Shutdown               shutdownValues              `json:"shutdown"`
	StartupProbe           probeValues                 `json:"startupProbe"`
	ReadinessProbe         probeValues                 `json:"readinessProbe"`
	Service                serviceValues               `json:"service"`
	Witness                *witnessValues              `json:"witness,omitempty"`
}

type classValues struct {
	Name    string `json:"name"`
	Default bool   `json:"default"`
}

type workloadValues struct {
	Kind            string `json:"kind"`
	Replicas        int32  `json:"replicas"`
	MaxSurge        int32  `json:"maxSurge"`
	MaxUnavailable  int32  `json:"maxUnavailable"`
	MinReadySeconds int64  `json:"minReadySeconds"`
}

type shutdownValues struct {
	ReadySeconds   int64 `json:"readySeconds"`
	UnreadySeconds int64 `json:"unreadySeconds"`
	PostSeconds    int64 `json:"postSeconds"`
	TotalSeconds   int64 `json:"totalSeconds"`
}

type probeValues struct {
	PeriodSeconds    int64 `json:"periodSeconds"`
	TimeoutSeconds   int64 `json:"timeoutSeconds"`
	FailureThreshold int64 `json:"failureThreshold"`
}

type serviceValues struct {
	Type                string            `json:"type"`
	LoadBalancerClass   string            `json:"loadBalancerClass"`
	Annotations         map[string]string `json:"annotations"`
	SourceRanges        []string          `json:"sourceRanges"`
	AllocateNodePorts   bool              `json:"allocateNodePorts"`
	HealthCheckNodePort int32             `json:"healthCheckNodePort"`
	NodePorts           nodePortValues    `json:"nodePorts"`
	IPFamilyPolicy      string            `json:"ipFamilyPolicy"`
	IPFamilies          []corev1.IPFamily `json:"ipFamilies"`
}

type nodePortValues struct {
	HTTP  int32 `json:"http"`
	HTTPS int32 `json:"https"`
}

const none = "None"

func (v values) asMap() (map[string]any, error) {
	converted, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&v)
	if err != nil {
		return nil, fmt.Errorf("converting the values of the chart: %w", err)
	}
	return converted, nil
}

func valuesOf(in engine.Input) values {
	e := in.EdgeIngress
	hostPorts := none
	if e.UsesHostPorts() {
		hostPorts = string(e.Spec.Exposure.Type)
	}
	config := in.Settings
	if config == nil {
		config = map[string]string{}
	}
	end, roles := shutdownOf(e, in.Settings), Engine{}.Roles()
	return values{
		ObjectName:             names.Workload(e.Name, name),
		ClusterRoleBindingName: names.ClusterRoleBinding(e.Name, name),
		ControllerValue:        names.ClassController(e.Name),
		Labels:                 names.Labels(e.Name),
		Selector:               names.ServiceSelector(e.Name),
		ControllerClusterRole:  roles.Cluster,
		ElectionClusterRole:    roles.Namespace,
		IngressClass:           classValues{e.IngressClassName(), e.Spec.IngressClass != nil && e.Spec.IngressClass.Default == v1alpha1.Enabled},
		Config:                 config,
		NodeLabel:              v1alpha1.NodeLabel(e.Name),
		TaintKey:               roleLabel(e),
		Tolerations:            e.Spec.Controller.PodTolerations(),
		Image:                  imageReference(e.Spec.Controller.Image),
		Resources:              resources(e),
		HostPorts:              hostPorts,
		Workload:               workloadOf(e),
		PodAnnotations:         podAnnotations(in),
		Shutdown:               shutdownValues{end.readySeconds, end.unreadySeconds, workload.WholeSeconds(postShutdown), end.totalSeconds},
		StartupProbe:           probeValues{1, workload.WholeSeconds(startupTimeout), startupFailures},
		ReadinessProbe:         probeValues{workload.WholeSeconds(readinessPeriod), workload.WholeSeconds(readinessTimeout), readinessFailures},
		Service:                service(e, in.HealthCheckNodePort),
		Witness:                witnessOf(in),
	}
}

// podAnnotations returns the annotations of the pod template. They change only to replace the pods.
func podAnnotations(in engine.Input) map[string]string {
	if in.Move == "" || in.EdgeIngress.Spec.Controller.Kind != v1alpha1.WorkloadDeployment {
		return map[string]string{}
	}
	return map[string]string{v1alpha1.MoveAnnotation: in.Move}
}

// workloadOf converts the rollout to the chart's values.
func workloadOf(e *v1alpha1.EdgeIngress) workloadValues {
	r := workload.RolloutOf(e)
	return workloadValues{
		Kind: string(r.Kind), Replicas: r.Replicas, MaxSurge: r.MaxSurge, MaxUnavailable: r.MaxUnavailable, MinReadySeconds: r.MinReadySeconds,
	}
}

func roleLabel(e *v1alpha1.EdgeIngress) string {
	if e.Spec.Nodes.Label == "" {
		return v1alpha1.DefaultRoleLabel
	}
	return e.Spec.Nodes.Label
}

// imageReference never mixes two images: a repository or tag of one with the digest of another would run
// the other.
func imageReference(image *v1alpha1.ImageSpec) string {
	if image == nil {
		standard := Engine{}.DefaultImage()
		image = &standard
	}
	return image.Repository + ":" + image.Tag + "@" + image.Digest
}

func resources(e *v1alpha1.EdgeIngress) corev1.ResourceRequirements {
	if e.Spec.Controller.Resources != nil {
		return e.Spec.Controller.Resources.Requirements()
	}
	return corev1.ResourceRequirements{Requests: corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("100m"),
		corev1.ResourceMemory: resource.MustParse("128Mi"),
	}}
}

func service(e *v1alpha1.EdgeIngress, healthCheckNodePort int32) serviceValues {
	exposure := e.Spec.Exposure
	v := serviceValues{Type: none, Annotations: map[string]string{}, SourceRanges: []string{}, IPFamilies: []corev1.IPFamily{}, AllocateNodePorts: true}
	if !e.UsesService() {
		return v
	}
	v.Type = string(v1alpha1.ExposureLoadBalancer)
	v.IPFamilies = append(v.IPFamilies, exposure.IPFamilies...)
	if exposure.IPFamilyPolicy != nil {
		v.IPFamilyPolicy = string(*exposure.IPFamilyPolicy)
	}
	if exposure.Type == v1alpha1.ExposureNodePort {
		v.Type = string(v1alpha1.ExposureNodePort)
		v.NodePorts = fixedNodePorts(exposure.NodePorts)
		return v
	}
	v.HealthCheckNodePort = healthCheckNodePort
	if lb := exposure.LoadBalancer; lb != nil {
		v.LoadBalancerClass = lb.Class
		v.AllocateNodePorts = lb.NodePorts != v1alpha1.Disabled
		for key, value := range lb.Annotations {
			v.Annotations[key] = string(value)
		}
		for _, cidr := range lb.SourceRanges {
			v.SourceRanges = append(v.SourceRanges, string(cidr))
		}
	}
	return v
}

func fixedNodePorts(ports *v1alpha1.NodePortsSpec) (v nodePortValues) {
	if ports == nil {
		return v
	}
	if ports.HTTP != nil {
		v.HTTP = *ports.HTTP
	}
	if ports.HTTPS != nil {
		v.HTTPS = *ports.HTTPS
	}
	return v
}
