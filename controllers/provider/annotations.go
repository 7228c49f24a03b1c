package provider

import (
	"slices"
	"strings"
)

// Annotations of Services that decide what a load balancer does with the client's address, and few others that this package
// reads. Names are those of the cloud controllers' own documentation.
const (
	awsType                  = "service.beta.kubernetes.io/aws-load-balancer-type"
	awsTargetType            = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
	awsProxyProtocol         = "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol"
	awsTargetGroupAttributes = "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes"
	awsBackendProtocol       = "service.beta.kubernetes.io/aws-load-balancer-backend-protocol"
	awsAddressType           = "service.beta.kubernetes.io/aws-load-balancer-ip-address-type"
	awsHealthCheckProtocol   = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol"
	awsHealthCheckPort       = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port"

	azurePrivateLink              = "service.beta.kubernetes.io/azure-pls-create"
	azurePrivateLinkProxyProtocol = "service.beta.kubernetes.io/azure-pls-proxy-protocol"

	digitalOceanType                = "service.beta.kubernetes.io/do-loadbalancer-type"
	digitalOceanProxyProtocol       = "service.beta.kubernetes.io/do-loadbalancer-enable-proxy-protocol"
	digitalOceanProtocol            = "service.beta.kubernetes.io/do-loadbalancer-protocol"
	digitalOceanOverrideHealthCheck = "service.beta.kubernetes.io/do-loadbalancer-override-health-check"

	hetznerProxyProtocol = "load-balancer.hetzner.cloud/uses-proxyprotocol"
	hetznerProtocol      = "load-balancer.hetzner.cloud/protocol"

	ovhClass = "loadbalancer.ovhcloud.com/class"

	openStackProxyProtocol = "loadbalancer.openstack.org/proxy-protocol"
	openStackForwardedFor  = "loadbalancer.openstack.org/x-forwarded-for"
	openStackHealthMonitor = "loadbalancer.openstack.org/enable-health-monitor"

	scalewayProxyProtocolV1 = "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v1"
	scalewayProxyProtocolV2 = "service.beta.kubernetes.io/scw-loadbalancer-proxy-protocol-v2"
	scalewayHTTP            = "service.beta.kubernetes.io/scw-loadbalancer-protocol-http"

	linodeProxyProtocol = "service.beta.kubernetes.io/linode-loadbalancer-default-proxy-protocol"
	linodeProtocol      = "service.beta.kubernetes.io/linode-loadbalancer-default-protocol"
	linodePortPrefix    = "service.beta.kubernetes.io/linode-loadbalancer-port-"

	vultrProxyProtocol = "service.beta.kubernetes.io/vultr-loadbalancer-proxy-protocol"
	vultrProtocol      = "service.beta.kubernetes.io/vultr-loadbalancer-protocol"

	ibmFeatures = "service.kubernetes.io/ibm-load-balancer-cloud-provider-enable-features"

	oracleType               = "oci.oraclecloud.com/load-balancer-type"
	oracleProxyProtocol      = "service.beta.kubernetes.io/oci-load-balancer-connection-proxy-protocol-version"
	oracleBackendProtocol    = "service.beta.kubernetes.io/oci-load-balancer-backend-protocol"
	oracleNetworkPreserve    = "oci-network-load-balancer.oraclecloud.com/is-preserve-source"
	oracleNetworkProxyHeader = "oci-network-load-balancer.oraclecloud.com/is-ppv2-enabled"

	alibabaPreserve      = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-preserve-client-ip"
	alibabaProxyProtocol = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-proxy-protocol"
	alibabaProtocolPort  = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-protocol-port"
	alibabaBackendType   = "service.beta.kubernetes.io/backend-type"

	tencentDirectAccess = "service.cloud.tencent.com/direct-access"

	naverLayerType     = "service.beta.kubernetes.io/ncloud-load-balancer-layer-type"
	naverProxyProtocol = "service.beta.kubernetes.io/ncloud-load-balancer-proxy-protocol"

	metalLBPool       = "metallb.io/ip-allocated-from-pool"
	metalLBPoolBefore = "metallb.universe.tf/ip-allocated-from-pool"

	kubeVIPHost = "kube-vip.io/vipHost"

	// TrafficPolicyFallback lets OVN-Kubernetes send to another node, with a node's source address, where a Local Service has no endpoint on the node.
	TrafficPolicyFallback = "traffic-policy.network.alpha.openshift.io/local-with-fallback"
)

// ServiceProxyName is the label of a Service that takes it away from kube-proxy, for another proxy of that name to serve.
const ServiceProxyName = "service.kubernetes.io/service-proxy-name"

// ClientAddressAnnotations are the annotations of a Service by which people tell a load balancer what to do with the client's address: what
// it is, how it sends, and what it checks. One that the spec does not ask for is somebody's change of what the application sees. Those that
// balancers write themselves are not among them, such as DigitalOcean's type and the addresses' pool.
var ClientAddressAnnotations = []string{
	awsType, awsTargetType, awsProxyProtocol, awsTargetGroupAttributes, awsBackendProtocol, awsAddressType, awsHealthCheckProtocol, awsHealthCheckPort,
	azurePrivateLink, azurePrivateLinkProxyProtocol,
	digitalOceanProxyProtocol, digitalOceanProtocol, digitalOceanOverrideHealthCheck,
	hetznerProxyProtocol, hetznerProtocol,
	ovhClass,
	openStackProxyProtocol, openStackForwardedFor, openStackHealthMonitor,
	scalewayProxyProtocolV1, scalewayProxyProtocolV2, scalewayHTTP,
	linodeProxyProtocol, linodeProtocol,
	vultrProxyProtocol, vultrProtocol,
	ibmFeatures,
	oracleType, oracleProxyProtocol, oracleBackendProtocol, oracleNetworkPreserve, oracleNetworkProxyHeader,
	alibabaPreserve, alibabaProxyProtocol, alibabaProtocolPort, alibabaBackendType,
	tencentDirectAccess,
	naverLayerType, naverProxyProtocol,
	TrafficPolicyFallback,
}

// IsClientAddressAnnotation is whether the key is one of ClientAddressAnnotations or of the families of keys that end in a port's number.
func IsClientAddressAnnotation(key string) bool {
	return slices.Contains(ClientAddressAnnotations, key) || strings.HasPrefix(key, linodePortPrefix)
}
