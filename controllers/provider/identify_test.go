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
		"nothing shows anything":                   {given: nil, provider: v1alpha1.ProviderAuto, path: Unknown, why: "no providerID"},
		"ipMode VIP is no sign of forwarding":      {given: []option{mode(corev1.LoadBalancerIPModeVIP)}, provider: v1alpha1.ProviderAuto, path: Unknown, why: ""},
		"the Service was not seen":                 {given: []option{func(s *snapshot.Snapshot) { s.Service.Value = nil }}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "not seen"},
		"no node at all":                           {given: []option{on()}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "no node shows its cloud"},
		"nodes could not be read":                  {given: []option{on("gce://p/z/n"), func(s *snapshot.Snapshot) { s.Nodes.Err = errors.New("no") }}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "reading the nodes or the load-balancer agents failed"},
		"agents could not be read":                 {given: []option{on("gce://p/z/n"), func(s *snapshot.Snapshot) { s.Agents.Err = errors.New("no") }}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "reading the nodes or the load-balancer agents failed"},
		"MetalLB's pool and its speaker":           {given: []option{speaker, pool}, provider: v1alpha1.ProviderMetalLB, path: Forwards, why: ""},
		"MetalLB's older annotation":               {given: []option{speaker, annotated(metalLBPoolBefore, "public")}, provider: v1alpha1.ProviderMetalLB, path: Forwards, why: ""},
		"MetalLB's pool on a cloud":                {given: []option{on("hcloud://1"), speaker, pool}, provider: v1alpha1.ProviderMetalLB, path: Forwards, why: ""},
		"MetalLB's pool with a class of its own":   {given: []option{class("example.com/vip"), speaker, pool}, provider: v1alpha1.ProviderAuto, path: Unknown, why: `"example.com/vip"`},
		"MetalLB declared with a class of its own": {given: []option{class("example.com/vip"), speaker, pool, declared(v1alpha1.ProviderMetalLB)}, provider: v1alpha1.ProviderMetalLB, path: Forwards, why: ""},
		"MetalLB's pool without a speaker":         {given: []option{pool}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "does not show"},
		"MetalLB's pool written by a person": {given: []option{speaker, pool, func(s *snapshot.Snapshot) {
			s.EdgeIngress.Spec.Exposure.LoadBalancer.Annotations = map[string]v1alpha1.AnnotationValue{metalLBPool: "public"}
		}}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "MetalLB (DaemonSet agents/speaker)"},
		"a speaker alone on bare metal":                          {given: []option{speaker}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "MetalLB (DaemonSet agents/speaker)"},
		"a speaker alone on a cloud":                             {given: []option{on("gce://p/z/n"), speaker}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "MetalLB (DaemonSet agents/speaker)"},
		"MetalLB's pool and a Cilium pool":                       {given: []option{speaker, pool, ciliumPool}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "signs of Cilium and of MetalLB"},
		"MetalLB's pool and kube-vip's class":                    {given: []option{speaker, pool, class("kube-vip.io/kube-vip-class")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "signs of KubeVIP and of MetalLB"},
		"kube-vip's class":                                       {given: []option{class("kube-vip.io/kube-vip-class")}, provider: v1alpha1.ProviderKubeVIP, path: Forwards, why: ""},
		"kube-vip's mark and its agent":                          {given: []option{annotated(kubeVIPHost, "node-a"), agent(v1alpha1.ProviderKubeVIP, "kube-vip-ds")}, provider: v1alpha1.ProviderKubeVIP, path: Forwards, why: ""},
		"kube-vip's mark without its agent":                      {given: []option{annotated(kubeVIPHost, "node-a")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "does not show"},
		"kube-vip's mark with a class that nobody knows":         {given: []option{class("example.com/vip"), annotated(kubeVIPHost, "node-a"), agent(v1alpha1.ProviderKubeVIP, "kube-vip-ds")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "example.com/vip"},
		"kube-vip's mark and MetalLB's class-less pool":          {given: []option{annotated(kubeVIPHost, "node-a"), agent(v1alpha1.ProviderKubeVIP, "kube-vip-ds"), speaker, pool}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "signs of KubeVIP and of MetalLB"},
		"Cilium by its BGP class":                                {given: []option{class(ciliumBGPClass)}, provider: v1alpha1.ProviderCilium, path: Forwards, why: ""},
		"Cilium by its L2 class":                                 {given: []option{class(ciliumL2Class)}, provider: v1alpha1.ProviderCilium, path: Forwards, why: ""},
		"Cilium's pool does not say how it announces":            {given: []option{ciliumPool}, provider: v1alpha1.ProviderCilium, path: Unknown, why: "neither Cilium's class"},
		"Cilium as a network plugin is no sign":                  {given: []option{agent(v1alpha1.ProviderCilium, "cilium")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "no providerID"},
		"Cilium as a network plugin on a cloud":                  {given: []option{on("gce://p/z/n"), agent(v1alpha1.ProviderCilium, "anetd")}, provider: v1alpha1.ProviderGCP, path: Forwards, why: ""},
		"ServiceLB of this Service":                              {given: []option{agent(v1alpha1.ProviderServiceLB, "svclb-public-edge-ingress-0123abcd")}, provider: v1alpha1.ProviderServiceLB, path: Unknown, why: "masquerades"},
		"ServiceLB of this Service, older name":                  {given: []option{agent(v1alpha1.ProviderServiceLB, "svclb-public-edge-ingress")}, provider: v1alpha1.ProviderServiceLB, path: Unknown, why: "masquerades"},
		"ServiceLB of another Service":                           {given: []option{on("hcloud://1"), agent(v1alpha1.ProviderServiceLB, "svclb-traefik-0123abcd")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "ServiceLB"},
		"a class that nobody knows":                              {given: []option{on("gce://p/z/n"), class("example.com/own")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: `"example.com/own"`},
		"kind":                                                   {given: []option{on("kind://docker/kind/a"), mode(corev1.LoadBalancerIPModeProxy)}, provider: v1alpha1.ProviderCloudProviderKind, path: Proxies, why: ""},
		"kind with an address that is not of its cloud provider": {given: []option{on("kind://docker/kind/a"), mode(corev1.LoadBalancerIPModeVIP)}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "ipMode Proxy"},
		"kind with MetalLB":                                      {given: []option{on("kind://docker/kind/a"), speaker, pool}, provider: v1alpha1.ProviderMetalLB, path: Forwards, why: ""},
		"Google Cloud":                                           {given: []option{on("gce://p/z/a", "gce://p/z/b")}, provider: v1alpha1.ProviderGCP, path: Forwards, why: ""},
		"Google Cloud by class":                                  {given: []option{class("networking.gke.io/l4-regional-external")}, provider: v1alpha1.ProviderGCP, path: Forwards, why: ""},
		"two clouds":                                             {given: []option{on("gce://p/z/a", "aws:///eu/i-1")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "nodes of both GCP and AWS"},
		"a cloud and a bare machine":                             {given: []option{on("gce://p/z/a", "")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "has no providerID"},
		"a cloud and a node that the cloud has not looked at yet": {given: []option{on("gce://p/z/a", ""), func(s *snapshot.Snapshot) {
			s.Nodes.Items[1].Taints = []corev1.Taint{{Key: uninitializedTaint, Effect: corev1.TaintEffectNoSchedule}}
		}}, provider: v1alpha1.ProviderGCP, path: Forwards, why: ""},
		"a cloud that nobody knows":                   {given: []option{on("vsphere://1")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "belongs to no known cloud"},
		"Equinix Metal, of which too little is known": {given: []option{on("equinixmetal://1")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "belongs to no known cloud"},
		"k3s without a sign of who serves":            {given: []option{on("k3s://a")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "belongs to no known cloud"},
		"Azure":                                       {given: []option{on("azure:///subscriptions/1")}, provider: v1alpha1.ProviderAzure, path: Forwards, why: ""},
		"Azure with Private Link":                     {given: []option{on("azure:///subscriptions/1"), annotated(azurePrivateLink, "true")}, provider: v1alpha1.ProviderAzure, path: Unknown, why: "Private Link"},
		"AWS Classic":                                 {given: []option{on("aws:///z/i-1"), host(classicHost)}, provider: v1alpha1.ProviderAWS, path: Proxies, why: ""},
		"AWS with an IP address":                      {given: []option{on("aws:///z/i-1")}, provider: v1alpha1.ProviderAuto, path: Unknown, why: "host names"},
		"AWS without type but with the host name of a Network one": {given: []option{on("aws:///z/i-1"), host(networkHost)}, provider: v1alpha1.ProviderAWS, path: Unknown, why: "different kinds"},
		"AWS with type nlb but the host name of a Classic one":     {given: []option{on("aws:///z/i-1"), host(classicHost), annotated(awsType, "nlb")}, provider: v1alpha1.ProviderAWS, path: Unknown, why: "different kinds"},
		"AWS Network of the cloud controller":                      {given: []option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "nlb")}, provider: v1alpha1.ProviderAWS, path: Forwards, why: ""},
		"AWS in China":                                             {given: []option{on("aws:///z/i-1"), host("k8s-edge-0123.elb.cn-north-1.amazonaws.com.cn"), annotated(awsType, "nlb")}, provider: v1alpha1.ProviderAWS, path: Forwards, why: ""},
		"AWS controller, instance targets":                         {given: []option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "external", awsTargetType, "instance")}, provider: v1alpha1.ProviderAWS, path: Forwards, why: ""},
		"AWS controller, pod targets":                              {given: []option{class(awsControllerClass), host(networkHost), annotated(awsTargetType, "ip")}, provider: v1alpha1.ProviderAWS, path: TargetsPods, why: ""},
		"AWS controller, type nlb-ip":                              {given: []option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "nlb-ip")}, provider: v1alpha1.ProviderAWS, path: TargetsPods, why: ""},
		"AWS controller, target type not said":                     {given: []option{class(awsControllerClass), host(networkHost)}, provider: v1alpha1.ProviderAWS, path: Unknown, why: awsTargetType},
		"AWS Auto Mode, target type not said":                      {given: []option{class(awsAutoModeClass), host(networkHost)}, provider: v1alpha1.ProviderAWS, path: Unknown, why: awsTargetType},
		"AWS with a type that nobody knows":                        {given: []option{on("aws:///z/i-1"), host(networkHost), annotated(awsType, "gateway")}, provider: v1alpha1.ProviderAWS, path: Unknown, why: "no known AWS load balancer"},
		"AWS instance targets that convert between families":       {given: []option{class(awsControllerClass), host(networkHost), annotated(awsTargetType, "instance", awsAddressType, "dualstack")}, provider: v1alpha1.ProviderAWS, path: Unknown, why: "dualstack"},
		"DigitalOcean, type not shown":                             {given: []option{on("digitalocean://1")}, provider: v1alpha1.ProviderDigitalOcean, path: Unknown, why: digitalOceanType},
		"DigitalOcean regional":                                    {given: []option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL")}, provider: v1alpha1.ProviderDigitalOcean, path: Proxies, why: ""},
		"DigitalOcean network":                                     {given: []option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL_NETWORK")}, provider: v1alpha1.ProviderDigitalOcean, path: Forwards, why: ""},
		"Hetzner":                                                  {given: []option{on("hcloud://1")}, provider: v1alpha1.ProviderHetzner, path: Proxies, why: ""},
		"Hetzner with its dedicated servers":                       {given: []option{on("hcloud://1", "hrobot://2")}, provider: v1alpha1.ProviderHetzner, path: Proxies, why: ""},
		"Scaleway":                                                 {given: []option{on("scaleway://1")}, provider: v1alpha1.ProviderScaleway, path: Proxies, why: ""},
		"Linode":                                                   {given: []option{on("linode://1")}, provider: v1alpha1.ProviderLinode, path: Proxies, why: ""},
		"Vultr":                                                    {given: []option{on("vultr://1")}, provider: v1alpha1.ProviderVultr, path: Proxies, why: ""},
		"OpenStack, driver not visible":                            {given: []option{on("openstack:///1")}, provider: v1alpha1.ProviderOpenStack, path: Unknown, why: "driver"},
		"OpenStack with PROXY protocol, which OVN cannot":          {given: []option{on("openstack:///1"), annotated(openStackProxyProtocol, "v2")}, provider: v1alpha1.ProviderOpenStack, path: Proxies, why: ""},
		"OpenStack with X-Forwarded-For, which OVN cannot":         {given: []option{on("openstack:///1"), annotated(openStackForwardedFor, "true")}, provider: v1alpha1.ProviderOpenStack, path: Proxies, why: ""},
		"OVHcloud":                                            {given: []option{on("openstack:///1"), annotated(ovhClass, "octavia")}, provider: v1alpha1.ProviderOVH, path: Proxies, why: ""},
		"Oracle":                                              {given: []option{on("ocid1.instance.oc1")}, provider: v1alpha1.ProviderOracle, path: Proxies, why: ""},
		"Oracle network":                                      {given: []option{on("oci://1"), annotated(oracleType, "nlb")}, provider: v1alpha1.ProviderOracle, path: Forwards, why: ""},
		"Oracle with a type that nobody knows":                {given: []option{on("oci://1"), annotated(oracleType, "x")}, provider: v1alpha1.ProviderOracle, path: Unknown, why: oracleType},
		"Alibaba Classic":                                     {given: []option{on("cn-hangzhou.i-bp1abc")}, provider: v1alpha1.ProviderAlibaba, path: Forwards, why: ""},
		"Alibaba Classic with HTTP listeners":                 {given: []option{on("cn-hangzhou.i-bp1abc"), annotated(alibabaProtocolPort, "https:443,http:80")}, provider: v1alpha1.ProviderAlibaba, path: Proxies, why: ""},
		"Alibaba with pod targets":                            {given: []option{on("cn-hangzhou.i-bp1abc"), annotated(alibabaBackendType, "eni")}, provider: v1alpha1.ProviderAlibaba, path: Unknown, why: "pods"},
		"Alibaba Network that keeps addresses":                {given: []option{class(alibabaNetworkClass), annotated(alibabaPreserve, "on")}, provider: v1alpha1.ProviderAlibaba, path: Forwards, why: ""},
		"Alibaba Network that does not say":                   {given: []option{class(alibabaNetworkClass)}, provider: v1alpha1.ProviderAlibaba, path: Unknown, why: alibabaPreserve},
		"IBM unasked":                                         {given: []option{on("ibm://1"), annotated(ibmFeatures, "nlb")}, provider: v1alpha1.ProviderIBM, path: Unknown, why: "knows too little about it"},
		"IBM declared, network":                               {given: []option{declared(v1alpha1.ProviderIBM), annotated(ibmFeatures, "nlb")}, provider: v1alpha1.ProviderIBM, path: Forwards, why: ""},
		"IBM declared, proxy":                                 {given: []option{declared(v1alpha1.ProviderIBM), annotated(ibmFeatures, "proxy-protocol")}, provider: v1alpha1.ProviderIBM, path: Proxies, why: ""},
		"IBM declared, kind not shown":                        {given: []option{declared(v1alpha1.ProviderIBM)}, provider: v1alpha1.ProviderIBM, path: Unknown, why: "which of IBM"},
		"Tencent unasked":                                     {given: []option{on("qcloud:///1")}, provider: v1alpha1.ProviderTencent, path: Unknown, why: "knows too little about it"},
		"Tencent declared":                                    {given: []option{declared(v1alpha1.ProviderTencent)}, provider: v1alpha1.ProviderTencent, path: Forwards, why: ""},
		"Tencent declared, pod targets":                       {given: []option{declared(v1alpha1.ProviderTencent), annotated(tencentDirectAccess, "true")}, provider: v1alpha1.ProviderTencent, path: Unknown, why: "pods"},
		"NAVER declared":                                      {given: []option{declared(v1alpha1.ProviderNaver)}, provider: v1alpha1.ProviderNaver, path: Proxies, why: ""},
		"NAVER declared, network":                             {given: []option{declared(v1alpha1.ProviderNaver), annotated(naverLayerType, "nlb")}, provider: v1alpha1.ProviderNaver, path: Forwards, why: ""},
		"a declaration wins over what is found":               {given: []option{on("hcloud://1"), declared(v1alpha1.ProviderPacketForwarding)}, provider: v1alpha1.ProviderPacketForwarding, path: Forwards, why: ""},
		"a declared proxy wins over MetalLB's pool":           {given: []option{speaker, pool, declared(v1alpha1.ProviderProxying)}, provider: v1alpha1.ProviderProxying, path: Proxies, why: ""},
		"a declared ServiceLB":                                {given: []option{declared(v1alpha1.ProviderServiceLB)}, provider: v1alpha1.ProviderServiceLB, path: Unknown, why: "masquerades"},
		"a declared provider that this version does not know": {given: []option{declared("Elsewhere")}, provider: "Elsewhere", path: Unknown, why: "knows nothing about provider"},
		"no loadBalancer in the spec is Auto":                 {given: []option{on("gce://p/z/a"), func(s *snapshot.Snapshot) { s.EdgeIngress.Spec.Exposure.LoadBalancer = nil }}, provider: v1alpha1.ProviderGCP, path: Forwards, why: ""},
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
		"MetalLB says nothing":                            {given: []option{declared(v1alpha1.ProviderMetalLB)}, want: expectation{proxy: NotSaid, preserve: NotSaid}},
		"AWS Classic without":                             {given: []option{declared(v1alpha1.ProviderAWS)}, want: expectation{proxy: Off, preserve: NotSaid}},
		"AWS Classic with":                                {given: []option{declared(v1alpha1.ProviderAWS), annotated(awsProxyProtocol, "*")}, want: expectation{proxy: On, preserve: NotSaid}},
		"AWS Classic takes the star only":                 {given: []option{declared(v1alpha1.ProviderAWS), annotated(awsProxyProtocol, "true")}, want: expectation{proxy: Off, preserve: NotSaid}},
		"AWS Network ignores the Classic key":             {given: []option{declared(v1alpha1.ProviderAWS), annotated(awsType, "nlb", awsProxyProtocol, "*")}, want: expectation{proxy: Off, preserve: On}},
		"AWS Network by attribute":                        {given: []option{declared(v1alpha1.ProviderAWS), annotated(awsType, "nlb"), attributes("proxy_protocol_v2.enabled=true")}, want: expectation{proxy: On, preserve: On}},
		"AWS Network with preservation off":               {given: []option{controller, annotated(awsTargetType, "instance"), attributes("a=b, preserve_client_ip.enabled = false")}, want: expectation{proxy: Off, preserve: Off}},
		"AWS controller's own key":                        {given: []option{controller, annotated(awsTargetType, "ip", awsProxyProtocol, "*")}, want: expectation{proxy: On, preserve: Off}},
		"AWS pod targets keep nothing by default":         {given: []option{controller, annotated(awsTargetType, "ip")}, want: expectation{proxy: Off, preserve: Off}},
		"AWS pod targets with preservation":               {given: []option{controller, annotated(awsTargetType, "ip"), attributes("preserve_client_ip.enabled=true,proxy_protocol_v2.enabled=false")}, want: expectation{proxy: Off, preserve: On}},
		"DigitalOcean without":                            {given: []option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL")}, want: expectation{proxy: Off, preserve: NotSaid}},
		"DigitalOcean with":                               {given: []option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL", digitalOceanProxyProtocol, "True")}, want: expectation{proxy: On, preserve: NotSaid}},
		"DigitalOcean with a value that is no boolean":    {given: []option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL", digitalOceanProxyProtocol, "yes")}, want: expectation{proxy: NotSaid, preserve: NotSaid}},
		"Hetzner without, whose default is elsewhere":     {given: []option{on("hcloud://1")}, want: expectation{proxy: NotSaid, preserve: NotSaid}},
		"Hetzner without, ipMode Proxy shows its default": {given: []option{on("hcloud://1"), mode(corev1.LoadBalancerIPModeProxy)}, want: expectation{proxy: On, preserve: NotSaid}},
		"Hetzner without, ipMode VIP shows nothing":       {given: []option{on("hcloud://1"), mode(corev1.LoadBalancerIPModeVIP)}, want: expectation{proxy: NotSaid, preserve: NotSaid}},
		"Hetzner off":                                     {given: []option{on("hcloud://1"), annotated(hetznerProxyProtocol, "false")}, want: expectation{proxy: Off, preserve: NotSaid}},
		"Hetzner on":                                      {given: []option{on("hcloud://1"), annotated(hetznerProxyProtocol, "true")}, want: expectation{proxy: On, preserve: NotSaid}},
		"Scaleway version 1":                              {given: []option{on("scaleway://1"), annotated(scalewayProxyProtocolV1, "*")}, want: expectation{proxy: On, preserve: NotSaid}},
		"Scaleway for both ports":                         {given: []option{on("scaleway://1"), annotated(scalewayProxyProtocolV2, "80, 443")}, want: expectation{proxy: On, preserve: NotSaid}},
		"Scaleway for one port":                           {given: []option{on("scaleway://1"), annotated(scalewayProxyProtocolV2, "443")}, want: expectation{proxy: NotSaid, preserve: NotSaid}},
		"Scaleway without":                                {given: []option{on("scaleway://1"), annotated(scalewayProxyProtocolV2, "false")}, want: expectation{proxy: Off, preserve: NotSaid}},
		"Linode by default key":                           {given: []option{on("linode://1"), annotated(linodeProxyProtocol, "v2")}, want: expectation{proxy: On, preserve: NotSaid}},
		"Linode none":                                     {given: []option{on("linode://1"), annotated(linodeProxyProtocol, "none")}, want: expectation{proxy: Off, preserve: NotSaid}},
		"Linode with settings of single ports":            {given: []option{on("linode://1"), annotated(linodeProxyProtocol, "v2", linodePortPrefix+"443", "{}")}, want: expectation{proxy: On, preserve: NotSaid}},
		"Linode with another setting of one port":         {given: []option{on("linode://1"), annotated(linodeProxyProtocol, "v2", linodePortPrefix+"443", `{"proxy-protocol":"none"}`)}, want: expectation{proxy: NotSaid, preserve: NotSaid}},
		"Vultr":                                  {given: []option{on("vultr://1"), annotated(vultrProxyProtocol, "true")}, want: expectation{proxy: On, preserve: NotSaid}},
		"OpenStack":                              {given: []option{on("openstack:///1"), annotated(openStackProxyProtocol, "v1")}, want: expectation{proxy: On, preserve: NotSaid}},
		"OVHcloud without":                       {given: []option{declared(v1alpha1.ProviderOVH)}, want: expectation{proxy: Off, preserve: NotSaid}},
		"Oracle by version":                      {given: []option{on("oci://1"), annotated(oracleProxyProtocol, "2")}, want: expectation{proxy: On, preserve: NotSaid}},
		"Oracle network by default":              {given: []option{on("oci://1"), annotated(oracleType, "nlb")}, want: expectation{proxy: Off, preserve: On}},
		"Oracle network without preservation":    {given: []option{on("oci://1"), annotated(oracleType, "nlb", oracleNetworkPreserve, "false", oracleNetworkProxyHeader, "true")}, want: expectation{proxy: On, preserve: Off}},
		"Alibaba Network without preservation":   {given: []option{class(alibabaNetworkClass), annotated(alibabaPreserve, "off")}, want: expectation{proxy: Off, preserve: Off}},
		"Alibaba with PROXY protocol":            {given: []option{class(alibabaNetworkClass), annotated(alibabaPreserve, "on", alibabaProxyProtocol, "on")}, want: expectation{proxy: On, preserve: On}},
		"NAVER":                                  {given: []option{declared(v1alpha1.ProviderNaver), annotated(naverProxyProtocol, "true")}, want: expectation{proxy: On, preserve: NotSaid}},
		"cloud-provider-kind never":              {given: []option{declared(v1alpha1.ProviderCloudProviderKind)}, want: expectation{proxy: Off, preserve: NotSaid}},
		"a declared proxy cannot be looked into": {given: []option{declared(v1alpha1.ProviderProxying)}, want: expectation{proxy: NotSaid, preserve: NotSaid}},
		"Azure Private Link":                     {given: []option{on("azure:///1"), annotated(azurePrivateLink, "true", azurePrivateLinkProxyProtocol, "true")}, want: expectation{proxy: On, preserve: NotSaid}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := Identify(cluster(test.given...))
			if got := (expectation{proxy: b.ProxyProtocol, preserve: b.Preserve}); got != test.want {
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
		"no override":                                {given: nlb, holds: func(b Balancer) bool { return b.HealthChecks.Override == Annotation{} }},
		"a TCP health check":                         {given: with(annotated(awsHealthCheckProtocol, "TCP")), holds: func(b Balancer) bool { return b.HealthChecks.Override.Key == awsHealthCheckProtocol }},
		"an HTTP health check is right":              {given: with(annotated(awsHealthCheckProtocol, "HTTP")), holds: func(b Balancer) bool { return b.HealthChecks.Override == Annotation{} }},
		"another port":                               {given: with(annotated(awsHealthCheckPort, "8080")), holds: func(b Balancer) bool { return b.HealthChecks.Override == Annotation{awsHealthCheckPort, "8080"} }},
		"the health-check node port written out":     {given: with(annotated(awsHealthCheckPort, "32100")), holds: func(b Balancer) bool { return b.HealthChecks.Override == Annotation{} }},
		"DigitalOcean's override":                    {given: []option{on("digitalocean://1"), annotated(digitalOceanType, "REGIONAL", digitalOceanOverrideHealthCheck, "true")}, holds: func(b Balancer) bool { return b.HealthChecks.Override.Key == digitalOceanOverrideHealthCheck }},
		"Octavia without a monitor":                  {given: []option{declared(v1alpha1.ProviderOVH), annotated(openStackHealthMonitor, "false")}, holds: func(b Balancer) bool { return b.HealthChecks.Override.Key == openStackHealthMonitor }},
		"AWS instance targets check with PROXY":      {given: nlb, holds: func(b Balancer) bool { return b.HealthChecksCarryProxy }},
		"AWS Classic checks without":                 {given: []option{declared(v1alpha1.ProviderAWS)}, holds: func(b Balancer) bool { return !b.HealthChecksCarryProxy }},
		"AWS Classic with HTTP writes the header":    {given: []option{declared(v1alpha1.ProviderAWS), annotated(awsBackendProtocol, "http")}, holds: func(b Balancer) bool { return b.WritesHeader }},
		"AWS Classic with TCP does not":              {given: []option{declared(v1alpha1.ProviderAWS), annotated(awsBackendProtocol, "tcp")}, holds: func(b Balancer) bool { return !b.WritesHeader }},
		"Hetzner with HTTP writes the header":        {given: []option{on("hcloud://1"), annotated(hetznerProtocol, "https")}, holds: func(b Balancer) bool { return b.WritesHeader }},
		"Scaleway with HTTP writes the header":       {given: []option{on("scaleway://1"), annotated(scalewayHTTP, "true")}, holds: func(b Balancer) bool { return b.WritesHeader }},
		"Google Cloud delivers without node ports":   {given: []option{on("gce://p/z/a")}, holds: func(b Balancer) bool { return !b.NeedsNodePorts }},
		"Hetzner delivers to node ports":             {given: []option{on("hcloud://1")}, holds: func(b Balancer) bool { return b.NeedsNodePorts }},
		"AWS pod targets deliver without node ports": {given: []option{class(awsControllerClass), annotated(awsTargetType, "ip")}, holds: func(b Balancer) bool { return !b.NeedsNodePorts }},
		"Cilium's L2 announcements need Cluster":     {given: []option{class(ciliumL2Class)}, holds: func(b Balancer) bool { return b.NeedsClusterPolicy }},
		"Cilium's BGP does not":                      {given: []option{class(ciliumBGPClass)}, holds: func(b Balancer) bool { return !b.NeedsClusterPolicy }},
		"the remedy is written as it goes into YAML": {given: []option{on("hcloud://1")}, holds: func(b Balancer) bool {
			return b.ProxyProtocolRemedy.String() == `load-balancer.hetzner.cloud/uses-proxyprotocol: "true"`
		}},
		"a forwarding balancer has no PROXY remedy": {given: []option{speaker, pool}, holds: func(b Balancer) bool { return b.ProxyProtocolRemedy == Annotation{} }},
		"preservation's remedy names the attribute": {given: nlb, holds: func(b Balancer) bool { return b.PreserveRemedy.Value == "preserve_client_ip.enabled=true" }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if b := Identify(cluster(test.given...)); !test.holds(b) {
				t.Errorf("does not hold for %+v", b)
			}
		})
	}
}
