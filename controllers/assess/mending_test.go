package assess

import (
	"testing"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func refOf(kind string) snapshot.Ref {
	return snapshot.Ref{Kind: kind, Namespace: namespace, Name: objectName}
}

// written is a pass that wrote the object of this kind.
func written(kind string) option {
	return func(g *given) { g.o.Written = append(g.o.Written, refOf(kind)) }
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

// TestBeingWrittenAgainIsSaidOnlyOfAWrite looks at conditions that do not report failed writes of a DaemonSet themselves.
func TestBeingWrittenAgainIsSaidOnlyOfAWrite(t *testing.T) {
	changed := podsOfSomebodyElse["the node's processes"]
	const headers, config, reason = v1alpha1.ConditionForwardedHeadersSafe, v1alpha1.ConditionConfigEffective, v1alpha1.ReasonConfigNotEffective
	rows := map[string]row{}
	for _, condition := range []string{headers, config, sourceIP} {
		rows["of a write, "+condition] = row{
			given: []option{changed, written("DaemonSet")}, condition: condition, status: unknown, reason: reason, says: "it is being written again",
		}
		rows["not of a write that failed, "+condition] = row{
			given: []option{changed, writeFailed("DaemonSet", "the quota is used up.")}, condition: condition, status: unknown, reason: reason,
			says: "writing it failed: the quota is used up.",
		}
		rows["not of another write, "+condition] = row{
			given: []option{changed, written("ConfigMap")}, condition: condition, status: unknown, reason: reason, says: "this pass did not write it",
		}
		rows["not of an object that was not read, "+condition] = row{
			given: []option{changed, leftFor("DaemonSet", desired.CauseNotRead)}, condition: condition, status: unknown, reason: reason, says: "could not be read",
		}
		rows["not in a namespace that goes, "+condition] = row{
			given: []option{changed, func(g *given) {
				g.o.Failures = []snapshot.Failure{{Ref: snapshot.Ref{Kind: "Namespace", Name: namespace}, Message: "the namespace is being deleted"}}
			}}, condition: condition, status: unknown, reason: reason, says: "it cannot be written: Namespace edge-public: the namespace is being deleted",
		}
	}
	runRows(t, rows)
}
