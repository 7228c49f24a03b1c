package scenario

import (
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// Saw is what an application saw of all requests of a scenario together.
type Saw string

// The values of Saw.
const (
	// SawClient: each request that arrived showed its sender.
	SawClient Saw = "the client"
	// SawNode: at least one showed an address of the cluster.
	SawNode Saw = "another, of a node or pod"
	// SawAnother: at least one showed any other address, or none.
	SawAnother Saw = "another"
	// SawNobody: no request arrived.
	SawNobody Saw = "nobody"
)

// AllSaw are the values of Saw.
func AllSaw() []Saw { return []Saw{SawClient, SawNode, SawAnother, SawNobody} }

// Lost reports whether the application saw another address than the client's.
func (s Saw) Lost() bool { return s == SawNode || s == SawAnother }

// Saw returns what the application saw of the requests.
func (o Observation) Saw() Saw { return sawOf(o.Sights) }

func sawOf(sights []Sight) Saw {
	saw := SawNobody
	for _, seen := range sights {
		switch {
		case seen.showsCluster():
			return SawNode
		case seen.Reached && !seen.showsSender():
			saw = SawAnother
		case seen.Reached && saw == SawNobody:
			saw = SawClient
		}
	}
	return saw
}

func (s Sight) showsSender() bool {
	return s.Reached && !s.ShowsForged && s.ForwardedFor == TheSender && s.RealIP == TheSender
}

// showsCluster reports whether a header names a node or a pod.
func (s Sight) showsCluster() bool {
	cluster := []Who{ANode, APod}
	return s.Reached && (slices.Contains(cluster, s.ForwardedFor) || slices.Contains(cluster, s.RealIP))
}

// replaced reports whether a request that claimed nothing showed the address of somebody else.
func replaced(s Scenario, o Observation) bool {
	for i, seen := range o.Sights {
		if s.Requests[i].Forge == Plain && seen.Reached && !seen.showsSender() && seen.RealIP != Unset {
			return true
		}
	}
	return false
}

// plainArrived reports whether a request that claimed nothing arrived.
func plainArrived(s Scenario, o Observation) bool {
	for i, seen := range o.Sights {
		if s.Requests[i].Forge == Plain && seen.Reached {
			return true
		}
	}
	return false
}

// Looks reports whether a vantage outside looks: where a request is to arrive.
func (s Scenario) Looks() bool {
	return !s.Unlooked && slices.ContainsFunc(s.Requests, func(r Request) bool { return r.Sees != Nobody })
}

// ExpectedNodes is the status that NodesKeepSourceIP must come to have, according to what the
// application must see; empty where either may be right.
func (s Scenario) ExpectedNodes() metav1.ConditionStatus {
	if want, stated := s.Says[v1alpha1.ConditionNodesKeepSourceIP]; stated {
		return want.Status
	}
	if s.Unmeasured != "" {
		return ""
	}
	status := metav1.ConditionStatus("")
	for _, request := range s.Requests {
		switch request.Sees {
		case ANode, APod:
			return metav1.ConditionFalse
		case Nobody:
		default:
			status = metav1.ConditionTrue
		}
	}
	return status
}

// ExpectedPreserved is the status that SourceIPPreserved must come to have when a vantage outside has
// looked; empty where more than one may be right.
func (s Scenario) ExpectedPreserved() metav1.ConditionStatus {
	arrives, all := false, true
	for _, request := range s.Requests {
		plain := request.Forge == Plain && request.Sees != Nobody
		if plain && request.Sees != TheSender && request.Sees != Unset {
			return metav1.ConditionFalse
		}
		arrives = arrives || plain
		all = all && (request.Sees == TheSender || request.Sees == Nobody)
	}
	if arrives && all && s.Undecided == "" {
		return metav1.ConditionTrue
	}
	return ""
}

func statusOf(conditions []metav1.Condition, kind string) metav1.ConditionStatus {
	if found := meta.FindStatusCondition(conditions, kind); found != nil {
		return found.Status
	}
	return ""
}
