package controllers_test

import (
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
)

// No object and no node changes when the older one goes, so nothing but its own end tells the younger one. It runs
// alone, since the nodes of other stories would.
func TestTheYoungerEdgeLearnsThatTheOlderOneIsGone(t *testing.T) {
	older, younger := newStory(t, "gone-older"), newStory(t, "gone-younger")
	older.create()
	older.becomes(v1alpha1.ConditionNodesReady, metav1.ConditionFalse, v1alpha1.ReasonNoNodesSelected)
	younger.create(inNamespace(older.namespace()))
	younger.becomes(v1alpha1.ConditionControllerAvailable, metav1.ConditionFalse, v1alpha1.ReasonNamespaceTaken)
	older.isAlone()
	younger.rests()

	older.deleteEdge()
	younger.eventually("the younger one has the namespace", func() error {
		found := meta.FindStatusCondition(younger.edge().Status.Conditions, v1alpha1.ConditionControllerAvailable)
		if found.Reason == v1alpha1.ReasonNamespaceTaken {
			return errors.New(found.Message)
		}
		return nil
	})
}

// An agent concerns every EdgeIngress, and its roll-out changes its status with every pod.
func TestTheRolloutOfAnAgentWakesNobodyUntilItChanges(t *testing.T) {
	s := newStory(t, "agent-rollout")
	s.addNodes("a")
	s.create()
	s.settles()
	agent := &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Name: "speaker", Namespace: metav1.NamespaceDefault}}
	labels := map[string]string{"app": "speaker"}
	agent.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	agent.Spec.Template.Labels = labels
	agent.Spec.Template.Spec = corev1.PodSpec{
		NodeSelector: map[string]string{"example.com/nowhere": ""}, Containers: []corev1.Container{{Name: "speaker", Image: "quay.io/metallb/speaker:v0.15.2"}},
	}
	if err := admin.Create(t.Context(), agent); err != nil {
		t.Fatal(err)
	}
	s.cleanUp(agent)
	s.eventually("Kubernetes' controller has looked at the agent", func() error {
		s.mustRead(agent)
		return want("generation", agent.Status.ObservedGeneration, agent.Generation, same)
	})
	s.isAlone()
	s.rests()

	before := passes(t)
	for i := range 20 {
		status := fmt.Sprintf(`{"status":{"numberUnavailable":%d}}`, i+1)
		if err := admin.Status().Patch(t.Context(), agent, client.RawPatch(types.MergePatchType, []byte(status))); err != nil {
			t.Fatal(err)
		}
	}
	// The events of one kind come in order. When this one has caused its pass, those of the
	// roll-out are over.
	s.patch(agent, `{"spec":{"template":{"spec":{"tolerations":[{"operator":"Exists"}]}}}}`)
	s.eventually("a change of the agent causes a pass", func() error {
		if passes(t) == before {
			return errors.New("no pass was made")
		}
		return nil
	})
	if made := passes(t) - before; made != 1 {
		t.Errorf("20 steps of a roll-out and a change caused %d passes, want 1", made)
	}
}
