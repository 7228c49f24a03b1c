package provider

import (
	"regexp"
	"strconv"
)

const (
	awsControllerClass = "service.k8s.aws/nlb"
	awsAutoModeClass   = "eks.amazonaws.com/nlb"

	awsPreserveAttribute = "preserve_client_ip.enabled"
	awsProxyAttribute    = "proxy_protocol_v2.enabled"
)

// Host names that AWS gives: of a Network Load Balancer, and of a Classic Load Balancer.
var (
	awsNetworkHost = regexp.MustCompile(`\.elb\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$`)
	awsClassicHost = regexp.MustCompile(`\.[a-z0-9-]+\.elb\.amazonaws\.com(\.cn)?$`)
)

// aws has three kinds: the Classic Load Balancer (no type), the Network Load Balancer of the cloud controller (type nlb), and that of
// the AWS Load Balancer Controller (by class, or type external or nlb-ip).
func aws(v view) Balancer {
	classic := !v.has(awsType) && v.class == ""
	switch {
	case v.hasHost(awsNetworkHost) && classic, v.hasHost(awsClassicHost) && !classic:
		return Balancer{Path: Unknown, Why: "the Service's host name and its annotations name different kinds of AWS load balancer"}
	case classic:
		return awsClassic(v)
	case v.class == "" && v.is(awsType, "nlb"):
		return awsInstanceTargets(v, v.switchedAttribute(awsProxyAttribute))
	case v.class == awsControllerClass, v.class == awsAutoModeClass, v.class == "" && v.is(awsType, "external", "nlb-ip"):
		return awsController(v)
	}
	return Balancer{Path: Unknown, Why: "the Service's class and " + awsType + " name no AWS load balancer that is known"}
}

func awsClassic(v view) Balancer {
	return Balancer{
		Name: "AWS Classic Load Balancer", Path: Proxies, NeedsNodePorts: true,
		ProxyProtocol:       settingOf(v.annotations[awsProxyProtocol] == "*"),
		WritesHeader:        v.is(awsBackendProtocol, "http", "https"),
		ProxyProtocolRemedy: Annotation{awsProxyProtocol, "*"},
	}
}

func awsController(v view) Balancer {
	proxy := either(settingOf(v.annotations[awsProxyProtocol] == "*"), v.switchedAttribute(awsProxyAttribute))
	switch {
	case v.is(awsTargetType, "ip"), v.is(awsType, "nlb-ip") && !v.has(awsTargetType):
		return awsPodTargets(v, proxy)
	case v.is(awsTargetType, "instance"):
		return awsInstanceTargets(v, proxy)
	}
	return Balancer{Path: Unknown, ProxyProtocol: proxy, Why: "whether it sends to nodes or to pods is a setting of its controller; write " +
		Annotation{awsTargetType, "instance"}.String() + " into the annotations"}
}

// awsInstanceTargets keep the client's address unless an attribute says otherwise; connections that are converted between IPv6 and IPv4 lose it.
func awsInstanceTargets(v view, proxy Setting) Balancer {
	b := Balancer{
		Name: "AWS Network Load Balancer (instance targets)", Path: Forwards, NeedsNodePorts: true,
		ProxyProtocol: proxy, Preserve: On, HealthChecksCarryProxy: true,
		HealthCheckOverride: awsHealthCheckOverride(v),
		PreserveRemedy:      Annotation{awsTargetGroupAttributes, awsPreserveAttribute + "=true"},
		ProxyProtocolRemedy: Annotation{awsTargetGroupAttributes, awsProxyAttribute + "=true"},
	}
	if value, there := v.attribute(awsTargetGroupAttributes, awsPreserveAttribute); there {
		b.Preserve = settingOf(value == "true")
	}
	return awsConvertsFamilies(v, b)
}

// awsPodTargets lose the client's address for TCP and TLS unless an attribute says otherwise.
func awsPodTargets(v view, proxy Setting) Balancer {
	return awsConvertsFamilies(v, Balancer{
		Name: "AWS Network Load Balancer (pod targets)", Path: TargetsPods,
		ProxyProtocol: proxy, Preserve: v.switchedAttribute(awsPreserveAttribute),
		PreserveRemedy:      Annotation{awsTargetGroupAttributes, awsPreserveAttribute + "=true"},
		ProxyProtocolRemedy: Annotation{awsProxyProtocol, "*"},
	})
}

func awsConvertsFamilies(v view, b Balancer) Balancer {
	if v.is(awsAddressType, "dualstack") && b.ProxyProtocol != On && b.Preserve == On {
		b.Path, b.Why = Unknown, "with address type dualstack it converts between IPv6 and IPv4, and a converted connection has the balancer's address"
	}
	return b
}

func awsHealthCheckOverride(v view) Annotation {
	if v.is(awsHealthCheckProtocol, "tcp") {
		return Annotation{awsHealthCheckProtocol, v.annotations[awsHealthCheckProtocol]}
	}
	if v.has(awsHealthCheckPort) && v.annotations[awsHealthCheckPort] != strconv.Itoa(int(v.healthCheckNodePort)) {
		return Annotation{awsHealthCheckPort, v.annotations[awsHealthCheckPort]}
	}
	return Annotation{}
}

// switchedAttribute reads a target group attribute that is off unless it is set.
func (v view) switchedAttribute(name string) Setting {
	value, there := v.attribute(awsTargetGroupAttributes, name)
	return settingOf(there && value == "true")
}

func (v view) hasHost(pattern *regexp.Regexp) bool {
	for _, ingress := range v.ingress {
		if pattern.MatchString(ingress.Hostname) {
			return true
		}
	}
	return false
}
