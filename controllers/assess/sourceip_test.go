package assess

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

const sourceIP = v1alpha1.ConditionSourceIPConfigured

// hetznerProxied is a proxying balancer with PROXY protocol on both sides.
var hetznerProxied = all(hetzner, annotated(hetznerKey, "true"), proxyProtocol)

func TestSourceIPConfiguredThroughAForwardingBalancer(t *testing.T) {
	const oraclePreserve = "oci-network-load-balancer.oraclecloud.com/is-preserve-source"
	absent := liveService(snapshot.Read[corev1.Service]{})
	oracleNetwork := all(cloud("oci://1"), annotated("oci.oraclecloud.com/load-balancer-type", "nlb"))
	runRows(t, sourceIP, map[string]row{
		"row 11: MetalLB, Local, ready endpoints":        {status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy, says: "MetalLB passes packets on with their source; -> controller: externalTrafficPolicy is Local, 2 of 2 edge nodes have a ready endpoint, no endpoint is elsewhere, and the controller trusts no header; -> application: "},
		"row 11: Google Cloud":                           {given: []option{cloud("gce://p/z/a")}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy, says: "Google Cloud"},
		"row 11: AWS Network, instance targets":          {given: []option{awsInstance}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy, says: "AWS Network Load Balancer (instance targets)"},
		"row 11: declared":                               {given: []option{noMetalLB, declared(v1alpha1.ProviderPacketForwarding)}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy, says: "declared"},
		"row 11: one edge node of two is enough":         {given: []option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.2.5", false))}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy, says: "1 of 2 edge nodes "},
		"row 11: a Deployment":                           {given: []option{deployment}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 11: an endpoint that does not say is ready": {given: []option{endpointsOf(discoveryv1.Endpoint{Addresses: []string{"10.244.1.5"}})}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 11: a dual-stack Service without trust":     {given: []option{onService(dualStack)}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 3: a Service that is not external":          {given: []option{onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })}, status: no, reason: v1alpha1.ReasonServiceNotExternal, says: "has type ClusterIP"},
		"row 3: a ClusterIP Service with external IPs": {given: []option{onService(func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ExternalIPs = corev1.ServiceTypeClusterIP, []string{"192.0.2.9"}
		})}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "192.0.2.9"},
		"row 5: policy Cluster":                                         {given: []option{onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster, says: "Lost at the node: externalTrafficPolicy of Service edge-public/public-edge-ingress is Cluster"},
		"row 5: policy unset":                                           {given: []option{onService(func(s *corev1.Service) { s.Spec.ExternalTrafficPolicy = "" })}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster, says: "unset, which means Cluster"},
		"row 5: policy Cluster before there is an address":              {given: []option{onService(policyCluster), onService(noAddress)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"rows 7 and 8: policy Cluster with Cilium":                      {given: []option{noMetalLB, class("io.cilium/bgp-control-plane"), agent(v1alpha1.ProviderCilium, "kube-system", "cilium"), onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"row 9: policy Cluster with PROXY protocol, nodes trusted":      {given: []option{hetzner, annotated(hetznerKey, "true"), clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom(balancerRange, "10.0.0.0/24")}), onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"row 10: policy Cluster with PROXY protocol, nodes not trusted": {given: []option{hetznerProxied, onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"policy that falls back":                                        {given: []option{annotated("traffic-policy.network.alpha.openshift.io/local-with-fallback", "")}, status: no, reason: v1alpha1.ReasonTrafficPolicyFallback, says: "local-with-fallback"},
		"row 4: no address":                                             {given: []option{onService(noAddress)}, status: unknown, reason: v1alpha1.ReasonAddressPending, says: "No load balancer has assigned an address"},
		"no Service yet":                                                {given: []option{absent}, status: unknown, reason: v1alpha1.ReasonServiceMissing, says: "The operator has not seen"},
		"a Service of somebody else":                                    {given: []option{liveService(snapshot.Read[corev1.Service]{Foreign: true})}, status: unknown, reason: v1alpha1.ReasonServiceMissing, says: "does not belong to this EdgeIngress"},
		"row 12: no ready endpoint":                                     {given: []option{endpointsOf(endpoint("10.244.1.5", false))}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints, says: "No edge node has a ready endpoint"},
		"row 12: no slices at all":                                      {given: []option{func(g *given) { g.s.EndpointSlices.Items = nil }}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"row 12: ready endpoints of pods that are not":                  {given: []option{podChanged("controller-1", podNotReady), podChanged("controller-2", podNotReady)}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"row 12: pods that are going":                                   {given: []option{podChanged("controller-1", podTerminating), podChanged("controller-2", podTerminating)}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"row 12: no edge node at all":                                   {given: []option{selected(), func(g *given) { g.s.Pods.Items, g.s.EndpointSlices.Items = nil, nil }}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"row 14: a controller outside the edge":                         {given: []option{strayOn("app-1")}, status: unknown, reason: v1alpha1.ReasonForeignEndpoints, says: "controller-9 on app-1"},
		"row 14: its endpoint":                                          {given: []option{strayOn("app-1"), endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.5", true))}, status: unknown, reason: v1alpha1.ReasonForeignEndpoints, says: "10.244.9.5"},
		"row 14: an endpoint of somebody else":                          {given: []option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.77", true))}, status: unknown, reason: v1alpha1.ReasonForeignEndpoints, says: "has endpoints that are not controller pods on edge nodes: 10.244.9.77"},
		"row 14: a foreign endpoint out of use":                         {given: []option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.77", false))}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"external IPs on the Service":                                   {given: []option{onService(func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.9"} })}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "externalIPs (192.0.2.9)"},
		"a Service that is taken away from kube-proxy": {given: []option{onService(func(s *corev1.Service) {
			s.Labels = map[string]string{"service.kubernetes.io/service-proxy-name": "own"}
		})}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: `to the proxy "own" instead of kube-proxy`},
		"row 55: ipMode Proxy":                                     {given: []option{ipMode(corev1.LoadBalancerIPModeProxy)}, status: no, reason: v1alpha1.ReasonIPModeProxy, says: "ipMode Proxy"},
		"row 55: ipMode Proxy of an unknown balancer":              {given: []option{noMetalLB, ipMode(corev1.LoadBalancerIPModeProxy)}, status: no, reason: v1alpha1.ReasonIPModeProxy},
		"ipMode VIP of an unknown balancer shows nothing":          {given: []option{noMetalLB, ipMode(corev1.LoadBalancerIPModeVIP)}, status: unknown, reason: v1alpha1.ReasonProviderUnknown},
		"row 56: an unknown balancer":                              {given: []option{noMetalLB}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "no providerID. Set spec.exposure.loadBalancer.provider to its name"},
		"row 56: a class that nobody knows":                        {given: []option{noMetalLB, class("example.com/vip")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "example.com/vip"},
		"row 53: ServiceLB":                                        {given: []option{serviceLB}, status: unknown, reason: v1alpha1.ReasonServiceLBMasquerades, says: "Use MetalLB, or set spec.exposure.type to HostNetwork"},
		"row 53: ServiceLB declared":                               {given: []option{noMetalLB, declared(v1alpha1.ProviderServiceLB)}, status: unknown, reason: v1alpha1.ReasonServiceLBMasquerades},
		"row 52: Cilium's L2 announcements":                        {given: []option{ciliumL2}, status: unknown, reason: v1alpha1.ReasonCiliumL2NeedsCluster},
		"row 23: instance targets that lose the address":           {given: []option{awsInstance, groupLoses}, status: no, reason: v1alpha1.ReasonPreserveClientIPDisabled, says: `preserve_client_ip.enabled=true`},
		"row 23: Oracle's network balancer that loses the address": {given: []option{oracleNetwork, annotated(oraclePreserve, "false")}, status: no, reason: v1alpha1.ReasonPreserveClientIPDisabled, says: oraclePreserve},
		"row 76: Oracle's network balancer and policy Cluster":     {given: []option{oracleNetwork, annotated(oraclePreserve, "true"), onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"row 20: PROXY protocol to instances, read":                {given: []option{awsInstance, groupProxy, proxyProtocol}, status: unknown, reason: v1alpha1.ReasonProxyV2HealthCheckIncompatible, says: "every node as unhealthy"},
		"row 25: PROXY protocol to instances, not read":            {given: []option{awsInstance, groupProxy}, status: no, reason: v1alpha1.ReasonProxyProtocolBalancerOnly, says: "400"},
		"row 68: a header that clients write":                      {given: []option{header("X-Real-IP", v1alpha1.ForwardedHeaderAppend)}, status: unknown, reason: v1alpha1.ReasonHeaderClientControlled, says: "Clients can choose the address that applications see"},
		"row 68: the same, overwritten by the proxies":             {given: []option{header("X-Real-IP", v1alpha1.ForwardedHeaderReplace)}, status: yes, reason: v1alpha1.ReasonForwardedHeaderTrusted},
		"PROXY protocol read behind a forwarding balancer":         {given: []option{proxyProtocol}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "whether MetalLB, or a balancer in front of it, speaks it"},
		"PROXY protocol of Oracle's network balancer":              {given: []option{oracleNetwork, annotated("oci-network-load-balancer.oraclecloud.com/is-ppv2-enabled", "true"), proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 75: a header from trusted proxies":                    {given: []option{appending}, status: yes, reason: v1alpha1.ReasonForwardedHeaderTrusted, says: "trusts X-Forwarded-For from 198.51.100.0/24, which must contain the addresses of the proxies"},
		"row 36: a header, dual-stack, one family trusted":         {given: []option{appending, onService(dualStack)}, status: unknown, reason: v1alpha1.ReasonFamilyNotTrusted, says: "family IPv6"},
		"row 36: a header, dual-stack, both trusted":               {given: []option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", v1alpha1.ForwardedHeaderAppend, proxyRange, "2001:db8::/32")}), onService(dualStack)}, status: yes, reason: v1alpha1.ReasonForwardedHeaderTrusted},
		"row 74: a balancer that converts between the families":    {given: []option{awsInstance, annotated(awsPrefix+"ip-address-type", "dualstack")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "dualstack"},
		"row 36: a header, IPv6 Service, IPv4 trusted":             {given: []option{appending, onService(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} })}, status: unknown, reason: v1alpha1.ReasonFamilyNotTrusted},
		"row 33: a header asked for and not believed":              {given: []option{appending, seenConfig("enable-real-ip", "false")}, status: no, reason: v1alpha1.ReasonConfigNotEffective, says: "header from nobody"},
		"row 34: a header believed from nobody":                    {given: []option{appending, seenConfig("proxy-real-ip-cidr", "")}, status: no, reason: v1alpha1.ReasonConfigNotEffective, says: "see a proxy's address"},
		"row 32: refused trust in everyone, header":                {given: []option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", v1alpha1.ForwardedHeaderAppend, "0.0.0.0/0")})}, status: no, reason: v1alpha1.ReasonConfigNotEffective, says: "ConfigEffective"},
		"row 35: a trusted range that is none":                     {given: []option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", v1alpha1.ForwardedHeaderAppend, "10.0.0.0/33")})}, status: no, reason: v1alpha1.ReasonConfigNotEffective, says: "ConfigEffective"},
		"row 32: a header believed from everyone, set manually":    {given: []option{seenConfig("use-forwarded-headers", "true", "proxy-real-ip-cidr", "0.0.0.0/0")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "does not match the spec"},
		"a setting changed manually":                               {given: []option{seenConfig("proxy-body-size", "1m")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"row 44: a snippet added manually":                         {given: []option{seenConfig("http-snippet", "real_ip_header X-Real-IP;")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"no ConfigMap yet":                                         {given: []option{noConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigMissing},
		"a ConfigMap of somebody else":                             {given: []option{foreignConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"row 40: another ConfigMap is read":                        {given: []option{otherConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "does not read ConfigMap"},
		"row 45: arguments added manually":                         {given: []option{args("/nginx-ingress-controller", "--configmap="+namespace+"/"+objectName, "--enable-ssl-passthrough")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "files or network of DaemonSet edge-public/public-edge-ingress do not match the spec"},
		"row 47: TCP services added manually":                      {given: []option{args("/nginx-ingress-controller", "--configmap="+namespace+"/"+objectName, "--tcp-services-configmap="+namespace+"/tcp")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "files or network of DaemonSet edge-public/public-edge-ingress do not match the spec"},
		"a command added manually":                                 {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Command = []string{"/bin/sh"} })}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"a container added manually": {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) {
			ds.Spec.Template.Spec.Containers = append(ds.Spec.Template.Spec.Containers, corev1.Container{Name: "proxy"})
		})}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"host network set manually":                          {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = true })}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"an image that is not allowed":                       {given: []option{func(g *given) { g.d.ImageRefused, g.d.Objects = "example.com/own", nil }}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "was not updated to the current spec"},
		"no controller yet":                                  {given: []option{func(g *given) { g.s.DaemonSet.Value = nil }}, status: unknown, reason: v1alpha1.ReasonWorkloadMissing},
		"a controller of somebody else":                      {given: []option{foreignDaemonSet}, status: unknown, reason: v1alpha1.ReasonNameTaken, says: "does not belong to this EdgeIngress"},
		"pods of an older template":                          {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress},
		"pods of the workload before":                        {given: []option{deployment, func(g *given) { g.s.Pods.Items = append(g.s.Pods.Items, pod("old", "edge-1", "10.244.1.9")) }}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress},
		"an address that is lost beats a pending rollout":    {given: []option{onService(policyCluster), onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"row 73: a failed read says nothing, not even False": {given: []option{onService(policyCluster), unread["Agents"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the load-balancer agents"},
		"row 73: two failed reads are both named":            {given: []option{unread["Service"], unread["EndpointSlices"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the Service, the EndpointSlices"},
		"deletion": {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}

func TestSourceIPConfiguredThroughAProxyingBalancerOrPodTargets(t *testing.T) {
	octaviaProxy := annotated("loadbalancer.openstack.org/proxy-protocol", "v2")
	awsProxy := annotated(awsPrefix+"proxy-protocol", "*")
	httpListeners := annotated(awsPrefix+"backend-protocol", "http")
	runRows(t, sourceIP, map[string]row{
		"row 24: Hetzner":                                          {given: []option{hetzner}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: `Hetzner Load Balancer ends the client's connection and opens one of its own, and the controller reads no PROXY protocol. Add load-balancer.hetzner.cloud/uses-proxyprotocol: "true" to spec.exposure.loadBalancer.annotations, and set spec.clientIP.proxyProtocol`},
		"row 24: Hetzner with ipMode VIP":                          {given: []option{hetzner, ipMode(corev1.LoadBalancerIPModeVIP)}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"row 24: Scaleway":                                         {given: []option{cloud("scaleway://1")}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "scw-loadbalancer-proxy-protocol-v2"},
		"row 24: Linode":                                           {given: []option{cloud("linode://1")}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "linode-loadbalancer-default-proxy-protocol"},
		"row 24: Vultr":                                            {given: []option{cloud("vultr://1")}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "vultr-loadbalancer-proxy-protocol"},
		"row 24: DigitalOcean regional":                            {given: []option{cloud("digitalocean://1"), annotated(doType, "REGIONAL")}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: doProxy},
		"row 24: AWS Classic":                                      {given: []option{awsClassic}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "aws-load-balancer-proxy-protocol"},
		"row 24: Oracle":                                           {given: []option{cloud("oci://1")}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "proxy-protocol-version"},
		"row 24: OVHcloud":                                         {given: []option{declared(v1alpha1.ProviderOVH)}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "loadbalancer.openstack.org/proxy-protocol"},
		"row 24: a declared proxy":                                 {given: []option{declared(v1alpha1.ProviderProxying)}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "use another load balancer"},
		"row 24: a header cannot help a TCP proxy":                 {given: []option{hetzner, appending}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"row 24: a declared proxy that may write a header":         {given: []option{declared(v1alpha1.ProviderProxying)}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "If it writes the client's address into a header, set spec.clientIP.forwardedHeader"},
		"row 75: a declared proxy and a header":                    {given: []option{declared(v1alpha1.ProviderProxying), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "may write the client's address into a header. The cluster does not show whether trustedCIDRs contain its addresses"},
		"row 75: a declared proxy, ipMode Proxy and a header":      {given: []option{declared(v1alpha1.ProviderProxying), ipMode(corev1.LoadBalancerIPModeProxy), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "may write"},
		"row 75: only ipMode Proxy is known, and a header":         {given: []option{noMetalLB, ipMode(corev1.LoadBalancerIPModeProxy), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "The load balancer ends connections and may write"},
		"row 55: only ipMode Proxy is known, the remedies":         {given: []option{noMetalLB, ipMode(corev1.LoadBalancerIPModeProxy)}, status: no, reason: v1alpha1.ReasonIPModeProxy, says: "If it writes a header, set spec.clientIP.forwardedHeader"},
		"row 55: MetalLB with ipMode Proxy and a header":           {given: []option{ipMode(corev1.LoadBalancerIPModeProxy), appending}, status: no, reason: v1alpha1.ReasonIPModeProxy},
		"row 75: an unknown balancer and a header":                 {given: []option{noMetalLB, appending}, status: unknown, reason: v1alpha1.ReasonProviderUnknown},
		"row 54: kind":                                             {given: []option{cloud("kind://docker/kind/a"), ipMode(corev1.LoadBalancerIPModeProxy)}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: "cloud-provider-kind ends the client's connection"},
		"row 54: kind with PROXY protocol read":                    {given: []option{cloud("kind://docker/kind/a"), ipMode(corev1.LoadBalancerIPModeProxy), proxyProtocol}, status: no, reason: v1alpha1.ReasonProxyProtocolControllerOnly, says: "cloud-provider-kind does not speak it, so the controller closes every connection. Remove"},
		"row 25: PROXY protocol at the balancer only":              {given: []option{hetzner, annotated(hetznerKey, "true")}, status: no, reason: v1alpha1.ReasonProxyProtocolBalancerOnly, says: "Set spec.clientIP.proxyProtocol with the balancer's addresses"},
		"row 25: Hetzner by default, which ipMode shows":           {given: []option{hetzner, ipMode(corev1.LoadBalancerIPModeProxy)}, status: no, reason: v1alpha1.ReasonProxyProtocolBalancerOnly},
		"row 25: DigitalOcean":                                     {given: []option{cloud("digitalocean://1"), annotated(doType, "REGIONAL"), annotated(doProxy, "true")}, status: no, reason: v1alpha1.ReasonProxyProtocolBalancerOnly},
		"row 25: switched off at the controller manually":          {given: []option{hetznerProxied, seenConfig("use-proxy-protocol", "false")}, status: no, reason: v1alpha1.ReasonProxyProtocolBalancerOnly},
		"row 26: PROXY protocol at the controller only":            {given: []option{cloud("vultr://1"), proxyProtocol}, status: no, reason: v1alpha1.ReasonProxyProtocolControllerOnly, says: "or remove spec.clientIP.proxyProtocol"},
		"row 26: Hetzner, switched off":                            {given: []option{hetzner, annotated(hetznerKey, "false"), proxyProtocol}, status: no, reason: v1alpha1.ReasonProxyProtocolControllerOnly, says: `uses-proxyprotocol: "true"`},
		"row 27: PROXY protocol on both sides, Hetzner":            {given: []option{hetznerProxied}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted, says: "trusts PROXY protocol from 192.0.2.0/24, which must contain the balancer's addresses"},
		"row 27: PROXY protocol on both sides, ipMode Proxy":       {given: []option{hetznerProxied, ipMode(corev1.LoadBalancerIPModeProxy)}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 27: PROXY protocol on both sides, AWS Classic":        {given: []option{awsClassic, awsProxy, proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted, says: "AWS Classic Load Balancer"},
		"row 27: PROXY protocol on both sides, Octavia":            {given: []option{cloud("openstack:///1"), octaviaProxy, proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted, says: "Octavia"},
		"row 27: PROXY protocol on both sides, DigitalOcean":       {given: []option{cloud("digitalocean://1"), annotated(doType, "REGIONAL"), annotated(doProxy, "true"), proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 28: believed from nobody, set manually":               {given: []option{hetznerProxied, seenConfig("proxy-real-ip-cidr", "")}, status: no, reason: v1alpha1.ReasonConfigNotEffective, says: "trusts it from nobody, so applications see the balancer's address"},
		"row 28: refused trust":                                    {given: []option{hetzner, annotated(hetznerKey, "true"), clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("0.0.0.0/0")})}, status: no, reason: v1alpha1.ReasonConfigNotEffective},
		"row 28: another list, set manually":                       {given: []option{hetznerProxied, seenConfig("proxy-real-ip-cidr", "203.0.113.0/24")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"row 29: PROXY protocol and header from everyone":          {given: []option{hetzner, annotated(hetznerKey, "true"), bothTrusted, seenConfig("proxy-real-ip-cidr", "0.0.0.0/0")}, status: no, reason: v1alpha1.ReasonConfigNotEffective, says: "from everyone"},
		"a CDN behind a PROXY balancer":                            {given: []option{hetzner, annotated(hetznerKey, "true"), bothTrusted}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted, says: "PROXY protocol and, from proxies behind it, X-Forwarded-For"},
		"row 72: a CDN behind a PROXY balancer with another build": {given: []option{hetzner, annotated(hetznerKey, "true"), bothTrusted, image("registry.example.com/fork/controller", forkDigest)}, status: unknown, reason: v1alpha1.ReasonEngineVersionUnknown, says: "builds before v1.13"},
		"row 72: with another version of upstream's":               {given: []option{hetzner, annotated(hetznerKey, "true"), bothTrusted, image("registry.k8s.io/ingress-nginx/controller", forkDigest)}, status: unknown, reason: v1alpha1.ReasonEngineVersionUnknown, says: "builds before v1.13"},
		"row 72: with the known build from a mirror":               {given: []option{hetzner, annotated(hetznerKey, "true"), bothTrusted, image("mirror.example.com/controller", upstreamDigest)}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 72: another build without both":                       {given: []option{hetznerProxied, image("registry.example.com/fork/controller", forkDigest)}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"PROXY protocol, whether it is on is not shown":            {given: []option{hetzner, proxyProtocol}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "whether Hetzner Load Balancer"},
		"PROXY protocol of a declared proxy":                       {given: []option{declared(v1alpha1.ProviderProxying), proxyProtocol}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen},
		"PROXY protocol of an unknown balancer":                    {given: []option{noMetalLB, proxyProtocol}, status: unknown, reason: v1alpha1.ReasonProviderUnknown},
		"row 36: PROXY protocol, dual-stack, one family trusted":   {given: []option{hetznerProxied, onService(dualStack)}, status: unknown, reason: v1alpha1.ReasonFamilyNotTrusted},
		"an HTTP balancer whose header is not believed":            {given: []option{awsClassic, httpListeners}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"row 75: an HTTP balancer whose header is believed":        {given: []option{awsClassic, httpListeners, appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "whether trustedCIDRs contain its addresses"},
		"row 12: PROXY protocol without ready endpoints":           {given: []option{hetznerProxied, endpointsOf()}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"Octavia, driver not visible":                              {given: []option{cloud("openstack:///1")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "PacketForwarding (OVN) or Proxying (amphora)"},
		"Azure with Private Link":                                  {given: []option{cloud("azure:///1"), annotated("service.beta.kubernetes.io/azure-pls-create", "true")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "Private Link"},
		"row 21: pod targets without preservation":                 {given: []option{awsPods}, status: no, reason: v1alpha1.ReasonPreserveClientIPDisabled, says: `target-group-attributes: "preserve_client_ip.enabled=true"`},
		"row 22: pod targets with preservation":                    {given: []option{awsPods, groupPreserve}, status: yes, reason: v1alpha1.ReasonPodTargetsPreserve, says: "sends to pods and is set to keep the client's address"},
		"row 22: pod targets with preservation and a header":       {given: []option{awsPods, groupPreserve, appending}, status: yes, reason: v1alpha1.ReasonForwardedHeaderTrusted},
		"row 27: pod targets with PROXY protocol on both sides":    {given: []option{awsPods, awsProxy, proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted, says: "pod targets"},
		"row 26: pod targets with PROXY protocol read only":        {given: []option{awsPods, groupPreserve, proxyProtocol}, status: no, reason: v1alpha1.ReasonProxyProtocolControllerOnly},
		"row 5: pod targets with policy Cluster":                   {given: []option{awsPods, groupPreserve, onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"pod targets, the kind of target not said":                 {given: []option{cloud("aws:///z/i-1"), hostname(networkHost), class("service.k8s.aws/nlb")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "nlb-target-type"},
	})
}

func TestSourceIPConfiguredWithoutABalancerOfTheCluster(t *testing.T) {
	nodePort, hostNetwork, hostPort := exposed(v1alpha1.ExposureNodePort), exposed(v1alpha1.ExposureHostNetwork), exposed(v1alpha1.ExposureHostPort)
	noPodReady := all(podChanged("controller-1", podNotReady), podChanged("controller-2", podNotReady))
	runRows(t, sourceIP, map[string]row{
		"row 56: node ports":                                      {given: []option{nodePort}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "the controller takes the client's address from the connection"},
		"row 56: node ports with PROXY protocol":                  {given: []option{nodePort, proxyProtocol}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "from PROXY protocol"},
		"row 56: node ports with a header":                        {given: []option{nodePort, appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "from X-Forwarded-For"},
		"row 5: node ports with policy Cluster":                   {given: []option{nodePort, onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"row 12: node ports without an endpoint":                  {given: []option{nodePort, endpointsOf()}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"row 33: node ports, header not believed":                 {given: []option{nodePort, appending, seenConfig("enable-real-ip", "false")}, status: no, reason: v1alpha1.ReasonConfigNotEffective},
		"node ports do not need agents":                           {given: []option{nodePort, unread["Agents"]}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen},
		"row 57: host network":                                    {given: []option{hostNetwork}, status: yes, reason: v1alpha1.ReasonHostNetworkDirect, says: "2 of 2 edge nodes run one on the node's network"},
		"row 57: host network with one ready pod":                 {given: []option{hostNetwork, podChanged("controller-1", podNotReady)}, status: yes, reason: v1alpha1.ReasonHostNetworkDirect, says: "1 of 2 edge nodes "},
		"row 12: host network without a ready pod":                {given: []option{hostNetwork, noPodReady}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"host network with PROXY protocol":                        {given: []option{hostNetwork, proxyProtocol}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "PROXY protocol"},
		"host network with a header":                              {given: []option{hostNetwork, appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "X-Forwarded-For"},
		"host network with both":                                  {given: []option{hostNetwork, bothTrusted}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "PROXY protocol and X-Forwarded-For"},
		"host network that the pods do not have":                  {given: []option{hostNetwork, onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = false })}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"row 14: host network with a controller outside the edge": {given: []option{hostNetwork, strayOn("app-1")}, status: unknown, reason: v1alpha1.ReasonForeignEndpoints, says: "controller-9 on app-1"},
		"host network with the Service of before":                 {given: []option{hostNetwork, liveService(snapshot.Read[corev1.Service]{Value: service()})}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "still exists"},
		"host network, Service not read":                          {given: []option{hostNetwork, unread["Service"]}, status: unknown, reason: v1alpha1.ReasonNotRead},
		"host network does not need agents":                       {given: []option{hostNetwork, unread["Agents"], unread["EndpointSlices"]}, status: yes, reason: v1alpha1.ReasonHostNetworkDirect},
		"host network, another ConfigMap is read":                 {given: []option{hostNetwork, otherConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "does not read ConfigMap"},
		"host network, pods of an older template":                 {given: []option{hostNetwork, onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress},
		"host network, a header believed manually":                {given: []option{hostNetwork, seenConfig("use-forwarded-headers", "true")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"row 33: host network, header not believed":               {given: []option{hostNetwork, appending, seenConfig("enable-real-ip", "false")}, status: no, reason: v1alpha1.ReasonConfigNotEffective},
		"host network, no controller yet":                         {given: []option{hostNetwork, func(g *given) { g.s.DaemonSet.Value = nil }}, status: unknown, reason: v1alpha1.ReasonWorkloadMissing},
		"row 57: host ports go through the network plugin":        {given: []option{hostPort}, status: unknown, reason: v1alpha1.ReasonHostPortMappingUnseen, says: "spec.exposure.type to HostNetwork"},
		"row 12: host ports without a ready pod":                  {given: []option{hostPort, noPodReady}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"row 34: host ports, header believed from nobody":         {given: []option{hostPort, appending, seenConfig("proxy-real-ip-cidr", "")}, status: no, reason: v1alpha1.ReasonConfigNotEffective},
	})
}

func TestSourceIPPreserved(t *testing.T) {
	const condition = v1alpha1.ConditionSourceIPPreserved
	runRows(t, condition, map[string]row{
		"never measured, all well":            {status: unknown, reason: v1alpha1.ReasonNotMeasured, says: "has not been measured. Not checked: the load balancer itself, routers"},
		"never measured, node ports":          {given: []option{exposed(v1alpha1.ExposureNodePort)}, status: unknown, reason: v1alpha1.ReasonNotMeasured, says: "the balancer and routers in front of the nodes, the Service rules"},
		"never measured, host network":        {given: []option{exposed(v1alpha1.ExposureHostNetwork)}, status: unknown, reason: v1alpha1.ReasonNotMeasured, says: "routers and proxies in front of the nodes, the configuration"},
		"never measured, host ports":          {given: []option{exposed(v1alpha1.ExposureHostPort)}, status: unknown, reason: v1alpha1.ReasonNotMeasured, says: "port mapping"},
		"what cannot be told is not measured": {given: []option{noMetalLB}, status: unknown, reason: v1alpha1.ReasonNotMeasured, says: "SourceIPConfigured"},
		"nothing could be read":               {given: []option{unread["Service"]}, status: unknown, reason: v1alpha1.ReasonNotMeasured},
		"the objects show that it is lost":    {given: []option{onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster, says: "Lost at the node"},
		"row 24: lost at the balancer":        {given: []option{hetzner}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"deletion":                            {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}
