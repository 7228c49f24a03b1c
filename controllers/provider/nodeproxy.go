package provider

// These labels and annotations of a Service control the proxy on the nodes, with any load balancer in front.

// ServiceProxyName is the label that assigns a Service to another proxy than kube-proxy. Its value names
// that proxy (k8s.io/kubernetes/pkg/proxy/apis LabelServiceProxyName).
const ServiceProxyName = "service.kubernetes.io/service-proxy-name"

// TrafficPolicyFallback is the annotation that lets OVN-Kubernetes send traffic to another node, with a
// node's address as source, where a Service with externalTrafficPolicy Local has no endpoint on the node.
const TrafficPolicyFallback = "traffic-policy.network.alpha.openshift.io/local-with-fallback"

// nodeProxyAnnotations decide what the proxy on the nodes does with the client's address.
var nodeProxyAnnotations = []string{TrafficPolicyFallback}
