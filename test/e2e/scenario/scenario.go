// Package scenario holds the scenarios of the end-to-end tests as data: the EdgeIngress and the
// proxies in front of it, the requests, the address that the application must see, and what the
// conditions must say. It also judges the results. It is pure: package runner does everything that
// touches a cluster.
package scenario

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Group is a list of scenarios that run one after the other on the same EdgeIngress, which is
// installed once and then changed.
type Group struct {
	Name string
	// EdgeIngress is the name of the object; empty where the scenarios have none.
	EdgeIngress string
	// Alone is set where every other EdgeIngress has to go first.
	Alone     bool
	Scenarios []Scenario
}

// Scenario is one row of the table.
type Scenario struct {
	// Name is a sentence without a full stop, unique among all scenarios.
	Name string
	// Item is the number of the list of scenarios in the issue that asked for them.
	Item int
	// EdgeIngress is the object that the row is about, where that is not the group's.
	EdgeIngress string
	// Spec of the EdgeIngress; nil leaves it as it is.
	Spec *v1alpha1.EdgeIngressSpec
	// Deeds are done manually when the EdgeIngress is at rest, and undone after the requests.
	Deeds []Deed
	// Meanwhile are conditions that must have been reported between the deeds and the rest that follows.
	Meanwhile Says
	// Requests in the order in which they are sent.
	Requests []Request
	// Says is what conditions must say when the requests are sent. Other conditions may say
	// anything that the invariants allow.
	Says Says
	// Beyond names what no object of Kubernetes can show, so that SourceIPConfigured is True
	// although the application sees another address than the client's: the row is recorded. It is
	// empty in all other rows.
	Beyond string
	// Legs are parts of the path that the message of SourceIPPreserved must name as not checked, as
	// long as no vantage outside has looked.
	Legs []string
	// Undecided is why SourceIPPreserved cannot become True although the application sees the client.
	// It is empty in all other rows.
	Undecided string
	// Unmeasured is why NodesKeepSourceIP may be True or Unknown although the application sees the client. It is
	// empty in all other rows.
	Unmeasured string
	// Through are fronts through which a vantage outside looks in addition to those of the requests, because
	// the spec declares that clients come through them.
	Through []Front
	// Then are steps that follow on the same state, each a row of its own. Their deeds come after those
	// of this row, and all are undone after the last step. A step's name continues the scenario's.
	Then []Scenario
	// Step is set for a step. What a vantage outside saw in an earlier step still counts in it.
	Step bool
	// Undo makes a step begin by undoing all deeds so far.
	Undo bool
	// Unlooked makes a step end without another look from outside: what the step before saw has to be enough.
	Unlooked bool
	// Stale is why the verdicts at the beginning of a step may be those of the step before, until a vantage
	// outside looks again. It is empty in all other rows.
	Stale string
}

// Parts are the rows of a scenario: itself, and its steps.
func (s Scenario) Parts() []Scenario {
	parts := []Scenario{s}
	for _, step := range s.Then {
		step.Name, step.Item, step.EdgeIngress, step.Step = s.Name+", then "+step.Name, s.Item, s.EdgeIngress, true
		parts = append(parts, step)
	}
	parts[0].Then = nil
	return parts
}

// BehindController reports whether there is an EdgeIngress. Its conditions are then judged, and its
// controller writes the headers that applications see.
func (s Scenario) BehindController() bool { return len(s.Says) > 0 }

// Says maps condition types to what they must say.
type Says map[string]Verdict

// Verdict is the status and the reason of a condition.
type Verdict struct {
	Status metav1.ConditionStatus
	Reason string
}

// String is the verdict as the table shows it.
func (v Verdict) String() string { return string(v.Status) + " " + v.Reason }

func is(reason string) Verdict      { return Verdict{metav1.ConditionTrue, reason} }
func isNot(reason string) Verdict   { return Verdict{metav1.ConditionFalse, reason} }
func unclear(reason string) Verdict { return Verdict{metav1.ConditionUnknown, reason} }

// Repaired reports whether the operator has to put things right again after the deeds.
func (s Scenario) Repaired() bool {
	repaired := false
	for _, deed := range s.Deeds {
		if deed == RefuseServiceRepairs || deed == RefuseConfigRepairs {
			return false
		}
		repaired = repaired || deed.Ends()
	}
	return repaired
}
