package assess

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Reads that failed, by what was read.
var unread = map[string]option{
	"Nodes": func(g *given) {
		g.s.Nodes = snapshot.List[snapshot.Node]{Err: errNoAPI}
		g.d.Nodes = desired.NodePlan{}
	},
	"Service":        func(g *given) { g.s.Service = snapshot.Read[corev1.Service]{Err: errNoAPI} },
	"ConfigMap":      func(g *given) { g.s.ConfigMap = snapshot.Read[corev1.ConfigMap]{Err: errNoAPI} },
	"DaemonSet":      func(g *given) { g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{Err: errNoAPI} },
	"Deployment":     func(g *given) { g.s.Deployment = snapshot.Read[appsv1.Deployment]{Err: errNoAPI} },
	"Pods":           func(g *given) { g.s.Pods = snapshot.List[snapshot.Pod]{Err: errNoAPI} },
	"EndpointSlices": func(g *given) { g.s.EndpointSlices = snapshot.List[discoveryv1.EndpointSlice]{Err: errNoAPI} },
	"DaemonSets":     func(g *given) { g.s.DaemonSets = snapshot.List[snapshot.DaemonSet]{Err: errNoAPI} },
	"NetworkPolicies": func(g *given) {
		g.s.NetworkPolicies = snapshot.List[networkingv1.NetworkPolicy]{Err: errNoAPI}
	},
	"Agents": func(g *given) { g.s.Agents = snapshot.List[snapshot.Agent]{Err: errNoAPI} },
}

func all(options ...option) option {
	return func(g *given) {
		for _, o := range options {
			o(g)
		}
	}
}

func node(name string, change func(*snapshot.Node)) option {
	return func(g *given) {
		for i := range g.s.Nodes.Items {
			if g.s.Nodes.Items[i].Name == name {
				change(&g.s.Nodes.Items[i])
			}
		}
	}
}

func notReady(n *snapshot.Node)   { n.Ready = corev1.ConditionUnknown }
func unlabelled(n *snapshot.Node) { delete(n.Labels, v1alpha1.NodeLabel(ingressName)) }
func untainted(n *snapshot.Node)  { n.Taints = nil }

func labelled(key, value string) func(*snapshot.Node) {
	return func(n *snapshot.Node) { n.Labels[key] = value }
}

func taintedWith(key string, effect corev1.TaintEffect) func(*snapshot.Node) {
	return func(n *snapshot.Node) { n.Taints = append(n.Taints, corev1.Taint{Key: key, Effect: effect}) }
}

func podChanged(name string, change func(*snapshot.Pod)) option {
	return func(g *given) {
		for i := range g.s.Pods.Items {
			if g.s.Pods.Items[i].Name == name {
				change(&g.s.Pods.Items[i])
			}
		}
	}
}

func podNotReady(p *snapshot.Pod)    { p.Ready = false }
func podTerminating(p *snapshot.Pod) { p.Terminating = true }

func onService(change func(*corev1.Service)) option {
	return func(g *given) {
		if g.s.Service.Value != nil {
			change(g.s.Service.Value)
		}
	}
}

func policyCluster(s *corev1.Service) {
	s.Spec.ExternalTrafficPolicy = corev1.ServiceExternalTrafficPolicyCluster
	s.Spec.HealthCheckNodePort = 0
}

func noAddress(s *corev1.Service)   { s.Status = corev1.ServiceStatus{} }
func noNodePorts(s *corev1.Service) { s.Spec.Ports = []corev1.ServicePort{{Name: "http", Port: 80}} }
func dualStack(s *corev1.Service) {
	s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv4Protocol, corev1.IPv6Protocol}
}

func ipMode(mode corev1.LoadBalancerIPMode) option {
	return onService(func(s *corev1.Service) {
		for i := range s.Status.LoadBalancer.Ingress {
			s.Status.LoadBalancer.Ingress[i].IPMode = &mode
		}
	})
}

func hostname(name string) option {
	return onService(func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{Hostname: name}}
	})
}

func annotated(key, value string) option {
	return onService(func(s *corev1.Service) { s.Annotations[key] = value })
}

func class(name string) option {
	return onService(func(s *corev1.Service) { s.Spec.LoadBalancerClass = &name })
}

func liveService(s snapshot.Read[corev1.Service]) option {
	return func(g *given) { g.s.Service = s }
}

// noMetalLB takes away what shows MetalLB; nothing then shows whose the address is.
var noMetalLB = all(onService(func(s *corev1.Service) { s.Annotations = map[string]string{} }), func(g *given) { g.s.Agents.Items = nil })

// cloud makes all nodes machines of a cloud.
func cloud(providerID string) option {
	return all(noMetalLB, func(g *given) {
		for i := range g.s.Nodes.Items {
			g.s.Nodes.Items[i].ProviderID = providerID
		}
	})
}

func declared(p v1alpha1.Provider) option {
	return func(g *given) { g.spec().Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Provider: p} }
}

func agent(p v1alpha1.Provider, namespace, name string, tolerations ...corev1.Toleration) option {
	return func(g *given) {
		g.s.Agents.Items = append(g.s.Agents.Items, snapshot.Agent{
			Provider: p, Namespace: namespace, Name: name, Tolerations: tolerations,
			Pods: snapshot.AgentPods{Running: snapshot.RunningAll, Wanted: 3, Created: 3, Ready: 3},
		})
	}
}

func clientIP(c v1alpha1.ClientIPSpec) option {
	return func(g *given) {
		g.spec().ClientIP = &c
		g.writeConfig()
	}
}

const (
	balancerRange = v1alpha1.CIDR("192.0.2.0/24")
	proxyRange    = v1alpha1.CIDR("198.51.100.0/24")
)

func proxyFrom(cidrs ...v1alpha1.CIDR) *v1alpha1.ProxyProtocolSpec {
	return &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: cidrs}
}

func headerFrom(name string, policy v1alpha1.ForwardedHeaderPolicy, cidrs ...v1alpha1.CIDR) *v1alpha1.ForwardedHeaderSpec {
	return &v1alpha1.ForwardedHeaderSpec{Header: name, Policy: policy, TrustedCIDRs: cidrs, ProtoAndHost: v1alpha1.ProtoAndHostIgnore}
}

var (
	proxyProtocol = clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom(balancerRange)})
	appending     = clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", v1alpha1.ForwardedHeaderAppend, proxyRange)})
	bothTrusted   = clientIP(v1alpha1.ClientIPSpec{
		ProxyProtocol: proxyFrom(balancerRange), ForwardedHeader: headerFrom("X-Forwarded-For", v1alpha1.ForwardedHeaderAppend, proxyRange),
	})
)

func header(name string, policy v1alpha1.ForwardedHeaderPolicy) option {
	return clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom(name, policy, proxyRange)})
}

// seenConfig changes the ConfigMap seen; the one wanted stays.
func seenConfig(pairs ...string) option {
	return func(g *given) {
		if g.s.ConfigMap.Value == nil {
			return
		}
		for i := 0; i < len(pairs); i += 2 {
			g.s.ConfigMap.Value.Data[pairs[i]] = pairs[i+1]
		}
	}
}

func config(pairs ...string) option {
	return func(g *given) {
		settings := map[string]v1alpha1.ConfigValue{}
		for i := 0; i < len(pairs); i += 2 {
			settings[pairs[i]] = v1alpha1.ConfigValue(pairs[i+1])
		}
		g.spec().Controller.Config = settings
		g.writeConfig()
	}
}

func onDaemonSet(change func(*appsv1.DaemonSet)) option {
	return func(g *given) {
		if g.s.DaemonSet.Value != nil {
			change(g.s.DaemonSet.Value)
		}
	}
}

func args(list ...string) option {
	return onDaemonSet(func(ds *appsv1.DaemonSet) {
		for i := range ds.Spec.Template.Spec.Containers {
			ds.Spec.Template.Spec.Containers[i].Args = list
		}
	})
}

// exposed changes the way in, and removes the Service where none is wanted.
func exposed(how v1alpha1.ExposureType) option {
	return func(g *given) {
		g.spec().Exposure = v1alpha1.ExposureSpec{Type: how}
		g.asDaemonSet()
		switch how {
		case v1alpha1.ExposureNodePort:
			onService(func(s *corev1.Service) {
				s.Spec.Type, s.Spec.HealthCheckNodePort, s.Status = corev1.ServiceTypeNodePort, 0, corev1.ServiceStatus{}
			})(g)
			g.s.Agents.Items = nil
		case v1alpha1.ExposureHostNetwork, v1alpha1.ExposureHostPort:
			g.s.Service, g.s.EndpointSlices, g.s.Agents = snapshot.Read[corev1.Service]{}, snapshot.List[discoveryv1.EndpointSlice]{}, snapshot.List[snapshot.Agent]{}
		}
	}
}

// deployment runs the controller as a Deployment whose two pods are on the edge nodes.
func deployment(g *given) {
	g.spec().Controller.Kind = v1alpha1.WorkloadDeployment
	g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{}
	g.want(v1alpha1.WorkloadDeployment)
	replicas := int32(2)
	g.s.Deployment = snapshot.Read[appsv1.Deployment]{Value: &appsv1.Deployment{
		ObjectMeta: workloadMeta(),
		Spec:       appsv1.DeploymentSpec{Replicas: &replicas, Template: g.template()},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 4, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 2, AvailableReplicas: 2},
	}}
	for i := range g.s.Pods.Items {
		g.s.Pods.Items[i].Workload = v1alpha1.WorkloadDeployment
	}
}

func endpointsOf(endpoints ...discoveryv1.Endpoint) option {
	return func(g *given) { g.s.EndpointSlices.Items = []discoveryv1.EndpointSlice{{Endpoints: endpoints}} }
}

func failed(reason snapshot.FailureReason, kind, name, message string) option {
	return func(g *given) {
		g.o.Failures = append(g.o.Failures, snapshot.Failure{Ref: snapshot.Ref{Kind: kind, Name: name}, Reason: reason, Message: message})
	}
}

func image(repository, digest string) option {
	return func(g *given) {
		g.spec().Controller.Image = &v1alpha1.ImageSpec{Repository: repository, Tag: "v1.15.1-fork", Digest: digest}
	}
}

func deleted(g *given) {
	now := metav1.NewTime(noon)
	g.s.EdgeIngress.DeletionTimestamp = &now
	g.d = desired.State{Namespace: namespace}
}
