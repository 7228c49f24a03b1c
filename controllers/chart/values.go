package chart

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// values are the chart's values; values.yaml describes them, values.schema.json checks them.
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
	Image                  string                      `json:"image"`
	Resources              corev1.ResourceRequirements `json:"resources"`
	HostPorts              string                      `json:"hostPorts"`
	Workload               workloadValues              `json:"workload"`
	PodAnnotations         map[string]string           `json:"podAnnotations"`
	Shutdown               shutdownValues              `json:"shutdown"`
	ReadinessProbe         probeValues                 `json:"readinessProbe"`
	Service                serviceValues               `json:"service"`
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
	SuccessThreshold int64 `json:"successThreshold"`
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

func valuesOf(in Input) values {
	e := in.EdgeIngress
	labels := objectLabels(e.Name)
	hostPorts := none
	if e.UsesHostPorts() {
		hostPorts = string(e.Spec.Exposure.Type)
	}
	config := in.Config
	if config == nil {
		config = map[string]string{}
	}
	end := shutdownOf(e, in.Config)
	return values{
		ObjectName:             ObjectName(e.Name),
		ClusterRoleBindingName: ClusterRoleBindingName(e.Name),
		ControllerValue:        ControllerValue(e.Name),
		Labels:                 labels,
		Selector:               serviceSelector(e.Name),
		ControllerClusterRole:  in.ControllerClusterRole,
		ElectionClusterRole:    in.ElectionClusterRole,
		IngressClass:           classValues{e.IngressClassName(), e.Spec.IngressClass != nil && e.Spec.IngressClass.Default == v1alpha1.Enabled},
		Config:                 config,
		NodeLabel:              v1alpha1.NodeLabel(e.Name),
		TaintKey:               roleLabel(e),
		Image:                  imageReference(e.Spec.Controller.Image),
		Resources:              resources(e),
		HostPorts:              hostPorts,
		Workload:               workload(e),
		PodAnnotations:         podAnnotations(in),
		Shutdown:               shutdownValues{end.readySeconds, end.unreadySeconds, wholeSeconds(postShutdown), end.totalSeconds},
		ReadinessProbe:         probeValues{wholeSeconds(readinessPeriod), wholeSeconds(readinessTimeout), readinessFailures, readinessSuccesses},
		Service:                service(e, in.HealthCheckNodePort),
	}
}

// podAnnotations of a template change only where its pods shall be replaced.
func podAnnotations(in Input) map[string]string {
	if in.Move == "" || in.EdgeIngress.Spec.Controller.Kind != v1alpha1.WorkloadDeployment {
		return map[string]string{}
	}
	return map[string]string{v1alpha1.MoveAnnotation: in.Move}
}

// objectLabels are on every object and every pod.
func objectLabels(name string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":      "edge-ingress",
		"app.kubernetes.io/instance":  name,
		"app.kubernetes.io/component": "controller",
		"app.kubernetes.io/part-of":   v1alpha1.ManagedBy,
		v1alpha1.ManagedByLabel:       v1alpha1.ManagedBy,
		v1alpha1.OwnerLabel:           name,
	}
}

// serviceSelector selects the pods of both kinds of workload. It is part of the workload's selector, which Kubernetes freezes: it must
// never change for an EdgeIngress that exists.
func serviceSelector(name string) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name":      "edge-ingress",
		"app.kubernetes.io/instance":  name,
		"app.kubernetes.io/component": "controller",
	}
}

func roleLabel(e *v1alpha1.EdgeIngress) string {
	if e.Spec.Nodes.Label == "" {
		return v1alpha1.DefaultRoleLabel
	}
	return e.Spec.Nodes.Label
}

// DefaultImage is the last release of upstream, pinned by digest.
func DefaultImage() v1alpha1.ImageSpec {
	return v1alpha1.ImageSpec{
		Repository: "registry.k8s.io/ingress-nginx/controller",
		Tag:        "v1.15.1",
		Digest:     "sha256:594ceea76b01c592858f803f9ff4d2cb40542cae2060410b2c95f75907d659e1",
	}
}

// imageReference takes an image as a whole or not at all: a repository or tag of one with the digest of another would run the other.
func imageReference(image *v1alpha1.ImageSpec) string {
	if image == nil {
		standard := DefaultImage()
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
