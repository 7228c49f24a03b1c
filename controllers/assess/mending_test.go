package assess

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
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

// left is an object without a check of its own that waits for the change, because somebody undid it each time.
func left(kind string, delayed desired.ChangeKind, field string, repair snapshot.Repair) option {
	return func(g *given) {
		ref := snapshot.Ref{Kind: kind, Name: "public"}
		g.d.Changes = append(g.d.Changes, desired.Change{
			Kind: desired.Leave, Ref: ref, Cause: desired.CauseContested, Delayed: delayed, Until: noon, Fields: []string{field}, Version: repair.Version,
		})
		g.s.Repairs = map[snapshot.Ref]snapshot.Repairs{ref: {field: repair}}
	}
}

func TestAContestSaysWhatHappensToTheObject(t *testing.T) {
	thrice := snapshot.Repair{Count: 3, Last: noon, Rival: "rival"}
	const role, applied = "roleRef.name", "metadata.annotations." + v1alpha1.AppliedAnnotation
	runRows(t, v1alpha1.ConditionControllerAvailable, map[string]row{
		"it is deleted": {
			given: []option{left("ServiceAccount", desired.Create, "", thrice)}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "ServiceAccount public is deleted again and again. The operator creates it again at 12:00:00 UTC. Find out what deletes it, and stop that.",
		},
		"a field is set that only a replacement can undo": {
			given: []option{left("RoleBinding", desired.Replace, role, thrice)}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "After each replacement of RoleBinding public, rival sets roleRef.name again, which only another replacement can undo; the next one is at 12:00:00 UTC. Stop the other writer.",
		},
		"another version is applied": {
			given:  []option{left("RoleBinding", desired.Apply, applied, snapshot.Repair{Count: 3, Version: "a"})},
			status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "After each apply of RoleBinding public, an unknown writer writes another version of it; the next apply is at 12:00:00 UTC. Stop the other writer, for example a second installation of the operator.",
		},
		"a field is changed": {
			given: []option{left("RoleBinding", desired.Repair, "subjects", thrice)}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "After each repair of RoleBinding public, rival changes subjects again; the next repair is at 12:00:00 UTC. Stop the other writer.",
		},
		"it was written a moment ago": {
			given: []option{left("RoleBinding", desired.Repair, "subjects", snapshot.Repair{Count: 1})}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "RoleBinding public does not match the spec, although the operator wrote it a moment ago. The operator writes it again at 12:00:00 UTC.",
		},
	})
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"a node that is otherwise as the spec asks": {
			given: []option{left("Node", desired.Repair, "metadata.labels.x", thrice)}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "After each repair of Node public, rival changes metadata.labels.x again",
		},
		"a node without its label": {
			given: []option{node("edge-1", unlabelled), left("Node", desired.Repair, "metadata.labels.x", thrice)}, status: unknown, reason: v1alpha1.ReasonLabelsMissing,
			says: "yet. After each repair of Node public, rival changes metadata.labels.x again",
		},
	})
}

func TestAContestIsToldOnceAndOfFewObjects(t *testing.T) {
	g := healthy()
	g.s.Repairs = map[snapshot.Ref]snapshot.Repairs{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		ref := snapshot.Ref{Kind: "Node", Name: name}
		g.d.Changes = append(g.d.Changes, desired.Change{Kind: desired.Leave, Ref: ref, Cause: desired.CauseContested, Delayed: desired.Repair, Until: noon, Fields: []string{"spec.taints"}})
		g.s.Repairs[ref] = snapshot.Repairs{"spec.taints": {Count: 3}}
	}
	message := meta.FindStatusCondition(Status(g.s, g.d, g.o, noon).Conditions, v1alpha1.ConditionNodesReady).Message
	if count := strings.Count(message, "After each repair of Node a,"); count != 1 {
		t.Errorf("the first node is named %d times: %s", count, message)
	}
	if !strings.HasSuffix(message, " The same happens to 2 other objects.") {
		t.Error(message)
	}
}

// overruledBy is a workload or another object whose fields admission changes in each write.
func overruledBy(kind string, fields ...string) option {
	return func(g *given) {
		ref := refOf(kind)
		g.d.Changes = append(g.d.Changes, desired.Change{
			Kind: desired.Leave, Ref: ref, Cause: desired.CauseContested, Delayed: desired.Repair, Until: noon, Fields: fields,
		})
		repairs := snapshot.Repairs{}
		for _, field := range fields {
			repairs[field] = snapshot.Repair{Count: 1, Last: noon, Rival: "an admission policy or webhook", Overruled: true}
		}
		g.s.Repairs = map[snapshot.Ref]snapshot.Repairs{ref: repairs}
	}
}

func mirroredBy(image string) option {
	return onDaemonSet(func(ds *appsv1.DaemonSet) { ds.Spec.Template.Spec.Containers[0].Image = image })
}

func TestWhatAdmissionUndoesIsReported(t *testing.T) {
	const digest, image = "sha256:1234", "spec.template.spec.containers.image"
	const lists = "Exclude the object from the policy; kubectl get mutatingadmissionpolicies,mutatingwebhookconfigurations lists them."
	runRows(t, v1alpha1.ConditionControllerAvailable, map[string]row{
		"row 107: the image is rewritten to a mirror": {
			given: []option{mirroredBy("mirror.example.com/nginx:v1@" + digest), overruledBy("DaemonSet", image)}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "When the operator writes DaemonSet edge-public/public-edge-ingress, an admission policy or webhook changes spec.template.spec.containers.image again in the same request. The operator tries again at 12:00:00 UTC. " +
				"Accept the new image with spec.controller.image: repository mirror.example.com/nginx, tag v1, digest sha256:1234; add the repository to the operator's flag --allowed-image-repositories. " + lists,
		},
		"row 107: a mirror with a port and no digest": {
			given: []option{mirroredBy("mirror:5000/nginx:v1"), overruledBy("DaemonSet", image)}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "repository mirror:5000/nginx, tag v1, digest as the registry states it",
		},
		"row 107: a mirror that the flag allows": {
			given: []option{mirroredBy("mirror/nginx@" + digest), overruledBy("DaemonSet", image), func(g *given) {
				g.s.Options.AllowedImageRepositories = []string{"mirror/nginx"}
			}}, status: no, reason: v1alpha1.ReasonApplyFailed, says: "repository mirror/nginx, digest sha256:1234. Exclude",
		},
		"row 107: the arguments are changed": {
			given: []option{overruledBy("DaemonSet", "spec.template.spec.containers.args")}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "changes spec.template.spec.containers.args again in the same request. The operator tries again at 12:00:00 UTC. " + lists,
		},
		"row 107: an object that no check looks at": {
			given: []option{overruledBy("ServiceAccount", "automountServiceAccountToken")}, status: no, reason: v1alpha1.ReasonApplyFailed,
			says: "When the operator writes ServiceAccount edge-public/public-edge-ingress, an admission",
		},
	})
	runRows(t, v1alpha1.ConditionLoadBalancerReady, map[string]row{
		"row 107: the policy of the Service": {
			given: []option{onService(policyCluster), overruledBy("Service", "spec.externalTrafficPolicy")}, status: no, reason: v1alpha1.ReasonHealthCheckNodePortMissing,
			says: "When the operator writes Service edge-public/public-edge-ingress, an admission policy or webhook changes spec.externalTrafficPolicy",
		},
	})
	runRows(t, v1alpha1.ConditionNodesReady, map[string]row{
		"row 107: the label of a node": {
			given: []option{node("edge-1", unlabelled), overruledBy("Node", "metadata.labels.x")}, status: unknown, reason: v1alpha1.ReasonLabelsMissing,
			says: "an admission policy or webhook changes metadata.labels.x again in the same request.",
		},
		"row 107: the taint of a node": {
			given: []option{node("edge-1", untainted), overruledBy("Node", "spec.taints")}, status: unknown, reason: v1alpha1.ReasonTaintMissing,
			says: "an admission policy or webhook changes spec.taints again in the same request.",
		},
	})
	runRows(t, v1alpha1.ConditionConfigEffective, map[string]row{
		"row 107: a setting, in the pass that wrote it": {
			given: []option{seenConfig("use-forwarded-headers", "true"), func(g *given) {
				g.o.Written = []snapshot.Write{{Ref: refOf("ConfigMap"), Rival: "an admission policy or webhook", Overruled: []string{"data.use-forwarded-headers"}}}
			}}, status: unknown, reason: v1alpha1.ReasonConfigChanged,
			says: "the operator has written it again, and an admission policy or webhook changed data.use-forwarded-headers in the same request.",
		},
	})
}
