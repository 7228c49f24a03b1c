package assess

import (
	"errors"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestNodesKeepSourceIP(t *testing.T) {
	const condition, kept, replaced = v1alpha1.ConditionNodesKeepSourceIP, v1alpha1.ReasonNodesMeasured, v1alpha1.ReasonAddressReplaced
	olderConfig := plainSights(insideReport, "edge-1", func(s *v1alpha1.Sight) { s.ConfigDigest = "older" })
	gateway := plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "10.244.1.1", 2))
	control := func(change func(*v1alpha1.NegativeControl)) option {
		return onReport(insideReport, func(r *v1alpha1.SourceIPReport) { change(r.Status.Control) })
	}
	hostNetwork := exposed(v1alpha1.ExposureHostNetwork)
	runRows(t, condition, map[string]row{
		"row 60: every node keeps it":                     {given: []option{measured}, status: yes, reason: kept, says: "connections to nodes edge-1, edge-2 reach an application with their own source address."},
		"row 60: node ports":                              {given: []option{exposed(v1alpha1.ExposureNodePort), measured}, status: yes, reason: kept},
		"row 60: the host's network":                      {given: []option{hostNetwork, measured}, status: yes, reason: kept},
		"row 60: host ports":                              {given: []option{exposed(v1alpha1.ExposureHostPort), measured}, status: yes, reason: kept},
		"row 60: the objects do not matter":               {given: []option{noMetalLB, measured}, status: yes, reason: kept},
		"row 61: a node masquerades":                      {given: []option{measured, gateway}, status: no, reason: replaced, says: "edge-1: connections from 10.0.0.9 arrive as 10.244.1.1, the node's own pod gateway. Something on the node masquerades. Look on edge-1"},
		"row 61: both nodes masquerade":                   {given: []option{measured, gateway, plainSights(insideReport, "edge-2", sees(v1alpha1.SeenOther, "10.0.0.1", 3))}, status: no, reason: replaced, says: "; edge-2: connections from 10.0.0.9 arrive as 10.0.0.1, node edge-1."},
		"row 61: through HTTPS only":                      {given: []option{measured, sightsWhere(insideReport, func(s v1alpha1.Sight) bool { return s.Scheme == v1alpha1.SchemeHTTPS }, sees(v1alpha1.SeenOther, "9.9.9.9", 2))}, status: no, reason: replaced, says: "arrive as 9.9.9.9 (HTTPS over IPv4)"},
		"row 61: a loss that was seen once":               {given: []option{measured, plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "10.244.1.1", 1))}, status: unknown, reason: v1alpha1.ReasonLossNotRepeated, says: "node edge-1 arrived as 10.244.1.1 once"},
		"row 61: no address arrives":                      {given: []option{measured, plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "", 3))}, status: no, reason: replaced, says: "arrive as no single address"},
		"row 62: a claimed address is believed":           {given: []option{measured, plainSights(insideReport, "edge-1", sees(v1alpha1.SeenForged, "", 3))}, status: unknown, reason: v1alpha1.ReasonForgedAddressBelieved, says: v1alpha1.ConditionForwardedHeadersSafe},
		"row 63: the application sees 127.0.0.1":          {given: []option{measured, plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "127.0.0.1", 3))}, status: no, reason: replaced, says: "127.0.0.1, the controller itself"},
		"row 64: the control was answered":                {given: []option{measured, gateway, control(func(c *v1alpha1.NegativeControl) { c.Answered = true })}, status: unknown, reason: v1alpha1.ReasonConnectionsTranslated, says: "Node app-2 has no controller, and yet one answered"},
		"row 64: no control":                              {given: []option{measured, control(func(c *v1alpha1.NegativeControl) { c.Node = "" })}, status: unknown, reason: v1alpha1.ReasonNoNegativeControl, says: "was not recognised on app-1"},
		"row 64: no control, and a known kube-proxy":      {given: []option{measured, control(func(c *v1alpha1.NegativeControl) { c.Node, c.ServiceProxy = "", "iptables" })}, status: yes, reason: kept},
		"row 64: no node ports":                           {given: []option{measured, problem(v1alpha1.ReportNoNodePorts, "")}, status: unknown, reason: v1alpha1.ReasonNoPortToProbe, says: "`kubectl edge-ingress verify public --save` on a machine outside"},
		"row 64: only the prober's node":                  {given: []option{measured, problem(v1alpha1.ReportOnlyNode, "")}, status: unknown, reason: v1alpha1.ReasonOnlyProberNode},
		"row 64: the prober is trusted":                   {given: []option{measured, seenTrust("10.0.0.0/24"), plainSights(insideReport, "edge-1", sees(v1alpha1.SeenForged, "", 3))}, status: unknown, reason: v1alpha1.ReasonProberTrusted, says: "trustedCIDRs contain the prober's address 10.0.0.9"},
		"row 64: nobody answers":                          {given: []option{measured, plainSights(insideReport, "edge-2", withDetail(v1alpha1.SeenNobody, "ConnectTimedOut"))}, status: unknown, reason: v1alpha1.ReasonProbesUnanswered, says: "no answer from node edge-2 (ConnectTimedOut)"},
		"row 64: another node answers":                    {given: []option{measured, plainSights(insideReport, "edge-2", sees(v1alpha1.SeenElsewhere, "", 3))}, status: unknown, reason: v1alpha1.ReasonAnsweredElsewhere},
		"row 110: switched off":                           {given: []option{measured, measuring(v1alpha1.Disabled)}, status: unknown, reason: v1alpha1.ReasonMeasuringOff, says: "Set spec.verification.probes to Enabled"},
		"row 110: switched off, and not installed":        {given: []option{measured, measuring(v1alpha1.Disabled), func(g *given) { g.s.ReportPolicy.Exists = false }}, status: unknown, reason: v1alpha1.ReasonMeasuringOff, says: "run `kubectl apply -k config/verification`, and then set"},
		"row 110: switched off by the flag":               {given: []option{measured, func(g *given) { g.s.Options.MeasureByDefault = false }}, status: unknown, reason: v1alpha1.ReasonMeasuringOff},
		"row 110: switched on against the flag":           {given: []option{measured, measuring(v1alpha1.Enabled), func(g *given) { g.s.Options.MeasureByDefault = false }}, status: yes, reason: kept},
		"row 110: the operator is outside of the cluster": {given: []option{measured, func(g *given) { g.s.Options.Namespace = "" }}, status: unknown, reason: v1alpha1.ReasonNotMeasured, says: "Not checked: the load balancer itself"},
		"row 111: no prober":                              {given: []option{measured, noReports}, status: unknown, reason: v1alpha1.ReasonNoProberReports, says: "`kubectl apply -k config/verification`"},
		"row 111: no admission policy":                    {given: []option{measured, func(g *given) { g.s.ReportPolicy.Exists = false }}, status: unknown, reason: v1alpha1.ReasonReportPolicyMissing, says: "edge-ingress-source-ip-reports"},
		"row 111: a loss without the admission policy":    {given: []option{measured, gateway, func(g *given) { g.s.ReportPolicy.Exists = false }}, status: unknown, reason: v1alpha1.ReasonReportPolicyMissing},
		"row 111: the witness's Ingress is refused":       {given: []option{measured, noReports, ingressFailed(snapshot.FailureRefused)}, status: unknown, reason: v1alpha1.ReasonWitnessIngressFailed, says: "the quota is used up. Let the operator"},
		"row 111: the witness's Ingress is somebody's":    {given: []option{measured, noReports, ingressFailed(snapshot.FailureNameTaken)}, status: unknown, reason: v1alpha1.ReasonWitnessIngressFailed, says: "public-witness exists and does not belong"},
		"row 111: its repair is refused, and it works":    {given: []option{measured, ingressFailed(snapshot.FailureRefused)}, status: yes, reason: kept},
		"row 111: it is refused, and a node loses":        {given: []option{measured, gateway, ingressFailed(snapshot.FailureRefused)}, status: no, reason: replaced},
		"row 111: no witness":                             {given: []option{measured, problem(v1alpha1.ReportWitnessMissing, "no endpoint")}, status: unknown, reason: v1alpha1.ReasonWitnessMissing, says: "kubectl -n edge-ingress-operator-system get pods"},
		"row 111: the prober may not read":                {given: []option{measured, problem(v1alpha1.ReportNotRead, "nodes is forbidden")}, status: unknown, reason: v1alpha1.ReasonProberCannotRead, says: "nodes is forbidden"},
		"row 112: the prober has stopped":                 {given: []option{measured, plainSights(insideReport, "edge-1", takenAt(ago(10*time.Minute)))}, status: unknown, reason: v1alpha1.ReasonEvidenceEnded},
		"row 112: the last second of evidence":            {given: []option{measured, plainSights(insideReport, "edge-1", takenAt(ago(10*time.Minute-time.Second)))}, status: yes, reason: kept},
		"row 113: something else answers":                 {given: []option{measured, plainSights(insideReport, "edge-1", withDetail(v1alpha1.SeenUnsigned, "NotSigned"))}, status: unknown, reason: v1alpha1.ReasonAnswerNotSigned, says: "host name public.edge-ingress.invalid"},
		"row 41: a refused configuration":                 {given: []option{measured, olderConfig}, status: yes, reason: kept, says: "On node edge-1 the controller runs an earlier configuration. See the condition ConfigEffective."},
		"row 41: one that was just written":               {given: []option{measured, olderConfig, func(g *given) { g.s.ConfigWritten = ago(time.Minute).Time }}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain, says: "`kubectl -n edge-ingress-verification get pods -o wide`"},
		"row 41: a refused one, and a node loses":         {given: []option{measured, olderConfig, gateway}, status: no, reason: replaced},
		"another Service":                                 {given: []option{measured, onService(func(s *corev1.Service) { s.UID = "newer" })}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain},
		"another policy of the Service":                   {given: []option{measured, onService(policyCluster)}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain},
		"another pod":                                     {given: []option{measured, podChanged("controller-1", func(p *snapshot.Pod) { p.UID = "newer" })}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain},
		"a report about another EdgeIngress":              {given: []option{measured, onReport(insideReport, func(r *v1alpha1.SourceIPReport) { r.Spec.EdgeIngress = "other" })}, status: unknown, reason: v1alpha1.ReasonNoProberReports},
		"a node that does not serve needs no evidence":    {given: []option{measured, plainSights(insideReport, "edge-2", sees(v1alpha1.SeenNobody, "", 3)), podChanged("controller-2", podNotReady), endpointsOf(endpoint("10.244.1.5", true))}, status: yes, reason: kept, says: "connections to node edge-1 reach"},
		"no node serves":                                  {given: []option{measured, endpointsOf()}, status: unknown, reason: v1alpha1.ReasonNoReadyEndpoints},
		"the nodes were not read":                         {given: []option{measured, unread["Nodes"]}, status: unknown, reason: v1alpha1.ReasonNotRead},
		"the reports were not read":                       {given: []option{measured, func(g *given) { g.s.Reports = snapshot.List[v1alpha1.SourceIPReport]{Err: errNoAPI} }}, status: unknown, reason: v1alpha1.ReasonNotRead},
		"the policy was not read":                         {given: []option{measured, func(g *given) { g.s.ReportPolicy.Err = errors.New("no") }}, status: unknown, reason: v1alpha1.ReasonNotRead},
		"deletion":                                        {given: []option{measured, deleted}, status: unknown, reason: v1alpha1.ReasonDeleting},
	})
}

// seenTrust makes the live configuration trust a range.
func seenTrust(cidr string) option {
	return all(clientIP(v1alpha1.ClientIPSpec{ProxyProtocol: proxyFrom(v1alpha1.CIDR(cidr))}), noReports, measured)
}

func TestWhileAPodIsReplacedTheLastAnswerStays(t *testing.T) {
	const condition, kept, replaced = v1alpha1.ConditionNodesKeepSourceIP, v1alpha1.ReasonNodesMeasured, v1alpha1.ReasonAddressReplaced
	newPod := podChanged("controller-1", func(p *snapshot.Pod) { p.UID = "newer" })
	dropped := onReport(insideReport, func(r *v1alpha1.SourceIPReport) {
		r.Status.Sights = slices.DeleteFunc(slices.Clone(r.Status.Sights), func(s v1alpha1.Sight) bool { return s.Node == "edge-1" })
	})
	wasTrue := conditionBefore(condition, yes, kept, "It was.")
	wasFalse := conditionBefore(condition, no, replaced, "It was lost.")
	before := snapshot.KeptBefore{Until: noon.Add(time.Minute), Pods: "uid-controller-1"}
	lost := snapshot.KeptBefore{Lost: true, Until: noon.Add(time.Minute), Pods: "uid-controller-1"}
	rolledOut := snapshot.KeptBefore{Until: noon.Add(time.Minute), Pods: "older"}
	seesOf1 := func(seen v1alpha1.Seen, address string, repeated int32) option {
		return plainSights(insideReport, "edge-1", sees(seen, address, repeated))
	}
	runRows(t, condition, map[string]row{
		"a node that kept the address":             {given: []option{measured, newPod, wasTrue, remembered("edge-1", before)}, status: yes, reason: kept, says: "Being measured again: edge-1."},
		"the prober has dropped the old pod":       {given: []option{measured, newPod, dropped, wasTrue, remembered("edge-1", before)}, status: yes, reason: kept},
		"the old evidence has ended":               {given: []option{measured, newPod, wasTrue, remembered("edge-1", snapshot.KeptBefore{Until: noon})}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain},
		"the node was never measured":              {given: []option{measured, newPod, wasTrue, remembered("edge-2", before)}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain},
		"the condition was Unknown":                {given: []option{measured, newPod, conditionBefore(condition, unknown, "", ""), remembered("edge-1", before)}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain},
		"the new pod is seen to lose the address":  {given: []option{measured, wasTrue, remembered("edge-1", before), plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "10.244.1.1", 2))}, status: no, reason: replaced},
		"one request of three was not answered":    {given: []option{measured, wasTrue, remembered("edge-1", before), seesOf1(v1alpha1.SeenNobody, "", 1)}, status: yes, reason: kept, says: "Being measured again: edge-1."},
		"something else answered one of three":     {given: []option{measured, wasTrue, remembered("edge-1", before), seesOf1(v1alpha1.SeenUnsigned, "", 1)}, status: yes, reason: kept},
		"another address arrived once":             {given: []option{measured, wasTrue, remembered("edge-1", before), seesOf1(v1alpha1.SeenOther, "10.244.1.1", 1)}, status: yes, reason: kept},
		"it arrived once after a loss":             {given: []option{measured, wasFalse, remembered("edge-1", lost), seesOf1(v1alpha1.SeenOther, "10.244.1.1", 1)}, status: no, reason: replaced, says: "It was lost."},
		"nobody answers at the new pod yet":        {given: []option{measured, wasTrue, remembered("edge-1", rolledOut), seesOf1(v1alpha1.SeenNobody, "", 3)}, status: yes, reason: kept},
		"the new pod is not known yet":             {given: []option{measured, wasTrue, remembered("edge-1", rolledOut), seesOf1(v1alpha1.SeenElsewhere, "", 3)}, status: yes, reason: kept},
		"the new pod stays silent until the end":   {given: []option{measured, wasTrue, remembered("edge-1", snapshot.KeptBefore{Until: noon, Pods: "older"}), seesOf1(v1alpha1.SeenNobody, "", 3)}, status: unknown, reason: v1alpha1.ReasonProbesUnanswered},
		"the new pod believes a claim":             {given: []option{measured, wasTrue, remembered("edge-1", rolledOut), seesOf1(v1alpha1.SeenForged, "", 1)}, status: unknown, reason: v1alpha1.ReasonForgedAddressBelieved},
		"nobody answers any more":                  {given: []option{measured, wasTrue, remembered("edge-1", before), plainSights(insideReport, "edge-1", sees(v1alpha1.SeenNobody, "", 3))}, status: unknown, reason: v1alpha1.ReasonProbesUnanswered},
		"another node loses the address meanwhile": {given: []option{measured, newPod, wasTrue, remembered("edge-1", before), plainSights(insideReport, "edge-2", sees(v1alpha1.SeenOther, "10.244.2.1", 2))}, status: no, reason: replaced, says: "edge-2"},
		"a node that lost the address":             {given: []option{measured, newPod, dropped, wasFalse, remembered("edge-1", lost)}, status: no, reason: replaced, says: "It was lost."},
		"it was measured again and is well":        {given: []option{measured, wasFalse, remembered("edge-1", lost)}, status: yes, reason: kept},
		"a new node beside a loss that is gone":    {given: []option{measured, newPod, wasFalse, remembered("edge-1", before)}, status: unknown, reason: v1alpha1.ReasonMeasuringAgain},
	})
}

func TestWhatIsRememberedOfNodes(t *testing.T) {
	until := noon.Add(9 * time.Minute)
	first, second := snapshot.KeptBefore{Until: until, Pods: "uid-controller-1"}, snapshot.KeptBefore{Until: until, Pods: "uid-controller-2"}
	old := snapshot.KeptBefore{Until: noon.Add(time.Minute), Pods: "uid-controller-1"}
	for name, row := range map[string]struct {
		given []option
		want  map[string]snapshot.KeptBefore
	}{
		"what was seen":                          {want: map[string]snapshot.KeptBefore{"edge-1": first, "edge-2": second}},
		"a loss":                                 {given: []option{plainSights(insideReport, "edge-1", sees(v1alpha1.SeenOther, "10.244.1.1", 2))}, want: map[string]snapshot.KeptBefore{"edge-1": {Lost: true, Until: until, Pods: "uid-controller-1"}, "edge-2": second}},
		"a pod that is replaced":                 {given: []option{remembered("edge-1", old), podChanged("controller-1", func(p *snapshot.Pod) { p.UID = "newer" })}, want: map[string]snapshot.KeptBefore{"edge-1": old, "edge-2": second}},
		"a node that does not serve for a while": {given: []option{remembered("edge-1", old), podChanged("controller-1", podNotReady)}, want: map[string]snapshot.KeptBefore{"edge-1": old, "edge-2": second}},
		"a node that was silent once":            {given: []option{remembered("edge-1", old), plainSights(insideReport, "edge-1", sees(v1alpha1.SeenNobody, "", 1))}, want: map[string]snapshot.KeptBefore{"edge-1": old, "edge-2": second}},
		"a node that does not answer":            {given: []option{remembered("edge-1", old), plainSights(insideReport, "edge-1", sees(v1alpha1.SeenNobody, "", 2))}, want: map[string]snapshot.KeptBefore{"edge-2": second}},
		"evidence that has ended":                {given: []option{remembered("ghost", snapshot.KeptBefore{Until: noon})}, want: map[string]snapshot.KeptBefore{"edge-1": first, "edge-2": second}},
		"nothing is measured":                    {given: []option{measuring(v1alpha1.Disabled)}},
	} {
		t.Run(name, func(t *testing.T) {
			g := healthy(append([]option{measured}, row.given...)...)
			got := Assess(g.s, g.d, g.o, noon).Kept
			if len(got) != len(row.want) {
				t.Errorf("got %v", got)
			}
			for node, want := range row.want {
				for _, n := range g.s.Nodes.Items {
					if n.Name == node && got[n.UID] != want {
						t.Errorf("of %s: %v, want %v", node, got[n.UID], want)
					}
				}
			}
		})
	}
}

func TestAPassComesWhenEvidenceEnds(t *testing.T) {
	g := healthy(measured, verified())
	if at := Assess(g.s, g.d, g.o, noon).Recheck; !at.Equal(noon.Add(9 * time.Minute)) {
		t.Errorf("the next pass is at %s, want 9 minutes after noon", at)
	}
	g.s.ConfigWritten = noon.Add(-10 * time.Second)
	if at := Assess(g.s, g.d, g.o, noon).Recheck; !at.Equal(noon.Add(50 * time.Second)) {
		t.Errorf("after a change of the configuration the next pass is at %s", at)
	}
	g = healthy()
	if at := Assess(g.s, g.d, g.o, noon).Recheck; !at.IsZero() {
		t.Errorf("without measuring there is a pass at %s", at)
	}
}

func TestWhatIsMeasuredIsNamedByLeg(t *testing.T) {
	g := healthy(measured, verified())
	var names []string
	for _, leg := range Assess(g.s, g.d, g.o, noon).Legs {
		names = append(names, leg.Node+leg.Address+" "+string(leg.State))
	}
	if want := []string{"edge-1 Kept", "edge-2 Kept", "203.0.113.10 Kept"}; !slices.Equal(names, want) {
		t.Errorf("got %q", names)
	}
	status := Status(g.s, g.d, g.o, noon)
	if c := meta.FindStatusCondition(status.Conditions, v1alpha1.ConditionSourceIPPreserved); c.Status != yes {
		t.Errorf("%s: %s", c.Reason, c.Message)
	}
}

func ingressFailed(reason snapshot.FailureReason) option {
	return func(g *given) {
		g.o.Failures = append(g.o.Failures, snapshot.Failure{
			Ref:    snapshot.Ref{Kind: "Ingress", Namespace: operatorNamespace, Name: ingressName + "-witness"},
			Reason: reason, Message: "the quota is used up.",
		})
	}
}
