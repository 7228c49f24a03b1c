// Package assess computes the status of an EdgeIngress from the snapshot alone. It is pure: it imports
// no client, and time is an argument. A verdict is True only where everything that it rests on was
// read. What the snapshot does not show is Unknown, with a reason.
package assess

import (
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
	"github.com/edge-ingress/edge-ingress-operator/verification/evidence"
)

// Status returns the whole status: s is what the pass observed before it wrote, d what should exist,
// and o the outcome of the writes. A condition keeps its transition time while its status stays the
// same; otherwise it gets now.
func Status(s snapshot.Snapshot, d desired.State, o snapshot.Outcome, now time.Time) v1alpha1.EdgeIngressStatus {
	return Assess(s, d, o, now).Status
}

// Assessment is everything that assess says about one pass.
type Assessment struct {
	Status v1alpha1.EdgeIngressStatus
	// Legs are the measured parts of the path: one for each edge node where a controller serves, then one for
	// each published address. There are none where nothing is measured.
	Legs []evidence.Leg
	// Kept is for the next pass (snapshot.KeptBefore).
	Kept snapshot.NodesBefore
	// Recheck is when the passing of time changes a verdict; zero where only an event does.
	Recheck time.Time
}

// Assess returns the status as Status does, and what was measured.
func Assess(s snapshot.Snapshot, d desired.State, o snapshot.Outcome, now time.Time) Assessment {
	sc := newScene(s, d, o)
	return Assessment{Status: status(sc, now), Legs: sc.measured.allLegs(), Kept: sc.keptForLater(), Recheck: sc.recheck()}
}

func status(sc *scene, now time.Time) v1alpha1.EdgeIngressStatus {
	s := sc.Snapshot
	return v1alpha1.EdgeIngressStatus{
		ObservedGeneration:  s.EdgeIngress.Generation,
		Conditions:          conditions(sc, now),
		Namespace:           s.EdgeIngress.ControllerNamespace(),
		IngressClass:        s.EdgeIngress.IngressClassName(),
		Nodes:               nodeCounts(sc),
		Addresses:           addresses(sc),
		HealthCheckNodePort: healthCheckNodePort(sc),
		OperatorVersion:     s.Options.Version,
	}
}

// named is a verdict with the name of its condition.
type named struct {
	condition string
	verdict
}

func conditions(sc *scene, now time.Time) []metav1.Condition {
	leaves := []named{
		{v1alpha1.ConditionNodesReady, nodesReady(sc)},
		{v1alpha1.ConditionControllerAvailable, controllerAvailable(sc)},
		{v1alpha1.ConditionLoadBalancerReady, loadBalancerReady(sc)},
		{v1alpha1.ConditionConfigEffective, configEffective(sc)},
	}
	configured, nodesKeep := sourceIPConfigured(sc), nodesKeepSourceIP(sc)
	all := append([]named{{v1alpha1.ConditionReady, ready(leaves)}}, leaves...)
	all = append(all,
		named{v1alpha1.ConditionForwardedHeadersSafe, forwardedHeadersSafe(sc)},
		named{v1alpha1.ConditionSourceIPConfigured, configured},
		named{v1alpha1.ConditionNodesKeepSourceIP, nodesKeep},
		named{v1alpha1.ConditionSourceIPPreserved, sourceIPPreserved(sc, configured, nodesKeep)},
		named{v1alpha1.ConditionEngineSupported, engineSupported(sc)},
		named{v1alpha1.ConditionGuarded, guarded(sc)},
	)
	var list []metav1.Condition
	for _, v := range all {
		if before := meta.FindStatusCondition(sc.EdgeIngress.Status.Conditions, v.condition); before != nil {
			list = append(list, *before)
		}
		meta.SetStatusCondition(&list, metav1.Condition{
			Type: v.condition, Status: v.status, Reason: v.reason, Message: bounded(v.message),
			ObservedGeneration: sc.EdgeIngress.Generation, LastTransitionTime: metav1.NewTime(now),
		})
	}
	return list
}

// ready reports the first condition that is not True. False beats Unknown.
func ready(leaves []named) verdict {
	for _, worse := range []metav1.ConditionStatus{metav1.ConditionFalse, metav1.ConditionUnknown} {
		for _, leaf := range leaves {
			if leaf.status == worse {
				return verdict{worse, leaf.reason, leaf.condition + " is " + string(worse) + ": " + leaf.message}
			}
		}
	}
	return is(v1alpha1.ReasonAllConditionsMet, "NodesReady, ControllerAvailable, LoadBalancerReady and ConfigEffective are True.")
}
