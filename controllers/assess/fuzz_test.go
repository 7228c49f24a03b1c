package assess

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/provider"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

// mishaps are the parts that the fuzzer combines. Each byte of its recipe chooses one, and they
// happen in this order.
var mishaps = []option{
	exposed(v1alpha1.ExposureNodePort), exposed(v1alpha1.ExposureHostNetwork), exposed(v1alpha1.ExposureHostPort), deployment, deleted,
	unread["Nodes"], unread["Service"], unread["ConfigMap"], unread["DaemonSet"], unread["Deployment"], unread["Pods"], unread["EndpointSlices"], unread["Agents"],
	func(g *given) { g.s.Service = snapshot.Read[corev1.Service]{} },
	func(g *given) { g.s.Service = snapshot.Read[corev1.Service]{Foreign: true} },
	noConfigMap, foreignConfigMap, otherConfigMap,
	func(g *given) { g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{Foreign: true} },
	func(g *given) { g.s.DaemonSet = snapshot.Read[appsv1.DaemonSet]{} },
	func(g *given) { g.d = desired.State{Namespace: namespace} },
	func(g *given) { g.d.ImageRefused, g.d.Objects = "example.com/own", nil },
	selected(), selected("edge-1"), selected("edge-1", "edge-2", "app-1", "ghost"),
	node("edge-1", notReady), node("edge-2", unlabelled), node("edge-1", untainted), node("edge-1", func(n *snapshot.Node) { n.Deleting = true }),
	node("edge-1", labelled(exclude, "false")), node("edge-2", labelled(exclude, "")), node("edge-1", taintedWith(desired.RemovalTaint, corev1.TaintEffectNoSchedule)),
	podChanged("controller-1", podNotReady), podChanged("controller-2", podNotReady), podChanged("controller-1", podTerminating), strayOn("app-1"),
	func(g *given) { g.s.Pods.Items = nil },
	endpointsOf(), endpointsOf(endpoint("10.244.1.5", false)), endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.9.77", true)),
	onService(policyCluster), onService(noAddress), onService(noNodePorts), onService(dualStack), hostname(networkHost), hostname(classicHost),
	onService(func(s *corev1.Service) { s.Spec.Type = corev1.ServiceTypeClusterIP }),
	onService(func(s *corev1.Service) { s.Spec.ExternalTrafficPolicy = "" }),
	onService(func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.9"} }),
	onService(func(s *corev1.Service) { s.Spec.HealthCheckNodePort = 0 }),
	ipMode(corev1.LoadBalancerIPModeProxy), ipMode(corev1.LoadBalancerIPModeVIP),
	hetzner, annotated(hetznerKey, "true"), annotated(hetznerKey, "false"), awsInstance, awsPods, awsClassic, groupPreserve, groupLoses, groupProxy,
	cloud("gce://p/z/a"), cloud("openstack:///1"), cloud("kind://docker/kind/a"), cloud(""), noMetalLB, ciliumL2, serviceLB,
	declared(v1alpha1.ProviderPacketForwarding), declared(v1alpha1.ProviderProxying), declared(v1alpha1.ProviderTencent), declared("Elsewhere"),
	agent(v1alpha1.ProviderMetalLB, "metallb-system", "frr-k8s"), speakerWith(),
	denyAll, policy("balancer", lets(fromRanges("192.0.2.0/24"))), unread["NetworkPolicies"], ciliumAgent("v1.20.2"), ciliumAgent(""),
	func(g *given) {
		for i := range g.s.Agents.Items {
			g.s.Agents.Items[i].Pods = readyOn("edge-1")
		}
	},
	annotated(provider.TrafficPolicyFallback, ""), annotated(awsPrefix+"proxy-protocol", "*"), annotated(awsPrefix+"healthcheck-protocol", "tcp"),
	proxyProtocol, appending, bothTrusted, header("X-Real-IP", ""), header("CF-Connecting-IP", v1alpha1.ForwardedHeaderAppend),
	seenConfig("use-forwarded-headers", "true", "proxy-real-ip-cidr", "0.0.0.0/0"), seenConfig("use-proxy-protocol", "true"), seenConfig("proxy-real-ip-cidr", ""),
	seenConfig("http-snippet", "real_ip_header X-Real-IP;"), seenConfig("use-proxy-protocol", "false"), config("a-a", "1"),
	args("/nginx-ingress-controller"), onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.HostNetwork = true }),
	onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Generation++ }), onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Status.UpdatedNumberScheduled = 1 }),
	onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers = nil }),
	withdrawnEdge2, keptEdge2, endingApp1, heldApp1, awaitedEdge2,
	withheld(desired.WithheldForAgents, []string{"edge-1"}), withheld("OfLater", nil),
	blocked(desired.BlockedByIPFamily), image("registry.example.com/fork/controller", forkDigest),
	measured, all(measured, verified()), all(measured, verified(cdn)), verified(), verified(cdn), noReports, measuring(v1alpha1.Disabled),
	plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "10.244.1.1", 2)), plainSights(insideReport, "edge-2", sees(v1alpha1.SeenOther, "10.244.2.1", 1)),
	plainSights(insideReport, "edge-1", sees(v1alpha1.SeenForged, "", 3)), plainSights(insideReport, "edge-2", sees(v1alpha1.SeenNobody, "", 3)),
	plainSights(insideReport, "edge-1", takenAt(ago(11*time.Minute))), plainSights(insideReport, "edge-2", takenAt(ago(-time.Hour))),
	plainSights(insideReport, "edge-1", func(s *v1alpha1.Sight) { s.ConfigDigest = "older" }), plainSights(insideReport, "edge-2", func(s *v1alpha1.Sight) { s.PodUID = "older" }),
	plainSights(outsideReport, "203.0.113.10", sees(v1alpha1.SeenOther, "203.0.113.1", 2)), plainSights(outsideReport, "203.0.113.10", sees(v1alpha1.SeenOther, "203.0.113.1", 1)),
	plainSights(outsideReport, "203.0.113.10", sees(v1alpha1.SeenNobody, "", 3)), forgedSights(outsideReport, "203.0.113.10", sees(v1alpha1.SeenForged, "", 1)),
	plainSights(outsideReport, "203.0.113.10", takenAt(ago(31*24*time.Hour))), onReport(outsideReport, func(r *v1alpha1.SourceIPReport) { r.Status.PathDigest = "older" }),
	onReport(insideReport, func(r *v1alpha1.SourceIPReport) { r.Status.ServiceUID = "older" }),
	onReport(insideReport, func(r *v1alpha1.SourceIPReport) {
		r.Status.Control = &v1alpha1.NegativeControl{Node: "app-2", Answered: true, Time: ago(0)}
	}),
	func(g *given) { g.s.ReportPolicy.Exists = false }, func(g *given) { g.s.Reports.Err = errNoAPI },
	func(g *given) { g.s.Departing.Items = []snapshot.Departure{{Namespace: "a", Name: "b", Why: "c"}} },
	podChanged("controller-1", func(p *snapshot.Pod) { p.UID = "newer" }), node("edge-2", func(n *snapshot.Node) { n.UID = "newer" }),
	func(g *given) { g.s.ConfigWritten = ago(time.Minute).Time }, func(g *given) { g.s.ConfigWritten = time.Time{} },
	failed(snapshot.FailureOther, "Node", "edge-1", "timeout"), failed(snapshot.FailureNameTaken, "Service", objectName, ""), failed(snapshot.FailureRefused, "", "", ""),
}

func FuzzVerdict(f *testing.F) {
	for i := range mishaps {
		f.Add([]byte{byte(i)}, "192.0.2.0/24", "X-Forwarded-For")
		f.Add([]byte{byte(i), byte((i * 7) % len(mishaps)), byte((i*31 + 5) % len(mishaps))}, "0.0.0.0/0", "Fastly-Client-IP")
		f.Add([]byte{byte((i*13 + 1) % len(mishaps)), byte(i)}, "10.0.0.0/8", "CF-Connecting-IP")
	}
	f.Add([]byte{}, "", "")
	f.Add([]byte{}, "::/0", "\xff")
	f.Fuzz(func(t *testing.T, recipe []byte, cidr, name string) {
		g := healthy()
		if cidr != "" {
			clientIP(v1alpha1.ClientIPSpec{ForwardedHeader: headerFrom(name, v1alpha1.ForwardedHeaderAppend, v1alpha1.CIDR(cidr))})(&g)
		}
		for _, b := range recipe {
			mishaps[int(b)%len(mishaps)](&g)
		}
		status := Status(g.s, g.d, g.o, noon)
		checkForm(t, status)
		checkTruth(t, g, status)
		again := g
		again.s.EdgeIngress = g.s.EdgeIngress.DeepCopy()
		again.s.EdgeIngress.Status = status
		if diff := cmp.Diff(status.Conditions, Status(again.s, again.d, again.o, noon.Add(1)).Conditions); diff != "" {
			t.Errorf("another look at the same changes the conditions (-first +second)\n%s", diff)
		}
	})
}

// checkForm: conditions complete, once each, bounded, and acceptable to the API server.
func checkForm(t *testing.T, status v1alpha1.EdgeIngressStatus) {
	t.Helper()
	var types []string
	for _, c := range status.Conditions {
		types = append(types, c.Type)
		if c.Reason == "" || c.Message == "" || !utf8.ValidString(c.Message) || utf8.RuneCountInString(c.Message) > maxMessage {
			t.Errorf("%s has reason %q and a message of %d runes", c.Type, c.Reason, utf8.RuneCountInString(c.Message))
		}
	}
	if !slices.Equal(types, allConditions) {
		t.Errorf("conditions %v", types)
	}
	if n := status.Nodes; n.Serving > n.Labelled || n.Labelled > n.Selected || len(status.Addresses) > 16 {
		t.Errorf("counts %+v, %d addresses", n, len(status.Addresses))
	}
}

// checkTruth holds what is True against the facts, looked up here without the code under test.
func checkTruth(t *testing.T, g given, status v1alpha1.EdgeIngressStatus) {
	t.Helper()
	isTrue := func(name string) bool { return meta.IsStatusConditionTrue(status.Conditions, name) }
	if isTrue(v1alpha1.ConditionNodesKeepSourceIP) {
		for _, why := range doubtsAboutNodes(g) {
			t.Errorf("NodesKeepSourceIP is True although %s", why)
		}
	}
	if isTrue(v1alpha1.ConditionSourceIPPreserved) {
		for _, why := range slices.Concat(doubtsAboutNodes(g), doubtsAboutPath(g, status)) {
			t.Errorf("SourceIPPreserved is True although %s", why)
		}
	}
	for _, name := range []string{v1alpha1.ConditionNodesKeepSourceIP, v1alpha1.ConditionSourceIPPreserved} {
		if c := meta.FindStatusCondition(status.Conditions, name); c.Status == no && c.Reason == v1alpha1.ReasonAddressReplaced && !sawLossTwice(g) {
			t.Errorf("%s is False although no loss was seen twice: %s", name, c.Message)
		}
	}
	if isTrue(v1alpha1.ConditionSourceIPConfigured) {
		for _, why := range doubts(g) {
			t.Errorf("SourceIPConfigured is True although %s", why)
		}
	}
	if isTrue(v1alpha1.ConditionForwardedHeadersSafe) {
		for _, why := range doubtsAboutHeaders(g) {
			t.Errorf("ForwardedHeadersSafe is True although %s", why)
		}
	}
	leaves := isTrue(v1alpha1.ConditionNodesReady) && isTrue(v1alpha1.ConditionControllerAvailable) &&
		isTrue(v1alpha1.ConditionLoadBalancerReady) && isTrue(v1alpha1.ConditionConfigEffective)
	if isTrue(v1alpha1.ConditionReady) != leaves {
		t.Error("Ready is not what its four conditions are together")
	}
}

// doubts are facts, each of which alone forbids to say that the client's address reaches the application.
func doubts(g given) []string {
	var found []string
	doubt := func(is bool, why string, args ...any) {
		if is {
			found = append(found, fmt.Sprintf(why, args...))
		}
	}
	how := g.spec().Exposure.Type
	doubt(!g.s.EdgeIngress.DeletionTimestamp.IsZero(), "it is being deleted")
	doubt(g.s.Nodes.Err != nil || g.s.Pods.Err != nil || g.s.ConfigMap.Err != nil || g.s.Service.Err != nil, "a read failed")
	doubt(g.s.ConfigMap.Value == nil || !maps.Equal(g.s.ConfigMap.Value.Data, g.d.Config), "the configuration is not the one wanted")
	doubt(g.s.DaemonSet.Value == nil && g.s.Deployment.Value == nil, "no controller was seen")
	doubt(how == v1alpha1.ExposureHostPort || how == v1alpha1.ExposureNodePort, "exposure is %s", how)
	if how == v1alpha1.ExposureHostNetwork {
		doubt(g.s.Service.Value != nil, "there is a Service")
		doubt(g.spec().ClientIP != nil, "somebody in front names the client")
		return found
	}
	doubt(g.s.EndpointSlices.Err != nil || g.s.Agents.Err != nil, "slices or agents were not read")
	live := g.s.Service.Value
	if live == nil {
		return append(found, "no Service was seen")
	}
	doubt(live.Spec.Type != corev1.ServiceTypeLoadBalancer, "the Service has type %s", live.Spec.Type)
	doubt(live.Spec.ExternalTrafficPolicy != corev1.ServiceExternalTrafficPolicyLocal, "the policy is %q", live.Spec.ExternalTrafficPolicy)
	doubt(len(live.Spec.ExternalIPs) > 0, "there are external IPs")
	doubt(len(live.Status.LoadBalancer.Ingress) == 0, "there is no address")
	doubt(!usesReadyEndpoint(g), "no edge node has a ready endpoint")
	balancer := provider.Identify(g.s)
	doubt(balancer.Path == provider.Unknown, "the balancer is not known")
	trust := runs.Beliefs(g.d.Config)
	doubt(balancer.Path == provider.Proxies && !trust.ProxyProtocol, "a proxy does not tell the address")
	doubt((balancer.ProxyProtocol == provider.On) != trust.ProxyProtocol, "PROXY protocol is on one side")
	doubt(balancer.Preserve == provider.Off && !trust.ProxyProtocol, "preservation is off")
	doubt(trust.BelievesHeader() && !strings.EqualFold(trust.Header, "X-Forwarded-For") && g.spec().ClientIP.ForwardedHeader.Policy == v1alpha1.ForwardedHeaderAppend,
		"of %s the client's own value counts", trust.Header)
	return found
}

func usesReadyEndpoint(g given) bool {
	ready := map[string]bool{}
	for _, p := range g.s.Pods.Items {
		for _, ip := range p.IPs {
			ready[ip] = p.Ready && !p.Terminating && slices.Contains(g.d.Nodes.Selected, p.Node)
		}
	}
	for _, slice := range g.s.EndpointSlices.Items {
		for _, e := range slice.Endpoints {
			if (e.Conditions.Ready == nil || *e.Conditions.Ready) && slices.ContainsFunc(e.Addresses, func(ip string) bool { return ready[ip] }) {
				return true
			}
		}
	}
	return false
}

func doubtsAboutHeaders(g given) []string {
	if g.s.ConfigMap.Value == nil {
		return []string{"the ConfigMap was not seen"}
	}
	trust := runs.Beliefs(g.s.ConfigMap.Value.Data)
	var found []string
	if trust.TrustsAnyone && (trust.BelievesHeader() || trust.ProxyProtocol) {
		found = append(found, "everyone is trusted")
	}
	if len(trust.Overrides) > 0 || trust.PassesClientsHeader || trust.InternalHeaderForgeable {
		found = append(found, "something undoes the trust")
	}
	if trust.BelievesHeader() && len(trust.CIDRs) > 0 && !forgeriesRefused(g) {
		found = append(found, "a header is believed and nobody measured who writes it")
	}
	balancer := provider.Identify(g.s)
	if trust.ProxyProtocol && len(trust.CIDRs) > 0 && balancer.ProxyProtocol != provider.On && !forgeriesRefused(g) {
		found = append(found, "PROXY protocol is believed and nothing shows who writes it")
	}
	if trust.ProxyProtocol && (g.s.Nodes.Err != nil || g.s.Pods.Err != nil) {
		found = append(found, "addresses are trusted and it is not known whose they are")
	}
	return found
}
