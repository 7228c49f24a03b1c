package scenario

import (
	"net/http"
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
		{"both headers as expected", controller, sees(TheSender), seeing(TheSender), ""},
		{"another address", controller, sees(TheSender), seeing(ANode), "sender in X-Forwarded-For, not node"},
		{"a request that did not arrive", controller, sees(TheSender), ending(traffic.Reset, 0), "must see sender"},
		{"X-Real-IP that disagrees", controller, sees(TheSender), Sight{Reached: true, ForwardedFor: TheSender, RealIP: TheBalancer}, "sender in X-Real-IP, not balancer"},
		{
			"headers that must disagree", controller, Request{Sees: TheForged, RealIP: Unset},
			Sight{Reached: true, ForwardedFor: TheForged, RealIP: Unset, ShowsForged: true}, "",
		},
		{"headers that must disagree and do not", controller, Request{Sees: TheForged, RealIP: Unset}, seeing(TheForged), "nothing in X-Real-IP, not forged"},
		{"the application itself is judged by its connection", application, sees(ANode), Sight{Reached: true, ForwardedFor: Unset, RealIP: Unset, Peer: ANode}, ""},
		{"the application itself with another connection", application, sees(TheSender), Sight{Reached: true, ForwardedFor: TheSender, Peer: ANode}, "not node"},
		{"a failure that was expected", controller, refused, ending(traffic.Refused, 0), ""},
		{"another failure", controller, refused, ending(traffic.ConnectTimedOut, 0), "must get Refused, not ConnectTimedOut"},
		{"an answer of somebody else in place of a failure", controller, refused, ending(traffic.Answered, http.StatusBadRequest), "must get Refused, not HTTP 400"},
		{"a request that must not arrive and did", controller, refused, seeing(TheSender), "must see nobody"},
		{"a status that was expected", application, unhealthy, ending(traffic.Answered, http.StatusServiceUnavailable), ""},
		{"another status", application, unhealthy, ending(traffic.Answered, http.StatusOK), "must get HTTP 503, not HTTP 200"},
		{"a failure in place of a status", application, unhealthy, ending(traffic.Refused, 0), "must get HTTP 503, not Refused"},
	} {
		t.Run(test.name, func(t *testing.T) { complain(t, judgeSight(test.request, test.seen, test.behind), test.want) })
	}
}

var (
	configured = condition(v1alpha1.ConditionSourceIPConfigured, is(v1alpha1.ReasonPreservedByLocalPolicy), "")
	undecided  = condition(v1alpha1.ConditionSourceIPConfigured, unclear(v1alpha1.ReasonExternalBalancerUnseen), "")
	lost       = condition(v1alpha1.ConditionSourceIPConfigured, isNot(v1alpha1.ReasonTrafficPolicyCluster), "")
	safe       = condition(v1alpha1.ConditionForwardedHeadersSafe, is(v1alpha1.ReasonHeadersIgnored), "")
	doubtful   = condition(v1alpha1.ConditionForwardedHeadersSafe, unclear(v1alpha1.ReasonHeaderPolicyUnmeasured), "")
	unsafe     = condition(v1alpha1.ConditionForwardedHeadersSafe, isNot(v1alpha1.ReasonTrustDrifted), "")
	unmeasured = condition(v1alpha1.ConditionSourceIPPreserved, unclear(v1alpha1.ReasonNotMeasured), "Not checked: routers")
	measured   = condition(v1alpha1.ConditionSourceIPPreserved, is("Measured"), "")
)

// good is what most rows say, and asExpected asks for some of it.
var (
	good       = []metav1.Condition{configured, safe, unmeasured}
	asExpected = Says{v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonHeadersIgnored)}
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
		{"all as expected", Scenario{Requests: sender, Says: asExpected}, Observation{Conditions: good, Sights: saw}, ""},
		{"a request that was not sent", Scenario{Requests: sender, Says: asExpected}, Observation{Conditions: good}, "0 of 1 requests"},
		{"another reason", Scenario{Requests: sender, Says: policyUnmeasured}, Observation{Conditions: good, Sights: saw}, "must be Unknown HeaderPolicyUnmeasured"},
		{
			"nothing was reported on the way", Scenario{Requests: sender, Says: asExpected, Meanwhile: cluster},
			Observation{Conditions: good, Passed: []metav1.Condition{configured}, Sights: saw}, "was never False TrafficPolicyCluster",
		},
		{
			"it was reported, but before the deeds", Scenario{Requests: sender, Says: asExpected, Meanwhile: cluster},
			Observation{Conditions: good, Reported: []metav1.Condition{lost}, Sights: saw}, "was never False TrafficPolicyCluster",
		},
		{
			"it was reported on the way", Scenario{Requests: sender, Says: asExpected, Meanwhile: cluster},
			Observation{Conditions: good, Passed: []metav1.Condition{lost}, Sights: saw}, "",
		},
	} {
		t.Run(test.name, func(t *testing.T) { complain(t, Judge(test.scenario, test.observed), test.want) })
	}
}

func TestConditionsThatAreNotThereAreJudged(t *testing.T) {
	s := Scenario{Requests: requests(FromClient, VIP, TheSender, Plain), Says: asExpected}
	got := strings.Join(Judge(s, Observation{Sights: []Sight{seeing(TheSender)}}), "\n")
	for _, want := range []string{"ForwardedHeadersSafe must be", "SourceIPPreserved must be", "not there"} {
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
		{"no forged address", "", Observation{Conditions: good, Sights: []Sight{seeing(TheSender)}}, ""},
		{
			"beside True", "", Observation{Conditions: []metav1.Condition{undecided, safe}, Sights: []Sight{seeing(TheForged)}},
			"ForwardedHeadersSafe is True and a client chose",
		},
		{
			"beside True in a recorded row", "x", Observation{Conditions: []metav1.Condition{undecided, safe}, Sights: []Sight{seeing(TheForged)}},
			"ForwardedHeadersSafe is True and a client chose",
		},
		{
			"among other addresses", "", Observation{Conditions: []metav1.Condition{undecided, safe}, Sights: []Sight{{Reached: true, ForwardedFor: Several, ShowsForged: true}}},
			"ForwardedHeadersSafe is True and a client chose",
		},
		{
			"by a request that was sent before", "", Observation{Conditions: []metav1.Condition{undecided, safe}, Early: []Sight{seeing(TheForged)}},
			"ForwardedHeadersSafe is True and a client chose",
		},
		{"beside Unknown", "", Observation{Conditions: []metav1.Condition{undecided, doubtful}, Sights: []Sight{seeing(TheForged)}}, ""},
		{"beside False", "", Observation{Conditions: []metav1.Condition{undecided, unsafe}, Sights: []Sight{seeing(TheForged)}}, ""},
		{
			"the client is said to arrive, and the row is not recorded", "", Observation{Conditions: []metav1.Condition{configured, doubtful}, Sights: []Sight{seeing(TheForged)}},
			"SourceIPConfigured is True where a client chose",
		},
		{"the client is said to arrive in a recorded row", "x", Observation{Conditions: []metav1.Condition{configured, doubtful}, Sights: []Sight{seeing(TheForged)}}, ""},
		{
			"the client is said to arrive, and the objects show that it need not", "x",
			Observation{Conditions: []metav1.Condition{configured, unsafe}, Sights: []Sight{seeing(TheForged)}}, "SourceIPConfigured is True where a client chose",
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
		{"the client is seen", "", good, seeing(TheSender), ""},
		{"another is seen", "", good, seeing(ANode), "saw another address than the client's"},
		{"another is seen in one header", "", good, Sight{Reached: true, ForwardedFor: TheSender, RealIP: ANode}, "saw another address than the client's"},
		{"another is seen, which is recorded", "a router", good, seeing(ANode), ""},
		{"nothing is seen", "", good, ending(traffic.Reset, 0), ""},
		{"nothing is claimed", "", []metav1.Condition{undecided}, seeing(ANode), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			complain(t, judgeConfigured(Scenario{Beyond: test.beyond}, Observation{Conditions: test.conditions, Sights: []Sight{test.seen}}), test.want)
		})
	}
}

func TestJudgePreserved(t *testing.T) {
	for _, test := range []struct {
		name     string
		legs     []string
		observed Observation
		want     string
	}{
		{"nobody measures", nil, Observation{Conditions: good, Reported: good}, ""},
		{"True though nobody measured", nil, Observation{Conditions: []metav1.Condition{configured, measured}}, "SourceIPPreserved must be Unknown NotMeasured"},
		{"True on the way", nil, Observation{Conditions: good, Reported: []metav1.Condition{unmeasured, measured, unmeasured}}, "SourceIPPreserved was True Measured"},
		{"it does not follow what the objects show", nil, Observation{Conditions: []metav1.Condition{lost, unmeasured}}, "SourceIPPreserved must be False TrafficPolicyCluster"},
		{"it is not there", nil, Observation{Conditions: []metav1.Condition{configured}}, "is not there"},
		{"the legs are named", []string{"routers"}, Observation{Conditions: good}, ""},
		{"a leg is not named", []string{"kube-proxy"}, Observation{Conditions: good}, `does not name "kube-proxy"`},
	} {
		t.Run(test.name, func(t *testing.T) { complain(t, judgePreserved(Scenario{Legs: test.legs}, test.observed), test.want) })
	}
}
