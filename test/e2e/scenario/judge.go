package scenario

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Observation is what came of a scenario.
type Observation struct {
	// Conditions are those at rest: what was reported before the requests were sent, and unchanged after them. There are none where the scenario has
	// no EdgeIngress.
	Conditions []metav1.Condition
	// Passed are all that were reported from the deeds on.
	Passed []metav1.Condition
	// Sights are what came of the requests, in the order of these.
	Sights []Sight
}

// Judge says in which points the observation disagrees with what the scenario expects, and with what must hold in every scenario.
func Judge(s Scenario, o Observation) []string {
	if len(o.Sights) != len(s.Requests) {
		return []string{fmt.Sprintf("%d of %d requests were sent", len(o.Sights), len(s.Requests))}
	}
	var wrong []string
	for i, request := range s.Requests {
		wrong = append(wrong, judgeSight(request, o.Sights[i], len(o.Conditions) > 0)...)
	}
	if len(o.Conditions) == 0 {
		return wrong
	}
	wrong = append(wrong, judgeConditions(s, o)...)
	return append(wrong, judgeInvariants(s, o)...)
}

// Meets is whether the request met with what was expected of it.
func Meets(request Request, seen Sight, behindController bool) bool {
	return len(judgeSight(request, seen, behindController)) == 0
}

// judgeSight compares one request with what came of it. Behind an ingress controller the headers count, else the connection.
func judgeSight(request Request, seen Sight, behindController bool) []string {
	want, got := "the application must see "+string(request.Sees), seen.ForwardedFor
	switch {
	case request.Status != 0:
		if seen.Status == request.Status {
			return nil
		}
		want = fmt.Sprintf("the status must be %d", request.Status)
	case request.Sees == Nobody:
		if !seen.Reached {
			return nil
		}
	case !behindController:
		if seen.Peer == request.Sees {
			return nil
		}
		got = seen.Peer
	case seen.ForwardedFor == request.Sees && seen.RealIP == request.Sees:
		return nil
	case seen.ForwardedFor == request.Sees:
		got = seen.RealIP
	}
	return []string{fmt.Sprintf("%s -> %s (%s): %s, not %s: %s", request.From, request.To, request.Forge, want, got, seen.Text)}
}

func judgeConditions(s Scenario, o Observation) []string {
	var wrong []string
	for condition, want := range s.Says {
		found := meta.FindStatusCondition(o.Conditions, condition)
		if found == nil || (Verdict{found.Status, found.Reason}) != want {
			wrong = append(wrong, fmt.Sprintf("%s must be %s, is %s", condition, want, described(found)))
		}
	}
	for condition, want := range s.Meanwhile {
		if !slices.ContainsFunc(o.Passed, func(c metav1.Condition) bool { return c.Type == condition && Verdict{c.Status, c.Reason} == want }) {
			wrong = append(wrong, fmt.Sprintf("%s was never %s on the way", condition, want))
		}
	}
	slices.Sort(wrong)
	return wrong
}

func described(c *metav1.Condition) string {
	if c == nil {
		return "not there"
	}
	return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
}

// judgeInvariants holds the conditions against what the application saw, whatever the scenario expects.
func judgeInvariants(s Scenario, o Observation) []string {
	var wrong []string
	if meta.IsStatusConditionTrue(o.Conditions, v1alpha1.ConditionForwardedHeadersSafe) {
		for i, seen := range o.Sights {
			if seen.ShowsForged {
				wrong = append(wrong, fmt.Sprintf("ForwardedHeadersSafe is True and a client chose its address (%s): %s", s.Requests[i].Forge, seen.Text))
			}
		}
	}
	if s.Beyond == "" && meta.IsStatusConditionTrue(o.Conditions, v1alpha1.ConditionSourceIPConfigured) {
		for _, seen := range o.Sights {
			if seen.Reached && (seen.ForwardedFor != TheSender || seen.RealIP != TheSender) {
				wrong = append(wrong, "SourceIPConfigured is True and the application saw another address than the client's: "+seen.Text)
			}
		}
	}
	return append(wrong, judgePreserved(s, o)...)
}

// judgePreserved: nobody measures, so the condition is never True. It is False where the objects alone show that the address is lost, and else Unknown, with
// the legs that nobody looked at.
func judgePreserved(s Scenario, o Observation) []string {
	preserved := meta.FindStatusCondition(o.Conditions, v1alpha1.ConditionSourceIPPreserved)
	want := Verdict{metav1.ConditionUnknown, v1alpha1.ReasonNotMeasured}
	if configured := meta.FindStatusCondition(o.Conditions, v1alpha1.ConditionSourceIPConfigured); configured != nil && configured.Status == metav1.ConditionFalse {
		want = Verdict{configured.Status, configured.Reason}
	}
	if preserved == nil || (Verdict{preserved.Status, preserved.Reason}) != want {
		return []string{fmt.Sprintf("SourceIPPreserved must be %s, is %s", want, described(preserved))}
	}
	var wrong []string
	for _, leg := range s.Legs {
		if !strings.Contains(preserved.Message, leg) {
			wrong = append(wrong, fmt.Sprintf("SourceIPPreserved does not name %q as not looked at: %s", leg, preserved.Message))
		}
	}
	return wrong
}
