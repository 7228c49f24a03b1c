package assess

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

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
	runRows(t, condition, map[string]row{
		"written and read":                                 {status: yes, reason: v1alpha1.ReasonConfigWritten, says: "settings in ConfigMap edge-public/public-edge-ingress match the spec, and DaemonSet edge-public/public-edge-ingress reads them"},
		"further settings":                                 {given: []option{config("proxy-body-size", "20m")}, status: yes, reason: v1alpha1.ReasonConfigWritten},
		"a Deployment that reads it":                       {given: []option{deployment}, status: yes, reason: v1alpha1.ReasonConfigWritten, says: "Deployment"},
		"row 38: keys of another controller":               {given: []option{config("real-ip-header", "X-Forwarded-For", "set-real-ip-from", "10.0.0.0/8")}, status: no, reason: v1alpha1.ReasonUnknownConfigKeys, says: "Did not write 2 settings of spec.controller.config. "},
		"row 38: many unknown keys":                        {given: []option{config("a-a", "1", "b-b", "1", "c-c", "1", "d-d", "1", "e-e", "1", "f-f", "1", "g-g", "1")}, status: no, reason: v1alpha1.ReasonUnknownConfigKeys, says: "Not listed: 2 more problems."},
		"row 39: a bool that is none":                      {given: []option{config("use-gzip", "on")}, status: no, reason: v1alpha1.ReasonInvalidConfigValues, says: "use-gzip"},
		"a key that a field owns":                          {given: []option{config("use-proxy-protocol", "true")}, status: no, reason: v1alpha1.ReasonReservedConfigKeys, says: "use-proxy-protocol"},
		"row 30: the internal header of the engine":        {given: []option{config("forwarded-for-proxy-protocol-header", "X-Internal")}, status: no, reason: v1alpha1.ReasonReservedConfigKeys, says: "no client can send"},
		"row 42: client addresses passed on":               {given: []option{config("compute-full-forwarded-for", "true")}, status: no, reason: v1alpha1.ReasonReservedConfigKeys, says: "text from any client"},
		"row 44: a snippet":                                {given: []option{config("http-snippet", "real_ip_header X-Real-IP;")}, status: no, reason: v1alpha1.ReasonForbiddenConfigKeys, says: "http-snippet"},
		"forbidden keys come before unknown ones":          {given: []option{config("a-a", "1", "http-snippet", "x")}, status: no, reason: v1alpha1.ReasonForbiddenConfigKeys, says: "Did not write 2 settings of spec.controller.config. http-snippet is refused"},
		"row 35: a trusted range that is none":             {given: []option{clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("10.0.0.0/33")})}, status: no, reason: v1alpha1.ReasonTrustRefused},
		"row 32: trusted ranges that cover everyone":       {given: []option{clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("0.0.0.0/1", "128.0.0.0/1")})}, status: no, reason: v1alpha1.ReasonTrustRefused},
		"a refused trust comes before refused keys":        {given: []option{func(g *given) { g.spec().Controller.Config = map[string]v1alpha1.ConfigValue{"a-a": "1"} }, clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom("0.0.0.0/0")})}, status: no, reason: v1alpha1.ReasonTrustRefused},
		"no ConfigMap yet":                                 {given: []option{noConfigMap}, status: unknown, reason: v1alpha1.ReasonConfigMissing, says: "The operator has not seen ConfigMap edge-public/public-edge-ingress yet."},
		"a ConfigMap of somebody else":                     {given: []option{foreignConfigMap}, status: no, reason: v1alpha1.ReasonNameTaken, says: "ConfigMap"},
		"a value changed manually":                         {given: []option{seenConfig("use-forwarded-headers", "true"), written("ConfigMap")}, status: unknown, reason: v1alpha1.ReasonConfigChanged, says: "the operator has written it again"},
		"a key added manually":                             {given: []option{seenConfig("proxy-body-size", "20m")}, status: unknown, reason: v1alpha1.ReasonConfigChanged},
		"a key removed manually":                           {given: []option{func(g *given) { delete(g.s.ConfigMap.Value.Data, "use-proxy-protocol") }}, status: unknown, reason: v1alpha1.ReasonConfigChanged},
		"binary data added manually":                       {given: []option{func(g *given) { g.s.ConfigMap.Value.BinaryData = map[string][]byte{"a": {1}} }}, status: unknown, reason: v1alpha1.ReasonConfigChanged},
		"nothing could be computed":                        {given: []option{func(g *given) { g.d.Config, g.s.ConfigMap.Value.Data = nil, nil }}, status: unknown, reason: v1alpha1.ReasonConfigChanged},
		"row 40: another ConfigMap is read":                {given: []option{otherConfigMap}, status: no, reason: v1alpha1.ReasonConfigNotUsed, says: "(ingress-nginx/other)"},
		"row 40: no ConfigMap is read":                     {given: []option{args("/nginx-ingress-controller")}, status: no, reason: v1alpha1.ReasonConfigNotUsed, says: "(none)"},
		"no controller yet":                                {given: []option{func(g *given) { g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{} }}, status: unknown, reason: v1alpha1.ReasonWorkloadMissing},
		"a controller of somebody else":                    {given: []option{foreignDaemonSet}, status: no, reason: v1alpha1.ReasonNameTaken, says: "DaemonSet edge-public/public-edge-ingress exists and does not belong"},
		"row 31: pods go around the balancer":              {given: []option{hetzner, annotated(hetznerKey, "true"), proxyProtocol}, status: yes, reason: v1alpha1.ReasonConfigWritten, says: "Pods that call 203.0.113.10"},
		"row 31: ipMode VIP is the same":                   {given: []option{hetzner, annotated(hetznerKey, "true"), proxyProtocol, ipMode(corev1.LoadBalancerIPModeVIP)}, status: yes, reason: v1alpha1.ReasonConfigWritten, says: "Pods that call 203.0.113.10"},
		"row 31: with ipMode Proxy pods pass the balancer": {given: []option{hetzner, annotated(hetznerKey, "true"), proxyProtocol, proxyMode}, status: yes, reason: v1alpha1.ReasonConfigWritten},
		"row 31: with a host name pods pass the balancer":  {given: []option{awsClassic, annotated(awsPrefix+"proxy-protocol", "*"), proxyProtocol}, status: yes, reason: v1alpha1.ReasonConfigWritten},
		"row 31: node ports have no such address":          {given: []option{exposed(v1alpha1.ExposureNodePort), proxyProtocol}, status: yes, reason: v1alpha1.ReasonConfigWritten},
		"host network does not need the Service":           {given: []option{exposed(v1alpha1.ExposureHostNetwork), unread["Service"]}, status: yes, reason: v1alpha1.ReasonConfigWritten},
		"the ConfigMap not read":                           {given: []option{unread["ConfigMap"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the ConfigMap"},
		"the DaemonSet not read":                           {given: []option{unread["DaemonSet"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the DaemonSet"},
		"the Service not read":                             {given: []option{unread["Service"]}, status: unknown, reason: v1alpha1.ReasonNotRead, says: "the Service"},
		"the ConfigMap could not be written":               {given: []option{failed(snapshot.FailureOther, "ConfigMap", objectName, "too large")}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "too large"},
		"the IngressClass is somebody else's":              {given: []option{failed(snapshot.FailureNameTaken, "IngressClass", ingressName, "")}, status: no, reason: v1alpha1.ReasonNameTaken, says: "IngressClass public exists"},
		"deletion":                                         {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}

func TestEngineSupported(t *testing.T) {
	const condition = v1alpha1.ConditionEngineSupported
	runRows(t, condition, map[string]row{
		"row 71: upstream's image":               {status: no, reason: v1alpha1.ReasonUpstreamRetired, says: "March 2026"},
		"row 71: upstream's image from a mirror": {given: []option{image("mirror.example.com/ingress-nginx/controller", upstreamDigest)}, status: no, reason: v1alpha1.ReasonUpstreamRetired},
		"another version from upstream":          {given: []option{image("registry.k8s.io/ingress-nginx/controller", forkDigest)}, status: no, reason: v1alpha1.ReasonUpstreamRetired},
		"a fork":                                 {given: []option{image("registry.example.com/fork/controller", forkDigest)}, status: unknown, reason: v1alpha1.ReasonForkNotTracked, says: "registry.example.com/fork/controller:v1.15.1-fork"},
		"a fork that is not allowed":             {given: []option{image("registry.example.com/fork/controller", forkDigest), func(g *given) { g.d.ImageRefused = "registry.example.com/fork/controller" }}, status: unknown, reason: v1alpha1.ReasonForkNotTracked, says: "not allowed"},
		"it needs no read":                       {given: []option{unread["Nodes"], unread["Pods"], unread["DaemonSet"]}, status: no, reason: v1alpha1.ReasonUpstreamRetired},
		"deletion":                               {given: []option{deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}

// The evidence is of new connections. Connections that were open before have earlier settings for a while.
func TestConfigEffectiveSaysUntilWhenEarlierSettingsServe(t *testing.T) {
	const says = "Connections that clients opened before 11:58:00 UTC may keep the earlier settings until 12:03:00 UTC."
	written := noon.Add(-2 * time.Minute)
	tests := map[string]struct {
		written, created time.Time
		given            []option
		want             string
		recheck          time.Time
	}{
		"a pod is older than the settings": {written: written, created: noon.Add(-time.Hour), want: says, recheck: written.Add(5 * time.Minute)},
		"also where nothing is measured":   {written: written, created: noon.Add(-time.Hour), given: []option{measuring(v1alpha1.Disabled)}, want: says, recheck: written.Add(5 * time.Minute)},
		"a shorter time for workers":       {written: written, created: noon.Add(-time.Hour), given: []option{config("worker-shutdown-timeout", "90s")}, want: "until 12:00:30 UTC.", recheck: noon.Add(30 * time.Second)},
		"a time that has passed":           {written: written, created: noon.Add(-time.Hour), given: []option{config("worker-shutdown-timeout", "60s")}},
		"every pod is newer":               {written: written, created: noon.Add(-time.Minute)},
		"the time of the write is unknown": {created: noon.Add(-time.Hour)},
		"a pod that has ended": {written: written, created: noon.Add(-time.Hour), given: []option{func(g *given) {
			for i := range g.s.Pods.Items {
				g.s.Pods.Items[i].Ended = true
			}
		}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			g := healthy(test.given...)
			g.s.Time, g.s.ConfigWritten = noon, test.written
			for i := range g.s.Pods.Items {
				g.s.Pods.Items[i].Created = test.created
			}
			found := Assess(g.s, g.d, g.o, noon)
			got := meta.FindStatusCondition(found.Status.Conditions, v1alpha1.ConditionConfigEffective)
			if got.Status != yes || !strings.Contains(got.Message, test.want) || (test.want == "") == strings.Contains(got.Message, "earlier settings") {
				t.Errorf("got %s: %s", got.Status, got.Message)
			}
			if !found.Recheck.Equal(test.recheck) {
				t.Errorf("looks again at %s, want %s", found.Recheck, test.recheck)
			}
		})
	}
}
