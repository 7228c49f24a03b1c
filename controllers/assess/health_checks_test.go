package assess

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	azurePrefix    = "service.beta.kubernetes.io/azure-load-balancer-"
	scalewayPrefix = "service.beta.kubernetes.io/scw-loadbalancer-"
	linodePrefix   = "service.beta.kubernetes.io/linode-loadbalancer-"
	vultrPrefix    = "service.beta.kubernetes.io/vultr-loadbalancer-"
	hetznerPrefix  = "load-balancer.hetzner.cloud/"
	alibabaPrefix  = "service.beta.kubernetes.io/alibaba-cloud-loadbalancer-"
	ibmPrefix      = "service.kubernetes.io/ibm-load-balancer-cloud-provider-"
	openStack      = "loadbalancer.openstack.org/"
)

var (
	azure    = cloud("azure:///subscriptions/1")
	scaleway = cloud("scaleway://1")
	linode   = cloud("linode://1")
	vultr    = cloud("vultr://1")
	alibaba  = cloud("cn-hangzhou.i-bp1abc")
	regional = all(cloud("digitalocean://1"), annotated(doType, "REGIONAL"))
	ibm      = all(noMetalLB, declared(v1alpha1.ProviderIBM))
	octavia  = cloud("openstack:///1")
	ovh      = all(octavia, annotated("loadbalancer.ovhcloud.com/class", "octavia"))
)

// TestHealthChecksOfTheBalancer has the service's health-check port 32100 and its node ports 30080
// and 30443.
func TestHealthChecksOfTheBalancer(t *testing.T) {
	nlb := all(cloud("aws:///z/i-1"), hostname(networkHost), annotated(awsPrefix+"type", "nlb"))
	hetznerHTTP := func(port string) option {
		return all(hetzner, annotated(hetznerPrefix+"health-check-port", port), annotated(hetznerPrefix+"health-check-protocol", "http"))
	}
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 19: AWS Classic checks the traffic port":                 {given: []option{awsClassic, annotated(awsPrefix+"healthcheck-port", "traffic-port")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: awsPrefix + `healthcheck-port: "traffic-port"`},
		"row 19: AWS Classic checks with TCP":                         {given: []option{awsClassic, annotated(awsPrefix+"healthcheck-protocol", "tcp")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `healthcheck-protocol: "tcp"`},
		"row 19: AWS Classic checks with SSL":                         {given: []option{awsClassic, annotated(awsPrefix+"healthcheck-protocol", "SSL")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `healthcheck-protocol: "SSL"`},
		"row 19: AWS Network checks with HTTPS":                       {given: []option{awsInstance, annotated(awsPrefix+"healthcheck-protocol", "https")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `healthcheck-protocol: "https"`},
		"row 19: AWS Network of the cloud controller, HTTPS":          {given: []option{nlb, annotated(awsPrefix+"healthcheck-protocol", "https")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `healthcheck-protocol: "https"`},
		"row 19: AWS Network takes 503 for healthy":                   {given: []option{awsInstance, annotated(awsPrefix+"healthcheck-success-codes", "200-599")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `healthcheck-success-codes: "200-599"`},
		"row 19: AWS Network does not take 200 for healthy":           {given: []option{awsInstance, annotated(awsPrefix+"healthcheck-success-codes", "204,301-302")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `healthcheck-success-codes: "204,301-302"`},
		"row 19: AWS's cloud controller does not read the codes":      {given: []option{nlb, annotated(awsPrefix+"healthcheck-success-codes", "200-599")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 19: AWS, the health-check port itself":                   {given: []option{awsInstance, annotated(awsPrefix+"healthcheck-port", "32100"), annotated(awsPrefix+"healthcheck-protocol", "HTTP"), annotated(awsPrefix+"healthcheck-success-codes", "200-399")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "the health-check port is 32100."},
		"row 19: DigitalOcean's override, whatever its value":         {given: []option{regional, annotated("service.beta.kubernetes.io/do-loadbalancer-override-health-check", "")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "override-health-check"},
		"row 19: Azure probes another port":                           {given: []option{azure, annotated("service.beta.kubernetes.io/port_80_health-probe_port", "80")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `port_80_health-probe_port: "80"`},
		"row 19: Azure probes the health-check port with TCP":         {given: []option{azure, annotated("service.beta.kubernetes.io/port_443_health-probe_port", "32100")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `port_443_health-probe_port: "32100"`},
		"row 19: Azure probes the health-check port with HTTP":        {given: []option{azure, annotated("service.beta.kubernetes.io/port_443_health-probe_port", "32100"), annotated("service.beta.kubernetes.io/port_443_health-probe_protocol", "Http")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 19: Azure probes nothing":                                {given: []option{azure, annotated("service.beta.kubernetes.io/port_80_no_probe_rule", "true")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "port_80_no_probe_rule"},
		"row 19: Azure, a port that the Service does not have":        {given: []option{azure, annotated("service.beta.kubernetes.io/port_8080_health-probe_port", "80")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 78: Azure's global protocol depends on the version":      {given: []option{azure, annotated(azurePrefix+"health-probe-protocol", "tcp")}, status: unknown, reason: v1alpha1.ReasonHealthCheckUnseen, says: "health-probe-protocol"},
		"row 19: Linode checks nothing":                               {given: []option{linode, annotated(linodePrefix+"check-type", "none")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: linodePrefix + `check-type: "none"`},
		"row 19: Hetzner checks a port that nothing serves":           {given: []option{hetzner, annotated(hetznerPrefix+"health-check-port", "80")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: hetznerPrefix + `health-check-port: "80"`},
		"row 19: Hetzner opens TCP connections to the health port":    {given: []option{hetzner, annotated(hetznerPrefix+"health-check-port", "32100")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: hetznerPrefix + `health-check-port: "32100"`},
		"row 77: Hetzner checks the health-check port":                {given: []option{hetzner, annotated(hetznerPrefix+"health-check-port", "32100"), annotated(hetznerPrefix+"health-check-protocol", "http")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "the health-check port is 32100."},
		"row 19: Vultr checks another port":                           {given: []option{vultr, annotated(vultrPrefix+"healthcheck-port", "80")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: vultrPrefix + `healthcheck-port: "80"`},
		"row 19: Scaleway checks with a database's protocol":          {given: []option{scaleway, annotated(scalewayPrefix+"health-check-type", "80:tcp;443:mysql")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-type"},
		"row 19: Scaleway's checks of the health port are PROXY":      {given: []option{scaleway, annotated(scalewayPrefix+"health-check-from-service", "true"), annotated(scalewayPrefix+"health-check-send-proxy", "true")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-send-proxy"},
		"row 77: Scaleway checks the health-check port":               {given: []option{scaleway, annotated(scalewayPrefix+"health-check-from-service", "true")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "the health-check port is 32100."},
		"row 19: Alibaba checks nothing":                              {given: []option{alibaba, annotated(alibabaPrefix+"health-check-switch", "off")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-switch"},
		"row 19: Alibaba checks no HTTP listener":                     {given: []option{alibaba, annotated(alibabaPrefix+"health-check-flag", "off")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-flag"},
		"row 19: Alibaba checks another port":                         {given: []option{alibaba, annotated(alibabaPrefix+"health-check-connect-port", "80")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-connect-port"},
		"row 19: IBM checks with TCP":                                 {given: []option{ibm, annotated(ibmPrefix+"vpc-health-check-protocol", "tcp")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "vpc-health-check-protocol"},
		"row 19: IBM checks the node port with HTTP":                  {given: []option{ibm, annotated(ibmPrefix+"vpc-health-check-protocol", "http")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "vpc-health-check-protocol"},
		"row 19: IBM checks the health-check port with HTTP":          {given: []option{ibm, annotated(ibmPrefix+"vpc-health-check-protocol", "http"), annotated(ibmPrefix+"vpc-health-check-port", "32100")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 19: Octavia without its monitor":                         {given: []option{ovh, annotated(openStack+"enable-health-monitor", "false")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `Set ` + openStack + `enable-health-monitor: "true"`},
		"row 78: Octavia's configuration decides whether it checks":   {given: []option{octavia}, status: unknown, reason: v1alpha1.ReasonHealthCheckUnseen, says: `Add ` + openStack + `enable-health-monitor: "true" to spec.exposure.loadBalancer.annotations`},
		"row 78: Octavia's monitor is on":                             {given: []option{octavia, annotated(openStack+"enable-health-monitor", "true")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 78: OVHcloud's monitor is on by default":                 {given: []option{ovh}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 19: Azure has no rule for a port":                        {given: []option{azure, annotated("service.beta.kubernetes.io/port_443_no_lb_rule", "true")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `port_443_no_lb_rule: "true"`},
		"row 19: Azure has no rule for the other port":                {given: []option{azure, annotated("service.beta.kubernetes.io/port_80_no_lb_rule", "True")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "has no rule for port 80"},
		"row 19: Azure has no rule for a port, whatever its probe":    {given: []option{azure, annotated("service.beta.kubernetes.io/port_443_no_lb_rule", "true"), annotated("service.beta.kubernetes.io/port_443_health-probe_port", "80")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "has no rule for port 443"},
		"row 19: Azure has a rule for a port":                         {given: []option{azure, annotated("service.beta.kubernetes.io/port_443_no_lb_rule", "false")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 19: Azure has no rule for a port of another Service":     {given: []option{azure, annotated("service.beta.kubernetes.io/port_8080_no_lb_rule", "true")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 19: Alibaba takes 503 for healthy":                       {given: []option{alibaba, annotated(alibabaPrefix+"health-check-type", "http"), annotated(alibabaPrefix+"health-check-connect-port", "32100"), annotated(alibabaPrefix+"health-check-httpcode", "http_5xx")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `health-check-httpcode: "http_5xx"`},
		"row 19: Alibaba takes 200 and 503 for healthy":               {given: []option{alibaba, annotated(alibabaPrefix+"health-check-type", "http"), annotated(alibabaPrefix+"health-check-connect-port", "32100"), annotated(alibabaPrefix+"health-check-httpcode", "http_2xx, HTTP_5xx")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-httpcode"},
		"row 19: Alibaba does not take 200 for healthy":               {given: []option{alibaba, annotated(alibabaPrefix+"health-check-type", "http"), annotated(alibabaPrefix+"health-check-connect-port", "32100"), annotated(alibabaPrefix+"health-check-httpcode", "http_3xx")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-httpcode"},
		"row 19: Alibaba's codes of an HTTP listener":                 {given: []option{alibaba, annotated(alibabaPrefix+"protocol-port", "http:80,https:443"), annotated(alibabaPrefix+"health-check-httpcode", "http_5xx")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "health-check-httpcode"},
		"row 77: Alibaba takes 200 for healthy":                       {given: []option{alibaba, annotated(alibabaPrefix+"health-check-type", "http"), annotated(alibabaPrefix+"health-check-connect-port", "32100"), annotated(alibabaPrefix+"health-check-httpcode", "http_2xx,http_3xx")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 19: AWS checks a port that no pod opens":                 {given: []option{awsPods, annotated(awsPrefix+"healthcheck-port", "9999")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `healthcheck-port: "9999", AWS Network Load Balancer (pod targets) checks a port that the controller pods do not open`},
		"row 19: AWS checks the pods on the nodes' port":              {given: []option{awsPods, annotated(awsPrefix+"healthcheck-port", "32100")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "controller pods do not open"},
		"row 77: AWS checks the pods on their port":                   {given: []option{awsPods, annotated(awsPrefix+"healthcheck-port", "443")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "AWS Network Load Balancer (pod targets) does not check this port: it checks the pods"},
		"row 77: AWS checks the pods on a port by its name":           {given: []option{awsPods, annotated(awsPrefix+"healthcheck-port", "https")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "does not check this port"},
		"row 77: AWS checks the pods on the port of the traffic":      {given: []option{awsPods, annotated(awsPrefix+"healthcheck-port", "traffic-port")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "does not check this port"},
		"row 77: AWS checks the pods":                                 {given: []option{awsPods}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "does not check this port"},
		"row 77: AWS checks the pods on the port of a probe":          {given: []option{awsPods, annotated(awsPrefix+"healthcheck-port", "10254"), probed(10254)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "does not check this port"},
		"row 78: AWS sends HTTP to the pods":                          {given: []option{awsPods, annotated(awsPrefix+"healthcheck-protocol", "http")}, status: unknown, reason: v1alpha1.ReasonHealthCheckUnseen, says: `healthcheck-protocol: "tcp"`},
		"row 78: Tencent's checks are not known":                      {given: []option{noMetalLB, declared(v1alpha1.ProviderTencent)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Not checked: how it finds out which nodes serve."},
		"row 78: Naver's checks are not known":                        {given: []option{noMetalLB, declared(v1alpha1.ProviderNaver)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Not checked: how it finds out which nodes serve."},
		"row 78: loxilb's checks are not known":                       {given: []option{noMetalLB, class("loxilb.io/loxilb"), annotated("loxilb.io/lbmode", "default"), declared(v1alpha1.ProviderLoxiLB)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Not checked: how it finds out which nodes serve."},
		"row 78: OpenELB's announcer is not known":                    {given: []option{noMetalLB, declared(v1alpha1.ProviderOpenELB)}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Not checked: how it finds out which nodes serve."},
		"row 19: DigitalOcean's override, and the health-check port":  {given: []option{regional, annotated("service.beta.kubernetes.io/do-loadbalancer-override-health-check", ""), annotated("service.beta.kubernetes.io/do-loadbalancer-healthcheck-port", "32100"), annotated("service.beta.kubernetes.io/do-loadbalancer-healthcheck-protocol", "http")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "checks a port of the Service instead of its health-check port"},
		"row 19: Hetzner takes 503 for healthy":                       {given: []option{hetznerHTTP("32100"), annotated(hetznerPrefix+"http-status-codes", "2??,5??")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: `http-status-codes: "2??,5??"`},
		"row 19: Hetzner takes every code for healthy":                {given: []option{hetznerHTTP("32100"), annotated(hetznerPrefix+"http-status-codes", "???")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "http-status-codes"},
		"row 19: Hetzner does not take 200 for healthy":               {given: []option{hetznerHTTP("32100"), annotated(hetznerPrefix+"http-status-codes", "404")}, status: no, reason: v1alpha1.ReasonHealthCheckOverridden, says: "http-status-codes"},
		"row 77: Hetzner takes 200 for healthy":                       {given: []option{hetznerHTTP("32100"), annotated(hetznerPrefix+"http-status-codes", "200, 3??")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 77: Hetzner's codes do not matter to TCP":                {given: []option{hetzner, annotated(hetznerPrefix+"http-status-codes", "5??")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
		"row 77: Hetzner opens TCP connections to the node port":      {given: []option{hetzner}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: `Hetzner Load Balancer does not check this port: it opens a TCP connection to the node port, so it sends requests to a node until the controller there closes its ports. Add load-balancer.hetzner.cloud/health-check-protocol: "http" and load-balancer.hetzner.cloud/health-check-port: "32100" to spec.exposure.loadBalancer.annotations`},
		"row 77: Linode opens TCP connections to the node port":       {given: []option{linode}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Linode NodeBalancer does not check this port: it opens a TCP connection to the node port"},
		"row 77: Vultr opens TCP connections to the node port":        {given: []option{vultr}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Vultr Load Balancer does not check this port"},
		"row 77: Scaleway opens TCP connections to the node port":     {given: []option{scaleway}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: `Add ` + scalewayPrefix + `health-check-from-service: "true"`},
		"row 77: Alibaba removes nodes without a ready pod":           {given: []option{alibaba}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Alibaba Cloud Classic Load Balancer does not check this port"},
		"row 77: MetalLB announces only from nodes with a ready pod":  {status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "the health-check port is 32100. MetalLB does not check this port: it announces the address only from nodes with a ready endpoint"},
		"row 77: kube-vip announces from one node":                    {given: []option{held("edge-1")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Kube-vip does not check this port: it announces the address from the node in its annotation kube-vip.io/vipHost"},
		"row 77: ServiceLB assigns addresses of nodes with a pod":     {given: []option{serviceLB}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "K3s ServiceLB does not check this port: it assigns only the addresses of nodes with a ready pod"},
		"row 77: Calico announces only from nodes with an endpoint":   {given: []option{noMetalLB, class("calico")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "Calico (BGP) does not check this port: it announces the address only from nodes with a ready endpoint"},
		"row 19: an unknown balancer is said nothing of":              {given: []option{noMetalLB, annotated(linodePrefix+"check-type", "none")}, status: yes, reason: v1alpha1.ReasonAddressAssigned, says: "the health-check port is 32100."},
		"row 19: somebody else's annotation on a balancer is nothing": {given: []option{hetzner, annotated(awsPrefix+"healthcheck-protocol", "tcp")}, status: yes, reason: v1alpha1.ReasonAddressAssigned},
	})
}

// probed makes the kubelet probe a port of the controller pods.
func probed(port int) option {
	return func(g *given) {
		g.s.DaemonSet.Value.Spec.Template.Spec.Containers[0].ReadinessProbe = &corev1.Probe{
			ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Port: intstr.FromInt(port)}},
		}
	}
}
