package provider

// What a Service says to the proxy on the nodes, whichever load balancer is in front.

// ServiceProxyName is the label of a Service that takes it away from kube-proxy, for another proxy of that name to serve
// (k8s.io/kubernetes/pkg/proxy/apis LabelServiceProxyName).
const ServiceProxyName = "service.kubernetes.io/service-proxy-name"

// TrafficPolicyFallback lets OVN-Kubernetes send to another node, with a node's source address, where a Service with
// externalTrafficPolicy Local has no endpoint on the node.
const TrafficPolicyFallback = "traffic-policy.network.alpha.openshift.io/local-with-fallback"

// nodeProxyAnnotations decide what the proxy on the nodes does with the client's address.
var nodeProxyAnnotations = []string{TrafficPolicyFallback}
