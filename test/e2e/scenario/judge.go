package scenario

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Observation is the result of a scenario.
type Observation struct {
	// Conditions are those at rest: reported before the requests, and unchanged after them. A
	// scenario without an EdgeIngress has none.
	Conditions []metav1.Condition
	// Reported are all conditions that were reported since the previous scenario, until a vantage
	// outside looked. Passed are those of them that came after the deeds.
	Reported, Passed []metav1.Condition
	// Sights are the results of the requests, in their order.
	Sights []Sight
	// Early are the results of earlier requests: until packets took the desired path, or until the
	// conditions were at rest.
	Early []Sight
	// Look is what a vantage outside found after the requests; nil where none looked.
	Look *Look
}

// Judge returns the points in which the observation disagrees with the scenario's expectations, or
// with what must hold in every scenario.
func Judge(s Scenario, o Observation) []string {
	if len(o.Sights) != len(s.Requests) {
		return []string{fmt.Sprintf("%d of %d requests were sent", len(o.Sights), len(s.Requests))}
	}
	var wrong []string
	for i, request := range s.Requests {
		wrong = append(wrong, judgeSight(request, o.Sights[i], s.BehindController())...)
	}
	if !s.BehindController() {
		return wrong
	}
	return slices.Concat(wrong, judgeConditions(s, o), judgeGuarded(o), judgeForged(s, o), judgeConfigured(s, o), judgeNodes(s, o), judgeUnseen(s, o), judgeLook(s, o))
}

// Meets reports whether the result of a request is the one that the scenario expects.
func (s Scenario) Meets(request Request, seen Sight) bool {
	return len(judgeSight(request, seen, s.BehindController())) == 0
}

// judgeSight compares one request with its result. Behind an ingress controller the headers count,
// and otherwise the connection.
func judgeSight(request Request, seen Sight, behindController bool) []string {
	complain := func(want, got string) []string {
		return []string{fmt.Sprintf("%s -> %s (%s): %s, not %s: %s", request.From, request.To, request.Forge, want, got, seen.Text)}
	}
	sees, realIP := "the application must see "+string(request.Sees), cmp.Or(request.RealIP, request.Sees)
	switch {
	case request.Sees == Nobody && seen.Reached:
		return complain(sees, "what it saw")
	case request.Sees == Nobody && seen.Ending != request.Instead:
		return complain("the client must get "+request.Instead.String(), seen.Ending.String())
	case request.Sees == Nobody:
		return nil
	case !behindController && seen.Peer != request.Sees:
		return complain(sees, string(seen.Peer))
	case !behindController:
		return nil
	case seen.ForwardedFor != request.Sees:
		return complain(sees+" in X-Forwarded-For", string(seen.ForwardedFor))
	case seen.RealIP != realIP:
		return complain("the application must see "+string(realIP)+" in X-Real-IP", string(seen.RealIP))
	}
	return nil
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

// judgeGuarded checks that the guard is in force. The lab installs it as users do, so all scenarios happen with it.
func judgeGuarded(o Observation) []string {
	for _, c := range slices.Concat(o.Reported, o.Conditions) {
		if c.Type == v1alpha1.ConditionGuarded && c.Status != metav1.ConditionTrue {
			return []string{fmt.Sprintf("%s must be True, is %s", c.Type, described(&c))}
		}
	}
	return nil
}

func described(c *metav1.Condition) string {
	if c == nil {
		return "missing"
	}
	return fmt.Sprintf("%s %s: %s", c.Status, c.Reason, c.Message)
}

// judgeForged checks that where ForwardedHeadersSafe is True, no client chooses its address. Where
// a client does, SourceIPConfigured is True only in a recorded row, and only beside an Unknown. Verdicts that
// rest on an earlier look from outside are judged after the next one.
func judgeForged(s Scenario, o Observation) []string {
	safe := meta.FindStatusCondition(o.Conditions, v1alpha1.ConditionForwardedHeadersSafe)
	explained := s.Beyond != "" && safe != nil && safe.Status == metav1.ConditionUnknown
	if s.Stale != "" {
		return nil
	}
	var wrong []string
	for _, seen := range slices.Concat(o.Early, o.Sights) {
		if !seen.ShowsForged {
			continue
		}
		if safe != nil && safe.Status == metav1.ConditionTrue {
			wrong = append(wrong, "ForwardedHeadersSafe is True and a client chose its address: "+seen.Text)
		}
		if !explained && meta.IsStatusConditionTrue(o.Conditions, v1alpha1.ConditionSourceIPConfigured) {
			wrong = append(wrong, "SourceIPConfigured is True where a client chose its address, and ForwardedHeadersSafe is not Unknown or the row not recorded: "+seen.Text)
		}
	}
	return wrong
}

// judgeConfigured checks that where SourceIPConfigured is True, the application sees the client.
// Recorded rows are the exception.
func judgeConfigured(s Scenario, o Observation) []string {
	if s.Beyond != "" || !meta.IsStatusConditionTrue(o.Conditions, v1alpha1.ConditionSourceIPConfigured) {
		return nil
	}
	var wrong []string
	for _, seen := range o.Sights {
		if seen.Reached && !seen.ShowsForged && (seen.ForwardedFor != TheSender || seen.RealIP != TheSender) {
			wrong = append(wrong, "SourceIPConfigured is True and the application saw another address than the client's: "+seen.Text)
		}
	}
	return wrong
}
