package provider

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// azure passes packets on. A Private Link Service in front of it translates the source; whether traffic comes that way is not visible.
func azure(v view) Balancer {
	if v.is(azurePrivateLink, "true") {
		return Balancer{Path: Unknown, ProxyProtocol: v.switched(azurePrivateLinkProxyProtocol, Off),
			Why: "connections through its Private Link Service have a translated source, and whether traffic comes that way is not visible"}
	}
	return Balancer{Path: Forwards}
}

// digitalOcean has two types; the cloud controller writes the type back into the annotation.
func digitalOcean(v view) Balancer {
	override := Annotation{}
	if v.is(digitalOceanOverrideHealthCheck, "true") {
		override = Annotation{digitalOceanOverrideHealthCheck, v.annotations[digitalOceanOverrideHealthCheck]}
	}
	switch {
	case v.is(digitalOceanType, "REGIONAL_NETWORK"):
		return Balancer{Name: "DigitalOcean Network Load Balancer", Path: Forwards, HealthCheckOverride: override}
	case v.is(digitalOceanType, "REGIONAL"):
		return Balancer{
			Name: "DigitalOcean Regional Load Balancer", Path: Proxies, NeedsNodePorts: true,
			ProxyProtocol: v.switched(digitalOceanProxyProtocol, Off), HealthCheckOverride: override,
			WritesHeader:        v.is(digitalOceanProtocol, "http", "https", "http2", "http3"),
			ProxyProtocolRemedy: Annotation{digitalOceanProxyProtocol, "true"},
		}
	}
	return Balancer{Path: Unknown, Why: "its type is not shown: write " + Annotation{digitalOceanType, "REGIONAL_NETWORK"}.String() + " into the annotations"}
}

// hetzner's default for PROXY protocol is an environment variable of its controller, which shows in the status only as ipMode Proxy.
func hetzner(v view) Balancer {
	byDefault := NotSaid
	if v.ipMode(corev1.LoadBalancerIPModeProxy) {
		byDefault = On
	}
	return Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       v.switched(hetznerProxyProtocol, byDefault),
		WritesHeader:        v.is(hetznerProtocol, "http", "https"),
		ProxyProtocolRemedy: Annotation{hetznerProxyProtocol, "true"},
	}
}

// octavia ends connections with its amphora driver and passes packets on with its OVN driver. Which one runs is in the cloud
// controller's file; only what OVN cannot do shows that it is not OVN.
func octavia(v view) Balancer {
	b := octaviaAmphora(v)
	if b.ProxyProtocol != On && !b.WritesHeader {
		b.Path, b.Why = Unknown, "its driver is not visible: declare PacketForwarding (OVN) or Proxying (amphora) in spec.exposure.loadBalancer.provider"
	}
	return b
}

func octaviaAmphora(v view) Balancer {
	b := Balancer{
		Path: Proxies, NeedsNodePorts: true, WritesHeader: v.is(openStackForwardedFor, "true"),
		ProxyProtocol:       settingOf(v.is(openStackProxyProtocol, "true", "v1", "v2")),
		ProxyProtocolRemedy: Annotation{openStackProxyProtocol, "v2"},
	}
	if v.is(openStackHealthMonitor, "false") {
		b.HealthCheckOverride = Annotation{openStackHealthMonitor, v.annotations[openStackHealthMonitor]}
	}
	return b
}

func scaleway(v view) Balancer {
	return Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       either(v.scalewayPorts(scalewayProxyProtocolV1), v.scalewayPorts(scalewayProxyProtocolV2)),
		WritesHeader:        v.scalewayPorts(scalewayHTTP) == On,
		ProxyProtocolRemedy: Annotation{scalewayProxyProtocolV2, "true"},
	}
}

// scalewayPorts reads a switch that may also be a list of ports. A list that does not hold both ports of the ingress settles nothing.
func (v view) scalewayPorts(key string) Setting {
	value, there := v.annotations[key]
	switch {
	case !there, v.is(key, "false"):
		return Off
	case v.is(key, "true", "*"):
		return On
	}
	ports := strings.Split(strings.ReplaceAll(value, " ", ""), ",")
	if slices.Contains(ports, "80") && slices.Contains(ports, "443") {
		return On
	}
	return NotSaid
}

// linode's settings of single ports overrule its defaults and are not read.
func linode(v view) Balancer {
	b := Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       settingOf(v.is(linodeProxyProtocol, "v1", "v2")),
		WritesHeader:        v.is(linodeProtocol, "http", "https"),
		ProxyProtocolRemedy: Annotation{linodeProxyProtocol, "v2"},
	}
	for key := range v.annotations {
		if strings.HasPrefix(key, linodePortPrefix) {
			b.ProxyProtocol = NotSaid
		}
	}
	return b
}

func vultr(v view) Balancer {
	return Balancer{
		Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       v.switched(vultrProxyProtocol, Off),
		WritesHeader:        v.is(vultrProtocol, "http", "https"),
		ProxyProtocolRemedy: Annotation{vultrProxyProtocol, "true"},
	}
}

func ibm(v view) Balancer {
	features := strings.Split(strings.ReplaceAll(v.annotations[ibmFeatures], " ", ""), ",")
	switch {
	case slices.Contains(features, "nlb"):
		return Balancer{Name: "IBM Cloud Network Load Balancer", Path: Forwards}
	case slices.Contains(features, "proxy-protocol"):
		return Balancer{Name: "IBM Cloud Application Load Balancer", Path: Proxies, ProxyProtocol: On}
	}
	return Balancer{Path: Unknown, Why: "the Service does not show which of IBM Cloud's load balancers it is: declare PacketForwarding or Proxying in " +
		"spec.exposure.loadBalancer.provider"}
}

func oracle(v view) Balancer {
	switch {
	case v.is(oracleType, "nlb"):
		return Balancer{
			Name: "Oracle Cloud Network Load Balancer", Path: Forwards, NeedsNodePorts: true,
			ProxyProtocol: v.switched(oracleNetworkProxyHeader, Off), Preserve: v.switched(oracleNetworkPreserve, On),
			PreserveRemedy:      Annotation{oracleNetworkPreserve, "true"},
			ProxyProtocolRemedy: Annotation{oracleNetworkProxyHeader, "true"},
		}
	case !v.has(oracleType), v.is(oracleType, "lb"):
		return Balancer{
			Name: "Oracle Cloud Load Balancer", Path: Proxies, NeedsNodePorts: true,
			ProxyProtocol:       settingOf(v.is(oracleProxyProtocol, "1", "2")),
			WritesHeader:        v.is(oracleBackendProtocol, "http"),
			ProxyProtocolRemedy: Annotation{oracleProxyProtocol, "2"},
		}
	}
	return Balancer{Path: Unknown, Why: oracleType + " has a value that is not known"}
}

const (
	alibabaClassicClass = "alibabacloud.com/clb"
	alibabaNetworkClass = "alibabacloud.com/nlb"
)

func alibaba(v view) Balancer {
	b := Balancer{
		Name: "Alibaba Cloud Classic Load Balancer", Path: Forwards, NeedsNodePorts: true,
		ProxyProtocol:       settingOf(v.is(alibabaProxyProtocol, "on")),
		ProxyProtocolRemedy: Annotation{alibabaProxyProtocol, "on"},
	}
	switch {
	case v.is(alibabaBackendType, "eni"):
		b.Path, b.Why, b.NeedsNodePorts = Unknown, "it sends to pods, and whether that keeps the client's address is not known", false
	case v.class == alibabaNetworkClass:
		return alibabaNetwork(v, b)
	case strings.Contains(strings.ToLower(v.annotations[alibabaProtocolPort]), "http"):
		b.Path, b.WritesHeader = Proxies, true
	}
	return b
}

func alibabaNetwork(v view, b Balancer) Balancer {
	b.Name, b.PreserveRemedy = "Alibaba Cloud Network Load Balancer", Annotation{alibabaPreserve, "on"}
	switch {
	case v.is(alibabaPreserve, "on"):
		b.Preserve = On
	case v.has(alibabaPreserve):
		b.Preserve = Off
	default:
		b.Path, b.Why = Unknown, "the Service does not say whether it keeps the client's address: write "+b.PreserveRemedy.String()+" into the annotations"
	}
	return b
}

func tencent(v view) Balancer {
	if v.is(tencentDirectAccess, "true") {
		return Balancer{Path: Unknown, Why: "it sends to pods, and whether that keeps the client's address is not known"}
	}
	return Balancer{Path: Forwards, NeedsNodePorts: true}
}

func naver(v view) Balancer {
	if v.is(naverLayerType, "nlb") {
		return Balancer{Name: "NAVER Cloud Network Load Balancer", Path: Forwards}
	}
	return Balancer{
		Name: "NAVER Cloud Network Proxy Load Balancer", Path: Proxies,
		ProxyProtocol: v.switched(naverProxyProtocol, Off), ProxyProtocolRemedy: Annotation{naverProxyProtocol, "true"},
	}
}
