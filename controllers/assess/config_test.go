package assess

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

var (
	noConfigMap      = func(g *given) { g.s.ConfigMap = snapshot.Read[corev1.ConfigMap]{} }
	foreignConfigMap = func(g *given) { g.s.ConfigMap = snapshot.Read[corev1.ConfigMap]{Foreign: true} }
	foreignDaemonSet = func(g *given) { g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{Foreign: true} }
	otherConfigMap   = args("/nginx-ingress-controller", "--configmap=ingress-nginx/other")
)

func TestConfigEffective(t *testing.T) {
	const condition = v1alpha1.ConditionConfigEffective
	proxyMode := ipMode(corev1.LoadBalancerIPModeProxy)
	runRows(t, map[string]row{
		"written and read":                                 {nil, condition, yes, v1alpha1.ReasonConfigWritten, "settings of ConfigMap edge-public/public-edge-ingress are written as wanted, and DaemonSet edge-public/public-edge-ingress reads them"},
		"further settings":                                 {[]option{config("proxy-body-size", "20m")}, condition, yes, v1alpha1.ReasonConfigWritten, ""},
		"a Deployment that reads it":                       {[]option{deployment}, condition, yes, v1alpha1.ReasonConfigWritten, "Deployment"},
		"row 38: keys of another controller":               {[]option{config("real-ip-header", "X-Forwarded-For", "set-real-ip-from", "10.0.0.0/8")}, condition, no, v1alpha1.ReasonUnknownConfigKeys, "2 settings of spec.controller.config not written. "},
		"row 38: many unknown keys":                        {[]option{config("a-a", "1", "b-b", "1", "c-c", "1", "d-d", "1", "e-e", "1", "f-f", "1", "g-g", "1")}, condition, no, v1alpha1.ReasonUnknownConfigKeys, "There are 2 more problems."},
		"row 39: a bool that is none":                      {[]option{config("use-gzip", "on")}, condition, no, v1alpha1.ReasonInvalidConfigValues, "use-gzip"},
		"a key that a field owns":                          {[]option{config("use-proxy-protocol", "true")}, condition, no, v1alpha1.ReasonReservedConfigKeys, "use-proxy-protocol"},
		"row 44: a snippet":                                {[]option{config("http-snippet", "real_ip_header X-Real-IP;")}, condition, no, v1alpha1.ReasonForbiddenConfigKeys, "http-snippet"},
		"forbidden keys come before unknown ones":          {[]option{config("a-a", "1", "http-snippet", "x")}, condition, no, v1alpha1.ReasonForbiddenConfigKeys, "2 settings of spec.controller.config not written. http-snippet is refused"},
		"row 35: a trusted range that is none":             {[]option{clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("10.0.0.0/33")})}, condition, no, v1alpha1.ReasonTrustRefused, ""},
		"row 32: trusted ranges that cover everyone":       {[]option{clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("0.0.0.0/1", "128.0.0.0/1")})}, condition, no, v1alpha1.ReasonTrustRefused, ""},
		"a refused trust comes before refused keys":        {[]option{func(g *given) { g.spec().Controller.Config = map[string]v1alpha1.ConfigValue{"a-a": "1"} }, clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("0.0.0.0/0")})}, condition, no, v1alpha1.ReasonTrustRefused, ""},
		"no ConfigMap yet":                                 {[]option{noConfigMap}, condition, unknown, v1alpha1.ReasonConfigMissing, "ConfigMap edge-public/public-edge-ingress has not been seen yet."},
		"a ConfigMap of somebody else":                     {[]option{foreignConfigMap}, condition, no, v1alpha1.ReasonNameTaken, "ConfigMap"},
		"a value changed by hand":                          {[]option{seenConfig("use-forwarded-headers", "true")}, condition, unknown, v1alpha1.ReasonConfigChanged, "is being written again"},
		"a key added by hand":                              {[]option{seenConfig("proxy-body-size", "20m")}, condition, unknown, v1alpha1.ReasonConfigChanged, ""},
		"a key removed by hand":                            {[]option{func(g *given) { delete(g.s.ConfigMap.Value.Data, "use-proxy-protocol") }}, condition, unknown, v1alpha1.ReasonConfigChanged, ""},
		"binary data added by hand":                        {[]option{func(g *given) { g.s.ConfigMap.Value.BinaryData = map[string][]byte{"a": {1}} }}, condition, unknown, v1alpha1.ReasonConfigChanged, ""},
		"nothing could be computed":                        {[]option{func(g *given) { g.d.Config, g.s.ConfigMap.Value.Data = nil, nil }}, condition, unknown, v1alpha1.ReasonConfigChanged, ""},
		"row 40: another ConfigMap is read":                {[]option{otherConfigMap}, condition, no, v1alpha1.ReasonConfigNotUsed, "(ingress-nginx/other)"},
		"row 40: no ConfigMap is read":                     {[]option{args("/nginx-ingress-controller")}, condition, no, v1alpha1.ReasonConfigNotUsed, "(none)"},
		"no controller yet":                                {[]option{func(g *given) { g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{} }}, condition, unknown, v1alpha1.ReasonWorkloadMissing, ""},
		"a controller of somebody else":                    {[]option{foreignDaemonSet}, condition, no, v1alpha1.ReasonNameTaken, "DaemonSet edge-public/public-edge-ingress exists and does not belong"},
		"row 31: pods go around the balancer":              {[]option{hetzner, annotated(hetznerKey, "true"), proxyProtocol}, condition, yes, v1alpha1.ReasonConfigWritten, "Pods that call 203.0.113.10"},
		"row 31: ipMode VIP is the same":                   {[]option{hetzner, annotated(hetznerKey, "true"), proxyProtocol, ipMode(corev1.LoadBalancerIPModeVIP)}, condition, yes, v1alpha1.ReasonConfigWritten, "Pods that call 203.0.113.10"},
		"row 31: with ipMode Proxy pods pass the balancer": {[]option{hetzner, annotated(hetznerKey, "true"), proxyProtocol, proxyMode}, condition, yes, v1alpha1.ReasonConfigWritten, ""},
		"row 31: with a host name pods pass the balancer":  {[]option{awsClassic, annotated(awsPrefix+"proxy-protocol", "*"), proxyProtocol}, condition, yes, v1alpha1.ReasonConfigWritten, ""},
		"row 31: node ports have no such address":          {[]option{exposed(v1alpha1.ExposureNodePort), proxyProtocol}, condition, yes, v1alpha1.ReasonConfigWritten, ""},
		"host network does not need the Service":           {[]option{exposed(v1alpha1.ExposureHostNetwork), unread["Service"]}, condition, yes, v1alpha1.ReasonConfigWritten, ""},
		"the ConfigMap not read":                           {[]option{unread["ConfigMap"]}, condition, unknown, v1alpha1.ReasonNotRead, "the ConfigMap"},
		"the DaemonSet not read":                           {[]option{unread["DaemonSet"]}, condition, unknown, v1alpha1.ReasonNotRead, "the DaemonSet"},
		"the Service not read":                             {[]option{unread["Service"]}, condition, unknown, v1alpha1.ReasonNotRead, "the Service"},
		"the ConfigMap could not be written":               {[]option{failed(snapshot.FailureOther, "ConfigMap", objectName, "too large")}, condition, no, v1alpha1.ReasonApplyFailed, "too large"},
		"the IngressClass is somebody else's":              {[]option{failed(snapshot.FailureNameTaken, "IngressClass", ingressName, "")}, condition, no, v1alpha1.ReasonNameTaken, "IngressClass public exists"},
		"deletion":                                         {[]option{deleted}, condition, unknown, v1alpha1.ReasonDeleting, ""},
	})
}

func TestEngineSupported(t *testing.T) {
	const condition = v1alpha1.ConditionEngineSupported
	runRows(t, map[string]row{
		"row 71: upstream's image":               {nil, condition, no, v1alpha1.ReasonUpstreamRetired, "March 2026"},
		"row 71: upstream's image from a mirror": {[]option{image("mirror.example.com/ingress-nginx/controller", upstreamDigest)}, condition, no, v1alpha1.ReasonUpstreamRetired, ""},
		"another version from upstream":          {[]option{image("registry.k8s.io/ingress-nginx/controller", forkDigest)}, condition, no, v1alpha1.ReasonUpstreamRetired, ""},
		"a fork":                                 {[]option{image("registry.example.com/fork/controller", forkDigest)}, condition, unknown, v1alpha1.ReasonForkNotTracked, "registry.example.com/fork/controller:v1.15.1-fork"},
		"a fork that is not allowed":             {[]option{image("registry.example.com/fork/controller", forkDigest), func(g *given) { g.d.ImageRefused = "registry.example.com/fork/controller" }}, condition, unknown, v1alpha1.ReasonForkNotTracked, "not allowed"},
		"it needs no read":                       {[]option{unread["Nodes"], unread["Pods"], unread["DaemonSet"]}, condition, no, v1alpha1.ReasonUpstreamRetired, ""},
		"deletion":                               {[]option{deleted}, condition, unknown, v1alpha1.ReasonDeleting, ""},
	})
}
