package assess

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

const cdn = "www.example.com"

func TestSourceIPPreservedAsMeasured(t *testing.T) {
	const condition, endToEnd, replaced = v1alpha1.ConditionSourceIPPreserved, v1alpha1.ReasonMeasuredEndToEnd, v1alpha1.ReasonAddressReplaced
	const published = "203.0.113.10"
	outside := func(change func(*v1alpha1.Sight)) option { return plainSights(outsideReport, published, change) }
	allOutside := func(change func(*v1alpha1.Sight)) option {
		return sightsWhere(outsideReport, func(v1alpha1.Sight) bool { return true }, change)
	}
	from := func(source string) option { return allOutside(func(s *v1alpha1.Sight) { s.Source = source }) }
	router := outside(sees(v1alpha1.SeenOther, "203.0.113.1", 2))
	secondAddress := onService(func(s *corev1.Service) {
		s.Status.LoadBalancer.Ingress = append(s.Status.LoadBalancer.Ingress, corev1.LoadBalancerIngress{IP: "203.0.113.11"})
	})
	departing := func(g *given) {
		g.s.Departing.Items = []snapshot.Departure{{Namespace: "shop", Name: "web", Why: "it sets its own headers"}}
	}
	seen := verified()
	olderConfig := func(s *v1alpha1.Sight) { s.ConfigDigest = "older" }
	refusedOn := func(node string) option { return plainSights(insideReport, node, olderConfig) }
	// The configuration was just written, and the node ran another one that kept addresses, too.
	comesBack := all(refusedOn("edge-1"), func(g *given) { g.s.ConfigWritten = ago(time.Minute).Time },
		conditionBefore(v1alpha1.ConditionNodesKeepSourceIP, yes, v1alpha1.ReasonNodesMeasured, ""),
		remembered("edge-1", snapshot.KeptBefore{Until: noon.Add(time.Minute), Pods: "uid-controller-1"}))
	runRows(t, condition, map[string]row{
		"row 114: every leg was measured":              {given: []option{measured, seen}, status: yes, reason: endToEnd, says: "203.0.113.77 saw its own address arrive through 203.0.113.10 (SourceIPReport public-outside, 2026-11-20)"},
		"row 114: an edge node was not crossed":        {given: []option{measured, seen}, status: yes, reason: endToEnd, says: "No request from outside is known to have crossed node edge-2 yet. Where the balancer sends to one node at a time (MetalLB in layer 2), that is expected."},
		"row 114: node ports":                          {given: []option{exposed(v1alpha1.ExposureNodePort), measured, seen}, status: yes, reason: endToEnd},
		"row 114: the host's network":                  {given: []option{exposed(v1alpha1.ExposureHostNetwork), measured, seen}, status: yes, reason: endToEnd},
		"row 114: host ports":                          {given: []option{exposed(v1alpha1.ExposureHostPort), measured, seen}, status: yes, reason: endToEnd},
		"row 114: a balancer that nobody knows":        {given: []option{noMetalLB, measured, seen}, status: yes, reason: endToEnd},
		"row 114: PROXY protocol":                      {given: []option{hetznerProxied, measured, seen}, status: yes, reason: endToEnd},
		"row 114: its own private address arrived":     {given: []option{measured, seen, from("192.168.1.4")}, status: yes, reason: endToEnd},
		"row 114: a controller pod was replaced since": {given: []option{podChanged("controller-1", func(p *snapshot.Pod) { p.Name = "controller-3" }), measured, seen}, status: yes, reason: endToEnd},
		"row 41: a refused configuration":              {given: []option{measured, seen, refusedOn("edge-1"), refusedOn("edge-2"), allOutside(olderConfig)}, status: yes, reason: endToEnd},
		"row 41: the wanted one, which is refused":     {given: []option{measured, seen, refusedOn("edge-1"), refusedOn("edge-2")}, status: unknown, reason: v1alpha1.ReasonNotMeasuredFromOutside, says: "is of another configuration than the one that every controller runs now. See the condition ConfigEffective, and run `kubectl edge-ingress verify public --save` again"},
		"row 115: one of two nodes refuses it":         {given: []option{measured, seen, refusedOn("edge-1"), allOutside(olderConfig)}, status: unknown, reason: v1alpha1.ReasonNotMeasuredFromOutside},
		"row 115: not known to be the wanted one":      {given: []option{measured, seen, allOutside(func(s *v1alpha1.Sight) { olderConfig(s); s.ConfigConfirmed = false })}, status: unknown, reason: v1alpha1.ReasonNotMeasuredFromOutside},
		"row 115: a path that came back":               {given: []option{measured, seen, comesBack, conditionBefore(condition, unknown, "", "")}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain, says: "Node edge-1 is measured again"},
		"row 114: while a node is measured again":      {given: []option{measured, seen, comesBack, conditionBefore(condition, yes, endToEnd, "")}, status: yes, reason: endToEnd},
		"row 115: nothing from outside":                {given: []option{measured}, status: unknown, reason: v1alpha1.ReasonNotMeasuredFromOutside, says: "Not measured: the load balancer itself, routers in front of it and of the nodes. Run `kubectl edge-ingress verify public --save`"},
		"row 115: the Service changed since":           {given: []option{measured, seen, onReport(outsideReport, func(r *v1alpha1.SourceIPReport) { r.Status.ServiceUID = "older" })}, status: unknown, reason: v1alpha1.ReasonNotMeasuredFromOutside},
		"row 115: evidence that ended":                 {given: []option{measured, seen, allOutside(takenAt(ago(30 * 24 * time.Hour)))}, status: unknown, reason: v1alpha1.ReasonEvidenceEnded},
		"row 115: one of two addresses":                {given: []option{measured, seen, secondAddress}, status: unknown, reason: v1alpha1.ReasonAddressNotCrossed, says: "crossed 203.0.113.11 with HTTP over IPv4, HTTPS over IPv4"},
		"row 115: no address yet":                      {given: []option{onService(noAddress), measured, seen}, status: unknown, reason: v1alpha1.ReasonAddressPending},
		"row 115: nobody answered":                     {given: []option{measured, seen, outside(withDetail(v1alpha1.SeenNobody, "ConnectTimedOut"))}, status: unknown, reason: v1alpha1.ReasonProbesUnanswered, says: "through 203.0.113.10 got no answer (ConnectTimedOut)"},
		"row 115: something else answered":             {given: []option{measured, seen, outside(withDetail(v1alpha1.SeenUnsigned, "HTTP 301"))}, status: unknown, reason: v1alpha1.ReasonAnswerNotSigned, says: "HTTP 301"},
		"row 115: another EdgeIngress answered":        {given: []option{measured, seen, allOutside(func(s *v1alpha1.Sight) { s.Node, s.NodeUID, s.PodUID = "", "", "" })}, status: unknown, reason: v1alpha1.ReasonAnsweredElsewhere, says: "through 203.0.113.10 that no prober has named"},
		"row 115: ports that clients do not use":       {given: []option{measured, seen, allOutside(func(s *v1alpha1.Sight) { s.Port = 30080 })}, status: unknown, reason: v1alpha1.ReasonAddressNotCrossed},
		"row 115: ports 80 and 443 beside node ports": {given: []option{exposed(v1alpha1.ExposureNodePort), measured, seen, allOutside(func(s *v1alpha1.Sight) {
			s.Port = map[v1alpha1.Scheme]int32{v1alpha1.SchemeHTTP: 80, v1alpha1.SchemeHTTPS: 443}[s.Scheme]
		})}, status: unknown, reason: v1alpha1.ReasonAddressNotCrossed},
		"row 115: from a node":                           {given: []option{measured, seen, from("10.0.0.9")}, status: unknown, reason: v1alpha1.ReasonVantageInCluster},
		"row 116: behind a NAT":                          {given: []option{measured, seen, from("192.168.1.4"), router}, status: unknown, reason: v1alpha1.ReasonBehindNAT, says: "from 192.168.1.4 through 203.0.113.10 arrived as 203.0.113.1"},
		"row 116: as stated":                             {given: []option{measured, seen, from("192.168.1.4"), router, onReport(outsideReport, func(r *v1alpha1.SourceIPReport) { r.Status.StatedAddress = "203.0.113.1" })}, status: unknown, reason: v1alpha1.ReasonMeasuredAsStated},
		"row 65: a router masquerades":                   {given: []option{measured, seen, router}, status: no, reason: replaced, says: "connections from 203.0.113.77 through 203.0.113.10 (HTTP over IPv4) arrive as 203.0.113.1, an address outside the cluster (SourceIPReport public-outside, 2026-11-20). Let the router"},
		"row 65: seen once":                              {given: []option{measured, seen, outside(sees(v1alpha1.SeenOther, "203.0.113.1", 1))}, status: unknown, reason: v1alpha1.ReasonLossNotRepeated},
		"row 65: the balancer masquerades":               {given: []option{measured, seen, from("192.168.1.4"), outside(sees(v1alpha1.SeenOther, published, 2))}, status: no, reason: replaced, says: "arrive as 203.0.113.10, the load balancer (SourceIPReport"},
		"row 65: a node masquerades":                     {given: []option{measured, seen, from("192.168.1.4"), outside(sees(v1alpha1.SeenOther, "10.0.0.2", 2))}, status: no, reason: replaced, says: "arrive as 10.0.0.2, node edge-2"},
		"row 65: without a look from inside":             {given: []option{measured, seen, noInside, router}, status: no, reason: replaced},
		"row 61: a node loses it":                        {given: []option{measured, seen, plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "10.244.1.1", 2))}, status: no, reason: replaced, says: "Node -> controller -> application: edge-1: connections from"},
		"row 111: no prober":                             {given: []option{measured, seen, noInside}, status: unknown, reason: v1alpha1.ReasonNoProberReports, says: "Node -> controller -> application: No prober"},
		"row 110: switched off":                          {given: []option{measured, seen, measuring(v1alpha1.Disabled)}, status: unknown, reason: v1alpha1.ReasonMeasuringOff},
		"row 117: a CDN that was crossed":                {given: []option{appending, measured, verified(cdn)}, status: yes, reason: endToEnd},
		"row 117: a CDN that was not crossed":            {given: []option{appending, measured, seen}, status: unknown, reason: v1alpha1.ReasonFrontNotCrossed, says: "`kubectl edge-ingress verify public --host HOST --save` (HOST: a host name that you add to spec.verification.hosts) on"},
		"row 117: the command has the declared name":     {given: []option{appending, func(g *given) { g.spec().Verification = &v1alpha1.VerificationSpec{Hosts: []string{cdn}} }, measured, seen}, status: unknown, reason: v1alpha1.ReasonFrontNotCrossed, says: "--host www.example.com --save` on"},
		"row 117: a CDN that stopped appending":          {given: []option{appending, measured, verified(cdn), plainSights(outsideReport, cdn, sees(v1alpha1.SeenOther, "198.51.100.9", 2))}, status: no, reason: replaced, says: "through www.example.com (HTTP over IPv4) arrive as 198.51.100.9, a proxy in trustedCIDRs"},
		"row 117: a balancer that writes the header":     {given: []option{all(declared(v1alpha1.ProviderProxying), appending), measured, seen}, status: yes, reason: endToEnd},
		"row 117: a balancer that speaks PROXY protocol": {given: []option{exposed(v1alpha1.ExposureNodePort), proxyProtocol, measured, throughBalancer}, status: yes, reason: endToEnd},
		"row 117: nothing crossed that balancer":         {given: []option{exposed(v1alpha1.ExposureNodePort), proxyProtocol, measured}, status: unknown, reason: v1alpha1.ReasonNotMeasuredFromOutside, says: "--address ADDRESS --save`"},
		"row 118: an application departs":                {given: []option{measured, seen, departing}, status: unknown, reason: v1alpha1.ReasonApplicationsDepart, says: "shop/web: it sets its own headers"},
		"row 118: but a loss is a loss":                  {given: []option{measured, seen, departing, router}, status: no, reason: replaced},
		"row 62: a claimed address was believed":         {given: []option{measured, seen, forgedSights(outsideReport, published, sees(v1alpha1.SeenForged, "", 1))}, status: unknown, reason: v1alpha1.ReasonForgedAddressBelieved},
		"the objects show a loss, whatever was measured": {given: []option{measured, seen, onService(policyCluster)}, status: no, reason: v1alpha1.ReasonTrafficPolicyCluster},
		"other ways in were not crossed":                 {given: []option{onService(func(s *corev1.Service) { s.Spec.ExternalIPs = []string{"192.0.2.9"} }), measured, seen}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "externalIPs"},
		"something else answers, too":                    {given: []option{measured, seen, endpointsOf(endpoint("10.244.1.5", true), endpoint("10.244.2.5", true), endpoint("10.244.9.77", true))}, status: unknown, reason: v1alpha1.ReasonForeignEndpoints},
		"the Service of another exposure is left":        {given: []option{exposed(v1alpha1.ExposureHostNetwork), func(g *given) { g.s.Service.Value = service() }, measured, seen}, status: unknown, reason: v1alpha1.ReasonExternalBalancerUnseen, says: "still exists"},
		"the configuration was changed":                  {given: []option{measured, seen, seenConfig("proxy-body-size", "2m")}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective},
		"the agents were not read":                       {given: []option{measured, seen, unread["Agents"]}, status: unknown, reason: v1alpha1.ReasonNotRead},
		"the Ingress objects were not read":              {given: []option{measured, seen, func(g *given) { g.s.Departing.Err = errNoAPI }}, status: unknown, reason: v1alpha1.ReasonNotRead},
		"deletion":                                       {given: []option{measured, seen, deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}

// throughBalancer adds a machine outside that saw its own address arrive through a balancer in front, and no
// answer from the nodes themselves.
func throughBalancer(g *given) {
	verified()(g)
	sightsWhere(outsideReport, func(v1alpha1.Sight) bool { return true }, func(s *v1alpha1.Sight) { s.Address = "203.0.113.50" })(g)
}

// noInside removes what the prober saw.
func noInside(g *given) {
	g.s.Reports.Items = g.s.Reports.Items[1:]
}

func TestForwardedHeadersSafeAsMeasured(t *testing.T) {
	const condition, refused = v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ReasonForgeriesRefused
	const published = "203.0.113.10"
	believed := sees(v1alpha1.SeenForged, "", 1)
	nodePort := exposed(v1alpha1.ExposureNodePort)
	runRows(t, condition, map[string]row{
		"row 62: a client is believed":                  {given: []option{measured, verified(), forgedSights(outsideReport, published, believed)}, status: no, reason: v1alpha1.ReasonForgedAddressBelieved, says: "from 203.0.113.77 through 203.0.113.10 claimed another address (X-Forwarded-For"},
		"row 62: the prober is believed":                {given: []option{measured, plainSights(insideReport, "edge-1", believed)}, status: no, reason: v1alpha1.ReasonForgedAddressBelieved, says: "(PROXY protocol)"},
		"row 41: a refused configuration":               {given: []option{measured, plainSights(insideReport, "edge-1", func(s *v1alpha1.Sight) { s.ConfigDigest = "older" })}, status: unknown, reason: v1alpha1.ReasonConfigNotEffective, says: "On node edge-1 the controller runs an earlier configuration"},
		"row 41: the earlier one believes it":           {given: []option{measured, plainSights(insideReport, "edge-1", func(s *v1alpha1.Sight) { believed(s); s.ConfigDigest = "older" })}, status: no, reason: v1alpha1.ReasonForgedAddressBelieved},
		"row 62: through a CDN":                         {given: []option{appending, measured, verified(cdn), forgedSights(outsideReport, cdn, believed)}, status: no, reason: v1alpha1.ReasonForgedAddressBelieved, says: "through www.example.com"},
		"row 62: what the objects show comes first":     {given: []option{header("X-Real-IP", ""), measured, plainSights(insideReport, "edge-1", believed)}, status: no, reason: v1alpha1.ReasonHeaderClientControlled},
		"row 119: a header through a CDN":               {given: []option{appending, measured, verified(cdn)}, status: yes, reason: refused, says: "that 203.0.113.77 sent through www.example.com were refused (SourceIPReport public-outside, 2026-11-20)"},
		"row 119: a CDN that was not crossed":           {given: []option{appending, measured, verified()}, status: unknown, reason: v1alpha1.ReasonHeaderPolicyUnmeasured, says: "--host HOST --save`"},
		"row 119: one that nobody declared":             {given: []option{header("X-Forwarded-For", ""), measured, verified(cdn)}, status: yes, reason: refused},
		"row 119: another header":                       {given: []option{header("CF-Connecting-IP", v1alpha1.ForwardedHeaderReplace), measured, verified(cdn)}, status: unknown, reason: v1alpha1.ReasonHeaderPolicyUnmeasured},
		"row 119: PROXY protocol in front of the nodes": {given: []option{nodePort, proxyProtocol, measured, verified()}, status: yes, reason: refused, says: "trusts PROXY protocol from 192.0.2.0/24 only"},
		"row 119: PROXY protocol that was not crossed":  {given: []option{nodePort, proxyProtocol, measured}, status: unknown, reason: v1alpha1.ReasonProxyProtocolUnmeasured},
		"row 119: both":                                 {given: []option{bothTrusted, measured, verified(cdn)}, status: yes, reason: refused},
		"nothing is trusted":                            {given: []option{measured}, status: yes, reason: v1alpha1.ReasonHeadersIgnored},
		"the reports were not read":                     {given: []option{measured, func(g *given) { g.s.Reports.Err = errNoAPI }}, status: unknown, reason: v1alpha1.ReasonNotRead},
	})
}

func TestConfigEffectiveAsMeasured(t *testing.T) {
	const condition, loaded, loading = v1alpha1.ConditionConfigEffective, v1alpha1.ReasonConfigLoaded, v1alpha1.ReasonConfigLoading
	older := plainSights(insideReport, "edge-1", func(s *v1alpha1.Sight) { s.ConfigDigest = "older" })
	written := func(before time.Duration) option {
		return func(g *given) { g.s.ConfigWritten = noon.Add(-before) }
	}
	runRows(t, condition, map[string]row{
		"row 41: every node loaded it":                  {given: []option{measured}, status: yes, reason: loaded, says: "2 of 2 serving edge nodes have loaded them."},
		"row 41: one node refuses it":                   {given: []option{measured, older}, status: no, reason: v1alpha1.ReasonConfigNotLoaded, says: "On node edge-1 (1 of 2 serving edge nodes) the controller runs another configuration"},
		"row 41: the log to look at":                    {given: []option{measured, older}, status: no, reason: v1alpha1.ReasonConfigNotLoaded, says: "`kubectl -n edge-public logs controller-1`"},
		"row 41: exactly at the end of the grace":       {given: []option{measured, older, written(2 * time.Minute)}, status: no, reason: v1alpha1.ReasonConfigNotLoaded},
		"row 41: within the grace":                      {given: []option{measured, older, written(2*time.Minute - time.Second)}, status: unknown, reason: loading, says: "and on node edge-1 the controller still runs another configuration"},
		"row 41: seen before it was written":            {given: []option{measured, older, written(50 * time.Second)}, status: unknown, reason: loading},
		"row 41: seen long before, and not again":       {given: []option{measured, older, written(60 * time.Second), plainSights(insideReport, "edge-1", takenAt(ago(2*time.Minute)))}, status: yes, reason: loaded, says: "1 of 2 serving edge nodes has loaded them"},
		"row 41: seen once after it was written":        {given: []option{measured, older, written(100 * time.Second), plainSights(insideReport, "edge-1", takenAt(ago(61*time.Second)))}, status: yes, reason: loaded, says: "1 of 2 serving edge nodes has loaded them"},
		"row 41: the time of the write is not known":    {given: []option{measured, older, func(g *given) { g.s.ConfigWritten = time.Time{} }}, status: unknown, reason: loading},
		"row 41: the answer of a pod that is gone":      {given: []option{measured, older, podChanged("controller-1", func(p *snapshot.Pod) { p.UID = "newer" })}, status: yes, reason: loaded, says: "1 of 2"},
		"row 41: not measured":                          {given: []option{measured, measuring(v1alpha1.Disabled)}, status: yes, reason: v1alpha1.ReasonConfigWritten, says: "does not check whether"},
		"row 41: no prober":                             {given: []option{measured, noReports}, status: yes, reason: v1alpha1.ReasonConfigWritten},
		"row 41: reports that anybody can have written": {given: []option{measured, older, func(g *given) { g.s.ReportPolicy.Exists = false }}, status: yes, reason: v1alpha1.ReasonConfigWritten},
	})
}
