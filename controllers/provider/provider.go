// Package provider knows load balancers: which one serves a Service, what it does with the source address of a packet, and
// which DaemonSets are its agents on the nodes. Each load balancer has a file of its own with all that is known about it, such as
// metallb.go. The package is pure. What it cannot tell for certain is Unknown.
package provider

import (
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Path is what a load balancer does with a connection.
type Path string

const (
	// Forwards: packets are passed on to a node with the source that they had.
	Forwards Path = "Forwards"
	// Proxies: the connection ends at the balancer, which opens one of its own.
	Proxies Path = "Proxies"
	// TargetsPods: the balancer sends to pods and goes around the nodes' Service rules.
	TargetsPods Path = "TargetsPods"
	// Unknown: it cannot be told from the cluster.
	Unknown Path = "Unknown"
)

// Setting is a switch of a load balancer, as far as the cluster shows it.
type Setting string

const (
	// On: the cluster shows that it is switched on.
	On Setting = "On"
	// Off: the cluster shows that it is switched off.
	Off Setting = "Off"
	// NotSaid: the cluster does not show it.
	NotSaid Setting = "NotSaid"
)

// Annotation of a Service, to be written by a person.
type Annotation struct {
	Key   string
	Value string
}

// String is the annotation as it is written in YAML.
func (a Annotation) String() string { return fmt.Sprintf("%s: %q", a.Key, a.Value) }

// Balancer is what is known of the load balancer in front of a Service.
type Balancer struct {
	// Provider is ProviderAuto where it is not known.
	Provider v1alpha1.Provider
	// Name for people.
	Name string
	// Path of a connection. Where it is Unknown, Why says why.
	Path Path
	// Why is a clause that tells why Path is Unknown.
	Why string
	// ProxyProtocol is whether the balancer sends PROXY protocol.
	ProxyProtocol Setting
	// Preserve is whether the balancer is set to keep the client's address, where it has such a switch.
	Preserve Setting
	// WritesHeader is whether the balancer reads HTTP and writes X-Forwarded-For.
	WritesHeader bool
	// NeedsNodePorts is whether the balancer delivers to node ports.
	NeedsNodePorts bool
	// HealthChecksCarryProxy is whether its health checks of nodes begin with a PROXY header, which kube-proxy cannot read.
	HealthChecksCarryProxy bool
	// NeedsClusterPolicy is whether the balancer does not work with externalTrafficPolicy Local.
	NeedsClusterPolicy bool
	// HealthCheckOverride is the annotation that makes the balancer check something else than the healthCheckNodePort; the zero value where there is none.
	HealthCheckOverride Annotation
	// ProxyProtocolRemedy switches PROXY protocol on; the zero value where the balancer cannot.
	ProxyProtocolRemedy Annotation
	// PreserveRemedy makes the balancer keep the client's address; the zero value where no annotation does.
	PreserveRemedy Annotation
}

// Identify returns which load balancer serves the Service of the snapshot, and what it does. What the spec declares wins over
// what is found. A load balancer with lowConfidence is believed only where the spec declares it.
func Identify(s snapshot.Snapshot) Balancer {
	service := s.Service.Value
	if service == nil {
		return unknown(v1alpha1.ProviderAuto, "the Service was not seen")
	}
	view := newView(service)
	declared := declaredProvider(s.EdgeIngress)
	if declared != v1alpha1.ProviderAuto {
		return describe(declared, view, true)
	}
	found, why := detect(s, view)
	if found == v1alpha1.ProviderAuto {
		return unknown(found, why)
	}
	return describe(found, view, false)
}

func declaredProvider(e *v1alpha1.EdgeIngress) v1alpha1.Provider {
	if e.Spec.Exposure.LoadBalancer == nil || e.Spec.Exposure.LoadBalancer.Provider == "" {
		return v1alpha1.ProviderAuto
	}
	return e.Spec.Exposure.LoadBalancer.Provider
}

func describe(p v1alpha1.Provider, view view, declared bool) Balancer {
	known := registration(p)
	if known == nil {
		return unknown(p, fmt.Sprintf("nothing is known about provider %q", p))
	}
	b := known.describe(view)
	b.Provider = p
	if b.Name == "" {
		b.Name = known.name
	}
	if b.ProxyProtocol == "" {
		b.ProxyProtocol = NotSaid
	}
	if b.Preserve == "" {
		b.Preserve = NotSaid
	}
	if known.lowConfidence && !declared && b.Path != Unknown {
		b.Path, b.Why = Unknown, fmt.Sprintf("%s was recognised, but too little is known about it to say so unasked", known.name)
	}
	return b
}

func unknown(p v1alpha1.Provider, why string) Balancer {
	return Balancer{Provider: p, Name: "the load balancer", Path: Unknown, Why: why, ProxyProtocol: NotSaid, Preserve: NotSaid}
}
