package scenario

import (
	"maps"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// The EdgeIngress objects and the nodes of the scenarios.
const (
	Public   = "public"
	Internal = "internal"
	Spare    = "spare"
	// Everywhere is alone in the cluster.
	Everywhere = "everywhere"

	// Edge1 runs kube-proxy in iptables mode, Edge2 and Edge3 in nftables mode. Public and Spare
	// are on the first two, Internal on the third.
	Edge1 = "edge1"
	Edge2 = "edge2"
	Edge3 = "edge3"
	// Worker1 runs the application and everything else that is no ingress, in iptables mode.
	Worker1 = "worker1"
)

// FixedVIP is the address that Public requests from MetalLB, and the target of the haproxy in front
// of it. spareVIP is the one that Spare requests.
const (
	FixedVIP = "10.77.0.240"
	spareVIP = "10.77.0.241"
	// everywhereVIP is the one that Everywhere requests.
	everywhereVIP = "10.77.0.242"
)

// BalancerCIDR is the haproxy's address, as edge nodes see it. OtherCIDR is that of a balancer that
// does not exist.
const (
	BalancerCIDR = "203.0.113.50/32"
	OtherCIDR    = "203.0.113.99/32"
)

// InternalHTTPPort is the node port that Internal asks for.
const InternalHTTPPort = 30080

// fixedVIPAnnotation is how MetalLB is asked for an address.
const fixedVIPAnnotation = "metallb.io/loadBalancerIPs"

type change func(*v1alpha1.EdgeIngressSpec)

// HostOf is the host name by which the application is asked for through an EdgeIngress.
func HostOf(edgeIngress string) string { return edgeIngress + ".e2e.test" }

// public is the EdgeIngress behind MetalLB, with a fixed address.
func public(changes ...change) *v1alpha1.EdgeIngressSpec {
	return spec([]string{Edge1, Edge2}, append([]change{address(FixedVIP), measuredAs(HostOf(Public))}, changes...)...)
}

// measuredAs lets a vantage outside cross proxies that know only this host name.
func measuredAs(host string) change {
	return func(s *v1alpha1.EdgeIngressSpec) {
		s.Verification = &v1alpha1.VerificationSpec{Hosts: []string{host}}
	}
}

// notMeasured switches the measuring off.
func notMeasured(s *v1alpha1.EdgeIngressSpec) {
	s.Verification = &v1alpha1.VerificationSpec{Probes: v1alpha1.Disabled}
}

// everywhere is the only EdgeIngress in the cluster.
func everywhere(nodes ...string) *v1alpha1.EdgeIngressSpec {
	return spec(nodes, address(everywhereVIP))
}

func internal(changes ...change) *v1alpha1.EdgeIngressSpec {
	return spec([]string{Edge3}, append([]change{measuredAs(HostOf(Internal))}, changes...)...)
}

// spare is an EdgeIngress of one replica on two nodes that it shares, with an address of its own.
func spare() *v1alpha1.EdgeIngressSpec {
	s := spec([]string{Edge1, Edge2}, address(spareVIP))
	one := int32(1)
	s.Nodes.Isolation, s.Controller.Kind, s.Controller.Replicas = v1alpha1.IsolationShared, v1alpha1.WorkloadDeployment, &one
	return s
}

// settings are for a small machine, where one worker starts faster, and for many changes in a row,
// where old workers end soon.
var settings = map[string]v1alpha1.ConfigValue{"worker-processes": "1", "worker-shutdown-timeout": "5s"}

func spec(nodes []string, changes ...change) *v1alpha1.EdgeIngressSpec {
	s := &v1alpha1.EdgeIngressSpec{}
	s.Nodes.Names = nodes
	s.Controller.Config = maps.Clone(settings)
	s.Exposure.DrainDelay = &metav1.Duration{Duration: 2 * time.Second}
	for _, apply := range changes {
		apply(s)
	}
	return s
}

func address(vip v1alpha1.AnnotationValue) change {
	return func(s *v1alpha1.EdgeIngressSpec) {
		s.Exposure.LoadBalancer = &v1alpha1.LoadBalancerSpec{Annotations: map[string]v1alpha1.AnnotationValue{fixedVIPAnnotation: vip}}
	}
}

func anyAddress(s *v1alpha1.EdgeIngressSpec) { s.Exposure.LoadBalancer = nil }

func exposed(as v1alpha1.ExposureType) change {
	return func(s *v1alpha1.EdgeIngressSpec) { s.Exposure.Type = as }
}

func byNodePort(s *v1alpha1.EdgeIngressSpec) {
	port := int32(InternalHTTPPort)
	s.Exposure.Type, s.Exposure.NodePorts = v1alpha1.ExposureNodePort, &v1alpha1.NodePortsSpec{HTTP: &port}
}

func clientIP(s *v1alpha1.EdgeIngressSpec) *v1alpha1.ClientIPSpec {
	if s.ClientIP == nil {
		s.ClientIP = &v1alpha1.ClientIPSpec{}
	}
	return s.ClientIP
}

func header(policy v1alpha1.ForwardedHeaderPolicy, trusted v1alpha1.CIDR) change {
	return func(s *v1alpha1.EdgeIngressSpec) {
		clientIP(s).ForwardedHeader = &v1alpha1.ForwardedHeaderSpec{Policy: policy, TrustedCIDRs: v1alpha1.TrustedCIDRs{trusted}}
	}
}

func headerNamed(name string) change {
	return func(s *v1alpha1.EdgeIngressSpec) { clientIP(s).ForwardedHeader.Header = name }
}

func proxyProtocol(trusted v1alpha1.CIDR) change {
	return func(s *v1alpha1.EdgeIngressSpec) {
		clientIP(s).ProxyProtocol = &v1alpha1.ProxyProtocolSpec{TrustedCIDRs: v1alpha1.TrustedCIDRs{trusted}}
	}
}

// both is a CDN behind a balancer that speaks PROXY protocol.
func both(trusted v1alpha1.CIDR) change {
	return func(s *v1alpha1.EdgeIngressSpec) {
		header(v1alpha1.ForwardedHeaderAppend, trusted)(s)
		proxyProtocol(trusted)(s)
		s.ClientIP.ForwardedHeader.ProtoAndHost = v1alpha1.ProtoAndHostTrustFromAnyone
	}
}

// noPolicy leaves out what the proxy in front does with the header.
const noPolicy v1alpha1.ForwardedHeaderPolicy = ""
