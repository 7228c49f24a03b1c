// Package provider knows load balancers: which one serves a Service, what it does with the source
// address of a packet, and which DaemonSets are its agents on the nodes. Each load balancer has a file
// of its own, such as metallb.go, with everything about it. The package is pure, and reports Unknown
// wherever it is not certain.
package provider

import (
	"fmt"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// Path says what a load balancer does with a connection.
type Path string

const (
	// Forwards: the balancer passes packets on to a node and keeps their source.
	Forwards Path = "Forwards"
	// Proxies: the connection ends at the balancer, which opens one of its own.
	Proxies Path = "Proxies"
	// TargetsPods: the balancer sends to pods and bypasses the Service rules on the nodes.
	TargetsPods Path = "TargetsPods"
	// Unknown: the cluster does not show it.
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

// Annotation of a Service that a user can set.
type Annotation struct {
	Key   string
	Value string
}

// String returns the annotation as a line of YAML.
func (a Annotation) String() string { return fmt.Sprintf("%s: %q", a.Key, a.Value) }

// Balancer holds the known facts about the load balancer in front of a Service.
type Balancer struct {
	// Provider is ProviderAuto where the load balancer is unknown.
	Provider v1alpha1.Provider
	// Name for messages.
	Name string
	// Path of a connection.
	Path Path
	// Why explains an Unknown Path. It is a clause for after "because".
	Why string
	// ProxyProtocol shows whether the balancer sends PROXY protocol.
	ProxyProtocol Setting
	// Preserve shows whether the balancer is set to keep the client's address, where it has such a switch.
	Preserve Setting
	// WritesHeader is set where the balancer reads HTTP on every port and writes X-Forwarded-For.
	WritesHeader bool
	// Ports lists the ports of the Service where the balancer treats them differently, and is empty
	// elsewhere.
	Ports []Port
	// NeedsNodePorts is set where the balancer delivers to node ports.
	NeedsNodePorts bool
	// HealthChecksCarryProxy is set where its health checks of nodes begin with a PROXY header,
	// which kube-proxy cannot read.
	HealthChecksCarryProxy bool
	// NeedsClusterPolicy is set where the balancer does not work with externalTrafficPolicy Local, or may not.
	NeedsClusterPolicy bool
	// PolicyDoubt says why it is not known whether the balancer works with externalTrafficPolicy Local. It is a
	// clause for after "because", and empty where that is known.
	PolicyDoubt string
	// PolicyRemedy is a sentence for NeedsClusterPolicy, or empty. It has no full stop.
	PolicyRemedy string
	// HealthChecks says how the balancer finds out which nodes serve.
	HealthChecks HealthChecks
	// Nodes says which nodes the balancer uses.
	Nodes NodeChoice
	// Excludes are the labels with which it leaves a node out, besides the one that all balancers read.
	Excludes []LabelSign
	// NotRead names objects that could keep the balancer from the nodes, and that the operator does not
	// read. It is empty where there are none.
	NotRead string
	// ProxyProtocolRemedy switches PROXY protocol on, or is the zero value where the balancer does
	// not support it.
	ProxyProtocolRemedy Annotation
	// PreserveRemedy makes the balancer keep the client's address, or is the zero value where no
	// annotation does.
	PreserveRemedy Annotation
}

// Identify returns the load balancer that serves the Service of the snapshot, and what it does. A
// declaration in the spec overrides detection. A load balancer with lowConfidence counts only where the
// spec declares it.
func Identify(s snapshot.Snapshot) Balancer {
	service := s.Service.Value
	if service == nil {
		return unknown(v1alpha1.ProviderAuto, "the operator has not seen the Service")
	}
	view := newView(service)
	view.agents = s.Agents
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
		return unknown(p, fmt.Sprintf("the operator knows nothing about provider %q", p))
	}
	if known.signs.versioned {
		view.version, view.versionUnknown = runningVersion(view.agents, p)
	}
	b := known.describe(view)
	b.Provider = p
	if len(b.Excludes) == 0 {
		b.Excludes = known.excludes
	}
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
		b.Path, b.Why = Unknown, fmt.Sprintf("the operator recognises %s but knows too little about it to rely on detection; "+
			"set spec.exposure.loadBalancer.provider to %s", known.name, p)
	}
	return b
}

func unknown(p v1alpha1.Provider, why string) Balancer {
	return Balancer{Provider: p, Name: "the load balancer", Path: Unknown, Why: why, ProxyProtocol: NotSaid, Preserve: NotSaid}
}
