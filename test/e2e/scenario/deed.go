package scenario

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

// The deeds that concern the measuring.
const (
	// MasqueradeOnEdge adds a rule to the first edge node that hides the source of what comes from outside
	// the pod network and is led to the controller's pod.
	MasqueradeOnEdge Deed = "MasqueradeOnEdge"
	// MasqueradeInFront makes the router in front of the nodes hide the source of what is sent to the load
	// balancer's address.
	MasqueradeInFront Deed = "MasqueradeInFront"
	// ProxyStopsAppending makes the proxy of HTTPChanging pass X-Forwarded-For on as clients write it.
	ProxyStopsAppending Deed = "ProxyStopsAppending"
	// TakeWitnessHost creates an Ingress in a tenant's namespace that takes the witness's host name and path,
	// and leads to the tenant's own application.
	TakeWitnessHost Deed = "TakeWitnessHost"
	// ForgeReports tries to write reports as an administrator who claims to be the prober, and as a user
	// without rights. It fails where the API server accepts one.
	ForgeReports Deed = "ForgeReports"
	// ReplayChallenge has the witness answer a challenge, and asks with the same one again. It fails where
	// the witness answers twice.
	ReplayChallenge Deed = "ReplayChallenge"
	// AskReservedPath asks for the reserved path without a challenge. It fails where the answer differs from
	// that for a host name that nobody has.
	AskReservedPath Deed = "AskReservedPath"
	// KillWitness deletes the witness's pod, and returns when another is ready.
	KillWitness Deed = "KillWitness"
	// StopWitness removes all pods of the witness. Undone, it returns when one is ready.
	StopWitness Deed = "StopWitness"
	// KillProbers deletes all pods of the prober, and returns when others are ready.
	KillProbers Deed = "KillProbers"
	// RecreateNode removes the first edge node and adds another one of the same name.
	RecreateNode Deed = "RecreateNode"
	// RefusedConfig creates an Ingress of a tenant that makes the controller refuse to load anything new, and
	// changes a setting.
	RefusedConfig Deed = "RefusedConfig"
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
