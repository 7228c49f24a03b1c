package provider

import (
	"errors"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

type option func(*snapshot.Snapshot)

// cluster has two bare nodes, a Service with an address and no sign of a load balancer.
func cluster(options ...option) snapshot.Snapshot {
	s := snapshot.Snapshot{
		EdgeIngress: &v1alpha1.EdgeIngress{
			ObjectMeta: metav1.ObjectMeta{Name: "public"},
			Spec: v1alpha1.EdgeIngressSpec{Exposure: v1alpha1.ExposureSpec{
				Type:         v1alpha1.ExposureLoadBalancer,
				LoadBalancer: &v1alpha1.LoadBalancerSpec{Provider: v1alpha1.ProviderAuto},
			}},
		},
		Nodes: snapshot.List[snapshot.Node]{Items: []snapshot.Node{{Name: "node-a"}, {Name: "node-b"}}},
		Service: snapshot.Read[corev1.Service]{Value: &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Name: "public-edge-ingress", Namespace: "edge-public", Annotations: map[string]string{}},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, HealthCheckNodePort: 32100},
			Status:     corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: []corev1.LoadBalancerIngress{{IP: "203.0.113.10"}}}},
		}},
	}
	for _, o := range options {
		o(&s)
	}
	return s
}

func on(providerIDs ...string) option {
	return func(s *snapshot.Snapshot) {
		s.Nodes.Items = nil
		for _, id := range providerIDs {
			s.Nodes.Items = append(s.Nodes.Items, snapshot.Node{Name: "node-" + id, ProviderID: id})
		}
	}
}

func annotated(pairs ...string) option {
	return func(s *snapshot.Snapshot) {
		for i := 0; i < len(pairs); i += 2 {
			s.Service.Value.Annotations[pairs[i]] = pairs[i+1]
		}
	}
}

func class(name string) option {
	return func(s *snapshot.Snapshot) { s.Service.Value.Spec.LoadBalancerClass = &name }
}

func declared(p v1alpha1.Provider) option {
	return func(s *snapshot.Snapshot) { s.EdgeIngress.Spec.Exposure.LoadBalancer.Provider = p }
}

func agent(p v1alpha1.Provider, name string) option {
	return func(s *snapshot.Snapshot) {
		s.Agents.Items = append(s.Agents.Items, snapshot.Agent{Provider: p, Namespace: "agents", Name: name})
	}
}

func address(ingress corev1.LoadBalancerIngress) option {
	return func(s *snapshot.Snapshot) {
		s.Service.Value.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{ingress}
	}
}

func host(name string) option { return address(corev1.LoadBalancerIngress{Hostname: name}) }

func mode(m corev1.LoadBalancerIPMode) option {
	return address(corev1.LoadBalancerIngress{IP: "203.0.113.10", IPMode: &m})
}

func ciliumPool(s *snapshot.Snapshot) {
	s.Service.Value.Status.Conditions = []metav1.Condition{{Type: ciliumPoolCondition, Status: metav1.ConditionTrue}}
}

const (
	networkHost = "k8s-edge-0123.elb.eu-west-1.amazonaws.com"
	classicHost = "a0123-456.eu-west-1.elb.amazonaws.com"
)

var (
	speaker = agent(v1alpha1.ProviderMetalLB, "speaker")
	pool    = annotated(metalLBPool, "public")
)

func TestIdentifyFindsTheBalancerAndItsPath(t *testing.T) {
	tests := map[string]struct {
		given    []option
		provider v1alpha1.Provider
		path     Path
		why      string
	}{
		"nothing shows anything":                   {nil, v1alpha1.ProviderAuto, Unknown, "no providerID"},
		"ipMode VIP is no sign of forwarding":      {[]option{mode(corev1.LoadBalancerIPModeVIP)}, v1alpha1.ProviderAuto, Unknown, ""},
		"the Service was not seen":                 {[]option{func(s *snapshot.Snapshot) { s.Service.Value = nil }}, v1alpha1.ProviderAuto, Unknown, "not seen"},
		"no node at all":                           {[]option{on()}, v1alpha1.ProviderAuto, Unknown, "no node shows its cloud"},
		"nodes could not be read":                  {[]option{on("gce://p/z/n"), func(s *snapshot.Snapshot) { s.Nodes.Err = errors.New("no") }}, v1alpha1.ProviderAuto, Unknown, "reading the nodes or the load-balancer agents failed"},
		"agents could not be read":                 {[]option{on("gce://p/z/n"), func(s *snapshot.Snapshot) { s.Agents.Err = errors.New("no") }}, v1alpha1.ProviderAuto, Unknown, "reading the nodes or the load-balancer agents failed"},
		"MetalLB's pool and its speaker":           {[]option{speaker, pool}, v1alpha1.ProviderMetalLB, Forwards, ""},
		"MetalLB's older annotation":               {[]option{speaker, annotated(metalLBPoolBefore, "public")}, v1alpha1.ProviderMetalLB, Forwards, ""},
		"MetalLB's pool on a cloud":                {[]option{on("hcloud://1"), speaker, pool}, v1alpha1.ProviderMetalLB, Forwards, ""},
		"MetalLB's pool with a class of its own":   {[]option{class("example.com/vip"), speaker, pool}, v1alpha1.ProviderAuto, Unknown, `"example.com/vip"`},
		"MetalLB declared with a class of its own": {[]option{class("example.com/vip"), speaker, pool, declared(v1alpha1.ProviderMetalLB)}, v1alpha1.ProviderMetalLB, Forwards, ""},
		"MetalLB's pool without a speaker":         {[]option{pool}, v1alpha1.ProviderAuto, Unknown, "does not show"},
		"MetalLB's pool written by a person": {[]option{speaker, pool, func(s *snapshot.Snapshot) {
			s.EdgeIngress.Spec.Exposure.LoadBalancer.Annotations = map[string]v1alpha1.AnnotationValue{metalLBPool: "public"}
		}}, v1alpha1.ProviderAuto, Unknown, "MetalLB (DaemonSet agents/speaker)"},
		"a speaker alone on bare metal":                          {[]option{speaker}, v1alpha1.ProviderAuto, Unknown, "MetalLB (DaemonSet agents/speaker)"},
		"a speaker alone on a cloud":                             {[]option{on("gce://p/z/n"), speaker}, v1alpha1.ProviderAuto, Unknown, "MetalLB (DaemonSet agents/speaker)"},
		"MetalLB's pool and a Cilium pool":                       {[]option{speaker, pool, ciliumPool}, v1alpha1.ProviderAuto, Unknown, "signs of Cilium and of MetalLB"},
		"MetalLB's pool and kube-vip's class":                    {[]option{speaker, pool, class("kube-vip.io/kube-vip-class")}, v1alpha1.ProviderAuto, Unknown, "signs of KubeVIP and of MetalLB"},
		"kube-vip's class":                                       {[]option{class("kube-vip.io/kube-vip-class")}, v1alpha1.ProviderKubeVIP, Forwards, ""},
		"kube-vip's mark and its agent":                          {[]option{annotated(kubeVIPHost, "node-a"), agent(v1alpha1.ProviderKubeVIP, "kube-vip-ds")}, v1alpha1.ProviderKubeVIP, Forwards, ""},
		"kube-vip's mark without its agent":                      {[]option{annotated(kubeVIPHost, "node-a")}, v1alpha1.ProviderAuto, Unknown, "does not show"},
		"kube-vip's mark with a class that nobody knows":         {[]option{class("example.com/vip"), annotated(kubeVIPHost, "node-a"), agent(v1alpha1.ProviderKubeVIP, "kube-vip-ds")}, v1alpha1.ProviderAuto, Unknown, "example.com/vip"},
		"kube-vip's mark and MetalLB's class-less pool":          {[]option{annotated(kubeVIPHost, "node-a"), agent(v1alpha1.ProviderKubeVIP, "kube-vip-ds"), speaker, pool}, v1alpha1.ProviderAuto, Unknown, "signs of KubeVIP and of MetalLB"},
		"Cilium by its BGP class":                                {[]option{class(ciliumBGPClass)}, v1alpha1.ProviderCilium, Forwards, ""},
		"Cilium by its L2 class":                                 {[]option{class(ciliumL2Class)}, v1alpha1.ProviderCilium, Forwards, ""},
		"Cilium's pool does not say how it announces":            {[]option{ciliumPool}, v1alpha1.ProviderCilium, Unknown, "neither Cilium's class"},
		"Cilium as a network plugin is no sign":                  {[]option{agent(v1alpha1.ProviderCilium, "cilium")}, v1alpha1.ProviderAuto, Unknown, "no providerID"},
		"Cilium as a network plugin on a cloud":                  {[]option{on("gce://p/z/n"), agent(v1alpha1.ProviderCilium, "anetd")}, v1alpha1.ProviderGCP, Forwards, ""},
		"ServiceLB of this Service":                              {[]option{agent(v1alpha1.ProviderServiceLB, "svclb-public-edge-ingress-0123abcd")}, v1alpha1.ProviderServiceLB, Unknown, "masquerades"},
		"ServiceLB of this Service, older name":                  {[]option{agent(v1alpha1.ProviderServiceLB, "svclb-public-edge-ingress")}, v1alpha1.ProviderServiceLB, Unknown, "masquerades"},
		"ServiceLB of another Service":                           {[]option{on("hcloud://1"), agent(v1alpha1.ProviderServiceLB, "svclb-traefik-0123abcd")}, v1alpha1.ProviderAuto, Unknown, "ServiceLB"},
		"a class that nobody knows":                              {[]option{on("gce://p/z/n"), class("example.com/own")}, v1alpha1.ProviderAuto, Unknown, `"example.com/own"`},
		"kind":                                                   {[]option{on("kind://docker/kind/a"), mode(corev1.LoadBalancerIPModeProxy)}, v1alpha1.ProviderCloudProviderKind, Proxies, ""},
		"kind with an address that is not of its cloud provider": {[]option{on("kind://docker/kind/a"), mode(corev1.LoadBalancerIPModeVIP)}, v1alpha1.ProviderAuto, Unknown, "ipMode Proxy"},
		"kind with MetalLB":                                      {[]option{on("kind://docker/kind/a"), speaker, pool}, v1alpha1.ProviderMetalLB, Forwards, ""},
		"Google Cloud":                                           {[]option{on("gce://p/z/a", "gce://p/z/b")}, v1alpha1.ProviderGCP, Forwards, ""},
		"Google Cloud by class":                                  {[]option{class("networking.gke.io/l4-regional-external")}, v1alpha1.ProviderGCP, Forwards, ""},
		"two clouds":                                             {[]option{on("gce://p/z/a", "aws:///eu/i-1")}, v1alpha1.ProviderAuto, Unknown, "nodes of both GCP and AWS"},
		"a cloud and a bare machine":                             {[]option{on("gce://p/z/a", "")}, v1alpha1.ProviderAuto, Unknown, "has no providerID"},
		"a cloud and a node that the cloud has not looked at yet": {[]option{on("gce://p/z/a", ""), func(s *snapshot.Snapshot) {
			s.Nodes.Items[1].Taints = []corev1.Taint{{Key: uninitializedTaint, Effect: corev1.TaintEffectNoSchedule}}
		}}, v1alpha1.ProviderGCP, Forwards, ""},
		"a cloud that nobody knows":                   {[]option{on("vsphere://1")}, v1alpha1.ProviderAuto, Unknown, "belongs to no known cloud"},
		"Equinix Metal, of which too little is known": {[]option{on("equinixmetal://1")}, v1alpha1.ProviderAuto, Unknown, "belongs to no known cloud"},
		"k3s without a sign of who serves":            {[]option{on("k3s://a")}, v1alpha1.ProviderAuto, Unknown, "belongs to no known cloud"},
		"Azure":                                       {[]option{on("azure:///subscriptions/1")}, v1alpha1.ProviderAzure, Forwards, ""},
		"Azure with Private Link":                     {[]option{on("azure:///subscriptions/1"), annotated(azurePrivateLink, "true")}, v1alpha1.ProviderAzure, Unknown, "Private Link"},
		"AWS Classic":                                 {[]option{on("aws:///z/i-1"), host(classicHost)}, v1alpha1.ProviderAWS, Proxies, ""},
		"AWS with an IP address":                      {[]option{on("aws:///z/i-1")}, v1alpha1.ProviderAuto, Unknown, "host names"},
		"AWS without type but with the host name of a Network one": {[]option{on("aws:///z/i-1"), host(networkHost)}, v1alpha1.ProviderAWS, Unknown, "different kinds"},
		"AWS with type nlb but the host name of a Classic one":     {[]option{on("aws:///z/i-1"), host(classicHost), annotated(awsType, "nlb")}, v1alpha1.ProviderAWS, Unknown, "different kinds"},
		"AWS Network of the cloud controller":                      {[]option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "nlb")}, v1alpha1.ProviderAWS, Forwards, ""},
		"AWS in China":                                             {[]option{on("aws:///z/i-1"), host("k8s-edge-0123.elb.cn-north-1.amazonaws.com.cn"), annotated(awsType, "nlb")}, v1alpha1.ProviderAWS, Forwards, ""},
		"AWS controller, instance targets":                         {[]option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "external", awsTargetType, "instance")}, v1alpha1.ProviderAWS, Forwards, ""},
		"AWS controller, pod targets":                              {[]option{class(awsControllerClass), host(networkHost), annotated(awsTargetType, "ip")}, v1alpha1.ProviderAWS, TargetsPods, ""},
		"AWS controller, type nlb-ip":                              {[]option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "nlb-ip")}, v1alpha1.ProviderAWS, TargetsPods, ""},
		"AWS controller, target type not said":                     {[]option{class(awsControllerClass), host(networkHost)}, v1alpha1.ProviderAWS, Unknown, awsTargetType},
		"AWS Auto Mode, target type not said":                      {[]option{class(awsAutoModeClass), host(networkHost)}, v1alpha1.ProviderAWS, Unknown, awsTargetType},
		"AWS with a type that nobody knows":                        {[]option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "gateway")}, v1alpha1.ProviderAWS, Unknown, "no known AWS load balancer"},
		"AWS instance targets that convert between families":       {[]option{class(awsControllerClass), host(networkHost), annotated(awsTargetType, "instance", awsAddressType, "dualstack")}, v1alpha1.ProviderAWS, Unknown, "dualstack"},
		"DigitalOcean, type not shown":                             {[]option{on("digitalocean://1")}, v1alpha1.ProviderDigitalOcean, Unknown, digitalOceanType},
		"DigitalOcean regional":                                    {[]option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL")}, v1alpha1.ProviderDigitalOcean, Proxies, ""},
		"DigitalOcean network":                                     {[]option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL_NETWORK")}, v1alpha1.ProviderDigitalOcean, Forwards, ""},
		"Hetzner":                                                  {[]option{on("hcloud://1")}, v1alpha1.ProviderHetzner, Proxies, ""},
		"Hetzner with its dedicated servers":                       {[]option{on("hcloud://1", "hrobot://2")}, v1alpha1.ProviderHetzner, Proxies, ""},
		"Scaleway":                                                 {[]option{on("scaleway://1")}, v1alpha1.ProviderScaleway, Proxies, ""},
		"Linode":                                                   {[]option{on("linode://1")}, v1alpha1.ProviderLinode, Proxies, ""},
		"Vultr":                                                    {[]option{on("vultr://1")}, v1alpha1.ProviderVultr, Proxies, ""},
		"OpenStack, driver not visible":                            {[]option{on("openstack:///1")}, v1alpha1.ProviderOpenStack, Unknown, "driver"},
		"OpenStack with PROXY protocol, which OVN cannot":          {[]option{on("openstack:///1"), annotated(openStackProxyProtocol, "v2")}, v1alpha1.ProviderOpenStack, Proxies, ""},
		"OpenStack with X-Forwarded-For, which OVN cannot":         {[]option{on("openstack:///1"), annotated(openStackForwardedFor, "true")}, v1alpha1.ProviderOpenStack, Proxies, ""},
		"OVHcloud":                                            {[]option{on("openstack:///1"), annotated(ovhClass, "octavia")}, v1alpha1.ProviderOVH, Proxies, ""},
		"Oracle":                                              {[]option{on("ocid1.instance.oc1")}, v1alpha1.ProviderOracle, Proxies, ""},
		"Oracle network":                                      {[]option{on("oci://1"), annotated(oracleType, "nlb")}, v1alpha1.ProviderOracle, Forwards, ""},
		"Oracle with a type that nobody knows":                {[]option{on("oci://1"), annotated(oracleType, "x")}, v1alpha1.ProviderOracle, Unknown, oracleType},
		"Alibaba Classic":                                     {[]option{on("cn-hangzhou.i-bp1abc")}, v1alpha1.ProviderAlibaba, Forwards, ""},
		"Alibaba Classic with HTTP listeners":                 {[]option{on("cn-hangzhou.i-bp1abc"), annotated(alibabaProtocolPort, "https:443,http:80")}, v1alpha1.ProviderAlibaba, Proxies, ""},
		"Alibaba with pod targets":                            {[]option{on("cn-hangzhou.i-bp1abc"), annotated(alibabaBackendType, "eni")}, v1alpha1.ProviderAlibaba, Unknown, "pods"},
		"Alibaba Network that keeps addresses":                {[]option{class(alibabaNetworkClass), annotated(alibabaPreserve, "on")}, v1alpha1.ProviderAlibaba, Forwards, ""},
		"Alibaba Network that does not say":                   {[]option{class(alibabaNetworkClass)}, v1alpha1.ProviderAlibaba, Unknown, alibabaPreserve},
		"IBM unasked":                                         {[]option{on("ibm://1"), annotated(ibmFeatures, "nlb")}, v1alpha1.ProviderIBM, Unknown, "knows too little about it"},
		"IBM declared, network":                               {[]option{declared(v1alpha1.ProviderIBM), annotated(ibmFeatures, "nlb")}, v1alpha1.ProviderIBM, Forwards, ""},
		"IBM declared, proxy":                                 {[]option{declared(v1alpha1.ProviderIBM), annotated(ibmFeatures, "proxy-protocol")}, v1alpha1.ProviderIBM, Proxies, ""},
		"IBM declared, kind not shown":                        {[]option{declared(v1alpha1.ProviderIBM)}, v1alpha1.ProviderIBM, Unknown, "which of IBM"},
		"Tencent unasked":                                     {[]option{on("qcloud:///1")}, v1alpha1.ProviderTencent, Unknown, "knows too little about it"},
		"Tencent declared":                                    {[]option{declared(v1alpha1.ProviderTencent)}, v1alpha1.ProviderTencent, Forwards, ""},
		"Tencent declared, pod targets":                       {[]option{declared(v1alpha1.ProviderTencent), annotated(tencentDirectAccess, "true")}, v1alpha1.ProviderTencent, Unknown, "pods"},
		"NAVER declared":                                      {[]option{declared(v1alpha1.ProviderNaver)}, v1alpha1.ProviderNaver, Proxies, ""},
		"NAVER declared, network":                             {[]option{declared(v1alpha1.ProviderNaver), annotated(naverLayerType, "nlb")}, v1alpha1.ProviderNaver, Forwards, ""},
		"a declaration wins over what is found":               {[]option{on("hcloud://1"), declared(v1alpha1.ProviderPacketForwarding)}, v1alpha1.ProviderPacketForwarding, Forwards, ""},
		"a declared proxy wins over MetalLB's pool":           {[]option{speaker, pool, declared(v1alpha1.ProviderProxying)}, v1alpha1.ProviderProxying, Proxies, ""},
		"a declared ServiceLB":                                {[]option{declared(v1alpha1.ProviderServiceLB)}, v1alpha1.ProviderServiceLB, Unknown, "masquerades"},
		"a declared provider that this version does not know": {[]option{declared("Elsewhere")}, "Elsewhere", Unknown, "knows nothing about provider"},
		"no loadBalancer in the spec is Auto":                 {[]option{on("gce://p/z/a"), func(s *snapshot.Snapshot) { s.EdgeIngress.Spec.Exposure.LoadBalancer = nil }}, v1alpha1.ProviderGCP, Forwards, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := Identify(cluster(test.given...))
			if got.Provider != test.provider || got.Path != test.path || !strings.Contains(got.Why, test.why) {
				t.Errorf("got %s %s (%q), want %s %s (%q)", got.Provider, got.Path, got.Why, test.provider, test.path, test.why)
			}
			if (got.Path == Unknown) != (got.Why != "") {
				t.Errorf("path %s with why %q: an unknown path, and only that, needs a why", got.Path, got.Why)
			}
			if got.Name == "" || got.ProxyProtocol == "" || got.Preserve == "" {
				t.Errorf("incomplete: %+v", got)
			}
		})
	}
}

func TestIdentifyReadsTheSwitches(t *testing.T) {
	type expectation struct{ proxy, preserve Setting }
	controller := class(awsControllerClass)
	attributes := func(value string) option { return annotated(awsTargetGroupAttributes, value) }
	tests := map[string]struct {
		given []option
		want  expectation
	}{
		"MetalLB says nothing":                            {[]option{declared(v1alpha1.ProviderMetalLB)}, expectation{NotSaid, NotSaid}},
		"AWS Classic without":                             {[]option{declared(v1alpha1.ProviderAWS)}, expectation{Off, NotSaid}},
		"AWS Classic with":                                {[]option{declared(v1alpha1.ProviderAWS), annotated(awsProxyProtocol, "*")}, expectation{On, NotSaid}},
		"AWS Classic takes the star only":                 {[]option{declared(v1alpha1.ProviderAWS), annotated(awsProxyProtocol, "true")}, expectation{Off, NotSaid}},
		"AWS Network ignores the Classic key":             {[]option{declared(v1alpha1.ProviderAWS), annotated(awsType, "nlb", awsProxyProtocol, "*")}, expectation{Off, On}},
		"AWS Network by attribute":                        {[]option{declared(v1alpha1.ProviderAWS), annotated(awsType, "nlb"), attributes("proxy_protocol_v2.enabled=true")}, expectation{On, On}},
		"AWS Network with preservation off":               {[]option{controller, annotated(awsTargetType, "instance"), attributes("a=b, preserve_client_ip.enabled = false")}, expectation{Off, Off}},
		"AWS controller's own key":                        {[]option{controller, annotated(awsTargetType, "ip", awsProxyProtocol, "*")}, expectation{On, Off}},
		"AWS pod targets keep nothing by default":         {[]option{controller, annotated(awsTargetType, "ip")}, expectation{Off, Off}},
		"AWS pod targets with preservation":               {[]option{controller, annotated(awsTargetType, "ip"), attributes("preserve_client_ip.enabled=true,proxy_protocol_v2.enabled=false")}, expectation{Off, On}},
		"DigitalOcean without":                            {[]option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL")}, expectation{Off, NotSaid}},
		"DigitalOcean with":                               {[]option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL", digitalOceanProxyProtocol, "True")}, expectation{On, NotSaid}},
		"DigitalOcean with a value that is no boolean":    {[]option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL", digitalOceanProxyProtocol, "yes")}, expectation{NotSaid, NotSaid}},
		"Hetzner without, whose default is elsewhere":     {[]option{on("hcloud://1")}, expectation{NotSaid, NotSaid}},
		"Hetzner without, ipMode Proxy shows its default": {[]option{on("hcloud://1"), mode(corev1.LoadBalancerIPModeProxy)}, expectation{On, NotSaid}},
		"Hetzner without, ipMode VIP shows nothing":       {[]option{on("hcloud://1"), mode(corev1.LoadBalancerIPModeVIP)}, expectation{NotSaid, NotSaid}},
		"Hetzner off":                                     {[]option{on("hcloud://1"), annotated(hetznerProxyProtocol, "false")}, expectation{Off, NotSaid}},
		"Hetzner on":                                      {[]option{on("hcloud://1"), annotated(hetznerProxyProtocol, "true")}, expectation{On, NotSaid}},
		"Scaleway version 1":                              {[]option{on("scaleway://1"), annotated(scalewayProxyProtocolV1, "*")}, expectation{On, NotSaid}},
		"Scaleway for both ports":                         {[]option{on("scaleway://1"), annotated(scalewayProxyProtocolV2, "80, 443")}, expectation{On, NotSaid}},
		"Scaleway for one port":                           {[]option{on("scaleway://1"), annotated(scalewayProxyProtocolV2, "443")}, expectation{NotSaid, NotSaid}},
		"Scaleway without":                                {[]option{on("scaleway://1"), annotated(scalewayProxyProtocolV2, "false")}, expectation{Off, NotSaid}},
		"Linode by default key":                           {[]option{on("linode://1"), annotated(linodeProxyProtocol, "v2")}, expectation{On, NotSaid}},
		"Linode none":                                     {[]option{on("linode://1"), annotated(linodeProxyProtocol, "none")}, expectation{Off, NotSaid}},
		"Linode with settings of single ports":            {[]option{on("linode://1"), annotated(linodeProxyProtocol, "v2", linodePortPrefix+"443", "{}")}, expectation{NotSaid, NotSaid}},
		"Vultr":                                           {[]option{on("vultr://1"), annotated(vultrProxyProtocol, "true")}, expectation{On, NotSaid}},
		"OpenStack":                                       {[]option{on("openstack:///1"), annotated(openStackProxyProtocol, "v1")}, expectation{On, NotSaid}},
		"OVHcloud without":                                {[]option{declared(v1alpha1.ProviderOVH)}, expectation{Off, NotSaid}},
		"Oracle by version":                               {[]option{on("oci://1"), annotated(oracleProxyProtocol, "2")}, expectation{On, NotSaid}},
		"Oracle network by default":                       {[]option{on("oci://1"), annotated(oracleType, "nlb")}, expectation{Off, On}},
		"Oracle network without preservation":             {[]option{on("oci://1"), annotated(oracleType, "nlb", oracleNetworkPreserve, "false", oracleNetworkProxyHeader, "true")}, expectation{On, Off}},
		"Alibaba Network without preservation":            {[]option{class(alibabaNetworkClass), annotated(alibabaPreserve, "off")}, expectation{Off, Off}},
		"Alibaba with PROXY protocol":                     {[]option{class(alibabaNetworkClass), annotated(alibabaPreserve, "on", alibabaProxyProtocol, "on")}, expectation{On, On}},
		"NAVER":                                           {[]option{declared(v1alpha1.ProviderNaver), annotated(naverProxyProtocol, "true")}, expectation{On, NotSaid}},
		"cloud-provider-kind never":                       {[]option{declared(v1alpha1.ProviderCloudProviderKind)}, expectation{Off, NotSaid}},
		"a declared proxy cannot be looked into":          {[]option{declared(v1alpha1.ProviderProxying)}, expectation{NotSaid, NotSaid}},
		"Azure Private Link":                              {[]option{on("azure:///1"), annotated(azurePrivateLink, "true", azurePrivateLinkProxyProtocol, "true")}, expectation{On, NotSaid}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := Identify(cluster(test.given...))
			if got := (expectation{b.ProxyProtocol, b.Preserve}); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestIdentifyReadsHealthChecksAndHeaders(t *testing.T) {
	nlb := []option{declared(v1alpha1.ProviderAWS), annotated(awsType, "nlb")}
	with := func(more ...option) []option { return append(append([]option{}, nlb...), more...) }
	tests := map[string]struct {
		given []option
		holds func(Balancer) bool
	}{
		"no override":                                {nlb, func(b Balancer) bool { return b.HealthCheckOverride == Annotation{} }},
		"a TCP health check":                         {with(annotated(awsHealthCheckProtocol, "TCP")), func(b Balancer) bool { return b.HealthCheckOverride.Key == awsHealthCheckProtocol }},
		"an HTTP health check is what is wanted":     {with(annotated(awsHealthCheckProtocol, "HTTP")), func(b Balancer) bool { return b.HealthCheckOverride == Annotation{} }},
		"another port":                               {with(annotated(awsHealthCheckPort, "8080")), func(b Balancer) bool { return b.HealthCheckOverride == Annotation{awsHealthCheckPort, "8080"} }},
		"the health-check node port written out":     {with(annotated(awsHealthCheckPort, "32100")), func(b Balancer) bool { return b.HealthCheckOverride == Annotation{} }},
		"DigitalOcean's override":                    {[]option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL", digitalOceanOverrideHealthCheck, "true")}, func(b Balancer) bool { return b.HealthCheckOverride.Key == digitalOceanOverrideHealthCheck }},
		"Octavia without a monitor":                  {[]option{declared(v1alpha1.ProviderOVH), annotated(openStackHealthMonitor, "false")}, func(b Balancer) bool { return b.HealthCheckOverride.Key == openStackHealthMonitor }},
		"AWS instance targets check with PROXY":      {nlb, func(b Balancer) bool { return b.HealthChecksCarryProxy }},
		"AWS Classic checks without":                 {[]option{declared(v1alpha1.ProviderAWS)}, func(b Balancer) bool { return !b.HealthChecksCarryProxy }},
		"AWS Classic with HTTP writes the header":    {[]option{declared(v1alpha1.ProviderAWS), annotated(awsBackendProtocol, "http")}, func(b Balancer) bool { return b.WritesHeader }},
		"AWS Classic with TCP does not":              {[]option{declared(v1alpha1.ProviderAWS), annotated(awsBackendProtocol, "tcp")}, func(b Balancer) bool { return !b.WritesHeader }},
		"Hetzner with HTTP writes the header":        {[]option{on("hcloud://1"), annotated(hetznerProtocol, "https")}, func(b Balancer) bool { return b.WritesHeader }},
		"Scaleway with HTTP writes the header":       {[]option{on("scaleway://1"), annotated(scalewayHTTP, "true")}, func(b Balancer) bool { return b.WritesHeader }},
		"Google Cloud delivers without node ports":   {[]option{on("gce://p/z/a")}, func(b Balancer) bool { return !b.NeedsNodePorts }},
		"Hetzner delivers to node ports":             {[]option{on("hcloud://1")}, func(b Balancer) bool { return b.NeedsNodePorts }},
		"AWS pod targets deliver without node ports": {[]option{class(awsControllerClass), annotated(awsTargetType, "ip")}, func(b Balancer) bool { return !b.NeedsNodePorts }},
		"Cilium's L2 announcements need Cluster":     {[]option{class(ciliumL2Class)}, func(b Balancer) bool { return b.NeedsClusterPolicy }},
		"Cilium's BGP does not":                      {[]option{class(ciliumBGPClass)}, func(b Balancer) bool { return !b.NeedsClusterPolicy }},
		"the remedy is written as it goes into YAML": {[]option{on("hcloud://1")}, func(b Balancer) bool {
			return b.ProxyProtocolRemedy.String() == `load-balancer.hetzner.cloud/uses-proxyprotocol: "true"`
		}},
		"a forwarding balancer has no PROXY remedy": {[]option{speaker, pool}, func(b Balancer) bool { return b.ProxyProtocolRemedy == Annotation{} }},
		"preservation's remedy names the attribute": {nlb, func(b Balancer) bool { return b.PreserveRemedy.Value == "preserve_client_ip.enabled=true" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if b := Identify(cluster(test.given...)); !test.holds(b) {
				t.Errorf("does not hold for %+v", b)
			}
		})
	}
}
