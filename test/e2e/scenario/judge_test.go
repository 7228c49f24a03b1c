package scenario

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

func condition(kind string, v Verdict, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: v.Status, Reason: v.Reason, Message: message}
}

func seeing(who Who) Sight {
	return Sight{Reached: who != Nobody, ForwardedFor: who, RealIP: who, Peer: APod, ShowsForged: who == TheForged}
}

var (
	configured = condition(v1alpha1.ConditionSourceIPConfigured, is(v1alpha1.ReasonPreservedByLocalPolicy), "")
	safe       = condition(v1alpha1.ConditionForwardedHeadersSafe, is(v1alpha1.ReasonHeadersIgnored), "")
	unsafe     = condition(v1alpha1.ConditionForwardedHeadersSafe, isNot(v1alpha1.ReasonTrustDrifted), "")
	unmeasured = condition(v1alpha1.ConditionSourceIPPreserved, unclear(v1alpha1.ReasonNotMeasured), "Nobody has looked at: routers")
	measured   = condition(v1alpha1.ConditionSourceIPPreserved, is("Measured"), "")
)

func TestJudge(t *testing.T) {
	one := func(sees Who) []Request { return requests(FromClient, VIP, sees, Plain) }
	good := []metav1.Condition{configured, safe, unmeasured}
	cluster := isNot(v1alpha1.ReasonTrafficPolicyCluster)
	for _, test := range []struct {
		name     string
		scenario Scenario
		observed Observation
		// want is a part of the only complaint; empty where there is none.
		want string
	}{
		{"all as expected", Scenario{Requests: one(TheSender)}, Observation{Conditions: good, Sights: []Sight{seeing(TheSender)}}, ""},
		{"a request that was not sent", Scenario{Requests: one(TheSender)}, Observation{Conditions: good}, "0 of 1 requests"},
		{"a request that did not arrive", Scenario{Requests: one(TheSender)}, Observation{Conditions: good, Sights: []Sight{seeing(Nobody)}}, "must see sender"},
		{"a request that must not arrive and did", Scenario{Requests: one(Nobody)}, Observation{Conditions: good, Sights: []Sight{seeing(TheSender)}}, "must see nobody"},
		{"a request that must not arrive and did not", Scenario{Requests: one(Nobody)}, Observation{Conditions: good, Sights: []Sight{seeing(Nobody)}}, ""},
		{
			"headers that disagree with each other", Scenario{Requests: one(TheSender), Beyond: "x"},
			Observation{Conditions: good, Sights: []Sight{{Reached: true, ForwardedFor: TheSender, RealIP: TheBalancer}}}, "not balancer",
		},
		{
			"the application itself is judged by its connection", Scenario{Requests: one(ANode)},
			Observation{Sights: []Sight{{Reached: true, ForwardedFor: Unset, RealIP: Unset, Peer: ANode}}}, "",
		},
		{
			"the application itself with another connection", Scenario{Requests: one(TheSender)},
			Observation{Sights: []Sight{{Reached: true, Peer: ANode}}}, "not node",
		},
		{"a status that was expected", Scenario{Requests: []Request{{Status: 503}}}, Observation{Sights: []Sight{{Status: 503}}}, ""},
		{"another status", Scenario{Requests: []Request{{Status: 503}}}, Observation{Sights: []Sight{{Status: 200}}}, "must be 503"},
		{
			"a condition that says something else", Scenario{Requests: one(TheSender), Says: Says{v1alpha1.ConditionForwardedHeadersSafe: is(v1alpha1.ReasonTrustedProxiesOnly)}},
			Observation{Conditions: good, Sights: []Sight{seeing(TheSender)}}, "must be True TrustedProxiesOnly",
		},
		{
			"what was never reported on the way", Scenario{Requests: one(TheSender), Meanwhile: Says{v1alpha1.ConditionSourceIPConfigured: cluster}},
			Observation{Conditions: good, Passed: []metav1.Condition{configured}, Sights: []Sight{seeing(TheSender)}}, "was never False TrafficPolicyCluster",
		},
		{
			"what was reported on the way", Scenario{Requests: one(TheSender), Meanwhile: Says{v1alpha1.ConditionSourceIPConfigured: cluster}},
			Observation{
				Conditions: good, Sights: []Sight{seeing(TheSender)},
				Passed: []metav1.Condition{condition(v1alpha1.ConditionSourceIPConfigured, cluster, "")},
			}, "",
		},
		{
			"a client that chose its address where that is said to be impossible", Scenario{Requests: one(TheForged), Beyond: "x"},
			Observation{Conditions: good, Sights: []Sight{seeing(TheForged)}}, "a client chose its address",
		},
		{
			"a forged address among others, too", Scenario{Requests: one(Several), Beyond: "x"},
			Observation{Conditions: good, Sights: []Sight{{Reached: true, ForwardedFor: Several, RealIP: Several, ShowsForged: true}}}, "a client chose its address",
		},
		{
			"a client that chose its address where that is said to be possible", Scenario{Requests: one(TheForged), Beyond: "x"},
			Observation{Conditions: []metav1.Condition{configured, unsafe, unmeasured}, Sights: []Sight{seeing(TheForged)}}, "",
		},
		{
			"an expected loss that the objects could have told", Scenario{Requests: one(ANode)},
			Observation{Conditions: good, Sights: []Sight{seeing(ANode)}}, "saw another address than the client's",
		},
		{
			"a loss that the objects cannot tell", Scenario{Requests: one(ANode), Beyond: "a router"},
			Observation{Conditions: good, Sights: []Sight{seeing(ANode)}}, "",
		},
		{
			"True though nobody measured", Scenario{Requests: one(TheSender)},
			Observation{Conditions: []metav1.Condition{configured, safe, measured}, Sights: []Sight{seeing(TheSender)}}, "SourceIPPreserved must be Unknown NotMeasured",
		},
		{
			"SourceIPPreserved that does not follow what the objects show", Scenario{Requests: one(ANode)},
			Observation{
				Conditions: []metav1.Condition{condition(v1alpha1.ConditionSourceIPConfigured, cluster, ""), safe, unmeasured}, Sights: []Sight{seeing(ANode)},
			}, "SourceIPPreserved must be False TrafficPolicyCluster",
		},
		{
			"a leg that is not named", Scenario{Requests: one(TheSender), Legs: []string{"kube-proxy"}},
			Observation{Conditions: good, Sights: []Sight{seeing(TheSender)}}, `does not name "kube-proxy"`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Judge(test.scenario, test.observed)
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("got %q, want no complaint", got)
			case test.want != "" && (len(got) != 1 || !strings.Contains(got[0], test.want)):
				t.Errorf("got %q, want one complaint with %q", got, test.want)
			}
		})
	}
}
