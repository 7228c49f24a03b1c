package assess

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var (
	upstreamDigest = runs.DefaultImage().Digest
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
	runRows(t, condition, map[string]row{
		"no header believed":                                {status: yes, reason: v1alpha1.ReasonHeadersIgnored, says: "The controller trusts no header."},
		"PROXY protocol of a balancer set to write it":      {given: []option{hetznerProxied}, status: yes, reason: v1alpha1.ReasonHeadersIgnored, says: "It trusts the address in PROXY protocol from 192.0.2.0/24 only, and Hetzner Load Balancer is set to write it"},
		"PROXY protocol that nobody is seen to write":       {given: []option{proxyProtocol}, status: unknown, reason: v1alpha1.ReasonProxyProtocolUnmeasured, says: "from 192.0.2.0/24 only. It has not been measured whether everything that connects from there writes PROXY protocol itself"},
		"PROXY protocol in front of node ports":             {given: []option{exposed(v1alpha1.ExposureNodePort), proxyProtocol}, status: unknown, reason: v1alpha1.ReasonProxyProtocolUnmeasured},
		"PROXY protocol in front of the host's network":     {given: []option{exposed(v1alpha1.ExposureHostNetwork), proxyProtocol}, status: unknown, reason: v1alpha1.ReasonProxyProtocolUnmeasured},
		"PROXY protocol, the Service not read":              {given: []option{hetznerProxied, unread["Service"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the Service"},
		"a header behind a balancer that writes PROXY":      {given: []option{hetzner, annotated(hetznerKey, "true"), bothTrusted}, status: unknown, reason: declared, says: "the declared policy of the proxies there is Append"},
		"X-Forwarded-For, appended":                         {given: []option{appending}, status: unknown, reason: declared, says: "trusts X-Forwarded-For from 198.51.100.0/24 only, and the declared policy of the proxies there is Append"},
		"X-Forwarded-For, replaced":                         {given: []option{header("X-Forwarded-For", replaces)}, status: unknown, reason: declared, says: "policy of the proxies there is Replace"},
		"X-Forwarded-For, policy not declared":              {given: []option{header("X-Forwarded-For", "")}, status: unknown, reason: v1alpha1.ReasonHeaderPolicyUnknown, says: "policy to Append or Replace"},
		"a CDN behind a PROXY balancer":                     {given: []option{bothTrusted}, status: unknown, reason: v1alpha1.ReasonProxyProtocolUnmeasured, says: "trusts X-Forwarded-Proto, -Host and -Port from anyone"},
		"a CDN's own header, replaced":                      {given: []option{header("CF-Connecting-IP", replaces)}, status: unknown, reason: declared, says: "CF-Connecting-IP"},
		"a CDN's own header, appended":                      {given: []option{header("CF-Connecting-IP", appends)}, status: no, reason: v1alpha1.ReasonHeaderClientControlled, says: "takes the first value of CF-Connecting-IP"},
		"a CDN's own header, policy not declared":           {given: []option{header("CF-Connecting-IP", "")}, status: unknown, reason: v1alpha1.ReasonHeaderPolicyUnknown, says: "CF-Connecting-IP"},
		"row 68: Fastly-Client-IP, policy not declared":     {given: []option{header("Fastly-Client-IP", "")}, status: no, reason: v1alpha1.ReasonHeaderClientControlled, says: "Clients can send Fastly-Client-IP"},
		"row 68: Fastly-Client-IP, appended":                {given: []option{header("Fastly-Client-IP", appends)}, status: no, reason: v1alpha1.ReasonHeaderClientControlled},
		"row 68: Fastly-Client-IP, overwritten":             {given: []option{header("Fastly-Client-IP", replaces)}, status: unknown, reason: declared},
		"row 68: fastly-client-ip in lower case":            {given: []option{header("fastly-client-ip", "")}, status: no, reason: v1alpha1.ReasonHeaderClientControlled},
		"row 68: True-Client-IP, policy not declared":       {given: []option{header("True-Client-IP", "")}, status: no, reason: v1alpha1.ReasonHeaderClientControlled},
		"row 68: X-Real-IP, policy not declared":            {given: []option{header("X-Real-IP", "")}, status: no, reason: v1alpha1.ReasonHeaderClientControlled},
		"row 68: X-Client-IP, appended":                     {given: []option{header("X-Client-IP", appends)}, status: no, reason: v1alpha1.ReasonHeaderClientControlled},
		"row 68: X-Real-IP, overwritten":                    {given: []option{header("X-Real-IP", replaces)}, status: unknown, reason: declared},
		"row 43: Proto and Host believed":                   {given: []option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: protoAndHost})}, status: unknown, reason: declared, says: "from anyone who reaches the edge nodes"},
		"row 37: a node's address":                          {given: []option{trusting("10.0.0.0/24")}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses, says: "10.0.0.1 of node edge-1 (in 10.0.0.0/24), 10.0.0.2 of node edge-2 (in 10.0.0.0/24), 10.0.0.9 of node app-1 (in 10.0.0.0/24)"},
		"row 37: one node exactly":                          {given: []option{trusting("10.0.0.9/32")}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses, says: "If a proxy runs on the nodes themselves"},
		"row 37: a node's external address":                 {given: []option{node("app-1", func(n *snapshot.Node) { n.ExternalIPs = []string{"198.51.100.7"} }), appending}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses, says: "198.51.100.7 of node app-1"},
		"row 37: a node's IPv6 address":                     {given: []option{node("app-1", func(n *snapshot.Node) { n.InternalIPs = append(n.InternalIPs, "2001:db8::9") }), trusting("2001:db8::/64")}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses, says: "2001:db8::9"},
		"row 37: pods' addresses":                           {given: []option{trusting("10.244.0.0/16")}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses, says: "10.244.1.0/24 of node edge-1"},
		"row 37: a part of a node's pods":                   {given: []option{trusting("10.244.1.128/25")}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses, says: "10.244.1.0/24"},
		"row 37: pods whose ranges the nodes do not tell":   {given: []option{podAddress}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses, says: "10.244.1.5 of pod controller-1"},
		"row 37: PROXY protocol from nodes":                 {given: []option{clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("10.0.0.0/24")})}, status: no, reason: v1alpha1.ReasonTrustsClusterAddresses},
		"row 32: headers of everyone, set manually":         {given: []option{seenConfig("use-forwarded-headers", "true", "proxy-real-ip-cidr", "0.0.0.0/0")}, status: no, reason: drifted, says: "the header X-Forwarded-For, X-Forwarded-Proto, -Host and -Port, everyone"},
		"row 32: headers of everyone, wanted":               {given: []option{appending, func(g *given) { g.d.Config["proxy-real-ip-cidr"] = "0.0.0.0/0" }, seenConfig("proxy-real-ip-cidr", "0.0.0.0/0")}, status: no, reason: v1alpha1.ReasonTrustTooWide, says: "any client can choose its address"},
		"a header believed manually":                        {given: []option{seenConfig("enable-real-ip", "true", "proxy-real-ip-cidr", "198.51.100.0/24")}, status: no, reason: drifted, says: "trusts more than the spec asks for"},
		"PROXY protocol set manually":                       {given: []option{seenConfig("use-proxy-protocol", "true", "proxy-real-ip-cidr", "198.51.100.0/24")}, status: no, reason: drifted, says: "PROXY protocol"},
		"a range added manually":                            {given: []option{appending, seenConfig("proxy-real-ip-cidr", "198.51.100.0/24,203.0.113.0/24")}, status: no, reason: drifted, says: "203.0.113.0/24"},
		"a wider range set manually":                        {given: []option{appending, seenConfig("proxy-real-ip-cidr", "198.51.0.0/16")}, status: no, reason: drifted, says: "198.51.0.0/16"},
		"a narrower range set manually is safe":             {given: []option{appending, seenConfig("proxy-real-ip-cidr", "198.51.100.0/25")}, status: unknown, reason: declared, says: "198.51.100.0/25"},
		"another header set manually":                       {given: []option{appending, seenConfig("forwarded-for-header", "X-Real-IP")}, status: no, reason: drifted, says: "the header X-Real-IP"},
		"row 42: client addresses passed on, set manually":  {given: []option{bothTrusted, seenConfig("compute-full-forwarded-for", "true")}, status: no, reason: drifted, says: "the addresses that clients write"},
		"row 30: the internal header made open manually":    {given: []option{bothTrusted, seenConfig("forwarded-for-proxy-protocol-header", "X-Forwarded-For-Proxy-Protocol")}, status: no, reason: drifted, says: "internal header"},
		"row 44: a snippet added manually":                  {given: []option{seenConfig("http-snippet", "real_ip_header X-Real-IP;")}, status: no, reason: drifted, says: "http-snippet"},
		"row 35: a range that is none, set manually":        {given: []option{appending, seenConfig("proxy-real-ip-cidr", "10.0.0.0/33")}, status: no, reason: drifted, says: "everyone"},
		"row 29: both from everyone, set manually":          {given: []option{bothTrusted, seenConfig("proxy-real-ip-cidr", "0.0.0.0/0")}, status: no, reason: drifted, says: "everyone"},
		"trust taken away manually is safe":                 {given: []option{appending, seenConfig("enable-real-ip", "false")}, status: yes, reason: v1alpha1.ReasonHeadersIgnored},
		"a change that is not about trust":                  {given: []option{seenConfig("proxy-body-size", "20m")}, status: yes, reason: v1alpha1.ReasonHeadersIgnored},
		"row 32: refused trust is trust in nobody":          {given: []option{clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom("X-Forwarded-For", appends, "0.0.0.0/0")})}, status: yes, reason: v1alpha1.ReasonHeadersIgnored},
		"no ConfigMap yet":                                  {given: []option{noConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigMissing},
		"a ConfigMap of somebody else":                      {given: []option{foreignConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "does not belong to this EdgeIngress"},
		"row 40: another ConfigMap is read":                 {given: []option{otherConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "does not read ConfigMap"},
		"pods of an older template":                         {given: []option{onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 })}, status: unknown, reason: v1alpha1.ReasonRolloutInProgress},
		"no controller yet":                                 {given: []option{func(g *given) { g.s.DaemonSet.Value = nil }}, status: unknown, reason: v1alpha1.ReasonWorkloadMissing},
		"a controller of somebody else":                     {given: []option{foreignDaemonSet}, status: unknown, reason: v1alpha1.ReasonNameTaken, says: "DaemonSet edge-public/public-edge-ingress does not belong to this EdgeIngress"},
		"the ConfigMap not read":                            {given: []option{unread["ConfigMap"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the ConfigMap"},
		"the DaemonSet not read":                            {given: []option{unread["DaemonSet"]}, status: unknown, reason: v1alpha1.ReasonNotRead},
		"row 73: nodes not read while something is trusted": {given: []option{appending, unread["Nodes"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the nodes"},
		"row 73: pods not read while something is trusted":  {given: []option{appending, unread["Pods"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the controller pods"},
		"nodes not read while nothing is trusted":           {given: []option{unread["Nodes"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the nodes"},
		"row 14: an endpoint that is no controller":         {given: []option{endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.77", true))}, status: unknown, reason: v1alpha1.ReasonForeignEndpoints, says: "Find out who writes"},
		"deletion": {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}
