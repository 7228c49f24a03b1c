// Package scenario holds the scenarios of the end-to-end tests as data: the EdgeIngress and the
// proxies in front of it, the requests, the address that the application must see, and what the
// conditions must say. It also judges the results. It is pure: package runner does everything that
// touches a cluster.
package scenario

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Group is a list of scenarios that run one after the other on the same EdgeIngress, which is
// installed once and then changed.
type Group struct {
	Name string
	// EdgeIngress is the name of the object; empty where the scenarios have none.
	EdgeIngress string
	Scenarios   []Scenario
}

// Scenario is one row of the table.
type Scenario struct {
	// Name is a sentence without a full stop, unique among all scenarios.
	Name string
	// Item is the number of the list of scenarios in the issue that asked for them.
	Item int
	// EdgeIngress is the object that the row is about, where that is not the group's.
	EdgeIngress string
	// Spec of the EdgeIngress; nil leaves it as it is.
	Spec *v1alpha1.EdgeIngressSpec
	// Deeds are done manually when the EdgeIngress is at rest, and undone after the requests.
	Deeds []Deed
	// Meanwhile are conditions that must have been reported between the deeds and the rest that follows.
	Meanwhile Says
	// Requests in the order in which they are sent.
	Requests []Request
	// Says is what conditions must say when the requests are sent. Other conditions may say
	// anything that the invariants allow.
	Says Says
	// Beyond names what no object of Kubernetes can show, so that SourceIPConfigured is True
	// although the application sees another address than the client's: the row is recorded. It is
	// empty in all other rows.
	Beyond string
	// Legs are parts of the path that the message of SourceIPPreserved must name as not checked.
	Legs []string
}

// BehindController reports whether there is an EdgeIngress. Its conditions are then judged, and its
// controller writes the headers that applications see.
func (s Scenario) BehindController() bool { return len(s.Says) > 0 }

// Says maps condition types to what they must say.
type Says map[string]Verdict

// Verdict is the status and the reason of a condition.
type Verdict struct {
	Status metav1.ConditionStatus
	Reason string
}

// String is the verdict as the table shows it.
func (v Verdict) String() string { return string(v.Status) + " " + v.Reason }

func is(reason string) Verdict      { return Verdict{metav1.ConditionTrue, reason} }
func isNot(reason string) Verdict   { return Verdict{metav1.ConditionFalse, reason} }
func unclear(reason string) Verdict { return Verdict{metav1.ConditionUnknown, reason} }

// Deed is something that is done behind the operator's back.
type Deed string

// The deeds.
const (
	// TolerateEdgeTaint gives MetalLB's speaker the toleration that it does not have when it is installed.
	TolerateEdgeTaint Deed = "TolerateEdgeTaint"
	// RefuseSpeakers makes the namespace of MetalLB refuse the pods of its speaker, and deletes them.
	RefuseSpeakers Deed = "RefuseSpeakers"
	// DenyClients adds a NetworkPolicy to the controller's namespace that allows nothing.
	DenyClients Deed = "DenyClients"
	// RequireDualStack asks for both IP families in the EdgeIngress.
	RequireDualStack Deed = "RequireDualStack"
	// PolicyToCluster sets the Service's externalTrafficPolicy to Cluster.
	PolicyToCluster Deed = "PolicyToCluster"
	// TrustEveryone makes the controller's ConfigMap trust X-Forwarded-For from everyone.
	TrustEveryone Deed = "TrustEveryone"
	// RefuseServiceRepairs makes the API server refuse the operator's writes to Services.
	RefuseServiceRepairs Deed = "RefuseServiceRepairs"
	// RefuseConfigRepairs makes the API server refuse the operator's writes to ConfigMaps.
	RefuseConfigRepairs Deed = "RefuseConfigRepairs"
	// OverruleConfig makes the API server itself change each write to the controller's ConfigMap, so
	// that the controller trusts X-Forwarded-For from everyone.
	OverruleConfig Deed = "OverruleConfig"
	// ExcludeRoleLabel adds a DaemonSet whose rules exclude nodes with the role label, and removes that
	// label from the first edge node.
	ExcludeRoleLabel Deed = "ExcludeRoleLabel"
	// RemoveEdgeLabels takes both edge labels away from the first edge node.
	RemoveEdgeLabels Deed = "RemoveEdgeLabels"
	// DeleteControllerPod deletes the controller's pod on the first edge node.
	DeleteControllerPod Deed = "DeleteControllerPod"
	// RemoveNodeSelector takes the nodeSelector away from the DaemonSet.
	RemoveNodeSelector Deed = "RemoveNodeSelector"
	// AddForeignEndpointSlice adds an EndpointSlice to the Service. It leads to an application on
	// the edge node without a controller.
	AddForeignEndpointSlice Deed = "AddForeignEndpointSlice"
	// MasqueradeOnEdge adds a rule to the first edge node that hides the source of what is led to pods.
	MasqueradeOnEdge Deed = "MasqueradeOnEdge"
	// AddSidecarByPolicy makes a policy add a container to the controller's new pods, and replaces
	// the one on the first edge node.
	AddSidecarByPolicy Deed = "AddSidecarByPolicy"
	// RefusePods makes the API server refuse new controller pods, and deletes the one on the first
	// edge node.
	RefusePods Deed = "RefusePods"
	// ForbidHostPorts sets a Pod Security Standard on the controller's namespace, and changes the
	// EdgeIngress to the host network.
	ForbidHostPorts Deed = "ForbidHostPorts"
	// CrashAnnouncer crashes the node that announces the load balancer's address. Undoing it starts
	// the node again.
	CrashAnnouncer Deed = "CrashAnnouncer"
)

// Ends reports whether the operator undoes the deed by itself, so that the state afterwards counts.
// Other deeds last until they are undone.
func (d Deed) Ends() bool {
	switch d {
	case PolicyToCluster, TrustEveryone, RemoveEdgeLabels, DeleteControllerPod, RemoveNodeSelector:
		return true
	}
	return false
}

// Repaired reports whether the operator has to put things right again after the deeds.
func (s Scenario) Repaired() bool {
	repaired := false
	for _, deed := range s.Deeds {
		if deed == RefuseServiceRepairs || deed == RefuseConfigRepairs {
			return false
		}
		repaired = repaired || deed.Ends()
	}
	return repaired
}
