package provider

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

const (
	awsControllerClass = "service.k8s.aws/nlb"
	awsAutoModeClass   = "eks.amazonaws.com/nlb"

	awsType                  = "service.beta.kubernetes.io/aws-load-balancer-type"
	awsTargetType            = "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type"
	awsProxyProtocol         = "service.beta.kubernetes.io/aws-load-balancer-proxy-protocol"
	awsTargetGroupAttributes = "service.beta.kubernetes.io/aws-load-balancer-target-group-attributes"
	awsBackendProtocol       = "service.beta.kubernetes.io/aws-load-balancer-backend-protocol"
	awsAddressType           = "service.beta.kubernetes.io/aws-load-balancer-ip-address-type"
	awsHealthCheckProtocol   = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-protocol"
	awsHealthCheckPort       = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-port"
	awsCertificate           = "service.beta.kubernetes.io/aws-load-balancer-ssl-cert"
	awsTLSPorts              = "service.beta.kubernetes.io/aws-load-balancer-ssl-ports"
	awsTargetNodes           = "service.beta.kubernetes.io/aws-load-balancer-target-node-labels"
	awsHealthCheckCodes      = "service.beta.kubernetes.io/aws-load-balancer-healthcheck-success-codes"

	awsPreserveAttribute = "preserve_client_ip.enabled"
	awsProxyAttribute    = "proxy_protocol_v2.enabled"
)

// AWS assigns these host names to Network Load Balancers and to Classic Load Balancers.
var (
	awsNetworkHost = regexp.MustCompile(`\.elb\.[a-z0-9-]+\.amazonaws\.com(\.cn)?$`)
	awsClassicHost = regexp.MustCompile(`\.[a-z0-9-]+\.elb\.amazonaws\.com(\.cn)?$`)
)

// Annotations: kubernetes/cloud-provider-aws docs/service_controller.md and pkg/providers/v1/aws.go (which
// also checks the healthCheckNodePort of a Classic Load Balancer), and
// kubernetes-sigs/aws-load-balancer-controller docs/guide/service/annotations.md. The class of EKS
// Auto Mode: docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html.
var _ = register(loadBalancer{
	provider: v1alpha1.ProviderAWS,
	name:     "AWS",
	signs: signs{
		classes:     []string{awsControllerClass, awsAutoModeClass},
		providerIDs: []string{"aws://"},
		contradicts: func(v view) string {
			if v.hasIP() {
				return "the nodes run on AWS, which assigns host names, but the Service has an IP address"
			}
			return ""
		},
	},
	annotations: annotations{decide: []string{
		awsType, awsTargetType, awsProxyProtocol, awsTargetGroupAttributes, awsBackendProtocol, awsAddressType, awsHealthCheckProtocol, awsHealthCheckPort,
		awsHealthCheckCodes, awsTargetNodes, awsCertificate, awsTLSPorts,
	}},
	mayExclude: awsControllerExcludes,
	describe:   aws,
})

// aws distinguishes three kinds: the Classic Load Balancer (no type), the Network Load Balancer of the
// cloud controller (type nlb), and the one of the AWS Load Balancer Controller (by class, or type
// external or nlb-ip).
func aws(v view) Balancer {
	classic := !v.has(awsType) && v.class == ""
	switch {
	case v.hasHost(awsNetworkHost) && classic, v.hasHost(awsClassicHost) && !classic:
		return Balancer{Path: Unknown, Why: "the Service's host name and its annotations belong to different kinds of AWS load balancer"}
	case classic:
		return awsClassic(v)
	case v.byCloudController():
		return awsInstanceTargets(v, v.switchedAttribute(awsProxyAttribute))
	case v.class == awsControllerClass, v.class == awsAutoModeClass, v.class == "" && v.is(awsType, "external", "nlb-ip"):
		return awsController(v)
	}
	return Balancer{Path: Unknown, Why: "the Service's class and " + awsType + " name no known AWS load balancer"}
}

// awsClassic ends connections. Its controller accepts only the star as a value for PROXY protocol.
func awsClassic(v view) Balancer {
	return v.perPort(Balancer{
		Name: "AWS Classic Load Balancer", NeedsNodePorts: true,
		ProxyProtocolRemedy: Annotation{awsProxyProtocol, "*"},
		HealthChecks:        v.ofHealthPort(checkKeys{awsHealthCheckPort, awsHealthCheckProtocol}),
		Nodes:               v.nodeChoice(awsTargetNodes, LabelsOrKeys),
	}, v.awsClassicPort)
}

// awsClassicPort follows buildListener of the cloud controller. Without a certificate for the port, HTTPS
// to the nodes is plain TCP for the balancer.
func (v view) awsClassicPort(port corev1.ServicePort) Port {
	tls := v.annotations[awsTLSPorts]
	certified := v.annotations[awsCertificate] != "" && (tls == "" || tls == "*" || listed(tls, port))
	return Port{
		Path: Proxies, ProxyProtocol: settingOf(v.annotations[awsProxyProtocol] == "*"),
		WritesHeader: v.is(awsBackendProtocol, "http") || (certified && v.is(awsBackendProtocol, "https")),
	}
}

// awsControllerExcludes are labels of nodes that the AWS Load Balancer Controller leaves out
// (pkg/backend/endpoint_utils.go).
var awsControllerExcludes = []LabelSign{
	{Key: "alpha.service-controller.kubernetes.io/exclude-balancer"}, {Key: "node-role.kubernetes.io/master"}, {Key: "eks.amazonaws.com/compute-type", Value: "fargate"},
}

// awsController is the Network Load Balancer of the AWS Load Balancer Controller. No object shows the
// controller's flag --default-target-type.
func awsController(v view) Balancer {
	proxy := either(settingOf(v.annotations[awsProxyProtocol] == "*"), v.switchedAttribute(awsProxyAttribute))
	switch {
	case v.is(awsTargetType, "ip"), v.is(awsType, "nlb-ip") && !v.has(awsTargetType):
		return awsPodTargets(v, proxy)
	case v.is(awsTargetType, "instance"):
		b := awsInstanceTargets(v, proxy)
		b.Excludes = awsControllerExcludes
		return b
	}
	nodes := awsTargets(v)
	if nodes.Annotation.Key != "" {
		nodes.Doubt = "with pod targets it ignores the annotation, and the Service does not show its targets"
	}
	return Balancer{Path: Unknown, ProxyProtocol: proxy, Nodes: nodes, Why: "a setting of its controller decides whether it sends to nodes or to pods; add " +
		Annotation{awsTargetType, "instance"}.String() + " to spec.exposure.loadBalancer.annotations"}
}

// awsInstanceTargets keep the client's address unless an attribute says otherwise. With PROXY protocol
// on, health checks also begin with a PROXY header, which kube-proxy cannot read (cilium/cilium issue
// 26274).
func awsInstanceTargets(v view, proxy Setting) Balancer {
	b := Balancer{
		Name: "AWS Network Load Balancer (instance targets)", Path: Forwards, NeedsNodePorts: true,
		ProxyProtocol: proxy, Preserve: On, HealthChecksCarryProxy: true,
		HealthChecks:        awsNetworkChecks(v),
		Nodes:               awsTargets(v),
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
		Name: "AWS Network Load Balancer (pod targets)", Path: TargetsPods, HealthChecks: awsPodChecks(v),
		ProxyProtocol: proxy, Preserve: v.switchedAttribute(awsPreserveAttribute),
		PreserveRemedy:      Annotation{awsTargetGroupAttributes, awsPreserveAttribute + "=true"},
		ProxyProtocolRemedy: Annotation{awsProxyProtocol, "*"},
	})
}

// awsPodChecks open TCP connections to the port of the traffic unless annotations say otherwise
// (pkg/service/model_build_target_group.go).
func awsPodChecks(v view) HealthChecks {
	checks := HealthChecks{Elsewhere: "checks the pods, on their port", UntilClosed: true}
	switch {
	case v.has(awsHealthCheckPort) && !v.is(awsHealthCheckPort, "traffic-port"):
		return HealthChecks{Elsewhere: "checks the pods, on the port of an annotation", OfPods: v.annotation(awsHealthCheckPort)}
	case v.has(awsHealthCheckProtocol) && !v.is(awsHealthCheckProtocol, "tcp"):
		checks.Doubt = "it sends " + strings.ToUpper(v.annotations[awsHealthCheckProtocol]) + " requests to the pods, and the cluster does not show what they answer"
		checks.Remedies = []Annotation{{awsHealthCheckProtocol, "tcp"}}
	}
	return checks
}

// awsConvertsFamilies marks balancers that convert connections between IPv6 and IPv4, because a
// converted connection has the balancer's address (docs.aws.amazon.com/elasticloadbalancing/latest/network,
// client IP preservation).
func awsConvertsFamilies(v view, b Balancer) Balancer {
	if v.is(awsAddressType, "dualstack") && b.ProxyProtocol != On && b.Preserve == On {
		b.Path, b.Why = Unknown, "with address type dualstack it converts between IPv6 and IPv4, and a converted connection has the balancer's address"
	}
	return b
}

// awsTargets reads the same annotation as both controllers do. Only the cloud controller takes an empty
// value for any value (filterTargetNodes in pkg/providers/v1/aws_loadbalancer.go, and
// buildTargetGroupBindingNodeSelector in pkg/service/model_build_target_group.go).
func awsTargets(v view) NodeChoice {
	if v.byCloudController() {
		return v.nodeChoice(awsTargetNodes, LabelsOrKeys)
	}
	return v.nodeChoice(awsTargetNodes, Labels)
}

// byCloudController reports whether AWS's cloud controller makes the Network Load Balancer.
func (v view) byCloudController() bool { return v.class == "" && v.is(awsType, "nlb") }

// awsNetworkChecks also reads the codes that count as healthy, which only the AWS Load Balancer Controller
// reads (pkg/service/model_build_target_group.go).
func awsNetworkChecks(v view) HealthChecks {
	checks := v.ofHealthPort(checkKeys{awsHealthCheckPort, awsHealthCheckProtocol})
	if checks.Override.Key == "" && v.has(awsHealthCheckCodes) && !v.byCloudController() && !codesFit(v.annotations[awsHealthCheckCodes]) {
		checks.Override = v.annotation(awsHealthCheckCodes)
	}
	return checks
}

// switchedAttribute reads a target group attribute that is off unless it is set.
func (v view) switchedAttribute(name string) Setting {
	value, there := v.attribute(awsTargetGroupAttributes, name)
	return settingOf(there && value == "true")
}
