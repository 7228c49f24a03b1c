package v1alpha1

// Condition types of an EdgeIngress. All are present from the first pass. False beats Unknown beats True.
const (
	// ConditionReady sums up NodesReady, ControllerAvailable, LoadBalancerReady and ConfigEffective.
	ConditionReady = "Ready"
	// ConditionNodesReady asks: are the right nodes labelled (and tainted), and is at least one able to serve?
	ConditionNodesReady = "NodesReady"
	// ConditionControllerAvailable asks: does every edge node run a ready controller pod, and no other node? Of a Deployment: do as many run as were asked for?
	ConditionControllerAvailable = "ControllerAvailable"
	// ConditionLoadBalancerReady asks: is there an address and a health-check port, and does every announcing part reach the edge nodes?
	ConditionLoadBalancerReady = "LoadBalancerReady"
	// ConditionConfigEffective asks: is the written configuration valid, and is it the one in force, as far as was looked?
	ConditionConfigEffective = "ConfigEffective"
	// ConditionForwardedHeadersSafe asks: can a client choose its own address?
	ConditionForwardedHeadersSafe = "ForwardedHeadersSafe"
	// ConditionSourceIPConfigured asks: do the objects, as they are, let the client's address reach the controller and, from it, the application?
	ConditionSourceIPConfigured = "SourceIPConfigured"
	// ConditionSourceIPPreserved asks: does the client's address reach the application? True only when it was measured.
	ConditionSourceIPPreserved = "SourceIPPreserved"
	// ConditionEngineSupported asks: does the engine still get fixes? Informational, not part of Ready.
	ConditionEngineSupported = "EngineSupported"
)

// Reasons of Ready. Where it is not True it takes the reason of the first condition that stands in the way.
const (
	// ReasonAllConditionsMet (True): NodesReady, ControllerAvailable, LoadBalancerReady and ConfigEffective are True.
	ReasonAllConditionsMet = "AllConditionsMet"
)

// Reasons that several conditions share.
const (
	// ReasonNotApplicable (True): the question does not arise with this spec, such as a load balancer's address with host network.
	ReasonNotApplicable = "NotApplicable"
	// ReasonNotRead (Unknown): the API server did not answer a read that the verdict needs; the message names it.
	ReasonNotRead = "NotRead"
	// ReasonApplyFailed (False): the API server refused or failed a write; the message quotes it.
	ReasonApplyFailed = "ApplyFailed"
	// ReasonNameTaken (False or Unknown): an object of the name that is needed exists and is not this EdgeIngress's; it is left alone.
	ReasonNameTaken = "NameTaken"
	// ReasonEngineUnknown (Unknown): this version of the operator does not have the engine that spec.controller.engine names.
	ReasonEngineUnknown = "EngineUnknown"
	// ReasonDeleting (Unknown): the EdgeIngress is being deleted.
	ReasonDeleting = "Deleting"
)

// Reasons of NodesReady.
const (
	// ReasonNodesLabelled (True): every selected node carries the labels and, where asked for, the taint, and at least one is Ready. The message names
	// nodes that are being released, and those that are withdrawn while they are cordoned.
	ReasonNodesLabelled = "NodesLabelled"
	// ReasonNoNodesSelected (False): the selector or the names choose no node that exists.
	ReasonNoNodesSelected = "NoNodesSelected"
	// ReasonNodesMissing (False): a node listed by name does not exist.
	ReasonNodesMissing = "NodesMissing"
	// ReasonLabelsMissing (Unknown): a node was selected and its labels have not been seen yet.
	ReasonLabelsMissing = "LabelsMissing"
	// ReasonTaintMissing (Unknown): a node was selected and its taint has not been seen yet.
	ReasonTaintMissing = "TaintMissing"
	// ReasonTaintWithheldForAgents (False): the taint would remove load-balancer agents that do not tolerate it, so it is not set.
	ReasonTaintWithheldForAgents = "TaintWithheldForAgents"
	// ReasonTaintWithheldAllNodes (False): the edge nodes are all schedulable nodes, and the taint would leave no place for applications.
	ReasonTaintWithheldAllNodes = "TaintWithheldAllNodes"
	// ReasonTaintWithheldControlPlane (False): a selected node runs the control plane and is labelled only.
	ReasonTaintWithheldControlPlane = "TaintWithheldControlPlane"
	// ReasonNoNodesForApplications (False): the edge nodes are tainted, and no other node takes ordinary pods, such as when the last one left the cluster.
	ReasonNoNodesForApplications = "NoNodesForApplications"
	// ReasonNodesNotReady (False): no edge node is Ready.
	ReasonNodesNotReady = "NodesNotReady"
	// ReasonReleaseHeld (Unknown): a node left the edge set and serves on, because too few of the edge nodes serve yet; the message names those that are waited for.
	ReasonReleaseHeld = "ReleaseHeld"
)

// Reasons of ControllerAvailable.
const (
	// ReasonControllersReady (True): every edge node (of a Deployment: the replicas asked for) runs a ready controller pod. A node that is withdrawn while it is cordoned is left out.
	ReasonControllersReady = "ControllersReady"
	// ReasonImageNotAllowed (False): the operator's flag does not allow the repository of spec.controller.image; the workload is left as it was.
	ReasonImageNotAllowed = "ImageNotAllowed"
	// ReasonWorkloadMissing (Unknown): the DaemonSet or Deployment has not been seen yet.
	ReasonWorkloadMissing = "WorkloadMissing"
	// ReasonNoEdgeNodes (False): there is no edge node that a controller could run on.
	ReasonNoEdgeNodes = "NoEdgeNodes"
	// ReasonControllerOffEdge (False): a controller pod runs on a node outside the edge set.
	ReasonControllerOffEdge = "ControllerOffEdge"
	// ReasonControllersMissing (False): an edge node has no ready controller pod, or fewer replicas are ready than were asked for.
	ReasonControllersMissing = "ControllersMissing"
	// ReasonRolloutInProgress (Unknown): all pods are ready, but not all run the current template yet; the message says what that waits for.
	ReasonRolloutInProgress = "RolloutInProgress"
	// ReasonRolloutNotObserved (Unknown): the workload controller has not taken up the current template yet.
	ReasonRolloutNotObserved = "RolloutNotObserved"
)

// Reasons of LoadBalancerReady.
const (
	// ReasonAddressAssigned (True): the Service has an address and a health-check port, and nothing was seen that keeps the balancer from the edge nodes.
	ReasonAddressAssigned = "AddressAssigned"
	// ReasonServiceMissing (Unknown): the Service has not been seen yet.
	ReasonServiceMissing = "ServiceMissing"
	// ReasonLoadBalancerClassFrozen (False): the Service has another loadBalancerClass than asked for, and Kubernetes does not let it change.
	ReasonLoadBalancerClassFrozen = "LoadBalancerClassFrozen"
	// ReasonIPFamilyFrozen (False): the Service's primary IP family is not the one asked for, and Kubernetes does not let it change.
	ReasonIPFamilyFrozen = "IPFamilyFrozen"
	// ReasonLoadBalancerPending (False): no load balancer has given the Service an address.
	ReasonLoadBalancerPending = "LoadBalancerPending"
	// ReasonHealthCheckNodePortMissing (False): the Service has no healthCheckNodePort, so a balancer cannot tell which nodes serve.
	ReasonHealthCheckNodePortMissing = "HealthCheckNodePortMissing"
	// ReasonHealthCheckOverridden (False): an annotation makes the balancer check something else than the healthCheckNodePort, so it sends to nodes that drop the traffic.
	ReasonHealthCheckOverridden = "HealthCheckOverridden"
	// ReasonProxyV2HealthCheckIncompatible (False; of SourceIPConfigured Unknown): the balancer sends PROXY protocol with its health checks to instance targets; kube-proxy cannot read it and every target is unhealthy.
	ReasonProxyV2HealthCheckIncompatible = "ProxyV2HealthCheckIncompatible"
	// ReasonNodePortsNotAllocated (False): the balancer delivers to node ports and the Service has none.
	ReasonNodePortsNotAllocated = "NodePortsNotAllocated"
	// ReasonEdgeNodeExcluded (False): an edge node carries node.kubernetes.io/exclude-from-external-load-balancers.
	ReasonEdgeNodeExcluded = "EdgeNodeExcluded"
	// ReasonExcludeLabelAmbiguous (Unknown): the exclude label has the value "false", which implementations read differently.
	ReasonExcludeLabelAmbiguous = "ExcludeLabelAmbiguous"
	// ReasonEdgeNodeBeingDeleted (False): an edge node is tainted for removal by the cluster autoscaler, and could not be withdrawn, because too few others would serve.
	ReasonEdgeNodeBeingDeleted = "EdgeNodeBeingDeleted"
	// ReasonAgentMissingOnEdgeNodes (False): the load balancer's agent does not run on an edge node, so the address is not announced from there.
	ReasonAgentMissingOnEdgeNodes = "AgentMissingOnEdgeNodes"
	// ReasonCiliumL2NeedsCluster (False; of SourceIPConfigured Unknown): Cilium's L2 announcements do not work with externalTrafficPolicy Local.
	ReasonCiliumL2NeedsCluster = "CiliumL2NeedsCluster"
	// ReasonEdgeNodesWithoutEndpoint (False): an edge node has no ready endpoint, so that a packet that reaches it is dropped, or there is no edge node at all.
	ReasonEdgeNodesWithoutEndpoint = "EdgeNodesWithoutEndpoint"
)

// Reasons of ConfigEffective.
const (
	// ReasonConfigWritten (True): the configuration is valid, written, and read by the controller that runs. The operator does not see whether the engine loaded it.
	ReasonConfigWritten = "ConfigWritten"
	// ReasonUnknownConfigKeys (False): spec.controller.config has keys that the engine would ignore silently.
	ReasonUnknownConfigKeys = "UnknownConfigKeys"
	// ReasonInvalidConfigValues (False): spec.controller.config has values that the engine would not parse.
	ReasonInvalidConfigValues = "InvalidConfigValues"
	// ReasonReservedConfigKeys (False): spec.controller.config has keys that a field of this API owns.
	ReasonReservedConfigKeys = "ReservedConfigKeys"
	// ReasonForbiddenConfigKeys (False): spec.controller.config has keys that could undo the trust settings.
	ReasonForbiddenConfigKeys = "ForbiddenConfigKeys"
	// ReasonTrustRefused (False): the trusted CIDRs are not usable or cover everyone; nothing is trusted.
	ReasonTrustRefused = "TrustRefused"
	// ReasonConfigMissing (Unknown): the ConfigMap has not been seen yet.
	ReasonConfigMissing = "ConfigMissing"
	// ReasonConfigChanged (Unknown): the ConfigMap seen is not the one wanted.
	ReasonConfigChanged = "ConfigChanged"
	// ReasonConfigNotUsed (False): the running controller reads another ConfigMap.
	ReasonConfigNotUsed = "ConfigNotUsed"
)

// Reasons of ForwardedHeadersSafe.
const (
	// ReasonHeadersIgnored (True): no header is believed, and PROXY protocol, if at all, only from a balancer that is set to write it.
	ReasonHeadersIgnored = "HeadersIgnored"
	// ReasonHeaderPolicyUnmeasured (Unknown): a header is believed from trustedCIDRs only; that the proxies there append or replace it is declared, not measured.
	ReasonHeaderPolicyUnmeasured = "HeaderPolicyUnmeasured"
	// ReasonProxyProtocolUnmeasured (Unknown): PROXY protocol is believed from trustedCIDRs only; that what connects from there writes it was not measured.
	ReasonProxyProtocolUnmeasured = "ProxyProtocolUnmeasured"
	// ReasonHeaderPolicyUnknown (Unknown): whether the proxies in front append to or replace the header is not declared.
	ReasonHeaderPolicyUnknown = "HeaderPolicyUnknown"
	// ReasonHeaderClientControlled (False; of SourceIPConfigured Unknown): the header can be set by a client and the proxy passes it on.
	ReasonHeaderClientControlled = "HeaderClientControlled"
	// ReasonTrustTooWide (False; of SourceIPConfigured Unknown): the trusted CIDRs cover everyone.
	ReasonTrustTooWide = "TrustTooWide"
	// ReasonTrustsClusterAddresses (False): the trusted CIDRs contain nodes or pods of this cluster, which can then choose their address.
	ReasonTrustsClusterAddresses = "TrustsClusterAddresses"
	// ReasonTrustDrifted (False): the ConfigMap seen trusts more than was asked for; it is being repaired.
	ReasonTrustDrifted = "TrustDrifted"
)

// Reasons of SourceIPConfigured.
const (
	// ReasonPreservedByLocalPolicy (True): a packet-forwarding balancer, externalTrafficPolicy Local and ready endpoints keep the source of the packet.
	ReasonPreservedByLocalPolicy = "PreservedByLocalPolicy"
	// ReasonForwardedHeaderTrusted (True): the packet's source is kept, and from trusted proxies the header is taken.
	ReasonForwardedHeaderTrusted = "ForwardedHeaderTrusted"
	// ReasonProxyProtocolTrusted (True): the balancer is set to speak PROXY protocol and the controller to read it.
	ReasonProxyProtocolTrusted = "ProxyProtocolTrusted"
	// ReasonPodTargetsPreserve (True): the balancer sends to pods directly and is set to keep the client's address.
	ReasonPodTargetsPreserve = "PodTargetsPreserve"
	// ReasonHostNetworkDirect (True): the controller uses the node's own network; nothing of Kubernetes stands in between.
	ReasonHostNetworkDirect = "HostNetworkDirect"
	// ReasonServiceNotExternal (False): the Service cannot be reached from outside.
	ReasonServiceNotExternal = "ServiceNotExternal"
	// ReasonTrafficPolicyCluster (False): externalTrafficPolicy is Cluster, and the address of a node replaces the client's.
	ReasonTrafficPolicyCluster = "TrafficPolicyCluster"
	// ReasonTrafficPolicyFallback (False): an annotation lets the Service fall back from Local to Cluster.
	ReasonTrafficPolicyFallback = "TrafficPolicyFallback"
	// ReasonNoReadyEndpoints (Unknown): no edge node has a ready endpoint; traffic from outside is dropped.
	ReasonNoReadyEndpoints = "NoReadyEndpoints"
	// ReasonForeignEndpoints (Unknown): an EndpointSlice of the Service points to something that is not a controller pod.
	ReasonForeignEndpoints = "ForeignEndpoints"
	// ReasonProxyWithoutProxyProtocol (False): the balancer ends the connection and does not pass the client's address on.
	ReasonProxyWithoutProxyProtocol = "ProxyWithoutProxyProtocol"
	// ReasonIPModeProxy (False): the balancer declares that it ends the connection, and no PROXY protocol is read.
	ReasonIPModeProxy = "IPModeProxy"
	// ReasonProxyProtocolBalancerOnly (False): the balancer speaks PROXY protocol and the controller does not read it: every request is refused.
	ReasonProxyProtocolBalancerOnly = "ProxyProtocolBalancerOnly"
	// ReasonProxyProtocolControllerOnly (False): the controller reads PROXY protocol and the balancer does not speak it: every connection is closed.
	ReasonProxyProtocolControllerOnly = "ProxyProtocolControllerOnly"
	// ReasonPreserveClientIPDisabled (False): the balancer could keep the client's address and is set not to.
	ReasonPreserveClientIPDisabled = "PreserveClientIPDisabled"
	// ReasonServiceLBMasquerades (Unknown): k3s ServiceLB may masquerade the source.
	ReasonServiceLBMasquerades = "ServiceLBMasquerades"
	// ReasonProviderUnknown (Unknown): the load balancer is not known, and so is what it does with the source address.
	ReasonProviderUnknown = "ProviderUnknown"
	// ReasonExternalBalancerUnseen (Unknown): what stands in front of the nodes cannot be seen from the cluster.
	ReasonExternalBalancerUnseen = "ExternalBalancerUnseen"
	// ReasonAddressPending (Unknown): there is no address yet, so the path of a packet is not known.
	ReasonAddressPending = "AddressPending"
	// ReasonHostPortMappingUnseen (Unknown): the network plugin maps the host port, and whether it keeps the source is not visible.
	ReasonHostPortMappingUnseen = "HostPortMappingUnseen"
	// ReasonConfigNotEffective (False or Unknown): the configuration about the client's address, or what the controller's pods run, is not what is wanted.
	ReasonConfigNotEffective = "ConfigNotEffective"
	// ReasonFamilyNotTrusted (Unknown): the Service has an IP family of which trustedCIDRs hold no address.
	ReasonFamilyNotTrusted = "FamilyNotTrusted"
	// ReasonEngineVersionUnknown (Unknown): PROXY protocol and a header are trusted together, which versions of the engine treat differently, and the version of the image is not known.
	ReasonEngineVersionUnknown = "EngineVersionUnknown"
)

// Reasons of SourceIPPreserved. Where SourceIPConfigured is False, it takes that reason.
const (
	// ReasonNotMeasured (Unknown): nobody has measured which address the application sees; the message names the legs.
	ReasonNotMeasured = "NotMeasured"
)

// Reasons of EngineSupported.
const (
	// ReasonEngineMaintained (True): the engine's publisher fixes this build.
	ReasonEngineMaintained = "EngineMaintained"
	// ReasonUpstreamRetired (False): upstream retired the engine, and nobody fixes this build any more.
	ReasonUpstreamRetired = "UpstreamRetired"
	// ReasonForkNotTracked (Unknown): another build of the engine runs, and the operator does not know whether it gets fixes.
	ReasonForkNotTracked = "ForkNotTracked"
)

// Reasons of events, which are written on transitions only. Conditions' reasons are used as well.
const (
	// EventNodeLabelled: a node joined the edge set.
	EventNodeLabelled = "NodeLabelled"
	// EventNodeWithdrawn: an edge node is cordoned or about to be removed, and its controller ends; it comes back when it is uncordoned.
	EventNodeWithdrawn = "NodeWithdrawn"
	// EventNodeReleasing: a node left the edge set, and its controller ends; role label and taint stay until it has.
	EventNodeReleasing = "NodeReleasing"
	// EventNodeReleased: a node left the edge set and lost what this EdgeIngress put there.
	EventNodeReleased = "NodeReleased"
	// EventDriftRepaired: an object was changed by somebody else and set back.
	EventDriftRepaired = "DriftRepaired"
	// EventCreated: an object was created.
	EventCreated = "Created"
	// EventPruned: an object that is no longer wanted was deleted.
	EventPruned = "Pruned"
)
