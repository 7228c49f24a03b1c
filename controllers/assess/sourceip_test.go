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
	absent := liveService(snapshot.Read[corev1.Service]{})
	runRows(t, map[string]row{
		"row 11: MetalLB, Local, ready endpoints":        {nil, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, "MetalLB passes packets on with their source; -> controller: externalTrafficPolicy is Local, 2 of 2 edge nodes have a ready endpoint, no endpoint is elsewhere, and no header is believed; -> application: "},
		"row 11: Google Cloud":                           {[]option{cloud("gce://p/z/a")}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, "Google Cloud"},
		"row 11: AWS Network, instance targets":          {[]option{awsInstance}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, "AWS Network Load Balancer (instance targets)"},
		"row 11: declared":                               {[]option{noMetalLB, declared(v1alpha1.ProviderPacketForwarding)}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, "declared"},
		"row 11: one edge node of two is enough":         {[]option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.2.5", false))}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, "1 of 2 edge nodes "},
		"row 11: a Deployment":                           {[]option{deployment}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, ""},
		"row 11: an endpoint that does not say is ready": {[]option{endpointsOf(discoveryv1.Endpoint{Addresses: []string{"10.244.1.5"}})}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, ""},
		"row 11: a dual-stack Service without trust":     {[]option{onService(dualStack)}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, ""},
		"row 3: a Service that is not external":          {[]option{onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP })}, sourceIP, no, v1alpha1.ReasonServiceNotExternal, "has type ClusterIP"},
		"row 3: a ClusterIP Service with external IPs": {[]option{onService(func(s *corev1.Service) {
			s.Spec.Type, s.Spec.ExternalIPs = corev1.ServiceTypeClusterIP, []string{"192.0.2.9"}
		})}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "192.0.2.9"},
		"row 5: policy Cluster":                            {[]option{onService(policyCluster)}, sourceIP, no, v1alpha1.ReasonTrafficPolicyCluster, "Lost at the node: externalTrafficPolicy of Service edge-public/public-edge-ingress is Cluster"},
		"row 5: policy unset":                              {[]option{onService(func(s *corev1.Service) { s.Spec.ExternalTrafficPolicy = "" })}, sourceIP, no, v1alpha1.ReasonTrafficPolicyCluster, "unset, which means Cluster"},
		"row 5: policy Cluster before there is an address": {[]option{onService(policyCluster), onService(noAddress)}, sourceIP, no, v1alpha1.ReasonTrafficPolicyCluster, ""},
		"row 9: policy Cluster with PROXY protocol":        {[]option{hetznerProxied, onService(policyCluster)}, sourceIP, no, v1alpha1.ReasonTrafficPolicyCluster, ""},
		"policy that falls back":                           {[]option{annotated("traffic-policy.network.alpha.openshift.io/local-with-fallback", "")}, sourceIP, no, v1alpha1.ReasonTrafficPolicyFallback, "local-with-fallback"},
		"row 4: no address":                                {[]option{onService(noAddress)}, sourceIP, unknown, v1alpha1.ReasonAddressPending, "No load balancer has given an address"},
		"no Service yet":                                   {[]option{absent}, sourceIP, unknown, v1alpha1.ReasonServiceMissing, "has not been seen yet"},
		"a Service of somebody else":                       {[]option{liveService(snapshot.Read[corev1.Service]{Foreign: true})}, sourceIP, unknown, v1alpha1.ReasonServiceMissing, "is not this EdgeIngress's"},
		"row 12: no ready endpoint":                        {[]option{endpointsOf(endpoint("10.244.1.5", false))}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, "No edge node has a ready endpoint"},
		"row 12: no slices at all":                         {[]option{func(g *given) { g.s.EndpointSlices.Items = nil }}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"row 12: ready endpoints of pods that are not":     {[]option{podChanged("controller-1", podNotReady), podChanged("controller-2", podNotReady)}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"row 12: pods that are going":                      {[]option{podChanged("controller-1", podTerminating), podChanged("controller-2", podTerminating)}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"row 12: no edge node at all":                      {[]option{selected(), func(g *given) { g.s.Pods.Items, g.s.EndpointSlices.Items = nil, nil }}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"row 14: a controller outside the edge":            {[]option{strayOn("app-1")}, sourceIP, unknown, v1alpha1.ReasonForeignEndpoints, "controller-9 on app-1"},
		"row 14: its endpoint":                             {[]option{strayOn("app-1"), endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.5", true))}, sourceIP, unknown, v1alpha1.ReasonForeignEndpoints, "10.244.9.5"},
		"row 14: an endpoint of somebody else":             {[]option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.77", true))}, sourceIP, unknown, v1alpha1.ReasonForeignEndpoints, "is a controller pod on an edge node; there is also 10.244.9.77"},
		"row 14: a foreign endpoint out of use":            {[]option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.77", false))}, sourceIP, yes, v1alpha1.ReasonPreservedByLocalPolicy, ""},
		"external IPs on the Service":                      {[]option{onService(func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.9"} })}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "externalIPs (192.0.2.9)"},
		"a Service that is taken away from kube-proxy": {[]option{onService(func(s *corev1.Service) {
			s.Labels = map[string]string{"service.kubernetes.io/service-proxy-name": "own"}
		})}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, `to the proxy "own" instead of kube-proxy`},
		"row 55: ipMode Proxy":                             {[]option{ipMode(corev1.LoadBalancerIPModeProxy)}, sourceIP, no, v1alpha1.ReasonIPModeProxy, "ipMode Proxy"},
		"row 55: ipMode Proxy of an unknown balancer":      {[]option{noMetalLB, ipMode(corev1.LoadBalancerIPModeProxy)}, sourceIP, no, v1alpha1.ReasonIPModeProxy, ""},
		"ipMode VIP of an unknown balancer shows nothing":  {[]option{noMetalLB, ipMode(corev1.LoadBalancerIPModeVIP)}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, ""},
		"row 56: an unknown balancer":                      {[]option{noMetalLB}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, "no providerID. Write its name into spec.exposure.loadBalancer.provider"},
		"row 56: a class that nobody knows":                {[]option{noMetalLB, class("example.com/vip")}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, "example.com/vip"},
		"row 53: ServiceLB":                                {[]option{serviceLB}, sourceIP, unknown, v1alpha1.ReasonServiceLBMasquerades, "MetalLB, or exposure.type HostNetwork"},
		"row 53: ServiceLB declared":                       {[]option{noMetalLB, declared(v1alpha1.ProviderServiceLB)}, sourceIP, unknown, v1alpha1.ReasonServiceLBMasquerades, ""},
		"row 52: Cilium's L2 announcements":                {[]option{ciliumL2}, sourceIP, unknown, v1alpha1.ReasonCiliumL2NeedsCluster, ""},
		"row 23: instance targets that lose the address":   {[]option{awsInstance, groupLoses}, sourceIP, no, v1alpha1.ReasonPreserveClientIPDisabled, `preserve_client_ip.enabled=true`},
		"row 20: PROXY protocol to instances, read":        {[]option{awsInstance, groupProxy, proxyProtocol}, sourceIP, unknown, v1alpha1.ReasonProxyV2HealthCheckIncompatible, "every node as unhealthy"},
		"row 25: PROXY protocol to instances, not read":    {[]option{awsInstance, groupProxy}, sourceIP, no, v1alpha1.ReasonProxyProtocolBalancerOnly, "400"},
		"row 68: a header that clients write":              {[]option{header("X-Real-IP", v1alpha1.ForwardedHeaderAppend)}, sourceIP, unknown, v1alpha1.ReasonHeaderClientControlled, "for the client to choose"},
		"row 68: the same, overwritten by the proxies":     {[]option{header("X-Real-IP", v1alpha1.ForwardedHeaderReplace)}, sourceIP, yes, v1alpha1.ReasonForwardedHeaderTrusted, ""},
		"PROXY protocol read behind a forwarding balancer": {[]option{proxyProtocol}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "whether MetalLB, or a balancer in front of it, speaks it"},
		"PROXY protocol of Oracle's network balancer":      {[]option{cloud("oci://1"), annotated("oci.oraclecloud.com/load-balancer-type", "nlb"), annotated("oci-network-load-balancer.oraclecloud.com/is-ppv2-enabled", "true"), proxyProtocol}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, ""},
		"row 75: a header from trusted proxies":            {[]option{appending}, sourceIP, yes, v1alpha1.ReasonForwardedHeaderTrusted, "X-Forwarded-For is believed from 198.51.100.0/24, which must hold the addresses of the proxies"},
		"row 36: a header, dual-stack, one family trusted": {[]option{appending, onService(dualStack)}, sourceIP, unknown, v1alpha1.ReasonFamilyNotTrusted, "family IPv6"},
		"row 36: a header, dual-stack, both trusted":       {[]option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", v1alpha1.ForwardedHeaderAppend, proxyRange, "2001:db8::/32")}), onService(dualStack)}, sourceIP, yes, v1alpha1.ReasonForwardedHeaderTrusted, ""},
		"row 74: an IPv6 Service with IPv4 trusted":        {[]option{appending, onService(func(s *corev1.Service) { s.Spec.IPFamilies = []corev1.IPFamily{corev1.IPv6Protocol} })}, sourceIP, unknown, v1alpha1.ReasonFamilyNotTrusted, ""},
		"row 33: a header asked for and not believed":      {[]option{appending, seenConfig("enable-real-ip", "false")}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, "believed from nobody"},
		"row 34: a header believed from nobody":            {[]option{appending, seenConfig("proxy-real-ip-cidr", "")}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, "see a proxy's address"},
		"row 35: refused trust, header":                    {[]option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", v1alpha1.ForwardedHeaderAppend, "0.0.0.0/0")})}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, "ConfigEffective"},
		"row 32: a header believed from everyone, by hand": {[]option{seenConfig("use-forwarded-headers", "true", "proxy-real-ip-cidr", "0.0.0.0/0")}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, "not seen as it is wanted"},
		"a setting changed by hand":                        {[]option{seenConfig("proxy-body-size", "1m")}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"row 44: a snippet by hand":                        {[]option{seenConfig("http-snippet", "real_ip_header X-Real-IP;")}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"no ConfigMap yet":                                 {[]option{noConfigMap}, sourceIP, unknown, v1alpha1.ReasonConfigMissing, ""},
		"a ConfigMap of somebody else":                     {[]option{foreignConfigMap}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"row 40: another ConfigMap is read":                {[]option{otherConfigMap}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, "does not read ConfigMap"},
		"row 45: arguments added by hand":                  {[]option{args("/nginx-ingress-controller", "--configmap="+namespace+"/"+objectName, "--enable-ssl-passthrough")}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, "files and network that are wanted"},
		"a command added by hand":                          {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Command = []string{"/bin/sh"} })}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"a container added by hand": {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) {
			ds.Spec.Template.Spec.Containers = append(ds.Spec.Template.Spec.Containers, corev1.Container{Name: "proxy"})
		})}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"host network set by hand":                           {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = true })}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"an image that is not allowed":                       {[]option{func(g *given) { g.d.ImageRefused, g.d.Objects = "example.com/own", nil }}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, "left as it was"},
		"no controller yet":                                  {[]option{func(g *given) { g.s.DaemonSet.Value = nil }}, sourceIP, unknown, v1alpha1.ReasonWorkloadMissing, ""},
		"a controller of somebody else":                      {[]option{foreignDaemonSet}, sourceIP, unknown, v1alpha1.ReasonNameTaken, "is not this EdgeIngress's"},
		"pods of an older template":                          {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, sourceIP, unknown, v1alpha1.ReasonRolloutInProgress, ""},
		"pods of the workload before":                        {[]option{deployment, func(g *given) { g.s.Pods.Items = append(g.s.Pods.Items, pod("old", "edge-1", "10.244.1.9")) }}, sourceIP, unknown, v1alpha1.ReasonRolloutInProgress, ""},
		"an address that is lost beats a pending rollout":    {[]option{onService(policyCluster), onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, sourceIP, no, v1alpha1.ReasonTrafficPolicyCluster, ""},
		"row 73: a failed read says nothing, not even False": {[]option{onService(policyCluster), unread["Agents"]}, sourceIP, unknown, v1alpha1.ReasonNotRead, "the load-balancer agents"},
		"row 73: two failed reads are both named":            {[]option{unread["Service"], unread["EndpointSlices"]}, sourceIP, unknown, v1alpha1.ReasonNotRead, "the Service, the EndpointSlices"},
		"deletion": {[]option{deleted}, sourceIP, unknown, v1alpha1.ReasonDeleting, ""},
	})
}

func TestSourceIPConfiguredThroughAProxyingBalancerOrPodTargets(t *testing.T) {
	octaviaProxy := annotated("loadbalancer.openstack.org/proxy-protocol", "v2")
	awsProxy := annotated(awsPrefix+"proxy-protocol", "*")
	httpListeners := annotated(awsPrefix+"backend-protocol", "http")
	runRows(t, map[string]row{
		"row 24: Hetzner":                                          {[]option{hetzner}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, `Hetzner Load Balancer ends the client's connection and opens one of its own, and the controller reads no PROXY protocol: write load-balancer.hetzner.cloud/uses-proxyprotocol: "true" into spec.exposure.loadBalancer.annotations, and spec.clientIP.proxyProtocol`},
		"row 24: Hetzner with ipMode VIP":                          {[]option{hetzner, ipMode(corev1.LoadBalancerIPModeVIP)}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, ""},
		"row 24: Scaleway":                                         {[]option{cloud("scaleway://1")}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "scw-loadbalancer-proxy-protocol-v2"},
		"row 24: Linode":                                           {[]option{cloud("linode://1")}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "linode-loadbalancer-default-proxy-protocol"},
		"row 24: Vultr":                                            {[]option{cloud("vultr://1")}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "vultr-loadbalancer-proxy-protocol"},
		"row 24: DigitalOcean regional":                            {[]option{cloud("digitalocean://1"), annotated(doType, "REGIONAL")}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, doProxy},
		"row 24: AWS Classic":                                      {[]option{awsClassic}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "aws-load-balancer-proxy-protocol"},
		"row 24: Oracle":                                           {[]option{cloud("oci://1")}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "proxy-protocol-version"},
		"row 24: OVHcloud":                                         {[]option{declared(v1alpha1.ProviderOVH)}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "loadbalancer.openstack.org/proxy-protocol"},
		"row 24: a declared proxy":                                 {[]option{declared(v1alpha1.ProviderProxying)}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "use another load balancer"},
		"row 24: a header cannot help a TCP proxy":                 {[]option{hetzner, appending}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, ""},
		"row 24: a declared proxy that may write a header":         {[]option{declared(v1alpha1.ProviderProxying)}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "where it writes the client's address into a header, write spec.clientIP.forwardedHeader"},
		"row 75: a declared proxy and a header":                    {[]option{declared(v1alpha1.ProviderProxying), appending}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "may write the client's address into a header; whether its addresses are among trustedCIDRs"},
		"row 75: a declared proxy, ipMode Proxy and a header":      {[]option{declared(v1alpha1.ProviderProxying), ipMode(corev1.LoadBalancerIPModeProxy), appending}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "may write"},
		"row 75: only ipMode Proxy is known, and a header":         {[]option{noMetalLB, ipMode(corev1.LoadBalancerIPModeProxy), appending}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "The load balancer ends connections and may write"},
		"row 55: only ipMode Proxy is known, the remedies":         {[]option{noMetalLB, ipMode(corev1.LoadBalancerIPModeProxy)}, sourceIP, no, v1alpha1.ReasonIPModeProxy, "where it writes a header, spec.clientIP.forwardedHeader"},
		"row 55: MetalLB with ipMode Proxy and a header":           {[]option{ipMode(corev1.LoadBalancerIPModeProxy), appending}, sourceIP, no, v1alpha1.ReasonIPModeProxy, ""},
		"row 75: an unknown balancer and a header":                 {[]option{noMetalLB, appending}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, ""},
		"row 54: kind":                                             {[]option{cloud("kind://docker/kind/a"), ipMode(corev1.LoadBalancerIPModeProxy)}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, "cloud-provider-kind ends the client's connection"},
		"row 54: kind with PROXY protocol read":                    {[]option{cloud("kind://docker/kind/a"), ipMode(corev1.LoadBalancerIPModeProxy), proxyProtocol}, sourceIP, no, v1alpha1.ReasonProxyProtocolControllerOnly, "cloud-provider-kind does not speak it, and every connection is closed: or remove"},
		"row 25: PROXY protocol at the balancer only":              {[]option{hetzner, annotated(hetznerKey, "true")}, sourceIP, no, v1alpha1.ReasonProxyProtocolBalancerOnly, "write spec.clientIP.proxyProtocol with the balancer's addresses"},
		"row 25: Hetzner by default, which ipMode shows":           {[]option{hetzner, ipMode(corev1.LoadBalancerIPModeProxy)}, sourceIP, no, v1alpha1.ReasonProxyProtocolBalancerOnly, ""},
		"row 25: DigitalOcean":                                     {[]option{cloud("digitalocean://1"), annotated(doType, "REGIONAL"), annotated(doProxy, "true")}, sourceIP, no, v1alpha1.ReasonProxyProtocolBalancerOnly, ""},
		"row 25: switched off at the controller by hand":           {[]option{hetznerProxied, seenConfig("use-proxy-protocol", "false")}, sourceIP, no, v1alpha1.ReasonProxyProtocolBalancerOnly, ""},
		"row 26: PROXY protocol at the controller only":            {[]option{cloud("vultr://1"), proxyProtocol}, sourceIP, no, v1alpha1.ReasonProxyProtocolControllerOnly, "or remove spec.clientIP.proxyProtocol"},
		"row 26: Hetzner, switched off":                            {[]option{hetzner, annotated(hetznerKey, "false"), proxyProtocol}, sourceIP, no, v1alpha1.ReasonProxyProtocolControllerOnly, `uses-proxyprotocol: "true"`},
		"row 27: PROXY protocol on both sides, Hetzner":            {[]option{hetznerProxied}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, "PROXY protocol is believed from 192.0.2.0/24, which must hold the balancer's addresses"},
		"row 27: PROXY protocol on both sides, ipMode Proxy":       {[]option{hetznerProxied, ipMode(corev1.LoadBalancerIPModeProxy)}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, ""},
		"row 27: PROXY protocol on both sides, AWS Classic":        {[]option{awsClassic, awsProxy, proxyProtocol}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, "AWS Classic Load Balancer"},
		"row 27: PROXY protocol on both sides, Octavia":            {[]option{cloud("openstack:///1"), octaviaProxy, proxyProtocol}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, "Octavia"},
		"row 27: PROXY protocol on both sides, DigitalOcean":       {[]option{cloud("digitalocean://1"), annotated(doType, "REGIONAL"), annotated(doProxy, "true"), proxyProtocol}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, ""},
		"row 28: believed from nobody, by hand":                    {[]option{hetznerProxied, seenConfig("proxy-real-ip-cidr", "")}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, "believed from nobody, so applications see the balancer's address"},
		"row 28: refused trust":                                    {[]option{hetzner, annotated(hetznerKey, "true"), clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("0.0.0.0/0")})}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, ""},
		"row 28: another list, by hand":                            {[]option{hetznerProxied, seenConfig("proxy-real-ip-cidr", "203.0.113.0/24")}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"row 29: PROXY protocol and header from everyone":          {[]option{hetzner, annotated(hetznerKey, "true"), bothTrusted, seenConfig("proxy-real-ip-cidr", "0.0.0.0/0")}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, "from everyone"},
		"a CDN behind a PROXY balancer":                            {[]option{hetzner, annotated(hetznerKey, "true"), bothTrusted}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, "PROXY protocol and, of proxies behind it, X-Forwarded-For are believed"},
		"row 72: a CDN behind a PROXY balancer with another build": {[]option{hetzner, annotated(hetznerKey, "true"), bothTrusted, image("registry.example.com/fork/controller", forkDigest)}, sourceIP, unknown, v1alpha1.ReasonEngineVersionUnknown, "builds before v1.13"},
		"row 72: with another version of upstream's":               {[]option{hetzner, annotated(hetznerKey, "true"), bothTrusted, image("registry.k8s.io/ingress-nginx/controller", forkDigest)}, sourceIP, unknown, v1alpha1.ReasonEngineVersionUnknown, "builds before v1.13"},
		"row 72: with the known build from a mirror":               {[]option{hetzner, annotated(hetznerKey, "true"), bothTrusted, image("mirror.example.com/controller", upstreamDigest)}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, ""},
		"row 72: another build without both":                       {[]option{hetznerProxied, image("registry.example.com/fork/controller", forkDigest)}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, ""},
		"PROXY protocol, whether it is on is not shown":            {[]option{hetzner, proxyProtocol}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "whether Hetzner Load Balancer"},
		"PROXY protocol of a declared proxy":                       {[]option{declared(v1alpha1.ProviderProxying), proxyProtocol}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, ""},
		"PROXY protocol of an unknown balancer":                    {[]option{noMetalLB, proxyProtocol}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, ""},
		"PROXY protocol, dual-stack, one family trusted":           {[]option{hetznerProxied, onService(dualStack)}, sourceIP, unknown, v1alpha1.ReasonFamilyNotTrusted, ""},
		"an HTTP balancer whose header is not believed":            {[]option{awsClassic, httpListeners}, sourceIP, no, v1alpha1.ReasonProxyWithoutProxyProtocol, ""},
		"row 75: an HTTP balancer whose header is believed":        {[]option{awsClassic, httpListeners, appending}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "whether its addresses are among trustedCIDRs"},
		"row 12: PROXY protocol without ready endpoints":           {[]option{hetznerProxied, endpointsOf()}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"Octavia, driver not visible":                              {[]option{cloud("openstack:///1")}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, "PacketForwarding (OVN) or Proxying (amphora)"},
		"Azure with Private Link":                                  {[]option{cloud("azure:///1"), annotated("service.beta.kubernetes.io/azure-pls-create", "true")}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, "Private Link"},
		"row 21: pod targets without preservation":                 {[]option{awsPods}, sourceIP, no, v1alpha1.ReasonPreserveClientIPDisabled, `target-group-attributes: "preserve_client_ip.enabled=true"`},
		"row 22: pod targets with preservation":                    {[]option{awsPods, groupPreserve}, sourceIP, yes, v1alpha1.ReasonPodTargetsPreserve, "sends to pods and is set to keep the client's address"},
		"row 22: pod targets with preservation and a header":       {[]option{awsPods, groupPreserve, appending}, sourceIP, yes, v1alpha1.ReasonForwardedHeaderTrusted, ""},
		"row 27: pod targets with PROXY protocol on both sides":    {[]option{awsPods, awsProxy, proxyProtocol}, sourceIP, yes, v1alpha1.ReasonProxyProtocolTrusted, "pod targets"},
		"row 26: pod targets with PROXY protocol read only":        {[]option{awsPods, groupPreserve, proxyProtocol}, sourceIP, no, v1alpha1.ReasonProxyProtocolControllerOnly, ""},
		"row 5: pod targets with policy Cluster":                   {[]option{awsPods, groupPreserve, onService(policyCluster)}, sourceIP, no, v1alpha1.ReasonTrafficPolicyCluster, ""},
		"pod targets, the kind of target not said":                 {[]option{cloud("aws:///z/i-1"), hostname(networkHost), class("service.k8s.aws/nlb")}, sourceIP, unknown, v1alpha1.ReasonProviderUnknown, "nlb-target-type"},
	})
}

func TestSourceIPConfiguredWithoutABalancerOfTheCluster(t *testing.T) {
	nodePort, hostNetwork, hostPort := exposed(v1alpha1.ExposureNodePort), exposed(v1alpha1.ExposureHostNetwork), exposed(v1alpha1.ExposureHostPort)
	noPodReady := all(podChanged("controller-1", podNotReady), podChanged("controller-2", podNotReady))
	runRows(t, map[string]row{
		"row 56: node ports":                               {[]option{nodePort}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "the controller takes the address from the connection"},
		"row 56: node ports with PROXY protocol":           {[]option{nodePort, proxyProtocol}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "from PROXY protocol"},
		"row 56: node ports with a header":                 {[]option{nodePort, appending}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "from X-Forwarded-For"},
		"row 5: node ports with policy Cluster":            {[]option{nodePort, onService(policyCluster)}, sourceIP, no, v1alpha1.ReasonTrafficPolicyCluster, ""},
		"row 12: node ports without an endpoint":           {[]option{nodePort, endpointsOf()}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"row 33: node ports, header not believed":          {[]option{nodePort, appending, seenConfig("enable-real-ip", "false")}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, ""},
		"node ports do not need agents":                    {[]option{nodePort, unread["Agents"]}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, ""},
		"row 57: host network":                             {[]option{hostNetwork}, sourceIP, yes, v1alpha1.ReasonHostNetworkDirect, "2 of 2 edge nodes run one on the node's network"},
		"row 57: host network with one ready pod":          {[]option{hostNetwork, podChanged("controller-1", podNotReady)}, sourceIP, yes, v1alpha1.ReasonHostNetworkDirect, "1 of 2 edge nodes "},
		"host network without a ready pod":                 {[]option{hostNetwork, noPodReady}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"host network with PROXY protocol":                 {[]option{hostNetwork, proxyProtocol}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "PROXY protocol"},
		"host network with a header":                       {[]option{hostNetwork, appending}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "X-Forwarded-For"},
		"host network with both":                           {[]option{hostNetwork, bothTrusted}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "PROXY protocol and X-Forwarded-For"},
		"host network that the pods do not have":           {[]option{hostNetwork, onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = false })}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"host network with a controller outside the edge":  {[]option{hostNetwork, strayOn("app-1")}, sourceIP, unknown, v1alpha1.ReasonForeignEndpoints, "controller-9 on app-1"},
		"host network with the Service of before":          {[]option{hostNetwork, liveService(snapshot.Read[corev1.Service]{Value: service()})}, sourceIP, unknown, v1alpha1.ReasonExternalBalancerUnseen, "still exists"},
		"host network, Service not read":                   {[]option{hostNetwork, unread["Service"]}, sourceIP, unknown, v1alpha1.ReasonNotRead, ""},
		"host network does not need agents":                {[]option{hostNetwork, unread["Agents"], unread["EndpointSlices"]}, sourceIP, yes, v1alpha1.ReasonHostNetworkDirect, ""},
		"host network, another ConfigMap is read":          {[]option{hostNetwork, otherConfigMap}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, "does not read ConfigMap"},
		"host network, pods of an older template":          {[]option{hostNetwork, onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, sourceIP, unknown, v1alpha1.ReasonRolloutInProgress, ""},
		"host network, a header believed by hand":          {[]option{hostNetwork, seenConfig("use-forwarded-headers", "true")}, sourceIP, unknown, v1alpha1.ReasonConfigNotEffective, ""},
		"row 33: host network, header not believed":        {[]option{hostNetwork, appending, seenConfig("enable-real-ip", "false")}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, ""},
		"host network, no controller yet":                  {[]option{hostNetwork, func(g *given) { g.s.DaemonSet.Value = nil }}, sourceIP, unknown, v1alpha1.ReasonWorkloadMissing, ""},
		"row 57: host ports go through the network plugin": {[]option{hostPort}, sourceIP, unknown, v1alpha1.ReasonHostPortMappingUnseen, "exposure.type HostNetwork"},
		"host ports without a ready pod":                   {[]option{hostPort, noPodReady}, sourceIP, unknown, v1alpha1.ReasonNoReadyEndpoints, ""},
		"row 34: host ports, header believed from nobody":  {[]option{hostPort, appending, seenConfig("proxy-real-ip-cidr", "")}, sourceIP, no, v1alpha1.ReasonConfigNotEffective, ""},
	})
}

func TestSourceIPPreserved(t *testing.T) {
	const condition = v1alpha1.ConditionSourceIPPreserved
	runRows(t, map[string]row{
		"never measured, all well":            {nil, condition, unknown, v1alpha1.ReasonNotMeasured, "Nobody has looked at: the load balancer itself, routers"},
		"never measured, node ports":          {[]option{exposed(v1alpha1.ExposureNodePort)}, condition, unknown, v1alpha1.ReasonNotMeasured, "the balancer and routers in front of the nodes, the Service rules"},
		"never measured, host network":        {[]option{exposed(v1alpha1.ExposureHostNetwork)}, condition, unknown, v1alpha1.ReasonNotMeasured, "routers and proxies in front of the nodes, the configuration"},
		"never measured, host ports":          {[]option{exposed(v1alpha1.ExposureHostPort)}, condition, unknown, v1alpha1.ReasonNotMeasured, "port mapping"},
		"what cannot be told is not measured": {[]option{noMetalLB}, condition, unknown, v1alpha1.ReasonNotMeasured, "SourceIPConfigured"},
		"nothing could be read":               {[]option{unread["Service"]}, condition, unknown, v1alpha1.ReasonNotMeasured, ""},
		"the objects show that it is lost":    {[]option{onService(policyCluster)}, condition, no, v1alpha1.ReasonTrafficPolicyCluster, "Lost at the node"},
		"row 24: lost at the balancer":        {[]option{hetzner}, condition, no, v1alpha1.ReasonProxyWithoutProxyProtocol, ""},
		"deletion":                            {[]option{deleted}, condition, unknown, v1alpha1.ReasonDeleting, ""},
	})
}
