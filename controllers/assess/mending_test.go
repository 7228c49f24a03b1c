package assess

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func refOf(kind string) snapshot.Ref {
	return snapshot.Ref{Kind: kind, Namespace: namespace, Name: objectName}
}

// written is a pass that wrote the object of this kind.
func written(kind string) option {
	return func(g *given) { g.o.Written = append(g.o.Written, snapshot.Write{Ref: refOf(kind)}) }
}

func writeFailed(kind, message string) option {
	return func(g *given) {
		g.o.Failures = append(g.o.Failures, snapshot.Failure{Ref: refOf(kind), Reason: snapshot.FailureOther, Message: message})
	}
}

func leftFor(kind string, cause desired.Cause) option {
	return func(g *given) {
		g.d.Changes = append(g.d.Changes, desired.Change{Kind: desired.Leave, Ref: refOf(kind), Cause: cause})
	}
}

// TestBeingWrittenAgainIsSaidOnlyOfAWrite checks conditions that do not report failed writes of a
// DaemonSet themselves.
func TestBeingWrittenAgainIsSaidOnlyOfAWrite(t *testing.T) {
	changed := podsOfSomebodyElse["the node's processes"]
	const headers, config, reason = v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionConfigEffective, v1alpha1.ReasonConfigNotEffective
	for _, condition := range []string{headers, config, sourceIP} {
		t.Run(condition, func(t *testing.T) {
			runRows(t, condition, map[string]row{
				"of a write": {given: []option{changed, written("DaemonSet")}, status: unknown, reason: reason, says: "the operator has written it again"},
				"not of a write that failed": {
					given: []option{changed, writeFailed("DaemonSet", "the quota is used up.")}, status: unknown, reason: reason, says: "writing it failed: the quota is used up.",
				},
				"not of another write": {given: []option{changed, written("ConfigMap")}, status: unknown, reason: reason, says: "the operator has not written it"},
				"not of an object that was not read": {
					given: []option{changed, leftFor("DaemonSet", desired.CauseNotRead)}, status: unknown, reason: reason, says: "reading it failed",
				},
				"not in a namespace that goes": {
					given: []option{changed, namespaceGoes}, status: unknown, reason: reason, says: "the operator cannot write it: Namespace edge-public: the namespace is being deleted",
				},
			})
		})
	}
}

func namespaceGoes(g *given) {
	g.o.Failures = []snapshot.Failure{{Ref: snapshot.Ref{Kind: "Namespace", Name: namespace}, Message: "the namespace is being deleted"}}
}

// contest is a setting of the ConfigMap that another writer changes again after each repair.
func contest(count int, rival string) option {
	return func(g *given) {
		ref := refOf("ConfigMap")
		g.d.Changes = append(g.d.Changes, desired.Change{
			Kind: desired.Leave, Ref: ref, Cause: desired.CauseContested, Until: noon.Add(time.Minute), Fields: []string{"data.a"},
		})
		g.s.Repairs = map[snapshot.Ref]snapshot.Repairs{ref: {"data.a": {Count: count, Last: noon, Rival: rival}}}
	}
}

func TestAContestIsTold(t *testing.T) {
	changed := seenConfig("use-forwarded-headers", "true")
	runRows(t, v1alpha1.ConditionConfigEffective, map[string]row{
		"with the other writer": {
			given: []option{changed, contest(3, "rival")}, status: unknown, reason: v1alpha1.ReasonConfigChanged,
			says: "After each repair of ConfigMap edge-public/public-edge-ingress, rival changes data.a again; the next repair is at 12:01:00 UTC. Stop the other writer.",
		},
		"where the other writer is not known": {
			given: []option{changed, contest(9, "")}, status: unknown, reason: v1alpha1.ReasonConfigChanged, says: "an unknown writer changes data.a again",
		},
		"not of one repair that may have been seen late": {
			given: []option{changed, contest(1, "")}, status: unknown, reason: v1alpha1.ReasonConfigChanged, says: "the operator wrote it a moment ago.",
		},
	})
}

// No check of a condition looks at these objects.
func TestNothingIsTrueWhileAnObjectOfItIsLeft(t *testing.T) {
	for kind, condition := range map[string]string{
		"IngressClass": v1alpha1.ConditionConfigEffective, "ClusterRoleBinding": v1alpha1.ConditionControllerAvailable,
		"ServiceAccount": v1alpha1.ConditionControllerAvailable, "RoleBinding": v1alpha1.ConditionControllerAvailable,
		"PodDisruptionBudget": v1alpha1.ConditionControllerAvailable, "Service": v1alpha1.ConditionLoadBalancerReady,
	} {
		g := healthy()
		g.d.Changes = []desired.Change{{Kind: desired.Leave, Ref: snapshot.Ref{Kind: kind, Name: "public"}, Cause: desired.CauseContested, Until: noon}}
		found := meta.FindStatusCondition(Status(g.s, g.d, g.o, noon).Conditions, condition)
		if found == nil || found.Status != metav1.ConditionFalse || found.Reason != v1alpha1.ReasonApplyFailed {
			t.Errorf("%s left: %s is %+v", kind, condition, found)
		}
	}
}
