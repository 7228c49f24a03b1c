package assess

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/chart"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var (
	upstreamDigest = chart.DefaultImage().Digest
	forkDigest     = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
)

func TestForwardedHeadersSafe(t *testing.T) {
	const (
		condition = v1alpha1.ConditionForwardedHeadersSafe
		appends   = v1alpha1.ForwardedHeaderAppend
		replaces  = v1alpha1.ForwardedHeaderReplace
		declared  = v1alpha1.ReasonHeaderPolicyUnmeasured
		drifted   = v1alpha1.ReasonTrustDrifted
	)
	trusting := func(cidr v1alpha1.CIDR) option {
		return clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", appends, cidr)})
	}
	protoAndHost := headerFrom("X-Forwarded-For", appends, proxyRange)
	protoAndHost.ProtoAndHost = v1alpha1.ProtoAndHostTrustFromAnyone
	podAddress := all(func(g *given) {
		for i := range g.s.Nodes.Items {
			g.s.Nodes.Items[i].PodCIDRs = nil
		}
	}, trusting("10.244.0.0/16"))
	runRows(t, map[string]row{
		"no header believed":                                {nil, condition, yes, v1alpha1.ReasonHeadersIgnored, "No header is believed."},
		"PROXY protocol of a balancer set to write it":      {[]option{hetznerProxied}, condition, yes, v1alpha1.ReasonHeadersIgnored, "The address in PROXY protocol is, from 192.0.2.0/24 only, and Hetzner Load Balancer is set to write it"},
		"PROXY protocol that nobody is seen to write":       {[]option{proxyProtocol}, condition, unknown, v1alpha1.ReasonProxyProtocolUnmeasured, "from 192.0.2.0/24 only; that everything which connects from there writes PROXY protocol itself was not measured"},
		"PROXY protocol in front of node ports":             {[]option{exposed(v1alpha1.ExposureNodePort), proxyProtocol}, condition, unknown, v1alpha1.ReasonProxyProtocolUnmeasured, ""},
		"PROXY protocol in front of the host's network":     {[]option{exposed(v1alpha1.ExposureHostNetwork), proxyProtocol}, condition, unknown, v1alpha1.ReasonProxyProtocolUnmeasured, ""},
		"PROXY protocol, the Service not read":              {[]option{hetznerProxied, unread["Service"]}, condition, unknown, v1alpha1.ReasonNotRead, "the Service"},
		"a header behind a balancer that writes PROXY":      {[]option{hetzner, annotated(hetznerKey, "true"), bothTrusted}, condition, unknown, declared, "declared to append it"},
		"X-Forwarded-For, appended":                         {[]option{appending}, condition, unknown, declared, "X-Forwarded-For is believed from 198.51.100.0/24 only, and the proxies there are declared to append it"},
		"X-Forwarded-For, replaced":                         {[]option{header("X-Forwarded-For", replaces)}, condition, unknown, declared, "replace"},
		"X-Forwarded-For, policy not declared":              {[]option{header("X-Forwarded-For", "")}, condition, unknown, v1alpha1.ReasonHeaderPolicyUnknown, "policy: Append or Replace"},
		"a CDN behind a PROXY balancer":                     {[]option{bothTrusted}, condition, unknown, v1alpha1.ReasonProxyProtocolUnmeasured, "X-Forwarded-Proto, -Host and -Port are believed from anyone"},
		"a CDN's own header, replaced":                      {[]option{header("CF-Connecting-IP", replaces)}, condition, unknown, declared, "CF-Connecting-IP"},
		"a CDN's own header, appended":                      {[]option{header("CF-Connecting-IP", appends)}, condition, no, v1alpha1.ReasonHeaderClientControlled, "Of CF-Connecting-IP the first value counts"},
		"a CDN's own header, policy not declared":           {[]option{header("CF-Connecting-IP", "")}, condition, unknown, v1alpha1.ReasonHeaderPolicyUnknown, "CF-Connecting-IP"},
		"row 68: Fastly-Client-IP, policy not declared":     {[]option{header("Fastly-Client-IP", "")}, condition, no, v1alpha1.ReasonHeaderClientControlled, "can be sent by a client"},
		"row 68: Fastly-Client-IP, appended":                {[]option{header("Fastly-Client-IP", appends)}, condition, no, v1alpha1.ReasonHeaderClientControlled, ""},
		"row 68: Fastly-Client-IP, overwritten":             {[]option{header("Fastly-Client-IP", replaces)}, condition, unknown, declared, ""},
		"row 68: fastly-client-ip in lower case":            {[]option{header("fastly-client-ip", "")}, condition, no, v1alpha1.ReasonHeaderClientControlled, ""},
		"row 68: True-Client-IP, policy not declared":       {[]option{header("True-Client-IP", "")}, condition, no, v1alpha1.ReasonHeaderClientControlled, ""},
		"row 68: X-Real-IP, policy not declared":            {[]option{header("X-Real-IP", "")}, condition, no, v1alpha1.ReasonHeaderClientControlled, ""},
		"row 68: X-Client-IP, appended":                     {[]option{header("X-Client-IP", appends)}, condition, no, v1alpha1.ReasonHeaderClientControlled, ""},
		"row 68: X-Real-IP, overwritten":                    {[]option{header("X-Real-IP", replaces)}, condition, unknown, declared, ""},
		"row 43: Proto and Host believed":                   {[]option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: protoAndHost})}, condition, unknown, declared, "believed from anyone who reaches the edge nodes"},
		"row 37: a node's address":                          {[]option{trusting("10.0.0.0/24")}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, "10.0.0.1 of node edge-1 (in 10.0.0.0/24), 10.0.0.2 of node edge-2 (in 10.0.0.0/24), 10.0.0.9 of node app-1 (in 10.0.0.0/24)"},
		"row 37: one node exactly":                          {[]option{trusting("10.0.0.9/32")}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, "where a proxy runs on the nodes themselves"},
		"row 37: a node's external address":                 {[]option{node("app-1", func(n *snapshot.Node) { n.ExternalIPs = []string{"198.51.100.7"} }), appending}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, "198.51.100.7 of node app-1"},
		"row 37: a node's IPv6 address":                     {[]option{node("app-1", func(n *snapshot.Node) { n.InternalIPs = append(n.InternalIPs, "2001:db8::9") }), trusting("2001:db8::/64")}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, "2001:db8::9"},
		"row 37: pods' addresses":                           {[]option{trusting("10.244.0.0/16")}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, "10.244.1.0/24 of node edge-1"},
		"row 37: a part of a node's pods":                   {[]option{trusting("10.244.1.128/25")}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, "10.244.1.0/24"},
		"row 37: pods whose ranges the nodes do not tell":   {[]option{podAddress}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, "10.244.1.5 of pod controller-1"},
		"row 37: PROXY protocol from nodes":                 {[]option{clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("10.0.0.0/24")})}, condition, no, v1alpha1.ReasonTrustsClusterAddresses, ""},
		"row 32: headers of everyone, by hand":              {[]option{seenConfig("use-forwarded-headers", "true", "proxy-real-ip-cidr", "0.0.0.0/0")}, condition, no, drifted, "the header X-Forwarded-For, X-Forwarded-Proto, -Host and -Port, everyone"},
		"row 32: headers of everyone, wanted":               {[]option{appending, func(g *given) { g.d.Config["proxy-real-ip-cidr"] = "0.0.0.0/0" }, seenConfig("proxy-real-ip-cidr", "0.0.0.0/0")}, condition, no, v1alpha1.ReasonTrustTooWide, "any client can choose its address"},
		"a header believed by hand":                         {[]option{seenConfig("enable-real-ip", "true", "proxy-real-ip-cidr", "198.51.100.0/24")}, condition, no, drifted, "trusts more than was asked for"},
		"PROXY protocol by hand":                            {[]option{seenConfig("use-proxy-protocol", "true", "proxy-real-ip-cidr", "198.51.100.0/24")}, condition, no, drifted, "PROXY protocol"},
		"a range added by hand":                             {[]option{appending, seenConfig("proxy-real-ip-cidr", "198.51.100.0/24,203.0.113.0/24")}, condition, no, drifted, "203.0.113.0/24"},
		"a wider range by hand":                             {[]option{appending, seenConfig("proxy-real-ip-cidr", "198.51.0.0/16")}, condition, no, drifted, "198.51.0.0/16"},
		"a narrower range by hand is safe":                  {[]option{appending, seenConfig("proxy-real-ip-cidr", "198.51.100.0/25")}, condition, unknown, declared, "198.51.100.0/25"},
		"another header by hand":                            {[]option{appending, seenConfig("forwarded-for-header", "X-Real-IP")}, condition, no, drifted, "the header X-Real-IP"},
		"row 42: client addresses passed on, by hand":       {[]option{bothTrusted, seenConfig("compute-full-forwarded-for", "true")}, condition, no, drifted, "the addresses that clients write"},
		"row 30: the internal header made open, by hand":    {[]option{bothTrusted, seenConfig("forwarded-for-proxy-protocol-header", "X-Forwarded-For-Proxy-Protocol")}, condition, no, drifted, "talks to itself"},
		"row 44: a snippet by hand":                         {[]option{seenConfig("http-snippet", "real_ip_header X-Real-IP;")}, condition, no, drifted, "http-snippet"},
		"row 29: both from everyone, by hand":               {[]option{bothTrusted, seenConfig("proxy-real-ip-cidr", "0.0.0.0/0")}, condition, no, drifted, "everyone"},
		"trust taken away by hand is safe":                  {[]option{appending, seenConfig("enable-real-ip", "false")}, condition, yes, v1alpha1.ReasonHeadersIgnored, ""},
		"a change that is not about trust":                  {[]option{seenConfig("proxy-body-size", "20m")}, condition, yes, v1alpha1.ReasonHeadersIgnored, ""},
		"refused trust is trust in nobody":                  {[]option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", appends, "0.0.0.0/0")})}, condition, yes, v1alpha1.ReasonHeadersIgnored, ""},
		"no ConfigMap yet":                                  {[]option{noConfigMap}, condition, unknown, v1alpha1.ReasonConfigMissing, ""},
		"a ConfigMap of somebody else":                      {[]option{foreignConfigMap}, condition, unknown, v1alpha1.ReasonConfigNotEffective, "not this EdgeIngress's"},
		"row 40: another ConfigMap is read":                 {[]option{otherConfigMap}, condition, unknown, v1alpha1.ReasonConfigNotEffective, "does not read ConfigMap"},
		"pods of an older template":                         {[]option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, condition, unknown, v1alpha1.ReasonRolloutInProgress, ""},
		"no controller yet":                                 {[]option{func(g *given) { g.s.DaemonSet.Value = nil }}, condition, unknown, v1alpha1.ReasonWorkloadMissing, ""},
		"a controller of somebody else":                     {[]option{foreignDaemonSet}, condition, unknown, v1alpha1.ReasonNameTaken, "DaemonSet edge-public/public-edge-ingress is not this EdgeIngress's"},
		"the ConfigMap not read":                            {[]option{unread["ConfigMap"]}, condition, unknown, v1alpha1.ReasonNotRead, "the ConfigMap"},
		"the DaemonSet not read":                            {[]option{unread["DaemonSet"]}, condition, unknown, v1alpha1.ReasonNotRead, ""},
		"row 73: nodes not read while something is trusted": {[]option{appending, unread["Nodes"]}, condition, unknown, v1alpha1.ReasonNotRead, "the nodes"},
		"row 73: pods not read while something is trusted":  {[]option{appending, unread["Pods"]}, condition, unknown, v1alpha1.ReasonNotRead, "the controller pods"},
		"nodes not read while nothing is trusted":           {[]option{unread["Nodes"]}, condition, unknown, v1alpha1.ReasonNotRead, "the nodes"},
		"an endpoint that is no controller":                 {[]option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.77", true))}, condition, unknown, v1alpha1.ReasonForeignEndpoints, "Find out who writes"},
		"deletion":                                          {[]option{deleted}, condition, unknown, v1alpha1.ReasonDeleting, ""},
	})
}
