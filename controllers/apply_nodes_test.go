package controllers

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/desired"
)

func TestTaintsAndClaimsOnANode(t *testing.T) {
	const key = v1alpha1.DefaultRoleLabel
	ours := corev1.Taint{Key: key, Effect: corev1.TaintEffectNoSchedule}
	autoscaler := corev1.Taint{Key: "ToBeDeletedByClusterAutoscaler", Value: "1", Effect: corev1.TaintEffectNoSchedule}
	executing := corev1.Taint{Key: key, Effect: corev1.TaintEffectNoExecute}
	claims := func(names ...string) map[string]string {
		annotations := map[string]string{"example.com/note": "kept"}
		for _, name := range names {
			annotations[v1alpha1.TaintAnnotation(name)] = key
		}
		return annotations
	}
	for name, test := range map[string]struct {
		present         bool
		taints          []corev1.Taint
		annotations     map[string]string
		wantTaints      []corev1.Taint
		wantAnnotations map[string]string
		changed         bool
	}{
		"a clean node is tainted and claimed":                {true, nil, claims(), []corev1.Taint{ours}, claims("public"), true},
		"a node without annotations is tainted and claimed":  {true, nil, nil, []corev1.Taint{ours}, map[string]string{v1alpha1.TaintAnnotation("public"): key}, true},
		"other taints stay where they are":                   {true, []corev1.Taint{autoscaler, executing}, claims(), []corev1.Taint{autoscaler, executing, ours}, claims("public"), true},
		"a person's taint is not claimed":                    {true, []corev1.Taint{ours}, claims(), []corev1.Taint{ours}, claims(), false},
		"another EdgeIngress's taint is claimed as well":     {true, []corev1.Taint{ours}, claims("internal"), []corev1.Taint{ours}, claims("internal", "public"), true},
		"a taint that was removed comes back":                {true, nil, claims("public"), []corev1.Taint{ours}, claims("public"), true},
		"our taint goes with our claim":                      {false, []corev1.Taint{autoscaler, ours, executing}, claims("public"), []corev1.Taint{autoscaler, executing}, claims(), true},
		"the taint stays while another EdgeIngress wants it": {false, []corev1.Taint{ours}, claims("public", "internal"), []corev1.Taint{ours}, claims("internal"), true},
		"a person's taint stays when we leave":               {false, []corev1.Taint{ours}, claims(), []corev1.Taint{ours}, claims(), false},
		"a claim on another taint takes nothing away":        {false, []corev1.Taint{autoscaler, ours}, map[string]string{v1alpha1.TaintAnnotation("public"): autoscaler.Key}, []corev1.Taint{autoscaler, ours}, map[string]string{}, true},
		"a claim without its taint goes":                     {false, []corev1.Taint{autoscaler}, claims("public"), []corev1.Taint{autoscaler}, claims(), true},
	} {
		t.Run(name, func(t *testing.T) {
			node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", Annotations: test.annotations}, Spec: corev1.NodeSpec{Taints: test.taints}}
			changed := changeTaint(node, "public", desired.TaintChange{Node: "a", Taint: ours, Present: test.present})
			if changed != test.changed {
				t.Errorf("changed: want %t, got %t", test.changed, changed)
			}
			if diff := cmp.Diff(test.wantTaints, node.Spec.Taints, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("taints (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wantAnnotations, node.Annotations, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("annotations (-want +got):\n%s", diff)
			}
		})
	}
}
