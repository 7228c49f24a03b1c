package scenario

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Look is what a vantage outside found, and what the conditions made of it.
type Look struct {
	// Runs are those of `kubectl edge-ingress verify`, one for each sender and way in.
	Runs []Run
	// Text is what they printed.
	Text string
	// Took is how long it took until the conditions were at rest.
	Took time.Duration
	// After are the conditions at rest afterwards.
	After []metav1.Condition
}

// Run is one run of `kubectl edge-ingress verify`.
type Run struct {
	// From is where it ran, and Through are the fronts that it asked.
	From    Sender
	Through []Front
	// Code is its exit code.
	Code int
}

// saw is what the application saw of the scenario's requests that took the way of this run. Where there are none, it is
// what it saw of all, and same is false.
func (r Run) saw(s Scenario, o Observation) (saw Saw, same bool) {
	var sights []Sight
	for i, request := range s.Requests {
		if request.From == r.From && slices.Contains(r.Through, request.To) {
			sights = append(sights, o.Sights[i])
		}
	}
	if len(sights) == 0 {
		return o.Saw(), false
	}
	return sawOf(sights), true
}

// Exit codes of `kubectl edge-ingress verify`.
const (
	verifiedKept = 0
	verifiedLost = 1
	verifyFailed = 3
)

// judgeNodes checks NodesKeepSourceIP before and after a vantage outside looked: it is not True where
// the application saw a node or a pod, and not False where it did not, not even on the way.
func judgeNodes(s Scenario, o Observation) []string {
	var wrong []string
	states := [][]metav1.Condition{o.Conditions}
	if o.Look != nil {
		states = append(states, o.Look.After)
	}
	saw := o.Saw()
	for _, conditions := range states {
		nodes := meta.FindStatusCondition(conditions, v1alpha1.ConditionNodesKeepSourceIP)
		switch {
		case nodes == nil:
			wrong = append(wrong, "NodesKeepSourceIP is missing")
		case nodes.Status == metav1.ConditionTrue && saw == SawNode:
			wrong = append(wrong, "false True: the application saw a node or a pod, and NodesKeepSourceIP is "+described(nodes))
		case nodes.Status == metav1.ConditionFalse && saw != SawNode:
			wrong = append(wrong, fmt.Sprintf("false False: the application saw %s, and NodesKeepSourceIP is %s", saw, described(nodes)))
		case nodes.Status != metav1.ConditionTrue && saw != SawNode && s.ExpectedNodes() == metav1.ConditionTrue && plainArrived(s, o):
			wrong = append(wrong, fmt.Sprintf("the application saw %s, and NodesKeepSourceIP is %s", saw, described(nodes)))
		}
	}
	return append(wrong, judgeNodesOnTheWay(s, o)...)
}

// judgeNodesOnTheWay finds a loss that NodesKeepSourceIP reported and no application saw.
func judgeNodesOnTheWay(s Scenario, o Observation) []string {
	if _, lostMeanwhile := s.Meanwhile[v1alpha1.ConditionSourceIPConfigured]; lostMeanwhile || o.Saw() == SawNode || sawOf(o.Early) == SawNode {
		return nil
	}
	before := metav1.ConditionFalse // What remains of the step before.
	for _, passed := range o.Passed {
		if passed.Type != v1alpha1.ConditionNodesKeepSourceIP {
			continue
		}
		if passed.Status == metav1.ConditionFalse && before != metav1.ConditionFalse {
			return []string{"no application saw a node, and NodesKeepSourceIP was " + described(&passed) + " on the way"}
		}
		before = passed.Status
	}
	return nil
}

// judgeUnseen checks SourceIPPreserved before a vantage outside has looked. It is never True then, not
// even on the way. It is False where the objects or the prober show a loss, and otherwise Unknown with
// the legs that were not checked. In a step, what was seen in an earlier one still counts.
func judgeUnseen(s Scenario, o Observation) []string {
	preserved := meta.FindStatusCondition(o.Conditions, v1alpha1.ConditionSourceIPPreserved)
	if preserved == nil {
		return []string{"SourceIPPreserved is missing"}
	}
	wrong := judgeTruth(o.Saw(), preserved, s.Stale)
	switch want := s.ExpectedPreserved(); {
	case s.Step && s.Unlooked && want != preserved.Status:
		return append(wrong, fmt.Sprintf("without another look from outside, SourceIPPreserved must be %s, is %s", want, described(preserved)))
	case s.Step:
		return wrong
	}
	for _, passed := range o.Reported {
		if passed.Type == v1alpha1.ConditionSourceIPPreserved && passed.Status == metav1.ConditionTrue {
			wrong = append(wrong, "no machine outside had looked, and SourceIPPreserved was "+described(&passed)+" on the way")
			break
		}
	}
	if want := unseenVerdicts(o.Conditions); !slices.Contains(want, Verdict{preserved.Status, preserved.Reason}) {
		wrong = append(wrong, fmt.Sprintf("SourceIPPreserved must be %v, is %s", want, described(preserved)))
	}
	if preserved.Status != metav1.ConditionUnknown {
		return wrong
	}
	for _, leg := range s.Legs {
		if !strings.Contains(preserved.Message, leg) {
			wrong = append(wrong, fmt.Sprintf("SourceIPPreserved does not name %q as not looked at: %s", leg, preserved.Message))
		}
	}
	return wrong
}

// unseenVerdicts are what SourceIPPreserved may be before a vantage outside has looked: False where the
// objects or the prober show a loss, Unknown with the doubt about the nodes where there is one, and otherwise
// Unknown because of the path in front, or because the objects show another doubt.
func unseenVerdicts(conditions []metav1.Condition) []Verdict {
	configured := meta.FindStatusCondition(conditions, v1alpha1.ConditionSourceIPConfigured)
	nodes := meta.FindStatusCondition(conditions, v1alpha1.ConditionNodesKeepSourceIP)
	switch {
	case configured != nil && configured.Status == metav1.ConditionFalse:
		return []Verdict{isNot(configured.Reason)}
	case nodes != nil && nodes.Status != metav1.ConditionTrue:
		return []Verdict{{nodes.Status, nodes.Reason}}
	}
	want := []Verdict{unclear(v1alpha1.ReasonNotMeasuredFromOutside)}
	if configured != nil && configured.Status == metav1.ConditionUnknown {
		want = append(want, unclear(configured.Reason))
	}
	return want
}

// judgeTruth checks a decided SourceIPPreserved against what the application saw. stale explains a verdict
// that is older than what it is about.
func judgeTruth(saw Saw, preserved *metav1.Condition, stale string) []string {
	switch {
	case stale != "":
		return nil
	case preserved.Status == metav1.ConditionTrue && saw != SawClient:
		return []string{fmt.Sprintf("false True: the application saw %s, and SourceIPPreserved is %s", saw, described(preserved))}
	case preserved.Status == metav1.ConditionFalse && !saw.Lost():
		return []string{fmt.Sprintf("false False: the application saw %s, and SourceIPPreserved is %s", saw, described(preserved))}
	}
	return nil
}

// judgeLook checks the conditions after a vantage outside has looked, and its own exit code. Where it
// can see which address arrives, SourceIPPreserved must be decided.
func judgeLook(s Scenario, o Observation) []string {
	switch {
	case o.Look == nil && !s.Looks():
		return nil
	case o.Look == nil:
		return []string{"no machine outside has looked"}
	}
	preserved := meta.FindStatusCondition(o.Look.After, v1alpha1.ConditionSourceIPPreserved)
	if preserved == nil {
		return []string{"SourceIPPreserved is missing after the look from outside"}
	}
	wrong := judgeTruth(o.Saw(), preserved, "")
	want, decided := s.ExpectedPreserved(), preserved.Status
	switch {
	case want == metav1.ConditionTrue && o.Saw() == SawClient && decided != want:
		wrong = append(wrong, "the application saw the client, and after the look from outside SourceIPPreserved is "+described(preserved))
	case replaced(s, o) && decided == metav1.ConditionUnknown:
		wrong = append(wrong, fmt.Sprintf("the application saw %s, and after the look from outside SourceIPPreserved is %s", o.Saw(), described(preserved)))
	case s.Undecided != "" && decided == metav1.ConditionTrue:
		wrong = append(wrong, "SourceIPPreserved is True: remove the explanation why it cannot be")
	}
	return append(append(wrong, judgeCodes(s, o)...), judgeBelieved(o)...)
}

// judgeCodes checks the exit codes of the outside vantage.
func judgeCodes(s Scenario, o Observation) []string {
	var wrong []string
	for _, run := range o.Look.Runs {
		code := run.Code
		saw, same := run.saw(s, o)
		switch {
		case code >= verifyFailed || code < 0:
			wrong = append(wrong, fmt.Sprintf("verify failed with exit code %d: %s", code, o.Look.Text))
		case code == verifiedLost && !saw.Lost():
			wrong = append(wrong, fmt.Sprintf("the application saw %s, and the exit code of verify is %d: %s", saw, code, o.Look.Text))
		case code != verifiedKept && saw == SawClient && s.ExpectedPreserved() == metav1.ConditionTrue:
			wrong = append(wrong, fmt.Sprintf("the application saw the client, and the exit code of verify is %d: %s", code, o.Look.Text))
		case code == verifiedKept && same && saw != SawClient && statusOf(o.Look.After, v1alpha1.ConditionNodesKeepSourceIP) == metav1.ConditionTrue:
			wrong = append(wrong, fmt.Sprintf("the application saw %s, and the exit code of verify is %d: %s", saw, code, o.Look.Text))
		}
	}
	return wrong
}

// judgeBelieved checks that ForwardedHeadersSafe is False after a vantage outside looked through a front
// where applications see forged addresses.
func judgeBelieved(o Observation) []string {
	safe := meta.FindStatusCondition(o.Look.After, v1alpha1.ConditionForwardedHeadersSafe)
	for _, seen := range o.Sights {
		if seen.ShowsForged && seen.RealIP == TheForged && (safe == nil || safe.Status != metav1.ConditionFalse) {
			return []string{"the application saw a forged address, and after the look from outside ForwardedHeadersSafe is " + described(safe) + " verify: " + o.Look.Text}
		}
		if seen.ShowsForged && safe != nil && safe.Status == metav1.ConditionTrue {
			return []string{"after the look from outside ForwardedHeadersSafe is True and a client chose its address: " + seen.Text}
		}
	}
	return nil
}
