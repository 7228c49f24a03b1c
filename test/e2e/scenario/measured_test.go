package scenario

import (
	"net/http"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

var (
	nodesLose    = condition(v1alpha1.ConditionNodesKeepSourceIP, isNot("NodeReplacesAddress"), "")
	nodesUnknown = condition(v1alpha1.ConditionNodesKeepSourceIP, unclear("NotMeasured"), "")
	lostOnNode   = condition(v1alpha1.ConditionSourceIPPreserved, isNot("NodeReplacesAddress"), "")
	lostInFront  = condition(v1alpha1.ConditionSourceIPPreserved, isNot("ReplacedInFront"), "")
	refused      = ending(traffic.Answered, http.StatusBadRequest)
)

func TestSaw(t *testing.T) {
	for _, test := range []struct {
		name   string
		sights []Sight
		want   Saw
	}{
		{name: "no request", sights: nil, want: SawNobody},
		{name: "nothing arrives", sights: []Sight{refused}, want: SawNobody},
		{name: "all that arrive show the sender", sights: []Sight{refused, seeing(TheSender), refused}, want: SawClient},
		{name: "one shows a balancer", sights: []Sight{seeing(TheSender), seeing(TheBalancer)}, want: SawAnother},
		{name: "one shows a forged address", sights: []Sight{seeing(TheForged), seeing(TheSender)}, want: SawAnother},
		{name: "one shows the sender beside a forged address", sights: []Sight{{Reached: true, ForwardedFor: TheSender, RealIP: TheSender, ShowsForged: true}}, want: SawAnother},
		{name: "one shows no header", sights: []Sight{seeing(TheSender), {Reached: true, ForwardedFor: Unset, RealIP: Unset}}, want: SawAnother},
		{name: "one shows a node in one header", sights: []Sight{seeing(TheBalancer), {Reached: true, ForwardedFor: TheSender, RealIP: ANode}}, want: SawNode},
		{name: "one shows a pod", sights: []Sight{seeing(APod), seeing(TheSender)}, want: SawNode},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := (Observation{Sights: test.sights}).Saw(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestJudgeNodes(t *testing.T) {
	plain := requests(FromClient, VIP, TheSender, Plain)
	for _, test := range []struct {
		name      string
		scenario  Scenario
		nodes     []metav1.Condition
		after     []metav1.Condition
		passed    []metav1.Condition
		early, at Sight
		want      string
	}{
		{name: "it keeps what arrives", nodes: []metav1.Condition{nodesKeep}, at: seeing(TheSender), want: ""},
		{name: "it is missing", nodes: nil, at: seeing(TheSender), want: "NodesKeepSourceIP is missing"},
		{name: "True beside a node's address", nodes: []metav1.Condition{nodesKeep}, at: seeing(ANode), want: "false True"},
		{name: "False beside a node's address", nodes: []metav1.Condition{nodesLose}, at: seeing(ANode), want: ""},
		{name: "Unknown beside a node's address", nodes: []metav1.Condition{nodesUnknown}, at: seeing(ANode), want: ""},
		{name: "True beside the address of a router in front", nodes: []metav1.Condition{nodesKeep}, at: seeing(TheNATRouter), want: ""},
		{name: "False beside the address of a router in front", nodes: []metav1.Condition{nodesLose}, at: seeing(TheNATRouter), want: "false False"},
		{name: "False beside the client's", nodes: []metav1.Condition{nodesLose}, at: seeing(TheSender), want: "false False"},
		{name: "False where nothing arrives", nodes: []metav1.Condition{nodesLose}, at: refused, want: "false False"},
		{name: "Unknown where nothing arrives", nodes: []metav1.Condition{nodesUnknown}, at: refused, want: ""},
		{name: "Unknown beside the client's", nodes: []metav1.Condition{nodesUnknown}, at: seeing(TheSender), want: "saw the client, and NodesKeepSourceIP is Unknown"},
		{name: "Unknown beside the address of a router in front", nodes: []metav1.Condition{nodesUnknown}, at: seeing(TheNATRouter), want: "saw another, and NodesKeepSourceIP is Unknown"},
		{name: "Unknown beside the client's, for a reason in front", scenario: Scenario{Undecided: "x"}, nodes: []metav1.Condition{nodesUnknown}, at: seeing(TheSender), want: "saw the client, and NodesKeepSourceIP is Unknown"},
		{name: "Unknown beside the client's, while nothing measures", scenario: Scenario{Unmeasured: "x"}, nodes: []metav1.Condition{nodesUnknown}, at: seeing(TheSender), want: ""},
		{name: "False while nothing measures", scenario: Scenario{Unmeasured: "x"}, nodes: []metav1.Condition{nodesLose}, at: seeing(TheSender), want: "false False"},
		{name: "Unknown beside the client's, as stated", scenario: Scenario{Says: Says{v1alpha1.ConditionNodesKeepSourceIP: unclear("NotMeasured")}}, nodes: []metav1.Condition{nodesUnknown}, at: seeing(TheSender), want: ""},
		{name: "False after the look from outside", nodes: []metav1.Condition{nodesKeep}, after: []metav1.Condition{nodesLose}, at: seeing(TheSender), want: "false False"},
		{name: "False on the way", nodes: []metav1.Condition{nodesKeep}, passed: []metav1.Condition{nodesKeep, nodesLose}, at: seeing(TheSender), want: "on the way"},
		{name: "False of the step before", nodes: []metav1.Condition{nodesKeep}, passed: []metav1.Condition{nodesLose, nodesLose, nodesKeep}, at: seeing(TheSender), want: ""},
		{name: "False on the way, as earlier requests saw", nodes: []metav1.Condition{nodesKeep}, passed: []metav1.Condition{nodesKeep, nodesLose}, early: seeing(ANode), at: seeing(TheSender), want: ""},
		{
			name: "False on the way, while the objects showed a loss", scenario: Scenario{Meanwhile: Says{v1alpha1.ConditionSourceIPConfigured: isNot(v1alpha1.ReasonTrafficPolicyCluster)}},
			nodes: []metav1.Condition{nodesKeep}, passed: []metav1.Condition{nodesKeep, nodesLose}, at: seeing(TheSender), want: "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.scenario.Requests = plain
			o := Observation{Conditions: test.nodes, Passed: test.passed, Early: []Sight{test.early}, Sights: []Sight{test.at}}
			if test.after != nil {
				o.Look = &Look{After: test.after}
			}
			complain(t, judgeNodes(test.scenario, o), test.want)
		})
	}
}

func TestJudgeUnseen(t *testing.T) {
	for _, test := range []struct {
		name     string
		scenario Scenario
		observed Observation
		want     string
	}{
		{name: "no look from outside yet", observed: Observation{Conditions: good, Reported: good}, want: ""},
		{name: "True on the way", observed: Observation{Conditions: good, Reported: []metav1.Condition{unmeasured, measured, unmeasured}}, want: "SourceIPPreserved was True Measured"},
		{name: "it does not follow what the objects show", observed: Observation{Conditions: []metav1.Condition{lost, unmeasured}}, want: "SourceIPPreserved must be [False TrafficPolicyCluster]"},
		{name: "it does not follow what the prober saw", observed: Observation{Conditions: []metav1.Condition{configured, nodesLose, unmeasured}}, want: "SourceIPPreserved must be [False NodeReplacesAddress]"},
		{name: "it hides a doubt about the nodes", observed: Observation{Conditions: []metav1.Condition{configured, nodesUnknown, unmeasured}}, want: "SourceIPPreserved must be [Unknown NotMeasured]"},
		{name: "it repeats a doubt of the objects", observed: Observation{Conditions: []metav1.Condition{undecided, nodesKeep, condition(v1alpha1.ConditionSourceIPPreserved, unclear(v1alpha1.ReasonExternalBalancerUnseen), "")}}, want: ""},
		{name: "it follows what the prober saw", observed: Observation{Conditions: []metav1.Condition{configured, nodesLose, lostOnNode}, Sights: []Sight{seeing(ANode)}}, want: ""},
		{name: "False where the client arrives", scenario: Scenario{Step: true}, observed: Observation{Conditions: []metav1.Condition{configured, lostInFront}, Sights: []Sight{seeing(TheSender)}}, want: "false False"},
		{name: "it is missing", observed: Observation{Conditions: []metav1.Condition{configured}}, want: "is missing"},
		{name: "the legs are named", scenario: Scenario{Legs: []string{"routers"}}, observed: Observation{Conditions: good}, want: ""},
		{name: "a leg is not named", scenario: Scenario{Legs: []string{"kube-proxy"}}, observed: Observation{Conditions: good}, want: `does not name "kube-proxy"`},
		{name: "a step that keeps the evidence", scenario: Scenario{Step: true}, observed: Observation{Conditions: []metav1.Condition{configured, measured}, Reported: []metav1.Condition{measured}, Sights: []Sight{seeing(TheSender)}}, want: ""},
		{name: "a step that has to be proven by the look before", scenario: Scenario{Step: true, Unlooked: true, Requests: requests(FromClient, VIP, TheSender, Plain)}, observed: Observation{Conditions: []metav1.Condition{configured, unmeasured}, Sights: []Sight{seeing(TheSender)}}, want: "without another look from outside, SourceIPPreserved must be True"},
		{name: "a step that is proven by the look before", scenario: Scenario{Step: true, Unlooked: true, Requests: requests(FromClient, VIP, TheSender, Plain)}, observed: Observation{Conditions: []metav1.Condition{configured, measured}, Sights: []Sight{seeing(TheSender)}}, want: ""},
		{name: "a step in which the address is lost", scenario: Scenario{Step: true}, observed: Observation{Conditions: []metav1.Condition{configured, measured}, Sights: []Sight{seeing(TheNATRouter)}}, want: "false True"},
		{name: "a step whose verdict is older than the loss", scenario: Scenario{Step: true, Stale: "x"}, observed: Observation{Conditions: []metav1.Condition{configured, measured}, Sights: []Sight{seeing(TheNATRouter)}}, want: ""},
	} {
		t.Run(test.name, func(t *testing.T) { complain(t, judgeUnseen(test.scenario, test.observed), test.want) })
	}
}

// A first True, before anybody looked from outside, is wrong at rest as well as on the way.
func TestTrueBeforeTheLookIsWrong(t *testing.T) {
	o := Observation{Conditions: []metav1.Condition{configured, measured}, Sights: []Sight{seeing(TheSender)}}
	complain(t, judgeUnseen(Scenario{}, o), "SourceIPPreserved must be [Unknown NotMeasuredFromOutside]")
}

func TestJudgeLook(t *testing.T) {
	after := func(code int, conditions ...metav1.Condition) *Look {
		return &Look{Runs: []Run{{From: FromNATClient, Through: []Front{VIP}, Code: code}}, After: conditions}
	}
	arrives, router := requests(FromClient, VIP, TheSender, Plain), requests(FromNATClient, VIP, TheNATRouter, Plain)
	forged := requests(FromClient, TCPProxy, TheForged, ForgedProxyV1)
	believed := condition(v1alpha1.ConditionForwardedHeadersSafe, isNot("ForgedAddressBelieved"), "")
	const kept, missed, undecidedCode, broken = verifiedKept, verifiedLost, 2, verifyFailed
	for _, test := range []struct {
		name     string
		scenario Scenario
		saw      Sight
		look     *Look
		want     string
	}{
		{name: "the look from outside is missing", scenario: Scenario{Requests: arrives}, saw: seeing(TheSender), look: nil, want: "no machine outside has looked"},
		{name: "no look from outside, where no request is to arrive", scenario: Scenario{Requests: badRequest.of(FromClient, VIP, Plain)}, saw: refused, look: nil, want: ""},
		{name: "it is missing", scenario: Scenario{Requests: arrives}, saw: seeing(TheSender), look: after(kept), want: "is missing after the look"},
		{name: "proven", scenario: Scenario{Requests: arrives}, saw: seeing(TheSender), look: proven, want: ""},
		{name: "not proven", scenario: Scenario{Requests: arrives}, saw: seeing(TheSender), look: after(kept, unmeasured, safe), want: "saw the client, and after the look from outside SourceIPPreserved is Unknown"},
		{name: "not proven for a reason", scenario: Scenario{Requests: arrives, Undecided: "x"}, saw: seeing(TheSender), look: after(undecidedCode, unmeasured, safe), want: ""},
		{name: "a reason that is not needed", scenario: Scenario{Requests: arrives, Undecided: "x"}, saw: seeing(TheSender), look: proven, want: "remove the explanation"},
		{name: "refuted where the client arrives", scenario: Scenario{Requests: arrives, Undecided: "x"}, saw: seeing(TheSender), look: after(undecidedCode, lostInFront, safe), want: "false False"},
		{name: "refuted", scenario: Scenario{Requests: router}, saw: seeing(TheNATRouter), look: after(missed, lostInFront, safe), want: ""},
		{name: "not refuted", scenario: Scenario{Requests: router}, saw: seeing(TheNATRouter), look: after(missed, unmeasured, safe), want: "saw another, and after the look from outside SourceIPPreserved is Unknown"},
		{name: "a False where nothing arrives", scenario: Scenario{Requests: forged}, saw: refused, look: after(undecidedCode, lostInFront, safe), want: "false False"},
		{name: "only the forged request arrives", scenario: Scenario{Requests: forged}, saw: seeing(TheForged), look: after(missed, unmeasured, believed), want: ""},
		{name: "a forged address that stays unknown", scenario: Scenario{Requests: forged}, saw: seeing(TheForged), look: after(missed, unmeasured, doubtful), want: "after the look from outside ForwardedHeadersSafe is Unknown"},
		{name: "a forged address beside True", scenario: Scenario{Requests: forged}, saw: Sight{Reached: true, ForwardedFor: TheForged, RealIP: Unset, ShowsForged: true}, look: after(missed, unmeasured, safe), want: "ForwardedHeadersSafe is True and a client chose"},
		{name: "verify failed", scenario: Scenario{Requests: arrives, Undecided: "x"}, saw: seeing(TheSender), look: after(broken, unmeasured, safe), want: "verify failed with exit code 3"},
		{name: "verify reports a loss that is none", scenario: Scenario{Requests: arrives, Undecided: "x"}, saw: seeing(TheSender), look: after(missed, unmeasured, safe), want: "saw the client, and the exit code of verify is 1"},
		{name: "verify does not decide what it can", scenario: Scenario{Requests: arrives}, saw: seeing(TheSender), look: after(undecidedCode, measured, safe), want: "saw the client, and the exit code of verify is 2"},
		{name: "verify misses a loss", scenario: Scenario{Requests: router}, saw: seeing(TheNATRouter), look: after(kept, lostInFront, safe, nodesKeep), want: "saw another, and the exit code of verify is 0"},
		{name: "verify cannot see a loss on a node that it does not cross", scenario: Scenario{Requests: router}, saw: seeing(ANode), look: after(kept, lostOnNode, safe, nodesLose), want: ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			complain(t, judgeLook(test.scenario, Observation{Sights: []Sight{test.saw}, Look: test.look}), test.want)
		})
	}
	complain(t, judgeLook(Scenario{Requests: router}, Observation{Sights: []Sight{seeing(TheNATRouter)}, Look: after(missed, measured, safe)}), "false True")
}

// The exit code is about the way that a run took, not about requests that took others.
func TestJudgeCodesByTheWayOfTheRun(t *testing.T) {
	s := Scenario{Requests: slices.Concat(requests(FromClient, VIP, TheSender, Plain), requests(FromClient, HTTPAppending, TheBalancer, Plain))}
	sights := []Sight{seeing(TheSender), seeing(TheBalancer)}
	for _, test := range []struct {
		name string
		run  Run
		want string
	}{
		{name: "kept where the client arrives", run: Run{FromClient, []Front{VIP}, verifiedKept}},
		{name: "kept where another arrives", run: Run{FromClient, []Front{HTTPAppending}, verifiedKept}, want: "saw another, and the exit code of verify is 0"},
		{name: "lost where another arrives", run: Run{FromClient, []Front{HTTPAppending}, verifiedLost}},
		{name: "lost where the client arrives", run: Run{FromClient, []Front{VIP}, verifiedLost}, want: "saw the client, and the exit code of verify is 1"},
		{name: "a way that no request took", run: Run{FromClient, []Front{TCPProxy}, verifiedKept}},
		{name: "another sender", run: Run{FromNATClient, []Front{VIP}, verifiedKept}},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := Observation{Sights: sights, Look: &Look{Runs: []Run{test.run}, After: []metav1.Condition{nodesKeep}}}
			complain(t, judgeCodes(s, o), test.want)
		})
	}
}

func TestExpected(t *testing.T) {
	sees := func(who ...Who) (list []Request) {
		for _, w := range who {
			list = append(list, Request{From: FromClient, To: VIP, Forge: Plain, Sees: w})
		}
		return list
	}
	forged := Request{From: FromClient, To: VIP, Forge: ForgedForwardedFor, Sees: TheForged}
	const isTrue, isFalse, either = metav1.ConditionTrue, metav1.ConditionFalse, metav1.ConditionStatus("")
	for _, test := range []struct {
		name             string
		scenario         Scenario
		nodes, preserved metav1.ConditionStatus
	}{
		{name: "the client", scenario: Scenario{Requests: sees(TheSender)}, nodes: isTrue, preserved: isTrue},
		{name: "the client, for a reason not proven", scenario: Scenario{Requests: sees(TheSender), Undecided: "x"}, nodes: isTrue, preserved: either},
		{name: "the client and nobody", scenario: Scenario{Requests: sees(TheSender, Nobody)}, nodes: isTrue, preserved: isTrue},
		{name: "a balancer", scenario: Scenario{Requests: sees(TheBalancer)}, nodes: isTrue, preserved: isFalse},
		{name: "a node", scenario: Scenario{Requests: sees(TheSender, ANode)}, nodes: isFalse, preserved: isFalse},
		{name: "nobody", scenario: Scenario{Requests: sees(Nobody)}, nodes: either, preserved: either},
		{name: "the client, and a forged address", scenario: Scenario{Requests: append(sees(TheSender), forged)}, nodes: isTrue, preserved: either},
		{name: "what the scenario states", scenario: Scenario{Requests: sees(TheSender), Says: Says{v1alpha1.ConditionNodesKeepSourceIP: unclear("x")}}, nodes: metav1.ConditionUnknown, preserved: isTrue},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := test.scenario.ExpectedNodes(); got != test.nodes {
				t.Errorf("NodesKeepSourceIP: got %q, want %q", got, test.nodes)
			}
			if got := test.scenario.ExpectedPreserved(); got != test.preserved {
				t.Errorf("SourceIPPreserved: got %q, want %q", got, test.preserved)
			}
		})
	}
}
