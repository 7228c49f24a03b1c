package v1alpha1

// Condition types of an EdgeIngress. All are present from the first pass. False beats Unknown, and
// Unknown beats True.
const (
	// ConditionReady sums up NodesReady, ControllerAvailable, LoadBalancerReady and
	// ConfigEffective.
	ConditionReady = "Ready"
	// ConditionNodesReady asks: do the right nodes have the labels and the taint, and can at least
	// one of them serve?
	ConditionNodesReady = "NodesReady"
	// ConditionControllerAvailable asks: does every edge node run a ready controller pod, and no
	// other node? Of a Deployment: are all replicas ready?
	ConditionControllerAvailable = "ControllerAvailable"
	// ConditionLoadBalancerReady asks: does the Service have an address and a health-check port,
	// and do load balancers reach the edge nodes?
	ConditionLoadBalancerReady = "LoadBalancerReady"
	// ConditionConfigEffective asks: is the configuration valid, and does the controller use it? Where
	// the path is measured, each edge node reports which configuration it has loaded.
	ConditionConfigEffective = "ConfigEffective"
	// ConditionForwardedHeadersSafe asks: can a client choose the address that applications see?
	ConditionForwardedHeadersSafe = "ForwardedHeadersSafe"
	// ConditionSourceIPConfigured asks: do the objects, as they are, let the client's address
	// reach the controller and the application?
	ConditionSourceIPConfigured = "SourceIPConfigured"
	// ConditionNodesKeepSourceIP asks: does the source address of a connection to an edge node reach
	// the application? The prober measures it on each edge node where a controller serves.
	ConditionNodesKeepSourceIP = "NodesKeepSourceIP"
	// ConditionSourceIPPreserved asks: does the client's address reach the application? It is True
	// only when that was measured, on the nodes and from outside.
	ConditionSourceIPPreserved = "SourceIPPreserved"
	// ConditionEngineSupported asks: does the engine still get fixes? It informs only, and is not
	// part of Ready.
	ConditionEngineSupported = "EngineSupported"
	// ConditionGuarded asks: are the admission policies in force that keep the right to write an
	// EdgeIngress to administrators, and a stolen token of the operator from giving the cluster away? It
	// informs only, and is not part of Ready.
	ConditionGuarded = "Guarded"
)

// Reasons of Ready. Where Ready is not True, it takes the reason of the first condition that is not
// True.
const (
	// ReasonAllConditionsMet (True): NodesReady, ControllerAvailable, LoadBalancerReady and
	// ConfigEffective are True.
	ReasonAllConditionsMet = "AllConditionsMet"
)

// Reasons that several conditions share.
const (
	// ReasonNotApplicable (True): the question does not arise with this spec. With host network,
	// for example, no load balancer is asked for an address.
	ReasonNotApplicable = "NotApplicable"
	// ReasonNotRead (Unknown): the API server did not answer a read that the verdict needs. The
	// message names it.
	ReasonNotRead = "NotRead"
	// ReasonApplyFailed (False): the API server refused a write, or the write failed. The message
	// quotes the error.
	ReasonApplyFailed = "ApplyFailed"
	// ReasonNameTaken (False or Unknown): an object with the needed name exists and does not
	// belong to this EdgeIngress. The operator leaves it alone.
	ReasonNameTaken = "NameTaken"
	// ReasonEngineUnknown (Unknown): this version of the operator does not have the engine that
	// spec.controller.engine names.
	ReasonEngineUnknown = "EngineUnknown"
	// ReasonNamespaceReserved (False): the controller would run in the operator's own namespace, so
	// no object is created and no node is changed.
	ReasonNamespaceReserved = "NamespaceReserved"
	// ReasonOperatorTooOld (Unknown): a newer version of the operator served this EdgeIngress last, and
	// the one that runs may not understand what it wrote. It changes nothing.
	ReasonOperatorTooOld = "OperatorTooOld"
	// ReasonNamespaceTaken (False): an older EdgeIngress uses the namespace of the controller, so no
	// object is created and no node is changed. A controller that runs there already stays, and is no
	// reason for False.
	ReasonNamespaceTaken = "NamespaceTaken"
	// ReasonIngressClassTaken (False): the IngressClass belongs to another EdgeIngress. No controller is
	// started. One that runs already stays.
	ReasonIngressClassTaken = "IngressClassTaken"
	// ReasonHostPortsTaken (False): another EdgeIngress uses ports 80 and 443 of nodes that this one
	// selects. The operator changes nothing there. Where a controller serves without these ports before
	// a change of spec.exposure.type, the operator does not update it.
	ReasonHostPortsTaken = "HostPortsTaken"
	// ReasonDeleting (Unknown): the EdgeIngress is being deleted.
	ReasonDeleting = "Deleting"
)

// Reasons of NodesReady.
const (
	// ReasonNodesLabelled (True): every selected node has the labels and, where the spec asks for
	// it, the taint, and at least one node is Ready. The message names nodes that are being
	// released or are withdrawn while cordoned.
	ReasonNodesLabelled = "NodesLabelled"
	// ReasonNoNodesSelected (False): the selector or the names choose no existing node.
	ReasonNoNodesSelected = "NoNodesSelected"
	// ReasonNodesMissing (False): a node in spec.nodes.names does not exist.
	ReasonNodesMissing = "NodesMissing"
	// ReasonLabelsMissing (Unknown): the operator has not seen its labels on a selected node yet.
	ReasonLabelsMissing = "LabelsMissing"
	// ReasonTaintMissing (Unknown): the operator has not seen its taint on a selected node yet.
	ReasonTaintMissing = "TaintMissing"
	// ReasonTaintWithheldForAgents (False): load-balancer agents do not tolerate the taint and
	// would be removed, so the operator does not set it.
	ReasonTaintWithheldForAgents = "TaintWithheldForAgents"
	// ReasonTaintWithheldForDaemonSets (False): a part of the nodes' network, such as kube-proxy,
	// does not tolerate the taint, so the operator does not set it.
	ReasonTaintWithheldForDaemonSets = "TaintWithheldForDaemonSets"
	// ReasonTaintWithheldForEdgeIngress (False): the controllers of another EdgeIngress use the same
	// nodes and do not tolerate the taint. The other one came first, so the operator does not set
	// the taint.
	ReasonTaintWithheldForEdgeIngress = "TaintWithheldForEdgeIngress"
	// ReasonTaintOfAnotherEdgeIngress (False): another EdgeIngress tainted an edge node, and the
	// controllers of this one do not tolerate that. No new controller pod can start there.
	ReasonTaintOfAnotherEdgeIngress = "TaintOfAnotherEdgeIngress"
	// ReasonLabelWithheldForDaemonSets (False): the rules of DaemonSets exclude nodes with the role
	// label. Their pods would leave the nodes, so the operator does not set the label. The
	// controller runs there without it.
	ReasonLabelWithheldForDaemonSets = "LabelWithheldForDaemonSets"
	// ReasonDaemonSetsKeptOff (Unknown): the role label or the taint is there already, and keeps a
	// part of the node's network off edge nodes. The operator does not remove it.
	ReasonDaemonSetsKeptOff = "DaemonSetsKeptOff"
	// ReasonTaintWithheldAllNodes (False): the edge nodes are all schedulable nodes. With the
	// taint, applications would have nowhere to run.
	ReasonTaintWithheldAllNodes = "TaintWithheldAllNodes"
	// ReasonTaintWithheldControlPlane (False): a selected node runs the control plane. The
	// operator labels it and does not taint it.
	ReasonTaintWithheldControlPlane = "TaintWithheldControlPlane"
	// ReasonNoNodesForApplications (False): the edge nodes are tainted, and no other node takes
	// ordinary pods, for example because the last one left the cluster.
	ReasonNoNodesForApplications = "NoNodesForApplications"
	// ReasonNodesNotReady (False): no edge node is Ready.
	ReasonNodesNotReady = "NodesNotReady"
	// ReasonReleaseHeld (Unknown): a node is no longer selected but still serves, because too few
	// edge nodes serve yet. The message names the nodes that the release waits for.
	ReasonReleaseHeld = "ReleaseHeld"
)

// Reasons of ControllerAvailable.
const (
	// ReasonControllersReady (True): every edge node (of a Deployment: every replica) runs a ready
	// controller pod. Nodes that are withdrawn while cordoned do not count.
	ReasonControllersReady = "ControllersReady"
	// ReasonImageNotAllowed (False): the operator's flag does not allow the repository of
	// spec.controller.image. The workload stays as it was.
	ReasonImageNotAllowed = "ImageNotAllowed"
	// ReasonWorkloadMissing (Unknown): the operator has not seen the DaemonSet or Deployment yet.
	ReasonWorkloadMissing = "WorkloadMissing"
	// ReasonNoEdgeNodes (False): there is no edge node for a controller to run on.
	ReasonNoEdgeNodes = "NoEdgeNodes"
	// ReasonControllerOffEdge (False): a controller pod runs on a node that is not an edge node.
	ReasonControllerOffEdge = "ControllerOffEdge"
	// ReasonControllersMissing (False): an edge node has no ready controller pod, or fewer
	// replicas are ready than the spec asks for.
	ReasonControllersMissing = "ControllersMissing"
	// ReasonNamespaceForbidsHostPorts (False): the namespace enforces a Pod Security Standard that
	// forbids the ports of the node. The operator does not update the workload, because the first new
	// pod would be refused after an old one has ended.
	ReasonNamespaceForbidsHostPorts = "NamespaceForbidsHostPorts"
	// ReasonPodsRefused (False or Unknown): Kubernetes refuses to create controller pods, for instance
	// because of a Pod Security Standard, a ResourceQuota, a LimitRange or a policy. The message quotes
	// the refusal. Unknown where older pods still serve on every edge node.
	ReasonPodsRefused = "PodsRefused"
	// ReasonTaintNotTolerated (False): no controller can start on an edge node, because the node has
	// a taint that the controller does not tolerate. The message names the node, the taint and the
	// toleration for spec.controller.tolerations.
	ReasonTaintNotTolerated = "TaintNotTolerated"
	// ReasonNodeNotSuitable (False): no controller can start on an edge node, because the node runs
	// another operating system.
	ReasonNodeNotSuitable = "NodeNotSuitable"
	// ReasonRolloutInProgress (Unknown): all pods are ready, but some run an older template. The
	// message says what the rollout waits for.
	ReasonRolloutInProgress = "RolloutInProgress"
	// ReasonRolloutNotObserved (Unknown): Kubernetes has not taken up the current template of the
	// workload yet.
	ReasonRolloutNotObserved = "RolloutNotObserved"
)

// Reasons of LoadBalancerReady.
const (
	// ReasonAddressAssigned (True): the Service has an address and a health-check port, and the
	// operator saw nothing that keeps the balancer from the edge nodes.
	ReasonAddressAssigned = "AddressAssigned"
	// ReasonServiceMissing (Unknown): the operator has not seen the Service yet.
	ReasonServiceMissing = "ServiceMissing"
	// ReasonLoadBalancerClassFrozen (False): the Service has another loadBalancerClass than the
	// spec, and Kubernetes does not let it change.
	ReasonLoadBalancerClassFrozen = "LoadBalancerClassFrozen"
	// ReasonIPFamilyFrozen (False): the Service has another primary IP family than the spec, and
	// Kubernetes does not let it change.
	ReasonIPFamilyFrozen = "IPFamilyFrozen"
	// ReasonNodePortTaken (False): a port of spec.exposure.nodePorts belongs to another EdgeIngress, so
	// the operator leaves the Service as it is.
	ReasonNodePortTaken = "NodePortTaken"
	// ReasonAddressTaken (False): the address that an annotation of the spec asks for belongs to another
	// EdgeIngress, so the operator leaves the Service as it is.
	ReasonAddressTaken = "AddressTaken"
	// ReasonLoadBalancerPending (False): no load balancer has given the Service an address.
	ReasonLoadBalancerPending = "LoadBalancerPending"
	// ReasonBalancerReportsError (False or Unknown): the load balancer wrote an error, or a
	// condition that says so, into the Service's status. The message quotes it.
	ReasonBalancerReportsError = "BalancerReportsError"
	// ReasonHealthCheckNodePortMissing (False): the Service has no healthCheckNodePort, so a
	// balancer cannot see which nodes serve.
	ReasonHealthCheckNodePortMissing = "HealthCheckNodePortMissing"
	// ReasonHealthCheckOverridden (False): an annotation makes the balancer check something other
	// than HTTP on the healthCheckNodePort, or nothing, so it cannot find the nodes that serve.
	ReasonHealthCheckOverridden = "HealthCheckOverridden"
	// ReasonHealthCheckUnseen (Unknown): no object shows whether the balancer checks the nodes. The
	// message names the annotation that decides it.
	ReasonHealthCheckUnseen = "HealthCheckUnseen"
	// ReasonProxyV2HealthCheckIncompatible (False; of SourceIPConfigured Unknown): the balancer
	// begins its health checks of nodes with PROXY protocol. kube-proxy cannot read it, so every
	// target counts as unhealthy.
	ReasonProxyV2HealthCheckIncompatible = "ProxyV2HealthCheckIncompatible"
	// ReasonNodePortsNotAllocated (False): the balancer delivers to node ports, and the Service
	// has none.
	ReasonNodePortsNotAllocated = "NodePortsNotAllocated"
	// ReasonEdgeNodeExcluded (False): an edge node has the label
	// node.kubernetes.io/exclude-from-external-load-balancers, or one of its load balancer.
	ReasonEdgeNodeExcluded = "EdgeNodeExcluded"
	// ReasonExcludeLabelAmbiguous (Unknown): the exclude label has the value "false" or its older
	// name, which load balancers read differently.
	ReasonExcludeLabelAmbiguous = "ExcludeLabelAmbiguous"
	// ReasonEdgeNodesNotTargeted (False or Unknown): an annotation makes the balancer choose nodes by
	// their labels, and it leaves an edge node out.
	ReasonEdgeNodesNotTargeted = "EdgeNodesNotTargeted"
	// ReasonEdgeNodeBeingDeleted (False): a machine manager is about to remove or stop an edge node,
	// and too few other nodes serve to withdraw it, or such a node has stopped.
	ReasonEdgeNodeBeingDeleted = "EdgeNodeBeingDeleted"
	// ReasonAgentMissingOnEdgeNodes (False or Unknown): the load balancer's agent does not run on an edge
	// node, so it does not announce the address from there. Unknown if nothing shows whether this
	// balancer serves the Service.
	ReasonAgentMissingOnEdgeNodes = "AgentMissingOnEdgeNodes"
	// ReasonAgentNotReadyOnEdgeNodes (False or Unknown): the load balancer's agent is meant to run on
	// an edge node, and none of its pods is ready there, so the address is not announced from there.
	// Unknown while it is not known which pods are ready, or whether this balancer serves the Service.
	ReasonAgentNotReadyOnEdgeNodes = "AgentNotReadyOnEdgeNodes"
	// ReasonAnnouncedElsewhere (False; of SourceIPConfigured Unknown): the address is announced from
	// a node, or is the address of a node, that has no ready endpoint and drops the traffic.
	ReasonAnnouncedElsewhere = "AnnouncedElsewhere"
	// ReasonCiliumL2NeedsCluster (False or Unknown; of SourceIPConfigured Unknown): Cilium's L2 announcements
	// do not work with externalTrafficPolicy Local in the version that runs. Unknown if the version is not
	// known, or no source says it of this version.
	ReasonCiliumL2NeedsCluster = "CiliumL2NeedsCluster"
	// ReasonAgentIgnoresLocalPolicy (False or Unknown; of SourceIPConfigured Unknown): the running version of
	// the load balancer's agent announces the address also from nodes without a ready endpoint, which drop the
	// traffic. Unknown if that cannot be told.
	ReasonAgentIgnoresLocalPolicy = "AgentIgnoresLocalPolicy"
	// ReasonNetworkPolicyBlocks (False; of SourceIPConfigured Unknown): the NetworkPolicies that select the
	// controller pods let nobody outside of the cluster reach a port of theirs, or let them connect to
	// no application.
	ReasonNetworkPolicyBlocks = "NetworkPolicyBlocks"
	// ReasonAddressFamilyMissing (False): the Service requires an IPv4 and an IPv6 address, and the
	// load balancer has given it addresses of one family only.
	ReasonAddressFamilyMissing = "AddressFamilyMissing"
	// ReasonEdgeNodesWithoutEndpoint (False): an edge node has no ready endpoint and drops the
	// packets that reach it, or there is no edge node.
	ReasonEdgeNodesWithoutEndpoint = "EdgeNodesWithoutEndpoint"
)

// Reasons of ConfigEffective.
const (
	// ReasonConfigWritten (True): the configuration is valid and written, and the running
	// controller reads it. The operator does not see whether the engine loaded it.
	ReasonConfigWritten = "ConfigWritten"
	// ReasonConfigLoaded (True): edge nodes report that they have loaded the configuration. The message
	// says how many.
	ReasonConfigLoaded = "ConfigLoaded"
	// ReasonConfigLoading (Unknown): the configuration was written a moment ago, and an edge node still
	// reports another one.
	ReasonConfigLoading = "ConfigLoading"
	// ReasonConfigNotLoaded (False): an edge node runs another configuration long after this one was
	// written. The engine refused to load it.
	ReasonConfigNotLoaded = "ConfigNotLoaded"
	// ReasonUnknownConfigKeys (False): spec.controller.config has keys that the engine would
	// ignore silently.
	ReasonUnknownConfigKeys = "UnknownConfigKeys"
	// ReasonInvalidConfigValues (False): spec.controller.config has values that the engine would
	// not parse.
	ReasonInvalidConfigValues = "InvalidConfigValues"
	// ReasonReservedConfigKeys (False): spec.controller.config has keys that a field of this API
	// owns.
	ReasonReservedConfigKeys = "ReservedConfigKeys"
	// ReasonForbiddenConfigKeys (False): spec.controller.config has keys that could undo the trust
	// settings.
	ReasonForbiddenConfigKeys = "ForbiddenConfigKeys"
	// ReasonTrustRefused (False): the trusted CIDRs are not usable or cover everyone. The
	// controller trusts nobody.
	ReasonTrustRefused = "TrustRefused"
	// ReasonConfigMissing (Unknown): the operator has not seen the ConfigMap yet.
	ReasonConfigMissing = "ConfigMissing"
	// ReasonConfigChanged (Unknown): the ConfigMap differs from the one that the spec asks for.
	ReasonConfigChanged = "ConfigChanged"
	// ReasonPodsChanged (Unknown): a controller pod runs something else than the workload says,
	// because a webhook, a policy or a network plugin changed it. The message names what and, where
	// it is known, who keeps it out.
	ReasonPodsChanged = "PodsChanged"
	// ReasonOtherDefaultClass (False): spec.ingressClass.default is Enabled, and another IngressClass is
	// the default. Kubernetes uses it because it is newer, or another EdgeIngress asks for it too and
	// comes first.
	ReasonOtherDefaultClass = "OtherDefaultClass"
	// ReasonConfigNotUsed (False): the running controller reads another ConfigMap.
	ReasonConfigNotUsed = "ConfigNotUsed"
)

// Reasons of ForwardedHeadersSafe.
const (
	// ReasonHeadersIgnored (True): the controller trusts no header, and PROXY protocol, if at
	// all, only from a balancer that is set to write it.
	ReasonHeadersIgnored = "HeadersIgnored"
	// ReasonForgeriesRefused (True): the controller trusts a header or PROXY protocol, and forged
	// addresses were sent through what is in front of it and refused.
	ReasonForgeriesRefused = "ForgeriesRefused"
	// ReasonForgedAddressBelieved (False; of NodesKeepSourceIP Unknown; of SourceIPPreserved Unknown): a
	// request claimed an address, and an application would have seen that one, although the sender is
	// not in trustedCIDRs.
	ReasonForgedAddressBelieved = "ForgedAddressBelieved"
	// ReasonHeaderPolicyUnmeasured (Unknown): the controller trusts a header from trustedCIDRs
	// only. That the proxies there append to it or replace it is declared, not measured.
	ReasonHeaderPolicyUnmeasured = "HeaderPolicyUnmeasured"
	// ReasonProxyProtocolUnmeasured (Unknown): the controller trusts PROXY protocol from
	// trustedCIDRs only. That everything there writes it was not measured.
	ReasonProxyProtocolUnmeasured = "ProxyProtocolUnmeasured"
	// ReasonHeaderPolicyUnknown (Unknown): the spec does not declare whether the proxies in front
	// append to the header or replace it.
	ReasonHeaderPolicyUnknown = "HeaderPolicyUnknown"
	// ReasonHeaderClientControlled (False; of SourceIPConfigured Unknown): a client can send the
	// header, and the proxy passes it on.
	ReasonHeaderClientControlled = "HeaderClientControlled"
	// ReasonTrustTooWide (False; of SourceIPConfigured Unknown): the trusted CIDRs cover everyone.
	ReasonTrustTooWide = "TrustTooWide"
	// ReasonTrustsClusterAddresses (False): the trusted CIDRs contain nodes or pods of this
	// cluster, which can then choose the address.
	ReasonTrustsClusterAddresses = "TrustsClusterAddresses"
	// ReasonTrustDrifted (False): the ConfigMap trusts more than the spec asks for. The operator
	// repairs it.
	ReasonTrustDrifted = "TrustDrifted"
)

// Reasons of SourceIPConfigured.
const (
	// ReasonPreservedByLocalPolicy (True): a packet-forwarding balancer, externalTrafficPolicy
	// Local and ready endpoints keep the source of the packet.
	ReasonPreservedByLocalPolicy = "PreservedByLocalPolicy"
	// ReasonForwardedHeaderTrusted (True): the packet keeps its source, and the controller takes
	// the header from trusted proxies.
	ReasonForwardedHeaderTrusted = "ForwardedHeaderTrusted"
	// ReasonProxyProtocolTrusted (True): the balancer is set to speak PROXY protocol, and the
	// controller reads it.
	ReasonProxyProtocolTrusted = "ProxyProtocolTrusted"
	// ReasonPodTargetsPreserve (True): the balancer sends to pods directly and is set to keep the
	// client's address.
	ReasonPodTargetsPreserve = "PodTargetsPreserve"
	// ReasonHostNetworkDirect (True): the controller uses the node's own network. Nothing of
	// Kubernetes stands in between.
	ReasonHostNetworkDirect = "HostNetworkDirect"
	// ReasonServiceNotExternal (False): clients outside cannot reach the Service.
	ReasonServiceNotExternal = "ServiceNotExternal"
	// ReasonTrafficPolicyCluster (False): externalTrafficPolicy is Cluster, so the address of a
	// node replaces the client's.
	ReasonTrafficPolicyCluster = "TrafficPolicyCluster"
	// ReasonTrafficPolicyFallback (False): an annotation lets the Service fall back from Local to
	// Cluster.
	ReasonTrafficPolicyFallback = "TrafficPolicyFallback"
	// ReasonNoReadyEndpoints (Unknown): no edge node has a ready endpoint, so nodes drop the
	// traffic from outside.
	ReasonNoReadyEndpoints = "NoReadyEndpoints"
	// ReasonForeignEndpoints (Unknown): an EndpointSlice of the Service points to something that
	// is not a controller pod.
	ReasonForeignEndpoints = "ForeignEndpoints"
	// ReasonProxyWithoutProxyProtocol (False): the balancer ends the connection and does not pass
	// the client's address on.
	ReasonProxyWithoutProxyProtocol = "ProxyWithoutProxyProtocol"
	// ReasonPortsTreatedDifferently (False or Unknown): the balancer treats the ports of the Service
	// differently, so the client's address has another fate on each. The message says what happens
	// on which port.
	ReasonPortsTreatedDifferently = "PortsTreatedDifferently"
	// ReasonIPModeProxy (False): the balancer declares that it ends the connection, and the
	// controller reads no PROXY protocol.
	ReasonIPModeProxy = "IPModeProxy"
	// ReasonProxyProtocolBalancerOnly (False): the balancer speaks PROXY protocol, and the
	// controller does not read it. It refuses every request.
	ReasonProxyProtocolBalancerOnly = "ProxyProtocolBalancerOnly"
	// ReasonProxyProtocolControllerOnly (False): the controller reads PROXY protocol, and the
	// balancer does not speak it. The controller closes every connection.
	ReasonProxyProtocolControllerOnly = "ProxyProtocolControllerOnly"
	// ReasonPreserveClientIPDisabled (False): the balancer can keep the client's address and is
	// set not to.
	ReasonPreserveClientIPDisabled = "PreserveClientIPDisabled"
	// ReasonServiceLBMasquerades (Unknown): k3s ServiceLB may masquerade the source.
	ReasonServiceLBMasquerades = "ServiceLBMasquerades"
	// ReasonProviderUnknown (Unknown): the operator does not know the load balancer, nor what it
	// does with the source address.
	ReasonProviderUnknown = "ProviderUnknown"
	// ReasonExternalBalancerUnseen (Unknown): the cluster does not show what stands in front of
	// the nodes.
	ReasonExternalBalancerUnseen = "ExternalBalancerUnseen"
	// ReasonAddressPending (Unknown): the Service has no address yet, so the path of a packet is
	// not known.
	ReasonAddressPending = "AddressPending"
	// ReasonHostPortMappingUnseen (Unknown): the network plugin maps the host port, and the
	// cluster does not show whether it keeps the source.
	ReasonHostPortMappingUnseen = "HostPortMappingUnseen"
	// ReasonConfigNotEffective (False or Unknown): the configuration about the client's address,
	// or what the controller's pods run, differs from what the spec asks for.
	ReasonConfigNotEffective = "ConfigNotEffective"
	// ReasonFamilyNotTrusted (Unknown): the Service has an IP family for which trustedCIDRs has no
	// address.
	ReasonFamilyNotTrusted = "FamilyNotTrusted"
	// ReasonEngineVersionUnknown (Unknown): PROXY protocol and a header are trusted together.
	// Versions of the engine treat that differently, and the image does not show its version.
	ReasonEngineVersionUnknown = "EngineVersionUnknown"
)

// Reasons of NodesKeepSourceIP. SourceIPPreserved takes them where it is this that is not True.
const (
	// ReasonNodesMeasured (True): on every edge node where a controller serves, the prober saw its own
	// address arrive, a few minutes ago at most.
	ReasonNodesMeasured = "NodesMeasured"
	// ReasonAddressReplaced (False): another address than the sender's arrived, twice or more. The
	// message says where, and whose it is.
	ReasonAddressReplaced = "AddressReplaced"
	// ReasonNotMeasured (Unknown): nothing measures the address that the application sees, because the
	// operator does not run in the cluster. The message names the legs.
	ReasonNotMeasured = "NotMeasured"
	// ReasonMeasuringOff (Unknown): spec.verification.probes or the operator's flag
	// --measure-by-default switches measuring off.
	ReasonMeasuringOff = "MeasuringOff"
	// ReasonNoProberReports (Unknown): no prober has reported yet.
	ReasonNoProberReports = "NoProberReports"
	// ReasonReportPolicyMissing (Unknown): the admission policy that keeps reports of the prober to the
	// prober is missing or another one, so they prove nothing.
	ReasonReportPolicyMissing = "ReportPolicyMissing"
	// ReasonProberCannotRead (Unknown): the prober could not read what it needs from the API server.
	ReasonProberCannotRead = "ProberCannotRead"
	// ReasonWitnessMissing (Unknown): the witness is not ready, so no probe gets an answer.
	ReasonWitnessMissing = "WitnessMissing"
	// ReasonWitnessIngressFailed (Unknown): the operator could not write the Ingress that leads to the
	// witness. The message quotes the error.
	ReasonWitnessIngressFailed = "WitnessIngressFailed"
	// ReasonNoPortToProbe (Unknown): the Service has no node ports, so a prober cannot reach an edge
	// node's controller in the way that clients do.
	ReasonNoPortToProbe = "NoPortToProbe"
	// ReasonOnlyProberNode (Unknown): the prober can only ask its own node, and a node masquerades its
	// own connections.
	ReasonOnlyProberNode = "OnlyProberNode"
	// ReasonNoNegativeControl (Unknown): every other node has a controller, and the prober does not
	// recognise kube-proxy. So nothing shows that its connections cross the nodes that it asks.
	ReasonNoNegativeControl = "NoNegativeControl"
	// ReasonConnectionsTranslated (Unknown): a node without a controller answered the prober. So
	// something translates connections before they leave the prober's node.
	ReasonConnectionsTranslated = "ConnectionsTranslated"
	// ReasonProbesUnanswered (Unknown): requests to an edge node or a published address got no answer.
	ReasonProbesUnanswered = "ProbesUnanswered"
	// ReasonAnswerNotSigned (Unknown): something answered that is not the witness.
	ReasonAnswerNotSigned = "AnswerNotSigned"
	// ReasonAnsweredElsewhere (Unknown): the controller of another node answered than was asked, or one that is not
	// known to belong to this EdgeIngress.
	ReasonAnsweredElsewhere = "AnsweredElsewhere"
	// ReasonProberTrusted (Unknown): trustedCIDRs contain the prober's node, so that the controller
	// rightly believes what the prober claims.
	ReasonProberTrusted = "ProberTrusted"
	// ReasonLossNotRepeated (Unknown): another address arrived once. The request is repeated.
	ReasonLossNotRepeated = "LossNotRepeated"
	// ReasonEvidenceEnded (Unknown): what was seen is too old to count.
	ReasonEvidenceEnded = "EvidenceEnded"
	// ReasonMeasuringAgain (Unknown): an edge node is new, or something changed on which the evidence
	// rests. The prober measures again within seconds. Where the controller refuses a configuration that
	// was just written, the condition ConfigEffective says so within four minutes.
	ReasonMeasuringAgain = "MeasuringAgain"
)

// Reasons of SourceIPPreserved. Where SourceIPConfigured is False, it takes that reason.
const (
	// ReasonMeasuredEndToEnd (True): NodesKeepSourceIP is True, and a machine outside saw its own
	// address arrive through every published address.
	ReasonMeasuredEndToEnd = "MeasuredEndToEnd"
	// ReasonNotMeasuredFromOutside (Unknown): the path up to the edge nodes has not been measured from
	// outside, or it changed since.
	ReasonNotMeasuredFromOutside = "NotMeasuredFromOutside"
	// ReasonAddressNotCrossed (Unknown): no request from outside has crossed one of the published
	// addresses, with HTTP and HTTPS.
	ReasonAddressNotCrossed = "AddressNotCrossed"
	// ReasonFrontNotCrossed (Unknown): the controller takes the client's address from a header, and no
	// request from outside has crossed the proxy or CDN that writes it.
	ReasonFrontNotCrossed = "FrontNotCrossed"
	// ReasonBehindNAT (Unknown): another address arrived, and the machine outside has a private one, so
	// that its own NAT may have replaced it.
	ReasonBehindNAT = "BehindNAT"
	// ReasonMeasuredAsStated (Unknown): another address arrived than the sender's, and a person says
	// that it is the sender's public one. That is no measurement.
	ReasonMeasuredAsStated = "MeasuredAsStated"
	// ReasonVantageInCluster (Unknown): the requests came from an address of the cluster, so they need
	// not have left it.
	ReasonVantageInCluster = "VantageInCluster"
	// ReasonApplicationsDepart (Unknown): Ingress objects have annotations with which their applications
	// may see another address than the witness. The message names them.
	ReasonApplicationsDepart = "ApplicationsDepart"
)

// Reasons of EngineSupported.
const (
	// ReasonEngineMaintained (True): the engine's publisher fixes this build.
	ReasonEngineMaintained = "EngineMaintained"
	// ReasonUpstreamRetired (False): upstream retired the engine, and nobody fixes this build any more.
	ReasonUpstreamRetired = "UpstreamRetired"
	// ReasonForkNotTracked (Unknown): another build of the engine runs, and the operator does not
	// know whether it gets fixes.
	ReasonForkNotTracked = "ForkNotTracked"
)

// Reasons of Guarded. All EdgeIngress objects of a cluster have the same.
const (
	// ReasonPoliciesInForce (True): the admission policies of config/admission and config/guard deny, and
	// name the operator's account.
	ReasonPoliciesInForce = "PoliciesInForce"
	// ReasonPoliciesMissing (False): some of these policies are missing, do not deny, or are not those of
	// this version for the account of the operator. The message names them, and what to apply. An OLM
	// bundle contains none. The list of image repositories may differ.
	ReasonPoliciesMissing = "PoliciesMissing"
	// ReasonAccountUnknown (Unknown): the operator does not run in the cluster, so it does not know which
	// account the policies have to name.
	ReasonAccountUnknown = "AccountUnknown"
)

// Reasons of events. The operator writes events on transitions only, and also uses the reasons of
// conditions.
const (
	// EventNodeLabelled: a node joined the edge set.
	EventNodeLabelled = "NodeLabelled"
	// EventNodeWithdrawn: somebody cordoned an edge node or is about to remove it, and its
	// controller ends. It comes back after an uncordon.
	EventNodeWithdrawn = "NodeWithdrawn"
	// EventNodeReleasing: a node left the edge set, and its controller ends. The role label and
	// the taint stay until then.
	EventNodeReleasing = "NodeReleasing"
	// EventNodeReleased: a node left the edge set and lost what this EdgeIngress put there.
	EventNodeReleased = "NodeReleased"
	// EventDriftRepaired: another client changed an object, and the operator restored it.
	EventDriftRepaired = "DriftRepaired"
	// EventDriftContested: another client changes an object again after each repair, and the
	// operator now waits longer between repairs.
	EventDriftContested = "DriftContested"
	// EventCreated: the operator created an object.
	EventCreated = "Created"
	// EventPruned: the operator deleted an object that is no longer needed.
	EventPruned = "Pruned"
	// EventOperatorDowngraded: the operator serves an EdgeIngress that a newer version served before.
	EventOperatorDowngraded = "OperatorDowngraded"
)
