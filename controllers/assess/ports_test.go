package assess

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// TestSourceIPConfiguredPortByPort has a Service with the ports 80 (http) and 443 (https).
func TestSourceIPConfiguredPortByPort(t *testing.T) {
	do := func(key, value string) option {
		return annotated("service.beta.kubernetes.io/do-loadbalancer-"+key, value)
	}
	aws := func(key, value string) option { return annotated(awsPrefix+key, value) }
	certificate := do("certificate-id", "0815")
	awsCertificate := aws("ssl-cert", "arn:aws:acm:eu-west-1:1:certificate/1")
	jsonPort := func(port, value string) option { return annotated(linodePrefix+"port-"+port, value) }
	tencent := all(noMetalLB, declared(v1alpha1.ProviderTencent))
	const specified = "service.cloud.tencent.com/specify-protocol"
	network := func(protocols string) option {
		return all(cloud("eu-central-1.i-abc"), class("alibabacloud.com/nlb"), annotated(alibabaPrefix+"preserve-client-ip", "on"), annotated(alibabaPrefix+"protocol-port", protocols))
	}
	speaks := annotated(alibabaPrefix+"proxy-protocol", "on")
	runRows(t, sourceIP, map[string]row{
		"row 80: DigitalOcean, HTTPS on 443 and TCP on 80":          {given: []option{regional, certificate, do("tls-ports", "443"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 80: DigitalOcean Regional Load Balancer ends the client's connection and opens one of its own, which does not tell the client's address. Port 443: it writes the client's address into a header"},
		"row 80: DigitalOcean, a certificate means 443":             {given: []option{regional, certificate, appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes"},
		"row 80: DigitalOcean, a certificate by name":               {given: []option{regional, do("certificate-name", "front"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes"},
		"row 75: DigitalOcean, HTTPS on both ports":                 {given: []option{regional, certificate, do("tls-ports", "443, 80"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 75: DigitalOcean, HTTP and HTTPS by port":              {given: []option{regional, certificate, do("http-ports", "80"), do("tls-ports", "443"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 75: DigitalOcean, HTTP/2 and HTTP by port":             {given: []option{regional, certificate, do("http-ports", "80"), do("http2-ports", "443"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 24: DigitalOcean passes TLS through":                   {given: []option{regional, do("tls-passthrough", "true"), do("tls-ports", "443"), appending}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"row 80: DigitalOcean, mixed ports and nothing read":        {given: []option{regional, certificate}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes the client's address into a header, and the controller trusts none"},
		"row 80: AWS Classic, HTTPS on 443 and TCP on 80":           {given: []option{awsClassic, awsCertificate, aws("ssl-ports", "443"), aws("backend-protocol", "https"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 80: AWS Classic Load Balancer ends"},
		"row 80: AWS Classic, a port by its name":                   {given: []option{awsClassic, awsCertificate, aws("ssl-ports", "https"), aws("backend-protocol", "https"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes"},
		"row 75: AWS Classic, HTTPS and HTTP":                       {given: []option{awsClassic, awsCertificate, aws("ssl-ports", "443"), aws("backend-protocol", "http"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 75: AWS Classic, a certificate on every port":          {given: []option{awsClassic, awsCertificate, aws("backend-protocol", "https"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 24: AWS Classic, HTTPS without a certificate":          {given: []option{awsClassic, aws("backend-protocol", "https"), appending}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"row 24: AWS Classic, a certificate alone means SSL":        {given: []option{awsClassic, awsCertificate, appending}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"row 80: Linode, HTTPS on 443":                              {given: []option{linode, jsonPort("443", `{"protocol": "https", "tls-secret-name": "front"}`), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes"},
		"row 75: Linode, HTTPS on 443 and HTTP by default":          {given: []option{linode, annotated(linodePrefix+"default-protocol", "http"), jsonPort("443", `{"protocol": "https"}`), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 80: Linode, PROXY protocol on 443 only":                {given: []option{linode, jsonPort("443", `{"proxy-protocol": "v2"}`), proxyProtocol}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 80: Linode NodeBalancer does not speak PROXY protocol, which the controller reads, so the controller closes every connection. Port 443: it speaks PROXY protocol"},
		"row 80: Linode, PROXY protocol on 443 only, not read":      {given: []option{linode, jsonPort("443", `{"proxy-protocol": "v2"}`)}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it speaks PROXY protocol, which the controller does not read, so the controller answers every request with 400"},
		"row 27: Linode, PROXY protocol on each port":               {given: []option{linode, jsonPort("443", `{"proxy-protocol": "v2"}`), jsonPort("80", `{"proxy-protocol": "v1"}`), proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 80: Linode, settings of a port that are no JSON":       {given: []option{linode, jsonPort("443", "https"), proxyProtocol}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it may speak PROXY protocol"},
		"row 80: Scaleway, HTTP on 443":                             {given: []option{scaleway, annotated(scalewayPrefix+"protocol-http", "443"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes"},
		"row 80: Scaleway, PROXY protocol on 80 only":               {given: []option{scaleway, annotated(scalewayPrefix+"proxy-protocol-v2", "80"), proxyProtocol}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it does not speak PROXY protocol"},
		"row 27: Scaleway, one version on each port":                {given: []option{scaleway, annotated(scalewayPrefix+"proxy-protocol-v2", "80"), annotated(scalewayPrefix+"proxy-protocol-v1", "443"), proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 80: Vultr, HTTPS on 443":                               {given: []option{vultr, annotated(vultrPrefix+"https-ports", "443"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes"},
		"row 80: Vultr passes TLS through":                          {given: []option{vultr, annotated(vultrPrefix+"protocol", "http"), annotated(vultrPrefix+"https-ports", "443"), annotated(vultrPrefix+"ssl-pass-through", "true"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it ends the client's connection"},
		"row 75: Vultr, HTTPS and HTTP":                             {given: []option{vultr, annotated(vultrPrefix+"protocol", "http"), annotated(vultrPrefix+"https-ports", "443"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 75: Alibaba, HTTPS and HTTP":                           {given: []option{alibaba, annotated(alibabaPrefix+"protocol-port", "https:443,http:80"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 80: Alibaba, HTTPS on 443, packets on 80":              {given: []option{alibaba, annotated(alibabaPrefix+"protocol-port", "https:443"), appending}, status: unknown, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 80: Alibaba Cloud Classic Load Balancer passes packets on with their source. Port 443: it writes"},
		"row 80: Alibaba, the same and nothing read":                {given: []option{alibaba, annotated(alibabaPrefix+"protocol-port", "https:443")}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes the client's address into a header, and the controller trusts none"},
		"row 80: Alibaba's network balancer, TLS on 443":            {given: []option{network("tcpssl:443,tcp:80")}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 80: Alibaba Cloud Network Load Balancer passes packets on with their source. Port 443: it ends the client's connection"},
		"row 80: the same in capitals, with spaces":                 {given: []option{network("TCP:80, TCPSSL:443")}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it ends"},
		"row 80: the same, and a trusted header comes from proxies": {given: []option{network("tcpssl:443"), appending}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it ends"},
		"row 24: the same on both ports":                            {given: []option{network("tcpssl:443,tcpssl:80")}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol, says: alibabaPrefix + `proxy-protocol: "on"`},
		"row 24: both ports, whatever the switch says":              {given: []option{network("tcpssl:443,tcpssl:80"), annotated(alibabaPrefix+"preserve-client-ip", "off")}, status: no, reason: v1alpha1.ReasonProxyWithoutProxyProtocol},
		"row 27: TLS and PROXY protocol on both sides":              {given: []option{network("tcpssl:443,tcp:80"), speaks, proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 11: Alibaba's network balancer, no TLS":                {given: []option{network("tcp:443,tcp:80")}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 11: TLS on a port that the Service does not have":      {given: []option{network("tcpssl:8443")}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
		"row 74: Alibaba converts between families":                 {given: []option{network("tcp:443"), annotated(alibabaPrefix+"ip-version", "DualStack")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "converts between IPv6 and IPv4"},
		"row 74: Alibaba's classic balancer with IPv6":              {given: []option{alibaba, annotated(alibabaPrefix+"ip-version", "ipv6")}, status: unknown, reason: v1alpha1.ReasonProviderUnknown, says: "converts between IPv6 and IPv4"},
		"row 27: converted, and PROXY protocol on both sides":       {given: []option{network("tcp:443"), annotated(alibabaPrefix+"ip-version", "DualStack"), speaks, proxyProtocol}, status: yes, reason: v1alpha1.ReasonProxyProtocolTrusted},
		"row 75: Tencent, HTTPS and HTTP":                           {given: []option{tencent, annotated(specified, `{"80":{"protocol":["HTTP"]},"443":{"protocol":["HTTPS"],"tls":"cert"}}`), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 80: Tencent, HTTPS on 443, packets on 80":              {given: []option{tencent, annotated(specified, `{"443":{"protocol":["HTTPS"]}}`)}, status: no, reason: v1alpha1.ReasonPortsTreatedDifferently, says: "Port 443: it writes the client's address into a header, and the controller trusts none"},
		"row 75: Oracle, HTTP on every port":                        {given: []option{cloud("oci://1"), annotated("service.beta.kubernetes.io/oci-load-balancer-backend-protocol", "HTTP"), appending}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "ends connections and writes the client's address into a header"},
		"row 11: Tencent forwards packets":                          {given: []option{tencent}, status: yes, reason: v1alpha1.ReasonPreservedByLocalPolicy},
	})
}
