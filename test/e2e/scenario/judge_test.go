package scenario

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/test/lab/traffic"
)

func condition(kind string, v Verdict, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: v.Status, Reason: v.Reason, Message: message}
}

func seeing(who Who) Sight {
	return Sight{Reached: true, ForwardedFor: who, RealIP: who, Peer: APod, ShowsForged: who == TheForged, Ending: Ending{traffic.Answered, http.StatusOK}}
}

func ending(outcome traffic.Outcome, status int) Sight {
	return Sight{ForwardedFor: Nobody, RealIP: Nobody, Peer: Nobody, Ending: Ending{outcome, status}}
}

// complain checks that there is one complaint with this part, or none where it is empty.
func complain(t *testing.T, got []string, want string) {
	t.Helper()
	switch {
	case want == "" && len(got) > 0:
		t.Errorf("got %q, want no complaint", got)
	case want != "" && (len(got) != 1 || !strings.Contains(got[0], want)):
		t.Errorf("got %q, want one complaint with %q", got, want)
	}
}

func TestJudgeSight(t *testing.T) {
	const controller, application = true, false
	sees := func(who Who) Request { return Request{Sees: who} }
	refused := Request{Sees: Nobody, Instead: Ending{Outcome: traffic.Refused}}
	unhealthy := Request{Sees: Nobody, Instead: Ending{traffic.Answered, http.StatusServiceUnavailable}}
	for _, test := range []struct {
		name    string
		behind  bool
		request Request
		seen    Sight
		want    string
	}{
		{name: "both headers as expected", behind: controller, request: sees(TheSender), seen: seeing(TheSender), want: ""},
		{name: "another address", behind: controller, request: sees(TheSender), seen: seeing(ANode), want: "sender in X-Forwarded-For, not node"},
		{name: "a request that did not arrive", behind: controller, request: sees(TheSender), seen: ending(traffic.Reset, 0), want: "must see sender"},
		{name: "X-Real-IP that disagrees", behind: controller, request: sees(TheSender), seen: Sight{Reached: true, ForwardedFor: TheSender, RealIP: TheBalancer}, want: "sender in X-Real-IP, not balancer"},
		{
			name: "headers that must disagree", behind: controller, request: Request{Sees: TheForged, RealIP: Unset},
			seen: Sight{Reached: true, ForwardedFor: TheForged, RealIP: Unset, ShowsForged: true}, want: "",
		},
		{name: "headers that must disagree and do not", behind: controller, request: Request{Sees: TheForged, RealIP: Unset}, seen: seeing(TheForged), want: "nothing in X-Real-IP, not forged"},
		{name: "the application itself is judged by its connection", behind: application, request: sees(ANode), seen: Sight{Reached: true, ForwardedFor: Unset, RealIP: Unset, Peer: ANode}, want: ""},
		{name: "the application itself with another connection", behind: application, request: sees(TheSender), seen: Sight{Reached: true, ForwardedFor: TheSender, Peer: ANode}, want: "not node"},
		{name: "a failure that was expected", behind: controller, request: refused, seen: ending(traffic.Refused, 0), want: ""},
		{name: "another failure", behind: controller, request: refused, seen: ending(traffic.ConnectTimedOut, 0), want: "must get Refused, not ConnectTimedOut"},
		{name: "an answer of somebody else in place of a failure", behind: controller, request: refused, seen: ending(traffic.Answered, http.StatusBadRequest), want: "must get Refused, not HTTP 400"},
		{name: "a request that must not arrive and did", behind: controller, request: refused, seen: seeing(TheSender), want: "must see nobody"},
		{name: "a status that was expected", behind: application, request: unhealthy, seen: ending(traffic.Answered, http.StatusServiceUnavailable), want: ""},
		{name: "another status", behind: application, request: unhealthy, seen: ending(traffic.Answered, http.StatusOK), want: "must get HTTP 503, not HTTP 200"},
		{name: "a failure in place of a status", behind: application, request: unhealthy, seen: ending(traffic.Refused, 0), want: "must get HTTP 503, not Refused"},
	} {
		t.Run(test.name, func(t *testing.T) { complain(t, judgeSight(test.request, test.seen, test.behind), test.want) })
	}
}

var (
	configured = condition(v1alpha1.ConditionSourceIPConfigured, is(v1alpha1.ReasonPreservedByLocalPolicy), "")
	undecided  = condition(v1alpha1.ConditionSourceIPConfigured, unclear(v1alpha1.ReasonExternalBalancerUnseen), "")
	lost       = condition(v1alpha1.ConditionSourceIPConfigured, isNot(v1alpha1.ReasonTrafficPolicyCluster), "")
	safe       = condition(v1alpha1.ConditionForwardedHeadersSafe, is(v1alpha1.ReasonHeadersIgnored), "")
	guarded    = condition(v1alpha1.ConditionGuarded, is(v1alpha1.ReasonPoliciesInForce), "")
	unguarded  = condition(v1alpha1.ConditionGuarded, isNot(v1alpha1.ReasonPoliciesMissing), "")
	doubtful   = condition(v1alpha1.ConditionForwardedHeadersSafe, unclear(v1alpha1.ReasonHeaderPolicyUnmeasured), "")
	unsafe     = condition(v1alpha1.ConditionForwardedHeadersSafe, isNot(v1alpha1.ReasonTrustDrifted), "")
	unmeasured = condition(v1alpha1.ConditionSourceIPPreserved, unclear(v1alpha1.ReasonNotMeasuredFromOutside), "Not checked: routers")
	measured   = condition(v1alpha1.ConditionSourceIPPreserved, is("Measured"), "")
	nodesKeep  = condition(v1alpha1.ConditionNodesKeepSourceIP, is("Measured"), "")
)

// good has the conditions of most rows, and asExpected expects some of them.
var (
	good       = []metav1.Condition{configured, safe, unmeasured, nodesKeep}
	asExpected = Says{v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored)}
	// proven is what a vantage outside makes of good.
	proven = &Look{Runs: []Run{{Code: verifiedKept}}, After: []metav1.Condition{configured, safe, measured, nodesKeep}}
)

func TestJudgeConditions(t *testing.T) {
	sender := requests(FromClient, VIP, TheSender, Plain)
	saw := []Sight{seeing(TheSender)}
	policyUnmeasured := Says{v1alpha1.ConditionForwardedHeadersSafe: unclear(v1alpha1.ReasonHeaderPolicyUnmeasured)}
	cluster := Says{v1alpha1.ConditionSourceIPConfigured: isNot(v1alpha1.ReasonTrafficPolicyCluster)}
	for _, test := range []struct {
		name     string
		scenario Scenario
		observed Observation
		want     string
	}{
		{name: "all as expected", scenario: Scenario{Requests: sender, Says: asExpected}, observed: Observation{Conditions: good, Sights: saw, Look: proven}, want: ""},
		{name: "a request that was not sent", scenario: Scenario{Requests: sender, Says: asExpected}, observed: Observation{Conditions: good}, want: "0 of 1 requests"},
		{name: "another reason", scenario: Scenario{Requests: sender, Says: policyUnmeasured}, observed: Observation{Conditions: good, Sights: saw, Look: proven}, want: "must be Unknown HeaderPolicyUnmeasured"},
		{
			name: "nothing was reported on the way", scenario: Scenario{Requests: sender, Says: asExpected, Meanwhile: cluster},
			observed: Observation{Conditions: good, Passed: []metav1.Condition{configured}, Sights: saw, Look: proven}, want: "was never False TrafficPolicyCluster",
		},
		{
			name: "it was reported, but before the deeds", scenario: Scenario{Requests: sender, Says: asExpected, Meanwhile: cluster},
			observed: Observation{Conditions: good, Reported: []metav1.Condition{lost}, Sights: saw, Look: proven}, want: "was never False TrafficPolicyCluster",
		},
		{
			name: "it was reported on the way", scenario: Scenario{Requests: sender, Says: asExpected, Meanwhile: cluster},
			observed: Observation{Conditions: good, Passed: []metav1.Condition{lost}, Sights: saw, Look: proven}, want: "",
		},
		{
			name: "the guard is in force", scenario: Scenario{Requests: sender, Says: asExpected},
			observed: Observation{Conditions: append(slices.Clone(good), guarded), Reported: []metav1.Condition{guarded}, Sights: saw, Look: proven}, want: "",
		},
		{
			name: "the guard is not in force", scenario: Scenario{Requests: sender, Says: asExpected},
			observed: Observation{Conditions: append(slices.Clone(good), unguarded), Sights: saw, Look: proven}, want: "Guarded must be True, is False PoliciesMissing",
		},
		{
			name: "the guard was not in force on the way", scenario: Scenario{Requests: sender, Says: asExpected},
			observed: Observation{Conditions: append(slices.Clone(good), guarded), Reported: []metav1.Condition{unguarded}, Sights: saw, Look: proven},
			want:     "Guarded must be True, is False PoliciesMissing",
		},
	} {
		t.Run(test.name, func(t *testing.T) { complain(t, Judge(test.scenario, test.observed), test.want) })
	}
}

func TestConditionsThatAreNotThereAreJudged(t *testing.T) {
	s := Scenario{Requests: requests(FromClient, VIP, TheSender, Plain), Says: asExpected}
	got := strings.Join(Judge(s, Observation{Sights: []Sight{seeing(TheSender)}}), "\n")
	for _, want := range []string{"ForwardedHeadersSafe must be", "SourceIPPreserved is missing", "NodesKeepSourceIP is missing", "no machine outside has looked"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}

func TestJudgeForged(t *testing.T) {
	for _, test := range []struct {
		name     string
		beyond   string
		observed Observation
		want     string
	}{
		{name: "no forged address", beyond: "", observed: Observation{Conditions: good, Sights: []Sight{seeing(TheSender)}}, want: ""},
		{
			name: "beside True", beyond: "", observed: Observation{Conditions: []metav1.Condition{undecided, safe}, Sights: []Sight{seeing(TheForged)}},
			want: "ForwardedHeadersSafe is True and a client chose",
		},
		{
			name: "beside True in a recorded row", beyond: "x", observed: Observation{Conditions: []metav1.Condition{undecided, safe}, Sights: []Sight{seeing(TheForged)}},
			want: "ForwardedHeadersSafe is True and a client chose",
		},
		{
			name: "among other addresses", beyond: "", observed: Observation{Conditions: []metav1.Condition{undecided, safe}, Sights: []Sight{{Reached: true, ForwardedFor: Several, ShowsForged: true}}},
			want: "ForwardedHeadersSafe is True and a client chose",
		},
		{
			name: "by a request that was sent before", beyond: "", observed: Observation{Conditions: []metav1.Condition{undecided, safe}, Early: []Sight{seeing(TheForged)}},
			want: "ForwardedHeadersSafe is True and a client chose",
		},
		{name: "beside Unknown", beyond: "", observed: Observation{Conditions: []metav1.Condition{undecided, doubtful}, Sights: []Sight{seeing(TheForged)}}, want: ""},
		{name: "beside False", beyond: "", observed: Observation{Conditions: []metav1.Condition{undecided, unsafe}, Sights: []Sight{seeing(TheForged)}}, want: ""},
		{
			name: "the client is said to arrive, and the row is not recorded", beyond: "", observed: Observation{Conditions: []metav1.Condition{configured, doubtful}, Sights: []Sight{seeing(TheForged)}},
			want: "SourceIPConfigured is True where a client chose",
		},
		{name: "the client is said to arrive in a recorded row", beyond: "x", observed: Observation{Conditions: []metav1.Condition{configured, doubtful}, Sights: []Sight{seeing(TheForged)}}, want: ""},
		{
			name: "the client is said to arrive, and the objects show that it need not", beyond: "x",
			observed: Observation{Conditions: []metav1.Condition{configured, unsafe}, Sights: []Sight{seeing(TheForged)}}, want: "SourceIPConfigured is True where a client chose",
		},
	} {
		t.Run(test.name, func(t *testing.T) { complain(t, judgeForged(Scenario{Beyond: test.beyond}, test.observed), test.want) })
	}
}

func TestJudgeConfigured(t *testing.T) {
	for _, test := range []struct {
		name, beyond string
		conditions   []metav1.Condition
		seen         Sight
		want         string
	}{
		{name: "the client is seen", beyond: "", conditions: good, seen: seeing(TheSender), want: ""},
		{name: "another is seen", beyond: "", conditions: good, seen: seeing(ANode), want: "saw another address than the client's"},
		{name: "another is seen in one header", beyond: "", conditions: good, seen: Sight{Reached: true, ForwardedFor: TheSender, RealIP: ANode}, want: "saw another address than the client's"},
		{name: "another is seen, which is recorded", beyond: "a router", conditions: good, seen: seeing(ANode), want: ""},
		{name: "nothing is seen", beyond: "", conditions: good, seen: ending(traffic.Reset, 0), want: ""},
		{name: "nothing is claimed", beyond: "", conditions: []metav1.Condition{undecided}, seen: seeing(ANode), want: ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			complain(t, judgeConfigured(Scenario{Beyond: test.beyond}, Observation{Conditions: test.conditions, Sights: []Sight{test.seen}}), test.want)
		})
	}
}
