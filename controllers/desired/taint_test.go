package desired

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/edge-ingress/edge-ingress-operator/api/v1alpha1"
	"github.com/edge-ingress/edge-ingress-operator/controllers/snapshot"
)

func TestControllerTolerates(t *testing.T) {
	edge := &v1alpha1.EdgeIngress{}
	edge.Spec.Nodes.Label = roleLabel
	edge.Spec.Controller.Tolerations = []v1alpha1.Toleration{{Key: "dedicated", Value: "ingress", Operator: corev1.TolerationOpEqual}, {Key: "edge-b", Operator: corev1.TolerationOpExists}}
	for name, test := range map[string]struct {
		taint corev1.Taint
		want  bool
	}{
		"its own taint": {taint: RoleTaint(roleLabel), want: true},
		"the taint of another that the spec names": {taint: RoleTaint("edge-b"), want: true},
		"a taint with the value that it names":     {taint: corev1.Taint{Key: "dedicated", Value: "ingress", Effect: corev1.TaintEffectNoSchedule}, want: true},
		"a taint with another value":               {taint: corev1.Taint{Key: "dedicated", Value: "db", Effect: corev1.TaintEffectNoSchedule}},
		"the taint of another":                     {taint: RoleTaint("edge-c")},
		"a taint that only asks":                   {taint: corev1.Taint{Key: "x", Effect: corev1.TaintEffectPreferNoSchedule}, want: true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := ControllerTolerates(edge, test.taint); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

func TestTaintsAndClaimsAfterAChange(t *testing.T) {
	ours := RoleTaint(roleLabel)
	autoscaler := corev1.Taint{Key: RemovalTaint, Value: "1", Effect: corev1.TaintEffectNoSchedule}
	executing := corev1.Taint{Key: roleLabel, Effect: corev1.TaintEffectNoExecute}
	valued := corev1.Taint{Key: roleLabel, Value: "true", Effect: corev1.TaintEffectNoSchedule}
	claims := func(names ...string) map[string]string {
		claims := map[string]string{}
		for _, name := range names {
			claims[name] = roleLabel
		}
		return claims
	}
	for name, test := range map[string]struct {
		present      bool
		before, want TaintState
	}{
		"a clean node is tainted and claimed": {
			present: true,
			want:    TaintState{Taints: []corev1.Taint{ours}, Claims: claims("public")},
		},
		"other taints stay where they are": {
			present: true,
			before:  TaintState{Taints: []corev1.Taint{autoscaler, executing}},
			want:    TaintState{Taints: []corev1.Taint{autoscaler, executing, ours}, Claims: claims("public")},
		},
		"a person's taint is not claimed": {
			present: true,
			before:  TaintState{Taints: []corev1.Taint{ours}},
			want:    TaintState{Taints: []corev1.Taint{ours}},
		},
		"a person's taint with a value is not claimed": {
			present: true,
			before:  TaintState{Taints: []corev1.Taint{valued}},
			want:    TaintState{Taints: []corev1.Taint{valued}},
		},
		"another EdgeIngress's taint is claimed as well": {
			present: true,
			before:  TaintState{Taints: []corev1.Taint{ours}, Claims: claims("internal")},
			want:    TaintState{Taints: []corev1.Taint{ours}, Claims: claims("internal", "public")},
		},
		"a taint that was removed comes back": {
			present: true,
			before:  TaintState{Claims: claims("public")},
			want:    TaintState{Taints: []corev1.Taint{ours}, Claims: claims("public")},
		},
		"our taint goes with our claim": {
			before: TaintState{Taints: []corev1.Taint{autoscaler, ours, executing}, Claims: claims("public")},
			want:   TaintState{Taints: []corev1.Taint{autoscaler, executing}},
		},
		"the taint stays while another EdgeIngress claims it": {
			before: TaintState{Taints: []corev1.Taint{ours}, Claims: claims("public", "internal")},
			want:   TaintState{Taints: []corev1.Taint{ours}, Claims: claims("internal")},
		},
		"a person's taint stays when we leave": {
			before: TaintState{Taints: []corev1.Taint{ours}},
			want:   TaintState{Taints: []corev1.Taint{ours}},
		},
		"a claim on another taint removes no taint": {
			before: TaintState{Taints: []corev1.Taint{autoscaler, ours}, Claims: map[string]string{"public": autoscaler.Key}},
			want:   TaintState{Taints: []corev1.Taint{autoscaler, ours}},
		},
		"a claim without its taint goes": {
			before: TaintState{Taints: []corev1.Taint{autoscaler}, Claims: claims("public")},
			want:   TaintState{Taints: []corev1.Taint{autoscaler}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			given := TaintState{Taints: slices.Clone(test.before.Taints), Claims: maps.Clone(test.before.Claims)}
			got := test.before.After("public", TaintChange{Node: "a", Key: roleLabel, Present: test.present})
			if diff := cmp.Diff(test.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("state (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(given, test.before); diff != "" {
				t.Errorf("the state before was changed (-was +is):\n%s", diff)
			}
		})
	}
}

func TestTracesInManagedFields(t *testing.T) {
	traced := func(names ...string) func(*snapshot.Node) {
		return func(n *snapshot.Node) { n.Traces = names }
	}
	for name, test := range map[string]struct {
		node    snapshot.Node
		deleted bool
		want    bool
	}{
		"a node that was let go and kept a trace":                      {node: node("a", traced(ingressName)), want: true},
		"the same after the EdgeIngress was deleted":                   {node: node("a", traced(ingressName)), deleted: true, want: true},
		"an edge node with a person's taint, where nothing is claimed": {node: node("a", pool, taint(roleLabel, corev1.TaintEffectNoSchedule), traced(ingressName)), want: true},
		"an edge node with our taint":                                  {node: node("a", pool, tainted, traced(ingressName))},
		"a node whose claim goes in this pass":                         {node: node("a", tainted, traced(ingressName))},
		"an edge node whose taint is set in this pass":                 {node: node("a", pool, traced(ingressName))},
		"another EdgeIngress's trace":                                  {node: node("a", traced("internal"))},
		"a node without a trace":                                       {node: node("a")},
	} {
		t.Run(name, func(t *testing.T) {
			e := edge()
			if test.deleted {
				e = edge(deleting)
			}
			got := plan(t, seen(e, test.node, node("w"))).Traces
			var want []Trace
			if test.want {
				want = []Trace{{Node: "a", UID: test.node.UID}}
			}
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("traces (-want +got):\n%s", diff)
			}
		})
	}
}
